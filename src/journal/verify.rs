//! Then: what must have come, how often, in which order, and nothing else.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;

use super::entry::Entry;
use super::recorder::Recorder;
use super::requests::Requests;
use super::snapshot::Journal;

/// How many different near misses a failure names.
const SHOWN_NEAR_MISSES: usize = 10;

/// How often requests must have come. A plain number means exactly that often.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Requests, Times};
///
/// let server = FakeApiServer::start_blocking();
/// server.verify(Requests::new().verb("delete"), 0);
/// server.verify(Requests::new().verb("list"), Times::at_most(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    min: u64,
    max: Option<u64>,
}

impl Times {
    /// This often.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Times::exactly(2), 2.into());
    /// ```
    pub fn exactly(times: u64) -> Self {
        Times::between(times, times)
    }

    /// This often or more.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Times::at_least(2).to_string(), "at least 2");
    /// ```
    pub fn at_least(times: u64) -> Self {
        Times {
            min: times,
            max: None,
        }
    }

    /// This often or less.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Times::at_most(2).to_string(), "at most 2");
    /// ```
    pub fn at_most(times: u64) -> Self {
        Times::between(0, times)
    }

    /// From one number to another, both included.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Times::between(2, 4), (2..=4).into());
    /// ```
    pub fn between(min: u64, max: u64) -> Self {
        Times {
            min,
            max: Some(max),
        }
    }

    /// Not at all.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Times::never(), 0.into());
    /// ```
    pub fn never() -> Self {
        Times::exactly(0)
    }

    fn allows(self, count: u64) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }
}

impl From<u64> for Times {
    fn from(times: u64) -> Self {
        Times::exactly(times)
    }
}

impl From<RangeInclusive<u64>> for Times {
    fn from(range: RangeInclusive<u64>) -> Self {
        Times::between(*range.start(), *range.end())
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, None) => write!(f, "at least {min}"),
            (0, Some(0)) => f.write_str("none"),
            (min, Some(max)) if min == max => write!(f, "exactly {min}"),
            (0, Some(max)) => write!(f, "at most {max}"),
            (min, Some(max)) => write!(f, "{min} to {max}"),
        }
    }
}

/// What was verified does not hold. Its text says what was wanted, what came, what came close, the journal, and the
/// server's seed.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Requests};
///
/// let server = FakeApiServer::builder().seed(7).start_blocking();
/// let error = server.try_verify(Requests::new().verb("update"), 2).unwrap_err();
/// assert!(error.to_string().starts_with("wanted exactly 2 of (verb update), but 0 came"));
/// assert!(error.to_string().ends_with("the server's seed is 7"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotVerified(String);

impl NotVerified {
    fn new(problem: &str, journal: &Journal, seed: u64) -> Self {
        NotVerified(format!(
            "{problem}\n\nThe journal:\n{journal}\nthe server's seed is {seed}"
        ))
    }
}

/// The questions, asked of one moment of the journal.
pub(crate) struct Verifier {
    journal: Journal,
    limit: usize,
    seed: u64,
}

impl Verifier {
    pub(crate) fn new(recorder: &Recorder, journal: Journal, seed: u64) -> Self {
        Verifier {
            journal,
            limit: recorder.limit(),
            seed,
        }
    }

    pub(crate) fn count(&self, requests: &Requests, times: Times) -> Result<(), NotVerified> {
        self.is_on()?;
        let requests = &self.check(requests)?;
        let matching: Vec<&Entry> = self
            .journal
            .iter()
            .filter(|entry| requests.matches(entry))
            .collect();
        let count = matching.len() as u64;
        if !times.allows(count) {
            let close = near_misses(self.journal.iter(), requests);
            return Err(self.fail(&format!(
                "wanted {times} of ({requests}), but {count} came{close}"
            )));
        }
        if times.max.is_some() {
            self.know_all()?;
        }
        matching.into_iter().for_each(mark);
        Ok(())
    }

