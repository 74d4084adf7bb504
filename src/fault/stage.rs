//! The stage itself: which rules are installed, and what they make of a request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::answer::Answer;
use super::connection::Connection;
use super::effect::{Effect, Loss};
use super::latency::{Drip, Place};
use super::race::Race;
use super::rule::{Fault, When};
use super::schedule::{Moment, Per, Progress};
use super::stale::Stale;
use super::watch::WatchFault;
use crate::authentication::UserInfo;
use crate::ids::Ids;
use crate::request::Request;
use crate::request::info::RequestInfo;
use crate::request::options::manager_from_user_agent;
use crate::request::query::Query;

/// How many different near misses a rule remembers.
const MAX_NEAR_MISSES: usize = 20;

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
    installed: Vec<Installed>,
}

#[derive(Debug)]
struct Installed {
    id: u64,
    since: Timestamp,
    fault: Fault,
    progress: Progress,
    fired: u64,
    /// What kept requests from matching, where it was one thing alone, and how often.
    misses: BTreeMap<String, u64>,
}

/// A rule that was removed.
pub(crate) struct Removed {
    pub(crate) title: String,
    pub(crate) fired: u64,
    matched: u64,
    misses: BTreeMap<String, u64>,
}

/// What the stages after this one have to do to a request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) delay: Duration,
    pub(crate) delay_answer: Duration,
    pub(crate) answer: Option<Answer>,
    pub(crate) connection: Option<Connection>,
    pub(crate) race: Option<Race>,
    pub(crate) lose_answer: Option<Loss>,
    pub(crate) drip: Option<Drip>,
    pub(crate) watch: Vec<WatchFault>,
    pub(crate) stale: Option<Stale>,
    /// The titles of the rules that acted.
    pub(crate) fired: Vec<String>,
}

/// What a rule can look at.
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a Request,
    pub(crate) query: &'a Query,
    pub(crate) info: &'a RequestInfo,
    pub(crate) user: &'a UserInfo,
    /// A label of the stored object the request is about.
    pub(crate) label: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) now: Timestamp,
    pub(crate) ids: &'a Ids,
}

impl Faults {
    pub(crate) fn install(&self, fault: Fault, now: Timestamp) -> u64 {
        let mut rules = self.rules.lock();
        rules.next_id += 1;
        let id = rules.next_id;
        let progress = Progress::default();
        rules.installed.push(Installed {
            id,
            since: now,
            fault,
            progress,
            fired: 0,
            misses: BTreeMap::new(),
        });
        self.count.store(rules.installed.len(), Ordering::Release);
        id
    }

    pub(crate) fn remove(&self, id: u64) -> Option<Removed> {
        let mut rules = self.rules.lock();
        let index = rules.installed.iter().position(|rule| rule.id == id)?;
        let rule = rules.installed.remove(index);
        self.count.store(rules.installed.len(), Ordering::Release);
        let (title, matched) = (rule.fault.title(), rule.progress.total());
        Some(Removed {
            title,
            fired: rule.fired,
            matched,
            misses: rule.misses,
        })
    }

    pub(crate) fn fired(&self, id: u64) -> u64 {
        self.rules
            .lock()
            .installed
            .iter()
            .find(|rule| rule.id == id)
            .map_or(0, |rule| rule.fired)
    }

    /// Whether there is any rule at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether a rule looks at labels, which may be in the body.
    pub(crate) fn ask_for_labels(&self) -> bool {
        let rules = self.rules.lock();
        rules
            .installed
            .iter()
            .any(|rule| !rule.fault.when.labels.is_empty())
    }

    /// Asks the rules in order; the first that acts wins, unless it carries on.
    pub(crate) fn plan(&self, facts: &Facts<'_>) -> Plan {
        let mut plan = Plan::default();
        for rule in &mut self.rules.lock().installed {
            match rule.fault.when.mismatches(facts).as_slice() {
                [] => {}
                [miss] => {
                    rule.miss(miss);
                    continue;
                }
                _ => continue,
            }
            let roll = || facts.ids.roll();
            let moment = Moment {
                installed: rule.since,
                now: facts.now,
                roll: &roll,
            };
            let counted_by = counted_by(rule.fault.per, facts);
            let (acts, _) = rule
                .progress
                .attempt(&rule.fault.schedule, counted_by, &moment);
            if !acts {
                continue;
            }
            rule.fired += 1;
            plan.fired.push(rule.fault.title());
            plan.take(&rule.fault.effect, &roll);
            if !rule.fault.carries_on {
                break;
            }
        }
        plan
    }
}

impl Installed {
    fn miss(&mut self, miss: &str) {
        if self.misses.len() < MAX_NEAR_MISSES || self.misses.contains_key(miss) {
            *self.misses.entry(miss.to_owned()).or_default() += 1;
        }
    }
}

