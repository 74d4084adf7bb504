//! `fake-apiserver record`: what a command asks a server becomes a fixture.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use fake_apiserver::fixture::{Fixture, Recorder, Recording};
use tempfile::TempPath;
use tokio::process::Command;

use super::exec::{Running, status};
use super::signals::Forwarded;
use super::upstream::Upstream;
use super::{Arguments, Exit, Failure};

/// Nothing that a command ends with by itself, as with `timeout` and `env`.
const OWN_FAILURE: u8 = 125;
/// How many files of one command are told apart by a number.
const MAX_FILES: usize = 1000;
/// What the command must not find: the cluster that this runs in.
const IN_CLUSTER: [&str; 2] = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

/// The part of the help that is about no single flag.
const NOTES: &str = "\
What is written:
  One fixture, for `fake-apiserver verify`: the requests of the command as steps, with the
  answers they got; placeholders for uids, versions, times, generated names; the objects it
  found as given; watches with their events. Values of Secrets, tokens and private keys are
  masked, credentials are left out. What a fixture cannot hold (protobuf, WebSockets) is a
  comment in its place, and is told at the end.

The command's environment:
  KUBECONFIG          a kubeconfig for the recording proxy; it is gone afterwards
  FAKE_APISERVER_URL  the proxy's URL

Output:
  What the command prints. What was recorded is told on standard error.

Exit codes:
  that of the command, or 128 + N if signal N ended it
  1    the command asked for nothing, so nothing was written
  125  the recording cannot be started, or the file cannot be written
  126  the command cannot be executed
  127  there is no such command
  2    the command line is wrong

Examples:
  What kubectl does, from a real cluster into contracts/kubectl-apply.yaml:
    fake-apiserver record --kubeconfig ~/.kube/config -o contracts/ -- kubectl apply -f app.yaml
    fake-apiserver verify contracts/

  What a test suite does, against a fake server:
    fake-apiserver record --server http://127.0.0.1:8001 -o contracts/ --name suite -- pytest";

/// Run a command and write what it asks a server as a contract fixture
///
/// The command speaks to a proxy on this machine, which passes everything on to the server.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Record {
    /// Address of the proxy
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Directory to write the fixture to; it is made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// Name of the fixture, and of its file; one of that name is replaced
    ///
    /// Otherwise it is the name of the command, with a number if there is such a file already.
    #[arg(long, value_name = "NAME", value_parser = file_name)]
    name: Option<String>,

    /// What the fixture shows, in a sentence
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Record requests for discovery too: /api, /apis, /openapi, /version
    #[arg(long)]
    discovery: bool,

    /// The command and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true)]
    command: Vec<OsString>,

    #[command(flatten)]
    upstream: Upstream,
}

impl Record {
    pub(crate) async fn run(self) -> Exit {
        match self.record().await {
            Err(error) => Ok(super::failure_with(OWN_FAILURE, &error.to_string())),
            outcome => outcome,
        }
    }

    async fn record(&self) -> Exit {
        let Some(target) = self.upstream.target()? else {
            return Ok(super::usage(&no_server()));
        };
        target.check().await?;
        fs::create_dir_all(&self.output)
            .map_err(|error| format!("{}: {error}", self.output.display()))?;
        let mut signals = Forwarded::listen()?;
        let recorder = Recorder::builder(&target)
            .listen(self.listen)
            .discovery(self.discovery)
            .start()
            .await?;
        let kubeconfig = kubeconfig(&recorder)?;
        let mut command = self.command(&kubeconfig, &recorder.url());
        let running = match Running::start(&mut command) {
            Ok(running) => running,
            Err(error) => {
                let name = Path::new(&self.command[0]).display();
                let code = status::of_error(&error);
                return Ok(super::failure_with(code, &format!("{name}: {error}")));
            }
        };
        let code = running.wait(&mut signals).await?;
        self.write(&recorder.finish().await, code)
    }

    fn command(&self, kubeconfig: &Path, url: &str) -> Command {
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .env("KUBECONFIG", kubeconfig)
            .env("FAKE_APISERVER_URL", url)
            .kill_on_drop(true);
        for name in IN_CLUSTER {
            command.env_remove(name);
        }
        command
    }

    fn write(&self, recording: &Recording, code: u8) -> Exit {
        let left_out = match recording.discovery() {
            0 => String::new(),
            1 => ", 1 request for discovery left out".to_owned(),
            many => format!(", {many} requests for discovery left out"),
        };
        if recording.is_empty() {
            say(&format!(
                "the command asked for nothing{left_out}: nothing is written"
            ));
            return Ok(ExitCode::from(if code == 0 { 1 } else { code }));
        }
        let description = match &self.description {
            Some(text) => text.clone(),
            None => format!("What {} asks, as it was recorded", self.title()),
        };
        let (text, notes) = recording.text(&description);
        let path = self.free_path()?;
        fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
        let path = path.display();
        say(&format!(
            "{path}: {} recorded{left_out}",
            count(recording.len(), "request")
        ));
        for note in &notes {
            say(&format!("{path}: {note}"));
        }
        Fixture::parse(&path.to_string(), &text)?;
        Ok(ExitCode::from(code))
    }

    /// The name of the command. Its arguments may hold secrets; only what kubectl is told to do does not.
    fn title(&self) -> String {
        let program = Path::new(&self.command[0]).file_stem().unwrap_or_default();
        let program = program.to_string_lossy();
        let verb = self.command[1..].first().map(|verb| verb.to_string_lossy());
        match verb {
            Some(verb)
                if program == "kubectl"
                    && verb.chars().all(|c| c.is_ascii_lowercase() || c == '-')
                    && !verb.starts_with('-') =>
            {
                format!("kubectl {verb}")
            }
            _ => program.into_owned(),
        }
    }

    fn free_path(&self) -> Result<PathBuf, Failure> {
        if let Some(name) = &self.name {
            return Ok(self.output.join(format!("{name}.yaml")));
        }
        let letter = |c: char| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        };
        let name: String = self.title().chars().map(letter).collect();
        (1..=MAX_FILES)
            .map(|number| match number {
                1 => self.output.join(format!("{name}.yaml")),
                number => self.output.join(format!("{name}-{number}.yaml")),
            })
            .find(|path| !path.exists())
            .ok_or_else(|| format!("{}: too many files named {name}", self.output.display()).into())
    }
}

/// A kubeconfig that is gone when this is dropped.
fn kubeconfig(recorder: &Recorder) -> Result<TempPath, Failure> {
    let mut file = tempfile::Builder::new().prefix("kubeconfig-").tempfile()?;
    file.write_all(recorder.kubeconfig().as_bytes())?;
    Ok(file.into_temp_path())
}

fn file_name(text: &str) -> Result<String, String> {
    match text.is_empty() || text.starts_with('.') || text.contains(['/', '\\']) {
        true => Err("this has to be a name, not a path".to_owned()),
        false => Ok(text.strip_suffix(".yaml").unwrap_or(text).to_owned()),
    }
}

fn no_server() -> clap::Error {
    Arguments::command().error(
        clap::error::ErrorKind::MissingRequiredArgument,
        "which server is recorded? say --server or --kubeconfig",
    )
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

fn say(text: &str) {
    // Nobody may be reading any more.
    let _ = writeln!(std::io::stderr(), "fake-apiserver: {text}");
}
