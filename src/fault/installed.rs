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
    /// How often it was to act.
    pub(super) planned: u64,
    pub(super) fired: u64,
    /// Why it had no effect when it was to act, and how often.
    in_vain: BTreeMap<String, u64>,
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
            planned: 0,
            fired: 0,
            in_vain: BTreeMap::new(),
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
        if self.planned > 0 {
            let met = self.planned;
            return format!(
                ": {met} requests were to meet it, and it had no effect{}",
                listed(&self.in_vain)
            );
        }
        let matched = self.progress.total();
        if matched > 0 {
            let who = match self.fault.what {
                What::Custom(_) => "schedule and its closure ask",
                _ => "schedule asks",
            };
            return format!(": {matched} requests matched, but none that its {who} for");
        }
        match self.misses.is_empty() {
            true => ": no request came close".to_owned(),
            false => format!("; what came close{}", listed(&self.misses)),
        }
    }

    pub(super) fn had_no_effect(&mut self, why: &str) {
        *self.in_vain.entry(why.to_owned()).or_default() += 1;
    }

    fn miss(&mut self, miss: &str) {
        if self.misses.len() < MAX_NEAR_MISSES || self.misses.contains_key(miss) {
            *self.misses.entry(miss.to_owned()).or_default() += 1;
        }
    }
}

fn listed(reasons: &BTreeMap<String, u64>) -> String {
    let line = |(reason, count)| format!("\n  {count} × {reason}");
    let lines: String = reasons.iter().map(line).collect();
    match lines.is_empty() {
        true => lines,
        false => format!(":{lines}"),
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
