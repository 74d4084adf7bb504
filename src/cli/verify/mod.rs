//! `fake-apiserver verify`: contract fixtures against a fake server, or against a real one.

mod junit;
mod progress;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use fake_apiserver::fixture::{self, Fixture, Report, Target};
use futures_util::{StreamExt as _, stream};

use super::signals::Signals;
use super::upstream::Upstream;
use super::{Exit, FAILURE, Failure};
use progress::Progress;

/// The part of the help that is about no single flag.
const NOTES: &str = "\
What a fixture is:
  A YAML file with objects that are there, requests, and the answers they have to get. The
  format is in the library's documentation, in the module `fixture`; `fake-apiserver schema
  fixture` prints its JSON Schema for editors.

Output:
  What differed goes to standard output: the fixture, the line of the step, and each place of
  the answer with what was expected and what came. The last line counts. On a terminal standard
  error shows how far it is.

Against a server:
  Each fixture gets a namespace of its own, fixture-xxxxx, which is deleted afterwards, and so are
  objects it gives outside of it. Fixtures that give tokens, access rules or faults need a server
  of their own and are skipped. The first Ctrl-C lets the running fixtures clean up.

Exit codes:
  0  everything was as expected
  1  something differed
  2  nothing could be run: a fixture is wrong, the server does not answer, the command line is
     wrong
  130, 143  stopped by Ctrl-C or SIGTERM

Examples:
  All fixtures of a directory, each against a private fake server:
    fake-apiserver verify fixtures/

  The same against the cluster kubectl speaks to, with a report for a CI server:
    fake-apiserver verify fixtures/ --kubeconfig ~/.kube/config --junit report.xml";

/// Run contract fixtures and report what differs
///
/// Every fixture runs against a fake server of its own, or, with --server or --kubeconfig, against that server, real or
/// fake. So the same files show that a real server answers as expected, and that the fake one does too.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Verify {
    /// Fixtures, or directories of fixtures: the .yaml and .yml files in them, at any depth
    #[arg(value_name = "FIXTURES", required = true)]
    fixtures: Vec<PathBuf>,

    /// Run only the fixtures with TEXT in their path; may be repeated, and then one of them has to be
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,

    /// How many fixtures run at once [default: one for each CPU; 1 with --server or --kubeconfig]
    ///
    /// Against one server fixtures can see each other: versions are counted by the server, not by the namespace.
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,

    /// Write a report in JUnit's XML to FILE, as CI servers read it
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    #[command(flatten)]
    upstream: Upstream,
}

impl Verify {
    pub(crate) async fn run(self) -> Exit {
        match self.verify().await {
            Err(error) => Ok(super::cannot_run(&error.to_string())),
            outcome => outcome,
        }
    }

    async fn verify(&self) -> Exit {
        let mut signals = Signals::listen()?;
        let fixtures = self.read()?;
        let junit = self.junit.as_deref().map(create).transpose()?;
        let target = self.upstream.target()?.unwrap_or(Target::private());
        target.check().await?;
        let jobs = self.jobs(&target);
        let (reports, stopped) = run_all(fixtures, &target, jobs, &mut signals).await?;
        if let Some((path, file)) = junit {
            junit::write(file, &reports).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        let count = Count::of(&reports);
        say(&format!("{count}\n"));
        Ok(match (stopped, count.failed) {
            (Some(code), _) => ExitCode::from(code),
            (None, 0) => ExitCode::SUCCESS,
            (None, _) => ExitCode::from(FAILURE),
        })
    }

    /// Every fixture that is to be run. If one cannot be read, none is run.
    fn read(&self) -> Result<Vec<Fixture>, Failure> {
        let mut files = Vec::new();
        for path in &self.fixtures {
            let found = fixture::find(path)?;
            if found.is_empty() {
                let path = path.display();
                return Err(
                    format!("{path}: there is no .yaml or .yml file in this directory").into(),
                );
            }
            files.extend(found);
        }
        let mut seen = BTreeSet::new();
        files.retain(|file| seen.insert(file.clone()));
        let wanted = |file: &PathBuf| {
            let path = file.to_string_lossy();
            self.filter.is_empty() || self.filter.iter().any(|text| path.contains(text.as_str()))
        };
        files.retain(wanted);
        if files.is_empty() {
            let texts = self.filter.join("` or `");
            return Err(format!("no fixture has `{texts}` in its path").into());
        }
        let (mut fixtures, mut problems) = (Vec::new(), Vec::new());
        for file in &files {
            match Fixture::from_file(file) {
                Ok(fixture) => fixtures.push(fixture),
                Err(error) => problems.push(error.to_string()),
            }
        }
        match problems.is_empty() {
            true => Ok(fixtures),
            false => Err(problems.join("\n").into()),
        }
    }

    fn jobs(&self, target: &Target) -> usize {
        let cpus = || match target.is_shared() {
            true => NonZeroUsize::MIN,
            false => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        self.jobs.unwrap_or_else(cpus).get()
    }
}

fn create(path: &Path) -> Result<(&Path, File), Failure> {
    let file = File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok((path, file))
}

/// Runs them, and tells what differs in the order of the fixtures. A first signal lets those that are running come to
/// their end, a second one does not.
async fn run_all(
    fixtures: Vec<Fixture>,
    target: &Target,
    jobs: usize,
    signals: &mut Signals,
) -> Result<(Vec<Report>, Option<u8>), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut progress = Progress::new(fixtures.len());
    let run = |fixture: Fixture| {
        let (target, stop) = (target.clone(), stop.clone());
        async move {
            let run = async move { fixture.run(&target).await };
            match stop.load(Ordering::Relaxed) {
                true => Ok(None),
                false => tokio::spawn(run).await.map(Some),
            }
        }
    };
    let mut running = pin!(stream::iter(fixtures).map(run).buffered(jobs));
    let (mut reports, mut stopped) = (Vec::new(), None);
    loop {
        tokio::select! {
            report = running.next() => match report {
                None => break,
                Some(report) => if let Some(report) = report? {
                    progress.clear();
                    say(&told(&report));
                    progress.step(report.file());
                    reports.push(report);
                }
            },
            code = signals.next() => {
                if stopped.replace(code).is_some() {
                    break;
                }
                stop.store(true, Ordering::Relaxed);
            }
        }
    }
    progress.clear();
    Ok((reports, stopped))
}

/// What is printed about a fixture.
fn told(report: &Report) -> String {
    match report.skipped() {
        _ if report.passed() => String::new(),
        Some(why) => format!("{}: skipped: {why}\n", report.file()),
        None => report.to_string(),
    }
}

fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // Nobody may be reading any more; the exit code says it all the same.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// How many fixtures came out how.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
    steps: usize,
}

impl Count {
    fn of(reports: &[Report]) -> Count {
        let mut count = Count::default();
        for report in reports {
            match report.skipped() {
                Some(_) => count.skipped += 1,
                None if report.passed() => count.passed += 1,
                None => count.failed += 1,
            }
            if report.skipped().is_none() {
                count.steps += report.steps();
            }
        }
        count
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count {
            passed,
            failed,
            skipped,
            steps,
        } = self;
        let unit = if *steps == 1 { "step" } else { "steps" };
        write!(
            f,
            "{passed} passed, {failed} failed, {skipped} skipped; {steps} {unit}"
        )
    }
}