impl Removed {
    /// Why the rule did not act, as far as can be told.
    pub(crate) fn near_misses(&self) -> String {
        if self.matched > 0 {
            return format!(
                ": {} requests matched, but none that its schedule asks for",
                self.matched
            );
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
}

fn counted_by(per: Per, facts: &Facts<'_>) -> String {
    match per {
        Per::Rule => String::new(),
        Per::Object => format!(
            "{}/{}/{}",
            facts.info.resource, facts.info.namespace, facts.info.name
        ),
        Per::Client => format!(
            "{} {}",
            facts.user.name,
            facts.request.header("user-agent").unwrap_or_default()
        ),
    }
}

impl Plan {
    fn take(&mut self, effect: &Effect, roll: &dyn Fn() -> f64) {
        match effect {
            Effect::Answer(answer) => self.answer = Some(answer.clone()),
            Effect::Race(race) => self.race = Some(*race),
            Effect::LoseAnswer(loss) => self.lose_answer = Some(loss.clone()),
            Effect::Delay(delay) => match delay.place {
                Place::BeforeHandling => self.delay += delay.length.draw(roll),
                Place::BeforeAnswer => self.delay_answer += delay.length.draw(roll),
            },
            Effect::Drip(drip) => self.drip = Some(drip.clone()),
            Effect::Connection(connection) => self.connection = Some(connection.clone()),
            Effect::Watch(fault) => self.watch.push(fault.clone()),
            Effect::Stale(stale) => self.stale = Some(*stale),
        }
    }
}

impl When {
    /// What of this rule a request does not meet, in words.
    fn mismatches(&self, facts: &Facts<'_>) -> Vec<String> {
        let info = facts.info;
        let resource = crate::status::qualified(&info.resource, &info.api_group);
        let agent = facts.request.header("user-agent").unwrap_or_default();
        let mut found = Vec::new();
        let mut check = |what: &str, wanted: &[String], came: &str| {
            if !wanted.is_empty() && !wanted.iter().any(|w| w == came) {
                found.push(format!(
                    "{what} was {came:?}; the rule asks for {}",
                    wanted.join(" or ")
                ));
            }
        };
        check("the verb", &self.verbs, info.verb);
        check("the resource", &self.resources, &resource);
        check("the subresource", &self.subresources, &info.subresource);
        check("the namespace", &self.namespaces, &info.namespace);
        check("the name", &self.names, &info.name);
        check("the user", &self.users, &facts.user.name);
        let manager = match (info.verb, facts.query.get("fieldManager")) {
            ("create" | "update" | "patch", None) => manager_from_user_agent(agent),
            ("create" | "update" | "patch", Some(given)) => given.to_owned(),
            _ => String::new(),
        };
        check("the field manager", &self.field_managers, &manager);
        found.extend(self.patch_mismatch(facts));
        if !self.user_agents.is_empty()
            && !self
                .user_agents
                .iter()
                .any(|start| agent.starts_with(start))
        {
            found.push(format!(
                "the User-Agent was {agent:?}; the rule asks for {}",
                self.user_agents.join(" or ")
            ));
        }
        found.extend(self.detail_mismatches(facts));
        found
    }

    fn patch_mismatch(&self, facts: &Facts<'_>) -> Option<String> {
        let came = facts
            .request
            .header("content-type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let fits = self.patches.is_empty() || self.patches.iter().any(|p| p.media_type() == came);
        let wanted: Vec<&str> = self.patches.iter().map(|p| p.media_type()).collect();
        (!fits).then(|| {
            format!(
                "the body was {came:?}; the rule asks for {}",
                wanted.join(" or ")
            )
        })
    }

    fn detail_mismatches(&self, facts: &Facts<'_>) -> Vec<String> {
        let pair = |(name, value): &(String, String)| format!("{name}={value}");
        let mut found = Vec::new();
        for wanted in &self.headers {
            if facts.request.header(&wanted.0) != Some(wanted.1.as_str()) {
                found.push(format!("the header {} was not there", pair(wanted)));
            }
        }
        for wanted in &self.query {
            if facts.query.get(&wanted.0) != Some(wanted.1.as_str()) {
                found.push(format!("the parameter {} was not there", pair(wanted)));
            }
        }
        for wanted in &self.labels {
            if (facts.label)(&wanted.0).as_deref() != Some(wanted.1.as_str()) {
                found.push(format!("the object had no label {}", pair(wanted)));
            }
        }
        let dry_run = facts.query.get("dryRun").is_some();
        if self.dry_run.is_some_and(|wanted| wanted != dry_run) {
            found.push(format!("dry run was {dry_run}"));
        }
        found
    }
}
