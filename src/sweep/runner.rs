//! The sweep as a whole: references first, then the points side by side, as long as there is time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::diff;
use super::drive::{self, Expected, Program, Start};
use super::judge::{self, Verdict};
use super::log::MAX_ASKED;
use super::plan::{Plan, Wanted};
use super::point::Point;
use super::progress::Progress;
use super::reference::Reference;
use super::report::{PointReport, Report, Run as Shown};
use super::settings::Settings;
use super::state::{self, State};
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::server::FakeApiServer;

/// How many points without time to run are named.
const MAX_NOT_RUN: usize = 1000;

/// What is told about how far it is.
pub(crate) type Tell = dyn Fn(&Progress) + Send + Sync;

/// A sweep that is ready to begin.
pub(crate) struct Sweeping<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) program: &'a Program,
    pub(crate) tell: Option<&'a Tell>,
}

/// What all workers share.
struct Work<'a> {
    sweeping: &'a Sweeping<'a>,
    start: &'a Start,
    reference: &'a Reference,
    points: &'a [Point],
    next: AtomicUsize,
    watch: Stopwatch,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    reports: Vec<(usize, PointReport)>,
    failed: usize,
    /// What the points took, all together.
    took: Duration,
    error: Option<Error>,
}

impl Sweeping<'_> {
    /// Sweeps over the program, beginning with the state of this server.
    pub(crate) fn run(&self, base: &FakeApiServer) -> Result<Report, Error> {
        let watch = Stopwatch::start();
        // Before the snapshot, which is to have them.
        let objects = state::all_objects(base.cluster());
        let start = Start {
            snapshot: base.snapshot(),
            objects,
            revision: base.revision(),
        };
        let reference = self.reference(base, &start)?;
        let plan = self.plan(&reference)?;
        let work = Work {
            sweeping: self,
            start: &start,
            reference: &reference,
            points: &plan.points,
            next: AtomicUsize::new(0),
            watch,
            done: Mutex::default(),
        };
        let workers = self.settings.jobs.clamp(1, plan.points.len().max(1));
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| work.take_points(base));
            }
        });
        let took = work.watch.elapsed();
        let mut done = work.done.into_inner();
        if let Some(error) = done.error {
            return Err(error);
        }
        done.reports.sort_by_key(|(index, _)| *index);
        let run: std::collections::BTreeSet<usize> =
            done.reports.iter().map(|(index, _)| *index).collect();
        let not_run = plan
            .points
            .iter()
            .enumerate()
            .filter(|(index, _)| !run.contains(index));
        let not_run: Vec<String> = not_run
            .map(|(_, point)| point.id())
            .take(MAX_NOT_RUN)
            .collect();
        Ok(Report::new(Shown {
            requests: reference.requests,
            unstable: reference.unstable,
            points: done.reports.into_iter().map(|(_, report)| report).collect(),
            left_out: plan.left_out,
            not_run,
            took,
            budget: self.settings.budget,
        }))
    }

    fn reference(&self, base: &FakeApiServer, start: &Start) -> Result<Reference, Error> {
        let mut runs = Vec::new();
        for _ in 0..self.settings.references.max(1) {
            let expected = Expected {
                is_reached: &|_: &State| true,
                most: MAX_ASKED - 1,
            };
            let settings = self.settings;
            runs.push(drive::run(
                base,
                (settings, start),
                self.program,
                None,
                &expected,
            )?);
            if let Some(tell) = self.tell {
                tell(&Progress::reference(runs.len(), settings.references));
            }
        }
        Reference::of(&runs, &self.settings.ignored)
    }

    fn plan(&self, reference: &Reference) -> Result<Plan, Error> {
        let settings = self.settings;
        if let Some(id) = &settings.replay {
            let plan = Plan::replay(&reference.requests, id);
            return plan.map_err(|problem| Error::invalid("the point to replay", problem));
        }
        let wanted = Wanted {
            troubles: &settings.troubles,
            all: settings.all,
            pairs: settings.pairs,
            seed: settings.seed,
        };
        Ok(Plan::of(&reference.requests, &wanted))
    }
}

impl Work<'_> {
    /// Runs points until there are none, or no time.
    fn take_points(&self, base: &FakeApiServer) {
        let home = base.fork();
        loop {
            let index = self.next.fetch_add(1, Ordering::AcqRel);
            let Some(point) = self.points.get(index) else {
                return;
            };
            let budget = self.sweeping.settings.budget;
            let is_over = budget.is_some_and(|budget| self.watch.elapsed() >= budget);
            if is_over || self.done.lock().error.is_some() {
                return;
            }
            let report = self.point(&home, point);
            let mut done = self.done.lock();
            match report {
                Ok(report) => {
                    done.failed += usize::from(report.verdict().is_failure());
                    done.took += report.took();
                    done.reports.push((index, report));
                    self.tell(&done);
                }
                Err(error) => done.error = Some(error),
            }
        }
    }

    fn point(&self, home: &FakeApiServer, point: &Point) -> Result<PointReport, Error> {
        let (settings, reference) = (self.sweeping.settings, self.reference);
        let is_reached = |state: &State| {
            diff::differences(&reference.state, state, &reference.ignored).is_empty()
                && state
                    .unsound
                    .iter()
                    .all(|told| reference.state.unsound.contains(told))
        };
        let expected = Expected {
            is_reached: &is_reached,
            most: reference.most,
        };
        let run = drive::run(
            home,
            (settings, self.start),
            self.sweeping.program,
            Some(point),
            &expected,
        )?;
        let judged = judge::judge(&run, point, reference);
        let extra = judge::extra_requests(&run, reference);
        let shows_journal = judged.verdict != Verdict::Same || settings.replay.is_some();
        let journal = match shows_journal {
            true => PointReport::around(&run.journal),
            false => Vec::new(),
        };
        let script = point
            .parts
            .iter()
            .flat_map(|part| part.script(self.start.revision));
        Ok(PointReport {
            id: point.id(),
            number: point.parts.first().map_or(0, |part| part.seen.number),
            told: point.told(),
            judged,
            extra_requests: extra,
            reruns: run.reruns,
            journal,
            script: script.collect(),
            replay: settings.replay_line.replace("{}", &point.id()),
            took: run.took,
        })
    }

    fn tell(&self, done: &Done) {
        if let Some(tell) = self.sweeping.tell {
            tell(&Progress {
                is_reference: false,
                done: done.reports.len(),
                total: self.points.len(),
                failed: done.failed,
                elapsed: self.watch.elapsed(),
                took: done.took,
                jobs: self.sweeping.settings.jobs,
            });
        }
    }
}

/// The same for closures of any future.
pub(crate) fn boxed<F, Fut>(program: F) -> Box<Program>
where
    F: Fn(Arc<FakeApiServer>) -> Fut + Send + Sync + 'static,
    Fut: Future + 'static,
    Fut::Output: Into<super::ended::Ended>,
{
    Box::new(move |server| {
        let run = program(server);
        Box::pin(async move { run.await.into() })
    })
}
