//! The command as the program under test.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use fake_apiserver::FakeApiServer;
use fake_apiserver::sweep::Ended;
use tokio::process::Command;

use crate::cli::exec::{self, Guard, Running};

/// How much of the end of its output is shown of a command that failed.
const SHOWN_BYTES: u64 = 2000;
const SHOWN_LINES: usize = 8;
/// From here on an exit code is a signal's.
const BY_SIGNAL: u8 = 128;

/// The command, to be started any number of times.
#[derive(Clone)]
pub(super) struct Program(Arc<Started>);

struct Started {
    command: Vec<OsString>,
    guard: Guard,
}

impl Program {
    pub(super) fn new(command: Vec<OsString>, guard: Guard) -> Self {
        Program(Arc::new(Started { command, guard }))
    }

    /// Runs it once; it ends with all it has started if this is dropped.
    pub(super) fn run(&self, server: Arc<FakeApiServer>) -> impl Future<Output = Ended> + use<> {
        let started = self.0.clone();
        async move {
            match started.run(&server).await {
                Ok(ended) => ended,
                Err(error) => Ended::NotRun(error.to_string()),
            }
        }
    }
}

impl Started {
    async fn run(&self, server: &FakeApiServer) -> io::Result<Ended> {
        let directory = tempfile::Builder::new().prefix("sweep-").tempdir()?;
        let kubeconfig = directory.path().join("kubeconfig");
        File::create(&kubeconfig)?.write_all(server.kubeconfig().as_bytes())?;
        let mut output = tempfile::tempfile()?;
        let mut command = self.command(server, directory.path());
        command
            .env("KUBECONFIG", &kubeconfig)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .kill_on_drop(true);
        let running = match Running::start_apart(&mut command, &self.guard) {
            Ok(running) => running,
            Err(error) => {
                let name = Path::new(&self.command[0]).display();
                return Ok(Ended::NotRun(format!("{name}: {error}")));
            }
        };
        match running.wait_alone().await? {
            0 => Ok(Ended::Well),
            code => {
                let said = tail(&mut output)?;
                Ok(match code > BY_SIGNAL {
                    true => Ended::Crashed(format!("signal {} ended it{said}", code - BY_SIGNAL)),
                    false => Ended::Failed(format!("it ended with {code}{said}")),
                })
            }
        }
    }

    fn command(&self, server: &FakeApiServer, directory: &Path) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        for (name, value) in exec::in_cluster::environment(None) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let (host, _port) = exec::host_and_port(&server.url());
        command
            .envs(exec::no_proxy::environment(&host))
            .env("FAKE_APISERVER_URL", server.url())
            .env("KUBECACHEDIR", directory.join("cache"));
        command
    }
}

/// The end of what it has printed.
fn tail(output: &mut File) -> io::Result<String> {
    let length = output.metadata()?.len();
    output.seek(SeekFrom::Start(length.saturating_sub(SHOWN_BYTES)))?;
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.trim().lines().collect();
    let last = lines.len().saturating_sub(SHOWN_LINES);
    let shown = lines.get(last..).unwrap_or_default().iter();
    Ok(shown.map(|line| format!("\n{line}")).collect())
}
