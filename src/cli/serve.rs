//! `fake-apiserver serve`: a server until it is told to stop.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fake_apiserver::FakeApiServer;

use super::server::{AuthorizationMode, ServerArgs};
use super::signals::Signals;
use super::{Exit, files, reachable};

/// The part of the help that is about no single flag.
const NOTES: &str = "\
Output:
  Once the server answers, the first line on standard output is its URL and nothing else, such
  as http://127.0.0.1:34567. A harness reads that line; what follows is for people and may
  change. The kubeconfig is complete by then. Errors and the log go to standard error.

Stopping:
  Ctrl-C or SIGTERM, or with --until-stdin-closes the end of standard input: watches end, requests in flight are finished, the exit code is 0. A second
  one stops at once, with 130 or 143.

Exit codes:
  0  stopped as asked
  1  cannot start: the address is taken, or a file cannot be read or is wrong; or the --dump
     cannot be written
  2  the command line is wrong

Examples:
  Any port, for a test that reads the URL:
    fake-apiserver serve

  For kubectl and other clients, with what is in a directory:
    fake-apiserver serve --port 8001 --kubeconfig /tmp/kubeconfig --objects manifests/
    kubectl --kubeconfig /tmp/kubeconfig get namespaces

  With users and access rules; kubectl sends a token over HTTPS only:
    echo 't0ken,alice,1,\"dev\"' > tokens.csv
    fake-apiserver serve --tls --token-auth-file tokens.csv --authorization-mode RBAC \\
      --objects roles.yaml --kubeconfig /tmp/kubeconfig";

/// The first line of what `--dump` writes, and how it is told from other files.
const DUMP_MARK: &str = "# The objects of a fake-apiserver, for --objects.";
const DUMP: &str = "dump of a fake apiserver";

/// Serve the Kubernetes API, from memory, until Ctrl-C or SIGTERM
///
/// Everything is gone when it stops. Without further flags it listens on a free port of 127.0.0.1, in plain HTTP, and
/// everybody may do everything.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Serve {
    #[command(flatten)]
    server: ServerArgs,

    /// Write all objects to FILE when told to stop, as manifests that --objects reads
    ///
    /// It is readable by its owner only. A file that is there is replaced only if it is empty or was written by an earlier
    /// run.
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    dump: Option<PathBuf>,

    /// Stop too when standard input ends
    ///
    /// For a server that another program starts: give it a pipe, and the server goes with the program, however that ends.
    #[arg(long, help_heading = "Connections")]
    until_stdin_closes: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Exit {
        if let Err(error) = self.server.check() {
            return Ok(super::usage(&error));
        }
        self.server.log.install();
        let mut signals = Signals::listen()?;
        if let Some(path) = &self.dump {
            files::check(path, DUMP, is_dump)?;
        }
        let server = self.server.builder()?.try_start().await?;
        self.server.write_kubeconfig(&server)?;
        tracing::info!(url = server.url(), "serving");
        self.server.warn(&server);
        self.announce(&server);

        tokio::select! {
            _ = signals.next() => {}
            () = stdin_closes(), if self.until_stdin_closes => {}
        }
        tracing::info!("stopping");
        if let Some(path) = &self.dump {
            let text = format!("{DUMP_MARK}\n{}", server.dump());
            files::write(path, &text, DUMP, is_dump)?;
        }
        tokio::select! {
            () = server.shutdown() => Ok(ExitCode::SUCCESS),
            code = signals.next() => Ok(ExitCode::from(code)),
        }
    }

    /// The URL for programs, and then how to use it for people.
    fn announce(&self, server: &FakeApiServer) {
        let (url, hints) = (server.url(), self.hints(server));
        let text = format!("{url}\n{hints}");
        let mut stdout = std::io::stdout().lock();
        // Nobody may be reading any more; the server is there all the same.
        let _ = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    fn hints(&self, server: &FakeApiServer) -> String {
        let (flags, url) = (&self.server, server.url());
        let mut kubectl = match &flags.kubeconfig {
            Some(path) => format!("kubectl --kubeconfig {}", quoted(&path.to_string_lossy())),
            None => format!("kubectl --server {url}"),
        };
        if flags.kubeconfig.is_none() && flags.tls() {
            kubectl.push_str(" --insecure-skip-tls-verify");
        }
        if flags.kubeconfig.is_none() && flags.token_auth_file.is_some() {
            kubectl.push_str(" --token TOKEN");
        }
        let mut hints = format!("Try it: {kubectl} get namespaces\n");
        let mut note = |text: &str| {
            let _ = writeln!(hints, "Note: {text}");
        };
        if flags.token_auth_file.is_some() && !flags.tls() {
            note("kubectl sends a token over HTTPS only; with --tls it does");
        }
        if !flags.asks_who() && flags.authorization_mode == AuthorizationMode::Rbac {
            note(
                "without --token-auth-file everybody is the administrator; RBAC decides only about \
                 users who are impersonated",
            );
        }
        if let Some(address) = reachable::outward(server.address()) {
            let scheme = if flags.tls() { "https" } else { "http" };
            note(&format!("others reach it at {scheme}://{address}"));
        }
        hints.push_str("Stop it: Ctrl-C\n");
        hints
    }
}

/// Whether an earlier run has written a file for `--dump`.
fn is_dump(old: &str) -> bool {
    old.lines().next() == Some(DUMP_MARK)
}

/// Waits for the end of standard input, and for ever if it cannot be read.
async fn stdin_closes() {
    let (closed, closes) = tokio::sync::oneshot::channel();
    // A read cannot be given up, so neither the runtime nor anybody else waits for this thread.
    std::thread::spawn(move || {
        if std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).is_ok() {
            let _ = closed.send(());
        }
    });
    if closes.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=~".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
