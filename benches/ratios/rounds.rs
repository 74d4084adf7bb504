//! Timing two things side by side.

use std::io;
use std::time::{Duration, Instant};

use crate::stopwatch::{Clock, Stopwatch};

/// How long one side of a round should last: short, so that most rounds pass without the machine turning to something else.
const SIDE: Duration = Duration::from_micros(500);
/// How long one comparison may take.
const BUDGET: Duration = Duration::from_secs(6);
/// How many rounds are enough.
const ENOUGH: usize = 1_000;
/// How long both sides run before anything counts.
const WARM_UP: Duration = Duration::from_millis(200);

/// How to measure.
pub(crate) struct Rounds {
    measure: bool,
}

/// What was measured.
pub(crate) struct Comparison {
    pub(crate) rounds: usize,
    /// How often each side ran in a round.
    pub(crate) repeats: u32,
    /// Medians of the time one run takes.
    pub(crate) ours: Duration,
    pub(crate) other: Duration,
    /// The quartiles of the other's time divided by ours.
    pub(crate) ratio: [f64; 3],
}

impl Comparison {
    fn of(mut mine: Vec<Duration>, mut theirs: Vec<Duration>) -> Self {
        let mut ratios: Vec<f64> = mine
            .iter()
            .zip(&theirs)
            .map(|(mine, theirs)| theirs.as_secs_f64() / mine.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        mine.sort();
        theirs.sort();
        let quartile = |n: usize| ratios[(ratios.len() - 1) * n / 4];
        Comparison {
            rounds: ratios.len(),
            repeats: 1,
            ours: mine[mine.len() / 2],
            other: theirs[theirs.len() / 2],
            ratio: [quartile(1), quartile(2), quartile(3)],
        }
    }
}

impl Rounds {
    pub(crate) fn measured() -> Self {
        Rounds { measure: true }
    }

    /// Runs each side once, to see that it works.
    pub(crate) fn once() -> Self {
        Rounds { measure: false }
    }

    /// So many where it is measured, a hundredth where it is only run.
    pub(crate) fn scaled(&self, count: usize) -> usize {
        if self.measure { count } else { count / 100 }
    }

    /// Compares the times of two things, each run several times in a round.
    pub(crate) async fn compare(
        &self,
        clock: Clock,
        mut ours: impl AsyncFnMut() -> io::Result<()>,
        mut other: impl AsyncFnMut() -> io::Result<()>,
    ) -> io::Result<Comparison> {
        let repeats = self.warm_up(clock, &mut ours, &mut other).await?;
        let comparison = self
            .compare_measured(
                async || time(clock, repeats, &mut ours).await,
                async || time(clock, repeats, &mut other).await,
            )
            .await?;
        Ok(Comparison {
            repeats,
            ..comparison
        })
    }

    /// Compares two things that say themselves how long they took.
    pub(crate) async fn compare_measured(
        &self,
        mut ours: impl AsyncFnMut() -> io::Result<Duration>,
        mut other: impl AsyncFnMut() -> io::Result<Duration>,
    ) -> io::Result<Comparison> {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        let started = Instant::now();
        loop {
            // Who goes first changes, so that neither always finds what the other left behind.
            if mine.len() % 2 == 0 {
                mine.push(ours().await?);
                theirs.push(other().await?);
            } else {
                theirs.push(other().await?);
                mine.push(ours().await?);
            }
            if !self.measure || mine.len() == ENOUGH || started.elapsed() > BUDGET {
                break;
            }
        }
        Ok(Comparison::of(mine, theirs))
    }

    /// Returns how many runs of the slower side fill a round.
    async fn warm_up(
        &self,
        clock: Clock,
        ours: &mut impl AsyncFnMut() -> io::Result<()>,
        other: &mut impl AsyncFnMut() -> io::Result<()>,
    ) -> io::Result<u32> {
        if !self.measure {
            return Ok(1);
        }
        let mut fastest = Duration::MAX;
        let started = Instant::now();
        while started.elapsed() < WARM_UP {
            let one = time(clock, 1, ours)
                .await?
                .max(time(clock, 1, other).await?);
            fastest = fastest.min(one);
        }
        let repeats = SIDE.as_nanos() / fastest.as_nanos().max(1);
        Ok(u32::try_from(repeats).unwrap_or(u32::MAX).max(1))
    }
}

/// The time one run takes, over several.
async fn time(
    clock: Clock,
    repeats: u32,
    run: &mut impl AsyncFnMut() -> io::Result<()>,
) -> io::Result<Duration> {
    let stopwatch = Stopwatch::start(clock);
    for _ in 0..repeats {
        run().await?;
    }
    Ok(stopwatch.elapsed() / repeats)
}
