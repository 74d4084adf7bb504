//! A rule that is installed: how far it has come, and what kept it from acting.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rule::{Fault, What};
use super::schedule::{Moment, Per, Progress};
use crate::request::facts::Facts;
use crate::request::header;

/// How many different near misses a rule remembers.
const MAX_NEAR_MISSES: usize = 20;

/// A rule of a server.
#[derive(Debug)]
pub(super) struct Installed {
    pub(super) id: u64,
    since: Timestamp,
    pub(super) fault: Fault,
    progress: Progress,
    pub(super) fired: u64,
    /// What kept requests from matching, where it was one thing alone, and how often.
    misses: BTreeMap<String, u64>,
}

/// How a rule stands.
pub(crate) struct Standing {
    pub(crate) id: u64,
    pub(crate) fault: Fault,
    /// How many requests were about it, whether its schedule took them or not.
    pub(crate) matched: u64,
    pub(crate) fired: u64,
    /// Why it did not act, if it did not.
    pub(crate) near_misses: String,
}

impl Installed {
    pub(super) fn new(id: u64, fault: Fault, now: Timestamp) -> Self {
        Installed {
            id,
            since: now,
            fault,
            progress: Progress::default(),
            fired: 0,
            misses: BTreeMap::new(),
        }
    }

    /// Counts a request that matches; which attempt it is, if the rule acts on it.
    pub(super) fn attempt(
        &mut self,
        facts: &Facts<'_>,
        now: Timestamp,
        roll: &dyn Fn() -> f64,
    ) -> Option<u64> {
        let mut mismatches = self.fault.when.mismatches(facts);
        mismatches.extend(self.fault.what.mismatch(facts));
        match mismatches.as_slice() {
            [] => {}
            [miss] => {
                self.miss(miss);
                return None;
            }
            _ => return None,
        }
        let moment = Moment {
            installed: self.since,
            now,
            roll,
        };
        let counted_by = counted_by(self.fault.per, facts);
        let (acts, attempt) = self
            .progress
            .attempt(&self.fault.schedule, counted_by, &moment);
        acts.then_some(attempt)
    }

    pub(super) fn standing(&self) -> Standing {
        let near_misses = match self.fired {
            0 => self.near_misses(),
            _ => String::new(),
        };
        Standing {
            id: self.id,
            fault: self.fault.clone(),
            matched: self.progress.total(),
            fired: self.fired,
            near_misses,
        }
    }

    /// Why the rule did not act, as far as can be told.
    pub(super) fn near_misses(&self) -> String {
        let matched = self.progress.total();
        if matched > 0 {
            let who = match self.fault.what {
                What::Custom(_) => "schedule and its closure ask",
                _ => "schedule asks",
            };
            return format!(": {matched} requests matched, but none that its {who} for");
        }
        let misses: Vec<String> = self
            .misses
            .iter()
            .map(|(miss, count)| format!("\n  {count} × {miss}"))
            .collect();
        if misses.is_empty() {
            ": no request came close".to_owned()
        } else {
            format!("; what came close:{}", misses.concat())
        }
    }

    fn miss(&mut self, miss: &str) {
        if self.misses.len() < MAX_NEAR_MISSES || self.misses.contains_key(miss) {
            *self.misses.entry(miss.to_owned()).or_default() += 1;
        }
    }
}

fn counted_by(per: Per, facts: &Facts<'_>) -> String {
    match per {
        Per::Rule => String::new(),
        Per::Object => format!(
            "{}/{}/{}",
            facts.info.resource(),
            facts.info.namespace(),
            facts.info.name()
        ),
        Per::Client => format!(
            "{} {}",
            facts.user,
            header(facts.headers, "user-agent").unwrap_or_default()
        ),
    }
}
