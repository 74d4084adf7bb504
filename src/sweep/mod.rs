#![doc = include_str!("../docs/sweep.md")]

#[cfg(feature = "record")]
mod contract;
mod diff;
mod drive;
mod ended;
#[cfg(feature = "fixture")]
mod harness;
mod identity;
mod judge;
mod log;
mod plan;
mod point;
mod progress;
mod recreate;
mod reference;
mod report;
mod runner;
mod seen;
mod settings;
mod slots;
mod state;
mod still;
mod table;
mod trouble;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use ended::Ended;
pub use judge::Verdict;
pub use progress::Progress;
pub use report::{PointReport, Report};

use self::diff::Ignore;
use self::drive::Program;
use self::runner::{Sweeping, Tell};
use self::settings::Settings;
use crate::error::Error;
use crate::server::{FakeApiServer, FakeApiServerBuilder, Limits};

/// How many journal entries a point keeps.
const JOURNAL: usize = 20_000;
/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a run that ended differently may still take to get there.
const PATIENCE: Duration = Duration::from_secs(5);
/// What replays a point, if the test says nothing else.
const REPLAY_LINE: &str = "Sweep::new().replay(\"{}\")";
/// Programs wait more than they work: so many runs there are for each core, and so many that work.
const JOBS_PER_CORE: usize = 32;
const WORKING_PER_CORE: usize = 4;

/// What is done to a server before the program starts.
type Setup = Box<dyn Fn(&FakeApiServer) + Send + Sync>;

/// Runs a program again and again, each time with one request of its failing in one way, and compares what is left with
/// what is left when nothing fails. [The guide](crate::sweep) tells how.
///
/// ```no_run
/// use fake_apiserver::Sweep;
///
/// # async fn reconcile(url: String) -> Result<(), String> {
/// #     Ok(())
/// # }
/// Sweep::new()
///     .faults("transient")
///     .ignore("status.lastSeen")
///     .run(|server| async move { reconcile(server.url()).await });
/// ```
#[must_use = "a sweep does nothing until it is run"]
pub struct Sweep {
    settings: Settings,
    builder: FakeApiServerBuilder,
    setups: Vec<Setup>,
    tell: Option<Box<Tell>>,
    /// What was given that cannot be.
    problem: Option<Error>,
    has_chosen: bool,
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep")
            .field("builder", &self.builder)
            .finish_non_exhaustive()
    }
}

impl Default for Sweep {
    fn default() -> Self {
        Sweep::new()
    }
}

