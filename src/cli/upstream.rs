//! The flags that say which server is meant.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use fake_apiserver::fixture::Target;

use super::Failure;

/// A server that is there already.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Upstream {
    /// URL of the server, such as http://127.0.0.1:8001 (of `kubectl proxy`)
    #[arg(long, value_name = "URL", conflicts_with = "kubeconfig")]
    server: Option<String>,

    /// Take the server and the user from the current context of a kubeconfig
    ///
    /// Tokens, passwords and client certificates are understood; users who are found out by running a program (exec,
    /// auth-provider) are refused.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Bearer token of a user who may do everything
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,

    /// Certificates, in PEM, that vouch for an https:// --server
    #[arg(long, value_name = "FILE", requires = "server")]
    certificate_authority: Option<PathBuf>,

    /// Believe whoever answers at an https:// --server
    #[arg(long, requires = "server", conflicts_with = "certificate_authority")]
    insecure_skip_tls_verify: bool,
}

impl Upstream {
    /// The server that was named, if one was.
    pub(crate) fn target(&self) -> Result<Option<Target>, Failure> {
        let target = match (&self.server, &self.kubeconfig) {
            (Some(url), _) => self.by_url(url)?,
            (None, Some(path)) => Target::kubeconfig(path)?,
            (None, None) if self.token.is_some() => {
                return Err("--token is for a --server or a --kubeconfig".into());
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(match &self.token {
            Some(token) => target.token(token),
            None => target,
        }))
    }

    fn by_url(&self, url: &str) -> Result<Target, Failure> {
        let mut target = Target::url(url)?;
        if let Some(path) = &self.certificate_authority {
            target = target.certificate_authority(read(path)?)?;
        }
        if self.insecure_skip_tls_verify {
            target = target.insecure_skip_tls_verify()?;
        }
        Ok(target)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}
