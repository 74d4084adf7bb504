//! How often a rule acts: of the attempts that match it, which.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How many objects or clients a rule counts apart; the attempts of those beyond are counted together.
const MAX_COUNTED: usize = 10_000;

/// Which of the matching attempts a rule acts on. Attempts count from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Schedule {
    /// All of them, until the rule is removed.
    Always,
    /// From one attempt to another, both included; without an end, all from there on.
    Range { from: u64, to: Option<u64> },
    /// The n-th, the 2n-th, and so on.
    Every(u64),
    /// Each with this probability, from 0 to 1, by the server's seed.
    Probability(f64),
    /// All of them, for this long from the installation on, by the server's clock.
    During(Duration),
}

/// What attempts are counted by.
///
/// ```
/// use fake_apiserver::{Fault, Per};
/// let fault = Fault::conflict().per(Per::Client).first(1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Per {
    /// All attempts that match the rule together.
    #[default]
    Rule,
    /// Those for each object on their own.
    Object,
    /// Those of each client (user and User-Agent) on their own.
    Client,
}

/// How far a schedule has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    attempts: BTreeMap<String, u64>,
}

/// What a schedule goes by besides the count.
pub(crate) struct Moment<'a> {
    pub(crate) installed: Timestamp,
    pub(crate) now: Timestamp,
    /// From 0 to 1, rolled only if asked for.
    pub(crate) roll: &'a dyn Fn() -> f64,
}

impl Schedule {
    /// Whether this attempt is one to act on.
    fn includes(&self, attempt: u64, moment: &Moment<'_>) -> bool {
        match self {
            Schedule::Always => true,
            Schedule::Range { from, to } => attempt >= *from && to.is_none_or(|to| attempt <= to),
            Schedule::Every(n) => *n > 0 && attempt.is_multiple_of(*n),
            Schedule::Probability(p) => (moment.roll)() < *p,
            Schedule::During(span) => {
                let span = SignedDuration::try_from(*span).unwrap_or(SignedDuration::MAX);
                moment.now.duration_since(moment.installed) < span
            }
        }
    }
}

impl Progress {
    /// Counts an attempt; whether the rule acts on it, and which attempt it was.
    pub(crate) fn attempt(
        &mut self,
        schedule: &Schedule,
        counted_by: String,
        moment: &Moment<'_>,
    ) -> (bool, u64) {
        let known = self.attempts.contains_key(&counted_by);
        let counted_by = match known || self.attempts.len() < MAX_COUNTED {
            true => counted_by,
            false => String::new(),
        };
        let attempts = self.attempts.entry(counted_by).or_default();
        *attempts += 1;
        (schedule.includes(*attempts, moment), *attempts)
    }

    pub(crate) fn total(&self) -> u64 {
        self.attempts.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(schedule: &Schedule, attempts: u64) -> Vec<u64> {
        let moment = Moment {
            installed: Timestamp::UNIX_EPOCH,
            now: Timestamp::UNIX_EPOCH,
            roll: &|| 0.5,
        };
        let mut progress = Progress::default();
        (1..=attempts)
            .filter(|_| progress.attempt(schedule, String::new(), &moment).0)
            .collect()
    }

    #[test]
    fn a_range_includes_both_ends() {
        assert_eq!(
            acts(
                &Schedule::Range {
                    from: 2,
                    to: Some(3)
                },
                5
            ),
            [2, 3]
        );
        assert_eq!(acts(&Schedule::Range { from: 4, to: None }, 6), [4, 5, 6]);
    }

    #[test]
    fn every_third_is_the_third_and_the_sixth() {
        assert_eq!(acts(&Schedule::Every(3), 7), [3, 6]);
    }

    #[test]
    fn a_probability_is_rolled_for() {
        assert_eq!(acts(&Schedule::Probability(0.4), 3), [0; 0]);
        assert_eq!(acts(&Schedule::Probability(0.6), 3), [1, 2, 3]);
    }

    #[test]
    fn beyond_so_many_attempts_are_counted_together() {
        let moment = Moment {
            installed: Timestamp::UNIX_EPOCH,
            now: Timestamp::UNIX_EPOCH,
            roll: &|| 0.0,
        };
        let mut progress = Progress::default();
        let mut attempt = |key: String| progress.attempt(&Schedule::Always, key, &moment).1;
        for i in 0..MAX_COUNTED {
            assert_eq!(attempt(i.to_string()), 1);
        }
        assert_eq!(
            ["x", "y", "7"].map(|key| attempt(key.to_owned())),
            [1, 2, 2]
        );
    }

    #[test]
    fn attempts_are_counted_apart() {
        let moment = Moment {
            installed: Timestamp::UNIX_EPOCH,
            now: Timestamp::UNIX_EPOCH,
            roll: &|| 0.0,
        };
        let mut progress = Progress::default();
        let first = Schedule::Range {
            from: 1,
            to: Some(1),
        };
        let seen = ["a", "b", "a"].map(|key| progress.attempt(&first, key.to_owned(), &moment).0);
        assert_eq!(seen, [true, true, false]);
        assert_eq!(progress.total(), 3);
    }
}