    pub(crate) fn order(&self, requests: &[Requests]) -> Result<(), NotVerified> {
        self.is_on()?;
        let mut rest = self.journal.iter();
        let mut found: Vec<&Entry> = Vec::new();
        for (step, wanted) in (1..).zip(requests) {
            let wanted = &self.check(wanted)?;
            let before = rest.clone();
            match rest.find(|entry| wanted.matches(entry)) {
                Some(entry) => found.push(entry),
                None => {
                    let place = found.last().map_or_else(
                        || "did not come".to_owned(),
                        |last| format!("did not come after #{}", last.index()),
                    );
                    let close = near_misses(before, wanted);
                    let steps = requests.len();
                    return Err(
                        self.fail(&format!("step {step} of {steps} ({wanted}) {place}{close}"))
                    );
                }
            }
        }
        found.into_iter().for_each(mark);
        Ok(())
    }

    pub(crate) fn no_more(&self) -> Result<(), NotVerified> {
        self.is_on()?;
        self.know_all()?;
        let unverified: Vec<String> = self
            .journal
            .iter()
            .filter(|entry| !entry.record.verified.load(Ordering::Acquire))
            .map(|entry| format!("\n  {entry}"))
            .collect();
        if unverified.is_empty() {
            return Ok(());
        }
        let problem = format!(
            "wanted no more requests than those verified, but {} came:{}",
            unverified.len(),
            unverified.concat()
        );
        Err(self.fail(&problem))
    }

    fn is_on(&self) -> Result<(), NotVerified> {
        match self.limit {
            0 => Err(self.fail("nothing can be verified: the journal is off (journal_limit is 0)")),
            _ => Ok(()),
        }
    }

    fn check(&self, requests: &Requests) -> Result<Requests, NotVerified> {
        let checked = requests.clone().checked();
        checked
            .map_err(|problem| self.fail(&format!("no request can match ({requests}): {problem}")))
    }

    /// What the journal has forgotten cannot be said not to have come.
    fn know_all(&self) -> Result<(), NotVerified> {
        let (limit, dropped) = (self.limit, self.journal.dropped());
        if dropped > 0 {
            let problem = format!(
                "the journal has dropped {dropped} entries, so this cannot be verified; raise journal_limit ({limit})"
            );
            return Err(self.fail(&problem));
        }
        Ok(())
    }

    fn fail(&self, problem: &str) -> NotVerified {
        NotVerified::new(problem, &self.journal, self.seed)
    }
}

fn mark(entry: &Entry) {
    entry.record.verified.store(true, Ordering::Release);
}

/// What kept entries from matching where it was one thing alone, most frequent first.
fn near_misses<'a>(entries: impl Iterator<Item = &'a Entry>, requests: &Requests) -> String {
    let mut misses: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries {
        if let [miss] = requests.mismatches(entry).as_slice() {
            *misses.entry(miss.clone()).or_default() += 1;
        }
    }
    let mut misses: Vec<(String, u64)> = misses.into_iter().collect();
    misses.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let lines = misses.iter().take(SHOWN_NEAR_MISSES);
    let lines: String = lines
        .map(|(miss, count)| format!("\n  {count} × {miss}"))
        .collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!("; what came close:{lines}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_include_their_bounds() {
        let allowed = |times: Times| (0..6).filter(|n| times.allows(*n)).collect::<Vec<_>>();
        assert_eq!(allowed(2.into()), [2]);
        assert_eq!(allowed(Times::at_least(4)), [4, 5]);
        assert_eq!(allowed(Times::at_most(1)), [0, 1]);
        assert_eq!(allowed((1..=3).into()), [1, 2, 3]);
        assert_eq!(allowed(Times::never()), [0]);
    }

    #[test]
    fn times_can_be_read() {
        let shown = [Times::never(), 2.into(), Times::at_most(3), (1..=3).into()];
        assert_eq!(
            shown.map(|times| times.to_string()),
            ["none", "exactly 2", "at most 3", "1 to 3"]
        );
    }
}
