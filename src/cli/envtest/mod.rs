//! `fake-apiserver envtest`: a folder of binaries for controller-runtime's envtest and its like in other languages, and
//! what this program does when it is called by one of their names.
//!
//! - [`folder`]: the folder, and the version that goes with it.
//! - [`flags`]: command lines as kube-apiserver reads them, with all of its flags in `flags.txt`.
//! - [`apiserver`] and [`etcd`]: the two programs.
//! - [`options`]: what the flags of kube-apiserver mean here.
//! - [`environment`]: what reaches a server that somebody else starts.
//! - [`parent`]: the end of a program that nobody waits for any more.

mod apiserver;
mod environment;
mod etcd;
mod flags;
mod folder;
mod options;
mod parent;
mod serving;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Exit;

const NOTES: &str = "\
What it is for:
  Suites that start kube-apiserver and etcd themselves, such as those with controller-runtime's
  envtest, find both in the folder:
    export KUBEBUILDER_ASSETS=$(fake-apiserver envtest)
    go test ./...

The folder:
  kube-apiserver and etcd, which are this program by another name, and kubectl, if there is one on
  the PATH. Beside them a file kubernetes-version says which version kube-apiserver plays;
  FAKE_APISERVER_KUBERNETES_VERSION in its environment goes before that.
  Without DIR it is in the user's cache, one for each version, and the same with every call.

What kube-apiserver finds in its environment:
  FAKE_APISERVER_FAULTS        scripts of faults, separated as in PATH; the resources of definitions
                               that the suite brings are named with their group
  FAKE_APISERVER_OBJECTS       manifests to start with, separated as in PATH
  FAKE_APISERVER_SEED          the seed of uids, names and chance
  FAKE_APISERVER_JOURNAL       a file, or a directory for a file of each server: what was asked
                               and answered, written at the end; as JSON if the name ends in .json
  FAKE_APISERVER_COVERAGE_DIR  a directory for what of the documented answers was met
  FAKE_APISERVER_CONTROLLERS   true plays the garbage collector and the namespace controller; a
                               real kube-apiserver has none, nor has envtest
  The running server can be scripted below /_fake, as that of `serve`.

Differences from the real ones:
  etcd keeps nothing, as kube-apiserver keeps its objects itself: whoever uses it directly is told
  so. Both end when the process that has started them ends.";

/// Make a folder of binaries that envtest takes for kube-apiserver and etcd
///
/// It prints the folder, for KUBEBUILDER_ASSETS.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Envtest {
    /// Where to make it [default: one in the user's cache]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,

    /// Kubernetes version to play, such as 1.33 or v1.33.1 [default: 1.36.2]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<String>,
}

impl Envtest {
    pub(crate) fn run(self) -> Exit {
        let made = folder::make(self.directory, self.kubernetes_version.as_deref())?;
        say(&format!("{}\n", made.display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints; nobody may be reading any more.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Another program that this one is called as.
pub(crate) enum Program {
    Apiserver(Call),
    Etcd(Call),
}

/// How it was called.
pub(crate) struct Call {
    /// The name of the program, perhaps with its folder.
    program: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    /// What the name says this is, if it is not this program's own.
    pub(crate) fn called() -> Option<Self> {
        let mut words = std::env::args_os();
        let program = PathBuf::from(words.next()?);
        let name = program.file_stem()?.to_str()?.to_owned();
        let arguments = words.map(|word: OsString| word.to_string_lossy().into_owned());
        let call = Call {
            program,
            arguments: arguments.collect(),
        };
        match name.as_str() {
            "kube-apiserver" => Some(Program::Apiserver(call)),
            "etcd" => Some(Program::Etcd(call)),
            _ => None,
        }
    }

    /// Does what that program does, until it is told to stop.
    pub(crate) async fn run(self) -> ExitCode {
        let outcome = match self {
            Program::Apiserver(call) => apiserver::run(&call).await,
            Program::Etcd(call) => etcd::run(&call).await,
        };
        match outcome {
            Ok(code) => code,
            Err(error) => {
                // As both of them say it.
                let _ = writeln!(std::io::stderr(), "Error: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Call {
    /// The folder the program was found in.
    fn folder(&self) -> Option<PathBuf> {
        let parent = self
            .program
            .parent()
            .filter(|parent| *parent != Path::new(""));
        if let Some(parent) = parent {
            return Some(parent.to_owned());
        }
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join(&self.program).is_file())
    }
}
