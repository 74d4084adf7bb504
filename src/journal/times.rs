//! How often requests must have come.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// How often requests must have come: a number, or a range of them.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Requests, Times, Verb};
///
/// let server = FakeApiServer::start_blocking();
/// server.verify(Requests::new().verb(Verb::Create), 0);
/// server.verify(Requests::new().verb(Verb::List), ..=3);
/// server.verify(Requests::new().verb(Verb::Delete), Times::never());
///
/// let shown = |times: Times| times.to_string();
/// assert_eq!(shown(2.into()), "exactly 2");
/// assert_eq!(shown((1..).into()), "at least 1");
/// assert_eq!(shown((2..5).into()), "2 to 4");
/// ```
///
/// # Panics
///
/// A range with no number in it, such as `3..=1` or `..0`, panics where it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    min: u64,
    max: Option<u64>,
}

impl Times {
    /// Not at all.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Times::never(), 0.into());
    /// ```
    pub fn never() -> Self {
        Times::from(0)
    }

    /// Both bounds included; nothing if there is no number between them.
    pub(crate) fn between(min: u64, max: u64) -> Option<Self> {
        (min <= max).then_some(Times {
            min,
            max: Some(max),
        })
    }

    pub(super) fn allows(self, count: u64) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }

    pub(super) fn has_an_end(self) -> bool {
        self.max.is_some()
    }
}

impl From<u64> for Times {
    fn from(times: u64) -> Self {
        Times {
            min: times,
            max: Some(times),
        }
    }
}

impl From<RangeFull> for Times {
    fn from(_: RangeFull) -> Self {
        Times::from(0..)
    }
}

impl From<RangeFrom<u64>> for Times {
    fn from(range: RangeFrom<u64>) -> Self {
        Times {
            min: range.start,
            max: None,
        }
    }
}

impl From<RangeInclusive<u64>> for Times {
    #[track_caller]
    fn from(range: RangeInclusive<u64>) -> Self {
        match Times::between(*range.start(), *range.end()) {
            Some(times) => times,
            None => panic!("there is no number of requests in {range:?}"),
        }
    }
}

impl From<RangeToInclusive<u64>> for Times {
    fn from(range: RangeToInclusive<u64>) -> Self {
        Times {
            min: 0,
            max: Some(range.end),
        }
    }
}

impl From<Range<u64>> for Times {
    #[track_caller]
    fn from(range: Range<u64>) -> Self {
        let last = range.end.checked_sub(1);
        match last.and_then(|last| Times::between(range.start, last)) {
            Some(times) => times,
            None => panic!("there is no number of requests in {range:?}"),
        }
    }
}

impl From<RangeTo<u64>> for Times {
    #[track_caller]
    fn from(range: RangeTo<u64>) -> Self {
        Times::from(0..range.end)
    }
}

/// Such as `at least 1`.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (0, None) => f.write_str("any number"),
            (min, None) => write!(f, "at least {min}"),
            (0, Some(0)) => f.write_str("none"),
            (min, Some(max)) if min == max => write!(f, "exactly {min}"),
            (0, Some(max)) => write!(f, "at most {max}"),
            (min, Some(max)) => write!(f, "{min} to {max}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_mean_what_a_range_means() {
        let allowed = |times: Times| (0..6).filter(|n| times.allows(*n)).collect::<Vec<_>>();
        assert_eq!(allowed(2.into()), [2]);
        assert_eq!(allowed((4..).into()), [4, 5]);
        assert_eq!(allowed((..=1).into()), [0, 1]);
        assert_eq!(allowed((1..=3).into()), [1, 2, 3]);
        assert_eq!(allowed((1..3).into()), [1, 2]);
        assert_eq!(allowed((..2).into()), [0, 1]);
        assert_eq!(allowed((..).into()), [0, 1, 2, 3, 4, 5]);
        assert_eq!(allowed(Times::never()), [0]);
    }

    #[test]
    fn times_can_be_read() {
        let shown = [Times::never(), 2.into(), (..=3).into(), (1..=3).into()];
        assert_eq!(
            shown.map(|times| times.to_string()),
            ["none", "exactly 2", "at most 3", "1 to 3"]
        );
        assert_eq!(Times::from(..).to_string(), "any number");
    }
}
