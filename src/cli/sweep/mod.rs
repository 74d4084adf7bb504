//! `fake-apiserver sweep`: a command run again for every request it makes and every way that request can fail.

mod command;
mod outputs;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use fake_apiserver::sweep::Report;
use fake_apiserver::{Error, FakeApiServer, FakeApiServerBuilder, Limits};

use super::Exit;
use super::exec::Guard;
use super::signals::Signals;
use command::Program;
use outputs::Outputs;

/// The journal entries each run keeps.
const JOURNAL: usize = 20_000;

/// How many runs there are side by side: a process takes memory while it waits.
const JOBS_PER_CORE: usize = 8;

/// The part of the help that is about no single flag.
const NOTES: &str = "\
How it goes:
  The command is run twice with nothing failing: its requests are numbered, and what it leaves behind
  is the reference. Then it is run once for every request and every fault, each time on a server of its
  own, and what it leaves behind is compared. What failed is shown with the line that replays it.

The command's environment:
  KUBECONFIG, FAKE_APISERVER_URL
                the server of this run
  KUBECACHEDIR  a directory of this run, so that kubectl asks for all it needs each time
  Its standard input is empty; its output is shown if it fails.

Faults:
  transient   429 500 503 504 reset timeout        the request fails once, and is not handled
  ambiguous   applied-then-reset applied-then-504  it is applied, and its answer is lost
  conflict    conflict created-first               another writer is there first
  permanent   always-500 always-403 always-429     it fails from now on: no storm, no crash
  watch       watch-ended watch-410 watch-refused watch-dropped watch-delayed late-bookmark
  stale       stale lagging                        a read shows what was there before
  restart     the command is killed after the request, and started again
  unobserved  recreated: an object is deleted and made anew behind the command's back

Exit codes:
  0    every point came out as the reference did
  1    some did not
  2    it could not be run: the command failed, or never came to rest, with nothing failing

Examples:
  A script, through everything:
    fake-apiserver sweep -- ./deploy.sh

  A controller that does not end by itself:
    fake-apiserver sweep --until quiet --setup manifests/ --report sweep.html -- ./controller

  One point again:
    fake-apiserver sweep --replay 17:applied-then-reset -- ./deploy.sh";

/// Run a command with each of its requests failing in turn, and compare what is left
///
/// Finds what nobody scripts: the update that was applied and whose answer was lost, the restart between two creates, the
/// stale list.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Sweep {
    /// Which faults: groups or single ones, with commas in between [default: all]
    #[arg(long, value_name = "FAULT,…", help_heading = "Points")]
    faults: Vec<String>,

    /// Run all points, also those of the same kind as others
    #[arg(long, help_heading = "Points")]
    all: bool,

    /// Run so many pairs of points as well, two faults in one run
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        help_heading = "Points"
    )]
    pairs: usize,

    /// Seed that the pairs are chosen by
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        help_heading = "Points"
    )]
    seed: u64,

    /// Run one point alone, by its id, and show all of it
    #[arg(long, value_name = "ID", help_heading = "Points")]
    replay: Option<String>,

    /// When a run is over
    #[arg(
        long,
        value_name = "quiet|exit",
        default_value = "exit",
        hide_possible_values = true,
        help_heading = "Runs"
    )]
    until: Until,

    /// How long it must be quiet
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "500ms", help_heading = "Runs")]
    quiet: Duration,

    /// How much longer a run may be quiet that did not end as the reference did: longer than the command waits before it
    /// tries again
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s", help_heading = "Runs")]
    patience: Duration,

    /// How long a run may take before it is never quiet
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s", help_heading = "Runs")]
    limit: Duration,

    /// How long all runs may take; the most telling points come first
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Runs")]
    budget: Option<Duration>,

    /// How many runs there are side by side [default: eight for each core]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Runs")]
    jobs: Option<u16>,

    /// How often the command is run with nothing failing, to see what differs by itself
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Runs")]
    references: u16,

    /// Run a command that failed again, so often, before it is judged
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        help_heading = "Runs"
    )]
    reruns: u32,

    /// Objects to start with: a YAML or JSON file, or a directory of such files; may be repeated
    #[arg(long, value_name = "FILE|DIR", help_heading = "Cluster")]
    setup: Vec<PathBuf>,

    /// Make a namespace when something is created in it, instead of answering 404
    #[arg(long, help_heading = "Cluster")]
    implicit_namespaces: bool,

    /// What end states may differ in: status.lastSeen, Lease:spec.holderIdentity, shop/settings:data, Lease:
    #[arg(long, value_name = "PATH", help_heading = "Cluster")]
    ignore: Vec<String>,

    /// The command and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true)]
    command: Vec<std::ffi::OsString>,

    #[command(flatten)]
    outputs: Outputs,
}

