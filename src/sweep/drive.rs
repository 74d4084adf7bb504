//! One run of the program under test, on a server of its own, through the trouble of one point.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::ended::Ended;
use super::log::{Asked, Log};
use super::point::Point;
use super::recreate;
use super::settings::Settings;
use super::slots::{Slot, Slots};
use super::state::{self, Objects, State};
use super::still::Stillness;
use super::trouble::Then;
use crate::clock::Stopwatch;
use crate::control::snapshot::Snapshot;
use crate::error::Error;
use crate::journal::Journal;
use crate::server::FakeApiServer;
use crate::{Fault, handles::FaultGuard};

/// How often the server is looked at while the program runs.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How often what is left to the server's controllers is looked at, and how long without any progress.
const SETTLE_EVERY: Duration = Duration::from_millis(1);
const SETTLE_ROUNDS: u32 = 30;
/// By how much the clock is moved for them.
const SETTLE_STEP: Duration = Duration::from_secs(1);
/// How long a refusal that lasts is looked at.
const LASTING: Duration = Duration::from_secs(2);
/// How long it must have been quiet where trouble acts late.
const LATE: Duration = Duration::from_millis(1500);

/// So many times as long a reference must have been quiet.
const REFERENCE: u32 = 4;

/// The program under test.
pub(crate) type Program =
    dyn Fn(Arc<FakeApiServer>) -> Pin<Box<dyn Future<Output = Ended>>> + Send + Sync;

/// Where runs begin.
pub(crate) struct Start {
    pub(crate) snapshot: Snapshot,
    pub(crate) objects: Objects,
    pub(crate) revision: u64,
}

/// What runs have in common.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) start: &'a Start,
    pub(crate) program: &'a Program,
    pub(crate) slots: &'a Slots,
}

/// What a run is held against while it runs.
pub(crate) struct Expected<'a> {
    /// Whether this is how the reference ended; the reference itself is right at any time.
    pub(crate) is_reached: &'a dyn Fn(&State) -> bool,
    /// More requests than this are a storm.
    pub(crate) most: usize,
}

/// Why a run is over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Over {
    Ended(Ended),
    /// The server was quiet.
    Quiet,
    /// It was not, in all the time there was.
    NeverQuiet,
    /// Too many requests came.
    Storm,
}

/// What came of a run.
pub(crate) struct Run {
    pub(crate) over: Over,
    pub(crate) asked: Vec<Asked>,
    pub(crate) journal: Journal,
    pub(crate) state: State,
    /// Every fault has acted.
    pub(crate) met: bool,
    /// How often the program was started anew because it had failed.
    pub(crate) reruns: u32,
    pub(crate) took: Duration,
}

/// A server with what is installed on it.
struct Stage<'a> {
    settings: &'a Settings,
    start: &'a Start,
    slot: Slot<'a>,
    expected: &'a Expected<'a>,
    point: Option<&'a Point>,
    server: Arc<FakeApiServer>,
    log: Arc<Log>,
    guards: Vec<Installed>,
    /// Rules that only look on.
    asides: Vec<Installed>,
    watch: Stopwatch,
}

/// A rule of a part of the point.
struct Installed {
    then: Then,
    guard: FaultGuard,
}

/// Why the program is no longer left alone.
enum Turn {
    Over(Over),
    Restart,
}

/// Runs the program on a fork on the runtime of this server.
pub(crate) fn run(
    home: &FakeApiServer,
    ground: Ground<'_>,
    point: Option<&Point>,
    expected: &Expected<'_>,
) -> Result<Run, Error> {
    let slot = ground.slots.take();
    let server = Arc::new(home.try_fork(&ground.start.snapshot)?);
    let log = Log::of(server.cluster());
    let mut stage = Stage {
        settings: ground.settings,
        start: ground.start,
        slot,
        expected,
        point,
        guards: Vec::new(),
        asides: Vec::new(),
        watch: Stopwatch::start(),
        server,
        log,
    };
    let watcher = stage.server.fault(stage.log.rule());
    stage.install();
    let (over, reruns) = stage.play(ground.program)?;
    if !matches!(over, Over::Storm) {
        stage.settle();
    }
    let run = Run {
        over,
        reruns,
        asked: stage.log.asked(),
        journal: stage.server.journal(),
        state: stage.state(),
        met: stage.guards.iter().all(Installed::has_acted),
        took: stage.watch.elapsed(),
    };
    for installed in stage.guards.into_iter().chain(stage.asides) {
        installed.guard.remove();
    }
    watcher.remove();
    Ok(run)
}

