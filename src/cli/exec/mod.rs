//! `fake-apiserver exec`: a server for as long as a command runs.

mod group;
pub(super) mod in_cluster;
pub(super) mod no_proxy;
mod reports;
pub(super) mod status;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use fake_apiserver::FakeApiServer;
use tempfile::TempPath;
use tokio::process::Command;

use super::server::ServerArgs;
use super::signals::Forwarded;
use super::{Exit, Failure};
pub(super) use group::{Guard, Running, Watch};
use in_cluster::ServiceAccount;
use reports::Reports;

/// Nothing that a command ends with by itself, as with `timeout` and `env`.
const OWN_FAILURE: u8 = 125;

/// The part of the help that is about no single flag.
const NOTES: &str = "\
The command's environment:
  KUBECONFIG          a kubeconfig for the server; it is gone afterwards, unless --kubeconfig
                      says where to write it
  FAKE_APISERVER_URL  the server's URL
  KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT
                      with --in-cluster the server; without it they are taken away, so that no
                      client finds the cluster that this runs in
  NO_PROXY, no_proxy  what they are, and the server's host, so that no proxy is asked for it

Output:
  Only what the command prints. Errors and the log of the server go to standard error.

Stopping:
  The server stops when the command has ended. Ctrl-C, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and
  SIGUSR2 are passed on to the command. What the command has started and left behind in its
  process group is ended too, also if this process is killed; but not at a terminal, whose
  process group the command shares.

Exit codes:
  that of the command, or 128 + N if signal N ended it
  1    --fail-on-unused-faults, and a fault never acted
  125  the server cannot be started, or a report cannot be written
  126  the command cannot be executed
  127  there is no such command
  2    the command line is wrong

Examples:
  A test suite with a server of its own:
    fake-apiserver exec -- pytest tests/

  With objects and a token, over HTTPS:
    fake-apiserver exec --tls --objects manifests/ --token-auth-file tokens.csv -- \\
      kubectl get endpoints

  A test suite through a script of faults, each of which has to act:
    fake-apiserver exec --faults faults.yaml --fail-on-unused-faults -- npm test

  A controller that believes to be in a pod:
    fake-apiserver exec --in-cluster -- ./my-controller";

/// Run a command with a server of its own, and end as the command ends
///
/// The server is started first, and the command finds it by KUBECONFIG. The flags are those of `serve`.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Exec {
    /// Let clients find the server as in a pod
    ///
    /// Sets KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and writes token, ca.crt and namespace to
    /// /var/run/secrets/kubernetes.io/serviceaccount for as long as the command runs. That takes root, so it is for
    /// containers; it is refused in a real pod. It implies --tls. Without --token-auth-file the token is that of
    /// system:serviceaccount:default:default, who may do everything.
    #[arg(long, help_heading = "Connections")]
    in_cluster: bool,

    /// The command and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true)]
    command: Vec<OsString>,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    reports: Reports,
}

impl Exec {
    pub(crate) async fn run(self) -> Exit {
        if let Err(error) = self.server.check() {
            return Ok(super::usage(&error));
        }
        self.server.log.install();
        match self.exec().await {
            Err(error) => Ok(super::failure_with(OWN_FAILURE, &error.to_string())),
            outcome => outcome,
        }
    }

    async fn exec(&self) -> Exit {
        let mut signals = Forwarded::listen()?;
        let server = self.start().await?;
        self.server.warn(&server);
        let kubeconfig = self.kubeconfig(&server)?;
        let account = match self.in_cluster {
            true => Some(ServiceAccount::of(&server)?),
            false => None,
        };
        let mut command = self.command(account.as_ref());
        let (host, _port) = host_and_port(&server.url());
        command
            .envs(no_proxy::environment(&host))
            .env("KUBECONFIG", &kubeconfig)
            .env("FAKE_APISERVER_URL", server.url());
        let code = match Running::start(&mut command) {
            Ok(running) => running.wait(&mut signals).await?,
            Err(error) => return Ok(self.not_run(&error)),
        };
        tracing::info!("the command has ended");
        let verdict = self.reports.write(&server)?.filter(|_| code == 0);
        Ok(verdict.unwrap_or(ExitCode::from(code)))
    }

    async fn start(&self) -> Result<FakeApiServer, Failure> {
        let mut builder = self.server.builder()?;
        if self.in_cluster {
            builder = builder.tls();
        }
        if self.in_cluster && self.server.token_auth_file.is_none() {
            let (token, user) = (in_cluster::TOKEN, in_cluster::USER);
            let auth = self.server.auth()?;
            builder = builder.auth(auth.token(token, user, in_cluster::GROUPS));
        }
        if let Some(limit) = self.reports.journal_limit() {
            builder = builder.limits(self.server.limits().journal(limit));
        }
        Ok(builder.try_start().await?)
    }

    /// Writes the kubeconfig where it was asked for, or else to a file that is gone afterwards.
    fn kubeconfig(&self, server: &FakeApiServer) -> Result<TempPath, Failure> {
        if let Some(path) = &self.server.kubeconfig {
            self.server.write_kubeconfig(server)?;
            // The command may change its directory.
            let mut path = TempPath::try_from_path(std::path::absolute(path)?)?;
            path.disable_cleanup(true);
            return Ok(path);
        }
        let mut file = tempfile::Builder::new().prefix("kubeconfig-").tempfile()?;
        file.write_all(server.kubeconfig().as_bytes())?;
        Ok(file.into_temp_path())
    }

    fn command(&self, account: Option<&ServiceAccount>) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).kill_on_drop(true);
        for (name, value) in in_cluster::environment(account) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    fn not_run(&self, error: &std::io::Error) -> ExitCode {
        let name = Path::new(&self.command[0]).display();
        super::failure_with(status::of_error(error), &format!("{name}: {error}"))
    }
}

/// Of a URL; an IPv6 address goes without its brackets.
pub(super) fn host_and_port(url: &str) -> (String, String) {
    let address = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "443"));
    (host.trim_matches(['[', ']']).to_owned(), port.to_owned())
}
