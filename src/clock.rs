//! The server's clock. Nothing else reads the time.
//!
//! It runs with the machine's clock unless a test gives it a start, in which case it stands still until it is
//! advanced. Advancing it makes every deadline that has passed go off: watch timeouts, bookmarks, the controllers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The latest time a clock can be set or advanced to: some hours before the last one that can be written, so that what is
/// due within hours still is.
const LATEST: Timestamp = Timestamp::constant(253_402_128_000, 0);

/// Where the time comes from.
#[derive(Clone, Debug)]
enum Source {
    /// The machine's clock, plus what the test has advanced.
    Running { ahead: SignedDuration },
    /// Stands where it was set.
    Frozen { now: Timestamp },
}

/// A clock that can be advanced.
#[derive(Debug)]
pub(crate) struct Clock {
    source: watch::Sender<Source>,
    /// It shows what the machine's clock shows, which most do and every request asks for several times.
    is_plain: AtomicBool,
}

impl Clock {
    /// Runs with the machine's clock.
    pub(crate) fn running() -> Self {
        Clock {
            source: watch::Sender::new(Source::Running {
                ahead: SignedDuration::ZERO,
            }),
            is_plain: AtomicBool::new(true),
        }
    }

    /// Stands still until it is advanced.
    pub(crate) fn frozen(now: Timestamp) -> Self {
        Clock {
            source: watch::Sender::new(Source::Frozen { now }),
            is_plain: AtomicBool::new(false),
        }
    }

    /// Where it stands, if it does not run.
    pub(crate) fn frozen_at(&self) -> Option<Timestamp> {
        match *self.source.borrow() {
            Source::Frozen { now } => Some(now),
            Source::Running { .. } => None,
        }
    }

    /// A clock that shows the same and goes on in the same way, on its own.
    pub(crate) fn fork(&self) -> Self {
        Clock {
            source: watch::Sender::new(self.source.borrow().clone()),
            is_plain: AtomicBool::new(self.is_plain.load(Ordering::Acquire)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        if self.is_plain.load(Ordering::Acquire) {
            return Timestamp::now();
        }
        self.source.borrow().now()
    }

    /// Moves ahead, or says why that is too far.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), String> {
        let step = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let mut result = Ok(());
        self.source.send_if_modified(|source| {
            result = check(add(source.now(), step));
            if result.is_err() {
                return false;
            }
            self.is_plain.store(false, Ordering::Release);
            match source {
                Source::Running { ahead } => *ahead = ahead.saturating_add(step),
                Source::Frozen { now } => *now = add(*now, step),
            }
            true
        });
        result
    }

    /// Shows what another clock shows, and goes on in the same way; that may be back in time.
    pub(crate) fn set_to(&self, other: &Clock) {
        let source = other.source.borrow().clone();
        let is_plain = other.is_plain.load(Ordering::Acquire);
        self.is_plain.store(false, Ordering::Release);
        self.source.send_replace(source);
        self.is_plain.store(is_plain, Ordering::Release);
    }

    /// Waits until the clock shows at least this time.
    pub(crate) async fn sleep_until(&self, deadline: Timestamp) {
        let mut changes = self.source.subscribe();
        loop {
            let left = deadline.duration_since(self.now());
            if left <= SignedDuration::ZERO {
                return;
            }
            let frozen = matches!(*changes.borrow_and_update(), Source::Frozen { .. });
            let left = left.unsigned_abs();
            tokio::select! {
                () = tokio::time::sleep(left), if !frozen => {}
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }
}

impl Source {
    fn now(&self) -> Timestamp {
        match self {
            Source::Running { ahead } => add(Timestamp::now(), *ahead),
            Source::Frozen { now } => *now,
        }
    }
}

/// Refuses a time that is too late for a clock to show.
pub(crate) fn check(time: Timestamp) -> Result<(), String> {
    match time <= LATEST {
        true => Ok(()),
        false => Err(format!("the latest time the server can show is {LATEST}")),
    }
}

/// Measures how long the server takes: by the machine's clock, whatever the server's own shows.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Stopwatch(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A time later, or the last one there is.
pub(crate) fn add(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn advancing_wakes_who_waits() {
        let clock = Clock::frozen(Timestamp::UNIX_EPOCH);
        let deadline = add(clock.now(), SignedDuration::from_secs(60));
        let (slept, advanced) = tokio::join!(clock.sleep_until(deadline), async {
            clock.advance(Duration::from_secs(60))
        });
        assert_eq!((slept, Ok(()), clock.now()), ((), advanced, deadline));
    }

    #[test]
    fn an_advance_past_the_end_of_time_is_refused_and_changes_nothing() {
        let clock = Clock::frozen(Timestamp::UNIX_EPOCH);
        let problem = clock.advance(Duration::MAX).unwrap_err();
        assert_eq!(
            problem,
            "the latest time the server can show is 9999-12-30T00:00:00Z"
        );
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        let running = Clock::running();
        assert!(running.advance(Duration::from_secs(1 << 40)).is_err());
        assert!(running.now().duration_since(Timestamp::now()) < SignedDuration::from_secs(1));
    }

    #[test]
    fn a_clock_that_is_set_back_goes_on_as_it_did() {
        for clock in [Clock::running(), Clock::frozen(Timestamp::UNIX_EPOCH)] {
            let before = clock.fork();
            clock.advance(Duration::from_secs(3600)).unwrap();
            clock.set_to(&before);
            let ahead = clock.now().duration_since(before.now());
            assert!(ahead.abs() < SignedDuration::from_secs(60), "{ahead}");
        }
    }
}