impl Stage<'_> {
    /// Installs what goes wrong.
    fn install(&mut self) {
        for part in self.point.iter().flat_map(|point| &point.parts) {
            let (title, then) = (part.id().to_string(), part.trouble.then);
            let faults = part.faults(self.start.revision);
            let last = faults.len().saturating_sub(1);
            for (index, fault) in faults.into_iter().enumerate() {
                let (log, about) = (self.log.clone(), part.clone());
                let rule = Fault::custom(move |_| {
                    log.is_last(|asked| about.is_about(asked))
                        .then(|| fault.clone())
                });
                let rule = rule.named(&title).optional();
                let rule = match index == last {
                    true => rule,
                    false => rule.carry_on(),
                };
                let guard = self.server.fault(rule);
                if then == Then::Recreate {
                    let rule =
                        recreate::rule(&self.server, guard.counter(), &part.seen.asked.identity);
                    let guard = self.server.fault(rule.named(&title).optional());
                    self.asides.push(Installed { then, guard });
                }
                self.guards.push(Installed { then, guard });
            }
        }
    }

    /// Runs the program, again after it was killed, and as often as it may fail.
    fn play(&self, program: &Program) -> Result<(Over, u32), Error> {
        let (mut killed, mut reruns) = (0, 0);
        loop {
            let runtime = runtime()?;
            let turn = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(async {
                    tokio::select! {
                        biased;
                        ended = program(self.server.clone()) => Turn::Over(Over::Ended(ended)),
                        turn = self.look_on(killed) => turn,
                    }
                })
            }));
            // Whatever the program has started on it ends with it.
            runtime.shutdown_background();
            match turn {
                Ok(Turn::Restart) => killed += 1,
                Ok(Turn::Over(Over::Ended(Ended::NotRun(why)))) => {
                    return Err(Error::invalid("the program under test", why));
                }
                Ok(Turn::Over(Over::Ended(Ended::Failed(_)))) if reruns < self.settings.reruns => {
                    reruns += 1
                }
                Ok(Turn::Over(over)) => return Ok((over, reruns)),
                Err(panic) => return Ok((Over::Ended(Ended::Crashed(said(&*panic))), reruns)),
            }
        }
    }

    /// Waits until the program is to be ended, one way or the other.
    async fn look_on(&self, killed: usize) -> Turn {
        let mut still = Stillness::new(&self.server);
        let mut lasting = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let since = still.since(&self.server);
            self.slot.works(!still.waits());
            if self.is_to_be_killed(killed) {
                return Turn::Restart;
            }
            if self.log.len() > self.expected.most {
                return Turn::Over(Over::Storm);
            }
            if lasting.is_none() && self.lasts() {
                lasting = Some(Stopwatch::start());
            }
            if lasting
                .as_ref()
                .is_some_and(|since| since.elapsed() > LASTING)
            {
                return Turn::Over(Over::Quiet);
            }
            if self.watch.elapsed() > self.settings.limit {
                return Turn::Over(Over::NeverQuiet);
            }
            if let Some(quiet) = self.settings.quiet
                && self.is_over(&mut still, since, quiet)
            {
                return Turn::Over(Over::Quiet);
            }
        }
    }

    /// One of the requests at which the program is killed has been applied since it was last.
    fn is_to_be_killed(&self, killed: usize) -> bool {
        let deadly = self
            .guards
            .iter()
            .filter(|installed| installed.then == Then::Restart);
        deadly.filter(|installed| installed.has_acted()).count() > killed
    }

    /// A refusal that lasts has begun.
    fn lasts(&self) -> bool {
        let mut lasting = self
            .guards
            .iter()
            .filter(|installed| installed.then == Then::Lasting);
        lasting.any(Installed::has_acted)
    }

    /// Nothing has happened for so long that nothing will. Where it ended as the reference did, that is soon.
    fn is_over(&self, still: &mut Stillness, since: Duration, quiet: Duration) -> bool {
        let least = match self.point {
            Some(point) if point.has(Then::Later) || point.has(Then::Recreate) => LATE.max(quiet),
            Some(_) => quiet,
            // Nothing says where it is to get to, so it must not be taken for quiet while it only hesitates.
            None => quiet * REFERENCE,
        };
        if since < least {
            return false;
        }
        since >= self.settings.patience.max(least) || still.remembered(|| self.is_reached())
    }

    /// The server has nothing left to do, and this is how the reference ended.
    fn is_reached(&self) -> bool {
        let (start, now) = (&self.start.objects, state::objects(self.server.cluster()));
        !state::is_unsettled(start, &now) && (self.expected.is_reached)(&State::of(start, &now))
    }

    /// Lets the server's own controllers finish what is left to them.
    fn settle(&self) {
        let mut rounds = 0;
        let mut revision = 0;
        while rounds < SETTLE_ROUNDS {
            let now = state::objects(self.server.cluster());
            if !state::is_unsettled(&self.start.objects, &now) {
                return;
            }
            if rounds == 0 && self.server.try_advance(SETTLE_STEP).is_err() {
                return;
            }
            std::thread::sleep(SETTLE_EVERY);
            let newest = self.server.revision();
            rounds = match newest == revision {
                true => rounds + 1,
                false => 0,
            };
            revision = newest;
        }
    }

    fn state(&self) -> State {
        State::of(&self.start.objects, &state::objects(self.server.cluster()))
    }
}

impl Installed {
    fn has_acted(&self) -> bool {
        self.guard.fired() > 0
    }
}

/// A runtime with one thread, the current one.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let built = builder.enable_all().build();
    built.map_err(|error| Error::invalid("the sweep", error.to_string()))
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    format!("it panicked: {}", text.unwrap_or_default())
}
