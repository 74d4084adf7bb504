//! The sweep as a whole: references first, then the points side by side, as long as there is time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;

#[cfg(feature = "record")]
use super::contract::{self, Played};
use super::diff;
use super::drive::{self, Expected, Ground, Program, Run, Start};
use super::judge::{self, Verdict};
use super::log::MAX_ASKED;
use super::plan::{Plan, Wanted};
use super::point::Point;
use super::progress::Progress;
use super::reference::Reference;
use super::report::{PointReport, Report, Run as Shown};
use super::settings::Settings;
use super::slots::Slots;
use super::state::{self, State};
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::server::FakeApiServer;

/// How many points without time to run are named.
const MAX_NOT_RUN: usize = 1000;

/// What is told about how far it is.
pub(crate) type Tell = dyn Fn(&Progress) + Send + Sync;

/// A sweep whose references have been run.
pub(crate) struct Sweeping {
    settings: Settings,
    program: Box<Program>,
    tell: Option<Box<Tell>>,
    base: Arc<FakeApiServer>,
    start: Start,
    slots: Slots,
    reference: Reference,
    watch: Stopwatch,
}

/// What all workers share.
struct Work<'a> {
    sweeping: &'a Sweeping,
    points: &'a [Point],
    next: AtomicUsize,
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

impl Sweeping {
    /// Runs the references, beginning with the state of this server.
    pub(crate) fn begin(
        settings: Settings,
        program: Box<Program>,
        tell: Option<Box<Tell>>,
        base: FakeApiServer,
    ) -> Result<Self, Error> {
        let watch = Stopwatch::start();
        // Before the snapshot, which is to have them.
        let objects = state::all_objects(base.cluster());
        let start = Start {
            snapshot: base.snapshot(),
            objects,
            revision: base.revision(),
        };
        let slots = Slots::new(settings.working);
        let mut runs = Vec::new();
        for _ in 0..settings.references.max(1) {
            let expected = Expected {
                is_reached: &|_: &State| true,
                most: MAX_ASKED - 1,
            };
            let ground = Ground {
                settings: &settings,
                start: &start,
                program: &program,
                slots: &slots,
            };
            runs.push(drive::run(&base, ground, None, &expected)?);
            if let Some(tell) = &tell {
                tell(&Progress::reference(runs.len(), settings.references));
            }
        }
        let reference = Reference::of(&runs, &settings.ignored)?;
        Ok(Sweeping {
            settings,
            program,
            tell,
            base: Arc::new(base),
            start,
            slots,
            reference,
            watch,
        })
    }

    /// Runs the points.
    pub(crate) fn run(self) -> Result<Report, Error> {
        let plan = self.plan(self.settings.all)?;
        let work = Work {
            sweeping: &self,
            points: &plan.points,
            next: AtomicUsize::new(0),
            done: Mutex::default(),
        };
        let workers = self.settings.jobs.clamp(1, plan.points.len().max(1));
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| work.take_points());
            }
        });
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
            points: done.reports.into_iter().map(|(_, report)| report).collect(),
            left_out: plan.left_out,
            not_run,
            took: self.watch.elapsed(),
            budget: self.settings.budget,
            requests: self.reference.requests,
            unstable: self.reference.unstable,
        }))
    }

    /// Which points there are; `all` leaves out none.
    pub(crate) fn plan(&self, all: bool) -> Result<Plan, Error> {
        let (settings, requests) = (&self.settings, &self.reference.requests);
        if let Some(id) = &settings.replay {
            let plan = Plan::replay(requests, id);
            return plan.map_err(|problem| Error::invalid("the point to replay", problem));
        }
        let wanted = Wanted {
            troubles: &settings.troubles,
            all,
            pairs: settings.pairs,
            seed: settings.seed,
        };
        Ok(Plan::of(requests, &wanted))
    }

    /// What the references differ in, a sentence each.
    #[cfg(feature = "fixture")]
    pub(crate) fn unstable(&self) -> &[String] {
        &self.reference.unstable
    }

    /// Points are run though others are like them.
    #[cfg(feature = "fixture")]
    pub(crate) fn leaves_out_none(&self) -> bool {
        self.settings.all
    }

    /// A server on a thread of its own, on which points can be run.
    pub(crate) fn home(&self) -> FakeApiServer {
        self.base.fork()
    }

    /// Runs a point.
    pub(crate) fn point(&self, home: &FakeApiServer, point: &Point) -> Result<PointReport, Error> {
        let (settings, reference) = (&self.settings, &self.reference);
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
        let ground = Ground {
            settings,
            start: &self.start,
            program: &self.program,
            slots: &self.slots,
        };
        let run = drive::run(home, ground, Some(point), &expected)?;
        let judged = judge::judge(&run, point, reference);
        let extra_requests = judge::extra_requests(&run, reference);
        let (reruns, took) = (run.reruns, run.took);
        let is_shown = judged.verdict != Verdict::Same || settings.replay.is_some();
        let (journal, script) = match is_shown {
            true => (PointReport::around(&run.journal), self.script(point, &run)),
            false => Default::default(),
        };
        Ok(PointReport {
            #[cfg(feature = "record")]
            played: settings.replay.as_ref().map(|_| self.played(point, run)),
            id: point.id(),
            number: point.parts.first().map_or(0, |part| part.seen.number),
            told: point.told(),
            judged,
            extra_requests,
            reruns,
            journal,
            script,
            replay: settings.replay_line.replace("{}", &point.id()),
            took,
        })
    }

    /// What a fixture of the point is made of.
    #[cfg(feature = "record")]
    fn played(&self, point: &Point, run: Run) -> Played {
        Played {
            base: self.base.clone(),
            snapshot: self.start.snapshot.clone(),
            existed: contract::keys(&self.start.objects),
            point: point.clone(),
            asked: run.asked,
            journal: run.journal,
        }
    }

    /// The faults of a point as a script.
    fn script(&self, point: &Point, run: &Run) -> Vec<Value> {
        let parts = point.parts.iter().enumerate();
        let scripts = parts.flat_map(|(index, part)| {
            let earlier = point.parts.get(..index).unwrap_or_default();
            part.script(self.start.revision, &run.asked, earlier)
        });
        scripts.collect()
    }
}

impl Work<'_> {
    /// Runs points until there are none, or no time.
    fn take_points(&self) {
        let sweeping = self.sweeping;
        let home = sweeping.home();
        loop {
            let index = self.next.fetch_add(1, Ordering::AcqRel);
            let Some(point) = self.points.get(index) else {
                return;
            };
            let budget = sweeping.settings.budget;
            let is_over = budget.is_some_and(|budget| sweeping.watch.elapsed() >= budget);
            if is_over || self.done.lock().error.is_some() {
                return;
            }
            let report = sweeping.point(&home, point);
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

    fn tell(&self, done: &Done) {
        if let Some(tell) = &self.sweeping.tell {
            tell(&Progress {
                is_reference: false,
                done: done.reports.len(),
                total: self.points.len(),
                failed: done.failed,
                elapsed: self.sweeping.watch.elapsed(),
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