impl Sweep {
    /// Every fault of the plan, one at a time, on as many threads as the machine has use for, until the program ends by
    /// itself.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new();
    /// ```
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Sweep {
            settings: Settings {
                troubles: table::TROUBLES.iter().collect(),
                ignored: Vec::new(),
                quiet: None,
                patience: PATIENCE,
                limit: LIMIT,
                budget: None,
                references: 2,
                jobs: cores * JOBS_PER_CORE,
                working: cores * WORKING_PER_CORE,
                reruns: 0,
                all: false,
                pairs: 0,
                seed: 0,
                replay: None,
                replay_line: REPLAY_LINE.to_owned(),
            },
            builder: FakeApiServer::builder().limits(Limits::new().journal(JOURNAL)),
            setups: Vec::new(),
            tell: None,
            problem: None,
            has_chosen: false,
        }
    }

    /// Which faults: the words of the guide's table, such as `transient`, `watch` or `applied-then-reset`, with commas in
    /// between; said more than once, all of them. Default: every one.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().faults("transient, ambiguous").faults("restart");
    /// ```
    pub fn faults(mut self, words: &str) -> Self {
        if !std::mem::replace(&mut self.has_chosen, true) {
            self.settings.troubles.clear();
        }
        for word in words
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match table::chosen(word) {
                Ok(chosen) => {
                    let known = std::mem::take(&mut self.settings.troubles);
                    let is_wanted = |trouble: &&'static trouble::Trouble| {
                        known
                            .iter()
                            .chain(&chosen)
                            .any(|wanted| wanted.id == trouble.id)
                    };
                    self.settings.troubles = table::TROUBLES.iter().filter(is_wanted).collect();
                }
                Err(problem) => self.is_wrong("faults", problem),
            }
        }
        self
    }

    /// What the end states may differ in: a path (`status.lastSeen`, with `*` for any one step), of one kind
    /// (`Lease:spec.holderIdentity`, `Deployment.apps:status`), of one object (`shop/settings:data`), or all of a kind
    /// (`Lease:`).
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().ignore("status.conditions.*.message").ignore("Lease:");
    /// ```
    pub fn ignore(mut self, path: &str) -> Self {
        match Ignore::parse(path) {
            Ok(rule) => self.settings.ignored.push(rule),
            Err(problem) => self.is_wrong(&format!("ignore {path:?}"), problem),
        }
        self
    }

    /// The server that each run gets one like, in place of the usual one.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Sweep};
    /// let sweep = Sweep::new().on(FakeApiServer::builder().implicit_namespaces(true));
    /// ```
    pub fn on(mut self, builder: FakeApiServerBuilder) -> Self {
        self.builder = builder;
        self
    }

    /// What is there before the program runs.
    ///
    /// ```
    /// use fake_apiserver::Sweep;
    /// use serde_json::json;
    /// let sweep = Sweep::new().setup(|server| {
    ///     server.object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    /// });
    /// ```
    pub fn setup(mut self, setup: impl Fn(&FakeApiServer) + Send + Sync + 'static) -> Self {
        self.setups.push(Box::new(setup));
        self
    }

    /// The program does not end by itself: it is ended when there was no request and no change for this long. A run that
    /// is not where the reference ended gets more time, see [`patience`](Self::patience).
    ///
    /// ```
    /// use std::time::Duration;
    /// let sweep = fake_apiserver::Sweep::new().until_quiet(Duration::from_millis(200));
    /// ```
    pub fn until_quiet(mut self, quiet: Duration) -> Self {
        self.settings.quiet = Some(quiet);
        self
    }

    /// How long a program that does not end by itself, and is not where the reference ended, may be quiet before that is
    /// its end state: longer than it waits before it tries again. Default: 5 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// let sweep = fake_apiserver::Sweep::new().patience(Duration::from_secs(20));
    /// ```
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// How long a run may take before it is never quiet. Default: a minute.
    ///
    /// ```
    /// use std::time::Duration;
    /// let sweep = fake_apiserver::Sweep::new().limit(Duration::from_secs(20));
    /// ```
    pub fn limit(mut self, limit: Duration) -> Self {
        self.settings.limit = limit;
        self
    }

    /// How long all runs may take together. The most telling points come first; what there was no time for is said.
    ///
    /// ```
    /// use std::time::Duration;
    /// let sweep = fake_apiserver::Sweep::new().budget(Duration::from_secs(60));
    /// ```
    pub fn budget(mut self, budget: Duration) -> Self {
        self.settings.budget = Some(budget);
        self
    }

    /// How many runs there are side by side at most. Default: 32 for each core. While four for each core work, the others
    /// are those that wait: for a `Retry-After`, or to try again.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().jobs(1);
    /// ```
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.settings.jobs = jobs.max(1);
        self
    }

    /// How often the program is run with nothing failing, to find out what it does and what differs by itself.
    /// Default: 2.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().references(5);
    /// ```
    pub fn references(mut self, runs: usize) -> Self {
        self.settings.references = runs.max(1);
        self
    }

    /// A program that says it has failed is run again this often, as a Job would be, before it is judged. Default: never.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().reruns(1);
    /// ```
    pub fn reruns(mut self, times: u32) -> Self {
        self.settings.reruns = times;
        self
    }

    /// Runs all points, also those that are like others.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().all();
    /// ```
    pub fn all(mut self) -> Self {
        self.settings.all = true;
        self
    }

    /// Runs so many pairs of points as well: two faults in one run, chosen by the seed.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().pairs(50, 7);
    /// ```
    pub fn pairs(mut self, pairs: usize, seed: u64) -> Self {
        (self.settings.pairs, self.settings.seed) = (pairs, seed);
        self
    }

    /// Runs one point alone, by the id that a report gave it.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().replay("17:applied-then-reset");
    /// ```
    pub fn replay(mut self, id: impl Into<String>) -> Self {
        self.settings.replay = Some(id.into());
        self
    }

    /// The line that replays a point as the report shows it, `{}` standing for its id.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().replay_line("SWEEP={} cargo test reconciles");
    /// ```
    pub fn replay_line(mut self, line: impl Into<String>) -> Self {
        self.settings.replay_line = line.into();
        self
    }

    /// Is told after each run how far it is.
    ///
    /// ```
    /// let sweep = fake_apiserver::Sweep::new().on_progress(|progress| eprintln!("{progress}"));
    /// ```
    pub fn on_progress(mut self, tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// Runs the sweep. The closure is the program under test: it is given a server of its own each time, on which it does
    /// its work; its future may panic, be dropped (that is how it is killed), and be made again on the same server.
    ///
    /// It runs on a tokio runtime of its own with one thread; the server has another. So it may block, but then it cannot
    /// be ended before it comes back.
    ///
    /// # Panics
    ///
    /// With the report, if a point failed; if the reference run did not end well; if something was given that cannot be.
    #[track_caller]
    pub fn run<F, Fut>(self, program: F)
    where
        F: Fn(Arc<FakeApiServer>) -> Fut + Send + Sync + 'static,
        Fut: Future + 'static,
        Fut::Output: Into<Ended>,
    {
        match self.try_run(program) {
            Ok(report) if report.passed() => {}
            Ok(report) => panic!("the sweep has found something\n\n{report}"),
            Err(error) => panic!("the sweep cannot run: {error}"),
        }
    }

    /// The same without a panic.
    ///
    /// # Errors
    ///
    /// If the server cannot start, the reference run did not end well, or something was given that cannot be.
    pub fn try_run<F, Fut>(self, program: F) -> Result<Report, Error>
    where
        F: Fn(Arc<FakeApiServer>) -> Fut + Send + Sync + 'static,
        Fut: Future + 'static,
        Fut::Output: Into<Ended>,
    {
        self.begin(runner::boxed(program))?.run()
    }

    /// Runs the references.
    fn begin(mut self, program: Box<Program>) -> Result<Sweeping, Error> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if let Some(id) = &self.settings.replay {
            point::parse_id(id).map_err(|problem| Error::invalid("replay", problem))?;
        }
        let base = self.builder.clone().try_start_blocking()?;
        self.setups.iter().for_each(|setup| setup(&base));
        Sweeping::begin(self.settings, program, self.tell, base)
    }

    /// The first mistake is the one that is told.
    fn is_wrong(&mut self, place: &str, problem: String) {
        self.problem
            .get_or_insert_with(|| Error::invalid(place, problem));
    }
}