/// When a run is over.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Until {
    /// The server is quiet; the command is ended then
    Quiet,
    /// The command ends by itself
    Exit,
}

impl Sweep {
    pub(crate) async fn run(self) -> Exit {
        let mut signals = Signals::listen()?;
        let command = self.command.clone();
        let outputs = self.outputs.clone();
        let replays = self.replay.is_some();
        let guard = Guard::start();
        let sweep = tokio::task::spawn_blocking(move || self.sweep(&guard));
        let report = tokio::select! {
            report = sweep => report?,
            // The guard ends what still runs.
            code = signals.next() => std::process::exit(code.into()),
        };
        clear_progress();
        match report {
            Ok(report) => Ok(outputs.write(&report, replays)?),
            Err(error) => {
                let name = command[0].to_string_lossy();
                Ok(super::cannot_run(&format!("sweep {name}: {error}")))
            }
        }
    }

    fn sweep(self, guard: &Guard) -> Result<Report, Error> {
        let program = Program::new(self.command.clone(), guard.clone());
        let mut sweep = fake_apiserver::Sweep::new()
            .on(self.builder())
            .patience(self.patience)
            .limit(self.limit)
            .references(self.references.into())
            .reruns(self.reruns)
            .pairs(self.pairs, self.seed)
            .replay_line(self.replay_line())
            .on_progress(|progress| show_progress(&progress.to_string()));
        for words in &self.faults {
            sweep = sweep.faults(words);
        }
        for path in &self.ignore {
            sweep = sweep.ignore(path);
        }
        if self.until == Until::Quiet {
            sweep = sweep.until_quiet(self.quiet);
        }
        if self.all {
            sweep = sweep.all();
        }
        if let Some(budget) = self.budget {
            sweep = sweep.budget(budget);
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        sweep = sweep.jobs(self.jobs.map_or(cores * JOBS_PER_CORE, usize::from));
        if let Some(id) = &self.replay {
            sweep = sweep.replay(id);
        }
        sweep.try_run(move |server| program.run(server))
    }

    fn builder(&self) -> FakeApiServerBuilder {
        let builder = FakeApiServer::builder()
            .limits(Limits::new().journal(JOURNAL))
            .implicit_namespaces(self.implicit_namespaces);
        self.setup
            .iter()
            .fold(builder, FakeApiServerBuilder::objects_file)
    }

    /// The command line that replays a point, `{}` standing for its id.
    fn replay_line(&self) -> String {
        let mut line = vec!["fake-apiserver sweep".to_owned()];
        if self.until == Until::Quiet {
            line.push("--until quiet".to_owned());
        }
        for path in &self.setup {
            line.push(format!("--setup {}", quoted(&path.to_string_lossy())));
        }
        if self.implicit_namespaces {
            line.push("--implicit-namespaces".to_owned());
        }
        for path in &self.ignore {
            line.push(format!("--ignore {}", quoted(path)));
        }
        if self.reruns > 0 {
            line.push(format!("--reruns {}", self.reruns));
        }
        line.push("--replay {} --".to_owned());
        line.extend(
            self.command
                .iter()
                .map(|word| quoted(&word.to_string_lossy())),
        );
        line.join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// `500ms`, `30s`, `2m`
fn duration(text: &str) -> Result<Duration, String> {
    let problem = || "a time is a number with a unit, such as 500ms, 30s or 2m".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| problem())?;
    let seconds = match text.get(digits.len()..) {
        Some("ms") => number / 1000.0,
        Some("s") => number,
        Some("m") => number * 60.0,
        _ => return Err(problem()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// One line that is written over and over; nothing where nobody looks.
fn show_progress(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    }
}

fn clear_progress() {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K");
    }
}

/// What the command of a sweep ends with.
fn exit_code(report: &Report) -> ExitCode {
    match report.passed() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(super::FAILURE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        for (text, milliseconds) in [("500ms", 500), ("1.5s", 1500), ("2m", 120_000)] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(milliseconds));
        }
        for text in ["", "5", "s", "5h", "-1s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted("./a-b_c"), "./a-b_c");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
