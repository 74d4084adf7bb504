//! The points of a sweep as tests that `cargo test` runs.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use parking_lot::Mutex;

use super::drive::Program;
use super::ended::Ended;
use super::point::{Point, ordinal};
use super::runner::{self, Sweeping};
use super::{REPLAY_LINE, Sweep};
use crate::error::Error;
use crate::server::FakeApiServer;

/// What runs a point alone; it may be one of those that are left out.
const RUNS_ONE: &str = "cargo test -- --exact --include-ignored {}";

/// The tests there are.
struct Prepared {
    points: Vec<Point>,
    left_out: Vec<Point>,
    shared: Arc<Trials>,
}

/// What all trials share.
struct Trials {
    sweeping: Sweeping,
    /// Servers on which no point is running just now.
    homes: Mutex<Vec<FakeApiServer>>,
}

impl Sweep {
    /// The whole of a test file: every point is a test, named by its id. Those that are left out because they are like
    /// others are ignored tests.
    ///
    /// The tests take the arguments of every test: a filter, `--list`, `--exact`, `--ignored`, `--test-threads` (in place
    /// of [`jobs`](Self::jobs)). The reference is run first, whatever is chosen.
    ///
    /// In `Cargo.toml`:
    ///
    /// ```toml
    /// [[test]]
    /// name = "reconcile"
    /// harness = false
    /// ```
    ///
    /// In `tests/reconcile.rs`:
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    ///
    /// use fake_apiserver::Sweep;
    ///
    /// # async fn reconcile(url: String) {}
    /// fn main() -> ExitCode {
    ///     Sweep::new().test_main(|server| async move { reconcile(server.url()).await })
    /// }
    /// ```
    ///
    /// Then `cargo test --test reconcile` runs them all, `cargo test --test reconcile 17:reset` that one, and
    /// `cargo test --test reconcile :restart` every restart.
    ///
    /// It fails if the sweep cannot run, and if it has a [`budget`](Self::budget), which no test can keep.
    pub fn test_main<F, Fut>(mut self, program: F) -> ExitCode
    where
        F: Fn(Arc<FakeApiServer>) -> Fut + Send + Sync + 'static,
        Fut: Future + 'static,
        Fut::Output: Into<Ended>,
    {
        let mut arguments = Arguments::from_args();
        arguments.test_threads = arguments.test_threads.or(Some(self.settings.jobs));
        if self.settings.replay_line == REPLAY_LINE {
            self.settings.replay_line = RUNS_ONE.to_owned();
        }
        match self.prepare(runner::boxed(program)) {
            Ok(prepared) => libtest_mimic::run(&arguments, prepared.trials()).exit_code(),
            Err(error) => {
                eprintln!("the sweep cannot run: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn prepare(self, program: Box<Program>) -> Result<Prepared, Error> {
        if self.settings.budget.is_some() {
            let problem = "no test can keep it, so it is not for test_main";
            return Err(Error::invalid("budget", problem));
        }
        let sweeping = self.begin(program)?;
        for told in sweeping.unstable() {
            eprintln!("{told}");
        }
        let plan = sweeping.plan(sweeping.leaves_out_none())?;
        let kept: BTreeSet<String> = plan.points.iter().map(Point::id).collect();
        let all = sweeping.plan(true)?.points.into_iter();
        let left_out = all.filter(|point| !point.is_pair() && !kept.contains(&point.id()));
        Ok(Prepared {
            left_out: left_out.collect(),
            points: plan.points,
            shared: Arc::new(Trials {
                sweeping,
                homes: Mutex::default(),
            }),
        })
    }
}

impl Prepared {
    fn trials(&self) -> Vec<Trial> {
        let run = self.points.iter().map(|point| self.shared.trial(point));
        let left_out = self.left_out.iter().map(|point| self.shared.trial(point));
        run.chain(left_out.map(|trial| trial.with_ignored_flag(true)))
            .collect()
    }
}

impl Trials {
    fn trial(self: &Arc<Self>, point: &Point) -> Trial {
        let requests = point.parts.iter().map(|part| ordinal(&part.seen.asked));
        let kind = requests.collect::<Vec<_>>().join("; ");
        let (trials, point) = (self.clone(), point.clone());
        Trial::test(point.id(), move || trials.run(&point)).with_kind(kind)
    }

    fn run(&self, point: &Point) -> Result<(), Failed> {
        let free = self.homes.lock().pop();
        let home = free.unwrap_or_else(|| self.sweeping.home());
        let report = self.sweeping.point(&home, point);
        self.homes.lock().push(home);
        let report = report.map_err(|error| error.to_string())?;
        match report.verdict().is_failure() {
            true => Err(format!("{report}{}", report.replayed()).into()),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Creates four objects, and gives up at the first problem.
    fn program() -> Box<Program> {
        runner::boxed(|server| async move {
            for name in ["a", "b", "c", "d"] {
                let mut stream = tokio::net::TcpStream::connect(server.address()).await?;
                let body = format!(
                    r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}"}}}}"#
                );
                let request = format!(
                    "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                     content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(request.as_bytes()).await?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await?;
                if !answer.starts_with("HTTP/1.1 201") {
                    return Err(std::io::Error::other("it was not created"));
                }
            }
            Ok(())
        })
    }

    fn prepared(sweep: Sweep) -> Prepared {
        sweep.faults("500").prepare(program()).unwrap()
    }

    #[test]
    fn a_test_is_named_by_its_point_and_what_is_left_out_is_ignored() {
        let told = |sweep| {
            let trials = prepared(sweep).trials();
            let told = trials.iter().map(|trial| {
                let ignored = if trial.has_ignored_flag() {
                    " ignored"
                } else {
                    ""
                };
                format!("{} {}{ignored}", trial.name(), trial.kind())
            });
            told.collect::<Vec<_>>()
        };
        let one = "1:500 create configmaps default/a";
        assert_eq!(told(Sweep::new().replay("1:500")), [one]);
        assert_eq!(told(Sweep::new().all())[0], one);
        assert_eq!(
            told(Sweep::new())[2..],
            [
                "4:500 create configmaps default/d",
                "2:500 create configmaps default/b ignored"
            ]
        );
    }

    #[test]
    fn a_point_that_fails_is_a_test_that_fails() {
        let prepared = prepared(Sweep::new());
        let [.., last] = prepared.points.as_slice() else {
            panic!("there is no point");
        };
        let failed = prepared.shared.run(last).unwrap_err();
        let told = failed.message().unwrap();
        assert!(told.contains("4:500: DIFFERENT"), "{told}");
        assert!(told.contains("fault: internalError"), "{told}");
    }

    #[test]
    fn a_budget_is_refused() {
        let budget = std::time::Duration::from_secs(1);
        let refused = Sweep::new().budget(budget).prepare(program());
        assert!(refused.err().unwrap().to_string().contains("budget"));
    }
}
