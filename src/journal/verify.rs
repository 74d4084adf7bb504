//! Then: what must have come, how often, in which order, and nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::entry::Entry;
use super::recorder::Recorder;
use super::requests::Requests;
use super::snapshot::Journal;
use super::times::Times;
use crate::error::{Error, Problem};

/// How many different near misses a failure names.
const SHOWN_NEAR_MISSES: usize = 10;

/// The questions, asked of one moment of the journal.
pub(crate) struct Verifier {
    journal: Journal,
    limit: usize,
}

impl Verifier {
    pub(crate) fn new(recorder: &Recorder, journal: Journal) -> Self {
        Verifier {
            journal,
            limit: recorder.limit(),
        }
    }

    pub(crate) fn count(&self, requests: &Requests, times: Times) -> Result<(), Error> {
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
        if times.has_an_end() {
            self.know_all()?;
        }
        matching.into_iter().for_each(mark);
        Ok(())
    }

    pub(crate) fn order(&self, requests: &[Requests]) -> Result<(), Error> {
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

    pub(crate) fn no_more(&self) -> Result<(), Error> {
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

    fn is_on(&self) -> Result<(), Error> {
        match self.limit {
            0 => {
                Err(self.fail("nothing can be verified: the journal is off (Limits::journal is 0)"))
            }
            _ => Ok(()),
        }
    }

    fn check(&self, requests: &Requests) -> Result<Requests, Error> {
        let checked = requests.clone().checked(&self.journal.catalog);
        checked
            .map_err(|problem| self.fail(&format!("no request can match ({requests}): {problem}")))
    }

    /// What the journal has forgotten cannot be said not to have come.
    fn know_all(&self) -> Result<(), Error> {
        let (limit, dropped) = (self.limit, self.journal.dropped());
        if dropped > 0 {
            let problem = format!(
                "the journal has dropped {dropped} entries, so this cannot be verified; raise Limits::journal ({limit})"
            );
            return Err(self.fail(&problem));
        }
        Ok(())
    }

    fn fail(&self, problem: &str) -> Error {
        let (journal, seed) = (&self.journal, self.journal.seed);
        let text = format!("{problem}\n\nThe journal:\n{journal}\nthe server's seed is {seed}");
        Problem::Unverified(text).into()
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
