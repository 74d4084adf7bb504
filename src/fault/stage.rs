//! The stage itself: which rules are installed, and what they make of a request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;

use super::answer::{Answer, Said};
use super::argument::{Argument, Arguments};
use super::effect::{Before, Effect, Instead, Planned};
use super::firing::{Counts, Firing};
use super::installed::{Installed, Standing};
use super::kind::FaultKind;
use super::rule::{Fault, What};
use crate::ids::Ids;
use crate::request::facts::Facts;
use crate::status::Status;

/// How many of the rules that resets removed unused are remembered.
const MAX_REMOVED_UNUSED: usize = 100;

/// The rules of one server.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// How many there are: without any, the stage is one look at this.
    count: AtomicUsize,
    rules: Mutex<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    next_id: u64,
    /// By their ids, which is the order they were installed in.
    installed: Vec<Installed>,
    at_start: Vec<AtStart>,
    /// What there is to say of rules that a reset removed before they had acted.
    removed_unused: Vec<String>,
    /// What there is to say of rules whose closures failed, once for each, until the test is told.
    failures: BTreeMap<u64, String>,
}

/// A rule given at the start, which a reset brings back under its id.
#[derive(Debug)]
struct AtStart {
    id: u64,
    fault: Fault,
    /// It has done its duty, if not since the last reset then before.
    acted: bool,
}

/// What goes wrong with a request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// In the order of the rules.
    pub(crate) effects: Vec<Planned>,
    /// The titles of the rules that are to act.
    pub(crate) titles: Vec<String>,
}

impl Faults {
    pub(crate) fn install(&self, fault: Fault, now: Timestamp) -> u64 {
        let mut rules = self.rules.lock();
        rules.next_id += 1;
        let id = rules.next_id;
        rules.installed.push(Installed::new(id, fault, now));
        self.count.store(rules.installed.len(), Ordering::Release);
        id
    }

    /// Installs a rule that resets bring back.
    pub(crate) fn install_at_start(&self, fault: Fault, now: Timestamp) {
        let id = self.install(fault.clone(), now);
        let acted = false;
        self.rules
            .lock()
            .at_start
            .push(AtStart { id, fault, acted });
    }

    /// Removes all rules but those given at the start, which begin anew. One that had to act and goes before it did is
    /// remembered as unused.
    pub(crate) fn reset(&self, now: Timestamp) {
        let mut rules = self.rules.lock();
        let mut unused = rules.unused_where(|rule| !rules.is_of_the_start(rule.id));
        let room = MAX_REMOVED_UNUSED.saturating_sub(rules.removed_unused.len());
        unused.truncate(room);
        rules.removed_unused.append(&mut unused);
        let start = rules.at_start.iter();
        rules.installed = start
            .map(|rule| Installed::new(rule.id, rule.fault.clone(), now))
            .collect();
        self.count.store(rules.installed.len(), Ordering::Release);
    }

    pub(crate) fn remove(&self, id: u64) -> Option<Standing> {
        let mut rules = self.rules.lock();
        let index = rules.installed.iter().position(|rule| rule.id == id)?;
        let rule = rules.installed.remove(index);
        self.count.store(rules.installed.len(), Ordering::Release);
        Some(rule.standing())
    }

    pub(crate) fn fired(&self, id: u64) -> u64 {
        self.rules
            .lock()
            .installed
            .iter()
            .find(|rule| rule.id == id)
            .map_or(0, |rule| rule.fired)
    }

    /// What there is to say of each rule that had to act and never did.
    pub(crate) fn unused(&self) -> Vec<String> {
        let rules = self.rules.lock();
        let mut unused = rules.removed_unused.clone();
        unused.extend(rules.unused_where(|_| true));
        unused
    }

    /// Removes all rules.
    pub(crate) fn clear(&self) {
        let mut rules = self.rules.lock();
        rules.installed.clear();
        self.count.store(0, Ordering::Release);
    }

    /// The rules in the order they are asked, as they stand.
    pub(crate) fn installed(&self) -> Vec<Standing> {
        let rules = self.rules.lock();
        rules.installed.iter().map(Installed::standing).collect()
    }

    /// Whether there is any rule at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether a rule looks at what may be in the body: labels, or the name.
    pub(crate) fn look_inside(&self) -> bool {
        let rules = self.rules.lock();
        rules
            .installed
            .iter()
            .any(|rule| rule.fault.looks_inside || !rule.fault.when.labels.is_empty())
    }

    /// Asks the rules in order; the first that acts wins, unless it carries on.
    pub(crate) fn plan(self: &Arc<Self>, facts: &Facts<'_>, now: Timestamp, ids: &Ids) -> Plan {
        let mut plan = Plan::default();
        let mut asked = 0;
        while let Some(acting) = self.next_to_act(asked, facts, now, ids) {
            asked = acting.id;
            // Without the lock: the code of a closure is the test's, and may well install another rule.
            let (title, effect) = match settle(acting.what, facts, acting.attempt) {
                Ok(Some((kind, arguments))) => {
                    (acting.title, kind.effect(&arguments, &|| ids.roll()))
                }
                Ok(None) => continue,
                Err(failure) => {
                    self.has_failed(acting.id, &failure);
                    let told = format!("{}: its closure {failure}", acting.title);
                    let told = told.replace('\n', " ");
                    (told.clone(), failure_answer(told))
                }
            };
            plan.titles.push(title);
            plan.effects.push(self.planned(acting.id, effect));
            if !acting.carries_on {
                break;
            }
        }
        plan
    }

