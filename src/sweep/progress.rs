//! How far a sweep is.

use std::fmt;
use std::time::Duration;

/// How far a sweep is, told after each run.
///
/// ```no_run
/// use fake_apiserver::Sweep;
///
/// let sweep = Sweep::new().on_progress(|progress| eprint!("\r{progress}"));
/// ```
#[derive(Clone, Debug)]
pub struct Progress {
    pub(crate) is_reference: bool,
    pub(crate) done: usize,
    pub(crate) total: usize,
    pub(crate) failed: usize,
    pub(crate) elapsed: Duration,
    pub(crate) took: Duration,
    pub(crate) jobs: usize,
}

impl Progress {
    pub(crate) fn reference(done: usize, total: usize) -> Self {
        Progress {
            is_reference: true,
            done,
            total,
            failed: 0,
            elapsed: Duration::ZERO,
            took: Duration::ZERO,
            jobs: 1,
        }
    }

    /// How many points were run, or reference runs as long as there are only those.
    ///
    /// ```no_run
    /// let sweep = fake_apiserver::Sweep::new().on_progress(|progress| assert!(progress.done() <= progress.total()));
    /// ```
    pub fn done(&self) -> usize {
        self.done
    }

    /// How many there are to be.
    ///
    /// ```no_run
    /// let sweep = fake_apiserver::Sweep::new().on_progress(|progress| assert!(progress.total() > 0));
    /// ```
    pub fn total(&self) -> usize {
        self.total
    }

    /// How long the rest will take, by what the others took.
    ///
    /// ```no_run
    /// let sweep = fake_apiserver::Sweep::new().on_progress(|progress| eprintln!("{:?} to go", progress.left()));
    /// ```
    pub fn left(&self) -> Duration {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let each = self.took / count(self.done).max(1);
        let jobs = count(self.jobs).max(1);
        each * count(self.total.saturating_sub(self.done)) / jobs
    }
}

/// `312 of 960 points, 2 failed, 14 s, about 30 s to go`
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_reference {
            return write!(f, "reference run {} of {}", self.done, self.total);
        }
        let (elapsed, left) = (self.elapsed.as_secs(), self.left().as_secs());
        write!(
            f,
            "{} of {} points, {} failed, {elapsed} s, about {left} s to go",
            self.done, self.total, self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_estimated_by_what_was_run() {
        let progress = Progress {
            done: 10,
            total: 30,
            took: Duration::from_secs(20),
            jobs: 4,
            elapsed: Duration::from_secs(5),
            ..Progress::reference(1, 2)
        };
        assert_eq!(progress.left(), Duration::from_secs(10));
    }
}
