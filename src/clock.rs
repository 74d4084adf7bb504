//! The server's clock. Nothing else reads the time.
//!
//! It runs with the machine's clock unless a test gives it a start, in which case it stands still until it is
//! advanced. Advancing it makes every deadline that has passed go off: watch timeouts, bookmarks, the controllers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

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
        match &*self.source.borrow() {
            Source::Running { ahead } => add(Timestamp::now(), *ahead),
            Source::Frozen { now } => *now,
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.is_plain.store(false, Ordering::Release);
        self.source.send_modify(|source| match source {
            Source::Running { ahead } => *ahead = ahead.saturating_add(by),
            Source::Frozen { now } => *now = add(*now, by),
        });
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
        let (slept, ()) = tokio::join!(clock.sleep_until(deadline), async {
            clock.advance(Duration::from_secs(60))
        });
        assert_eq!((slept, clock.now()), ((), deadline));
    }
}
