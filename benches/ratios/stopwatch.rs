//! What time is measured.

use std::time::{Duration, Instant};

/// Which clock to go by.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// What this thread, on which both servers and the client run, has the processor for: waiting for other processes
    /// is not in it. Where there is no such clock, the wall's.
    Thread,
    Wall,
}

/// A measurement under way.
pub(crate) struct Stopwatch {
    clock: Clock,
    wall: Instant,
    thread: Option<Duration>,
}

impl Stopwatch {
    pub(crate) fn start(clock: Clock) -> Self {
        Stopwatch {
            clock,
            wall: Instant::now(),
            thread: thread(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match (self.clock, self.thread, thread()) {
            (Clock::Thread, Some(start), Some(now)) => now.saturating_sub(start),
            _ => self.wall.elapsed(),
        }
    }
}

#[cfg(unix)]
fn thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().ok()
}

#[cfg(not(unix))]
fn thread() -> Option<Duration> {
    None
}