    fn planned(self: &Arc<Self>, id: u64, mut effect: Effect) -> Planned {
        if let Some(rule) = self.rules.lock().find(id) {
            rule.planned += 1;
        }
        let firing = Firing::new(self.clone(), id);
        if let Effect::Stream(fault) = &mut effect {
            fault.firing = firing.clone();
        }
        Planned { effect, firing }
    }

    /// The first rule after this one that has something to do to a request. Rules are numbered in the order they were
    /// installed.
    fn next_to_act(
        &self,
        after: u64,
        facts: &Facts<'_>,
        now: Timestamp,
        ids: &Ids,
    ) -> Option<Acting> {
        let roll = || ids.roll();
        let mut rules = self.rules.lock();
        rules
            .installed
            .iter_mut()
            .filter(|rule| rule.id > after)
            .find_map(|rule| {
                let attempt = rule.attempt(facts, now, &roll)?;
                Some(Acting {
                    id: rule.id,
                    attempt,
                    title: rule.fault.title(),
                    what: rule.fault.what.clone(),
                    carries_on: rule.fault.carries_on,
                })
            })
    }

    /// How the closure of this rule failed, if it did and nobody was told yet.
    pub(crate) fn take_failure(&self, id: u64) -> Option<String> {
        self.rules.lock().failures.remove(&id)
    }

    /// The same of all rules.
    pub(crate) fn take_failures(&self) -> Vec<String> {
        let failures = std::mem::take(&mut self.rules.lock().failures);
        failures.into_values().collect()
    }

    fn has_failed(&self, id: u64, failure: &str) {
        let mut rules = self.rules.lock();
        let rule = rules.installed.iter().find(|rule| rule.id == id);
        if let Some(fault) = rule.map(|rule| rule.fault.described()) {
            let told = format!("the closure of the fault {fault} {failure}");
            rules.failures.entry(id).or_insert(told);
        }
    }
}

impl Counts for Faults {
    fn had_no_effect(&self, id: u64, why: &str) {
        if let Some(rule) = self.rules.lock().find(id) {
            rule.had_no_effect(why);
        }
    }

    fn has_fired(&self, id: u64) {
        let mut rules = self.rules.lock();
        if let Some(rule) = rules.find(id) {
            rule.fired += 1;
        }
        if let Some(rule) = rules.at_start.iter_mut().find(|rule| rule.id == id) {
            rule.acted = true;
        }
    }
}

impl Rules {
    fn find(&mut self, id: u64) -> Option<&mut Installed> {
        self.installed.iter_mut().find(|rule| rule.id == id)
    }

    fn is_of_the_start(&self, id: u64) -> bool {
        self.at_start.iter().any(|rule| rule.id == id)
    }

    /// What there is to say of those of these rules that had to act and never did.
    fn unused_where(&self, asked: impl Fn(&Installed) -> bool) -> Vec<String> {
        let acted_before = |id| self.at_start.iter().any(|rule| rule.id == id && rule.acted);
        let unused = self.installed.iter().filter(|rule| {
            rule.fired == 0 && !rule.fault.optional && !acted_before(rule.id) && asked(rule)
        });
        unused
            .map(|rule| {
                let (fault, why) = (rule.fault.described(), rule.near_misses());
                format!("the fault {fault} never fired{why}")
            })
            .collect()
    }
}

/// A rule that acts on a request.
struct Acting {
    id: u64,
    attempt: u64,
    title: String,
    what: What,
    carries_on: bool,
}

/// What a closure makes of a request, in the end, or how it failed.
fn settle(
    mut what: What,
    facts: &Facts<'_>,
    attempt: u64,
) -> Result<Option<(&'static FaultKind, Arguments)>, String> {
    loop {
        let custom = match what {
            What::Kind(kind, arguments) => return Ok(Some((kind, arguments))),
            What::Custom(custom) => custom,
        };
        what = match custom.decide(facts, attempt)? {
            Some(fault) => fault.what,
            None => return Ok(None),
        };
        let returned = |problem| format!("returned a fault that cannot be: {problem}");
        what.check().map_err(returned)?;
        if what.mismatch(facts).is_some() {
            return Ok(None);
        }
    }
}

/// What the client gets when a closure failed.
fn failure_answer(told: String) -> Effect {
    let mut arguments = Arguments::default();
    arguments.put("message", Argument::Text(told));
    Effect::Before(Before::Instead(Instead::Answer(Answer {
        say: |_, _| Said::Handler(Status::internal_error("")),
        arguments,
    })))
}
