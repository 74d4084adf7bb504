//! A point of the sweep: which request meets what.

use std::fmt;

use serde_json::Value;

use super::identity::Identity;
use super::seen::Seen;
use super::trouble::{Setting, Then, Trouble};
use super::{log::Asked, table};
use crate::Fault;

/// What a run goes through: one trouble, or two.
#[derive(Clone)]
pub(crate) struct Point {
    pub(crate) parts: Vec<Part>,
}

/// One request and what it meets.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) seen: Seen,
    pub(crate) trouble: &'static Trouble,
    /// After how many events of a watch.
    pub(crate) events: u64,
}

/// A part as it is written: `17:applied-then-reset`, `4:watch-410@2`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartId {
    pub(crate) number: u64,
    trouble: &'static str,
    events: Option<u64>,
}

impl Point {
    pub(crate) fn of(seen: &Seen, trouble: &'static Trouble, events: u64) -> Self {
        Point {
            parts: vec![Part {
                seen: seen.clone(),
                trouble,
                events,
            }],
        }
    }

    /// How the replay calls it.
    pub(crate) fn id(&self) -> String {
        let ids: Vec<String> = self
            .parts
            .iter()
            .map(|part| part.id().to_string())
            .collect();
        ids.join("+")
    }

    /// Two faults in one run.
    #[cfg(feature = "fixture")]
    pub(crate) fn is_pair(&self) -> bool {
        self.parts.len() > 1
    }

    /// What happens, in a sentence.
    pub(crate) fn told(&self) -> String {
        let told: Vec<String> = self.parts.iter().map(Part::told).collect();
        told.join("; and ")
    }

    /// Something of it does what the fault rules do not.
    pub(crate) fn has(&self, then: Then) -> bool {
        self.parts.iter().any(|part| part.trouble.then == then)
    }
}

impl Part {
    pub(crate) fn id(&self) -> PartId {
        PartId {
            number: self.seen.number,
            trouble: self.trouble.id,
            events: self.trouble.is_of_events().then_some(self.events),
        }
    }

    fn told(&self) -> String {
        let about = self.trouble.about.replace("{}", &self.events.to_string());
        let Seen { number, asked, .. } = &self.seen;
        format!("request {number} ({}) {about}", ordinal(asked))
    }

    /// Whether this is the request it is about, or one of those.
    pub(crate) fn is_about(&self, asked: &Asked) -> bool {
        let nth = self.seen.asked.nth;
        let in_time = match self.trouble.then {
            Then::Lasting => asked.nth >= nth,
            _ => asked.nth == nth,
        };
        in_time && asked.identity == self.seen.asked.identity
    }

    /// The faults as they act on any request.
    pub(crate) fn faults(&self, start: u64) -> Vec<Fault> {
        let setting = Setting {
            events: self.events,
            start,
        };
        (self.trouble.faults)(&setting)
    }

    /// The faults as a script, for a server that is not in a sweep; none if no script can say it. What came in the run tells
    /// how the rules have to count, which do not see what an earlier part answers.
    pub(crate) fn script(&self, start: u64, asked: &[Asked], earlier: &[Part]) -> Vec<Value> {
        let then = self.trouble.then;
        if !self.seen.is_of_a_resource() || matches!(then, Then::Restart | Then::Recreate) {
            return Vec::new();
        }
        let identity = &self.seen.asked.identity;
        let Some(at) = asked.iter().position(|asked| self.is_about(asked)) else {
            return Vec::new();
        };
        let is_counted = |asked: &&Asked| {
            let is_seen = !earlier.iter().any(|part| part.is_about(asked));
            is_seen && covers(identity, &asked.identity)
        };
        let nth = asked.iter().take(at + 1).filter(is_counted).count();
        let nth = u64::try_from(nth).unwrap_or(u64::MAX);
        let rules = one_after_the_other(self.faults(start));
        let rules = rules.map(|fault| match then {
            Then::Lasting => narrowed(fault, identity).from_attempt(nth),
            _ => narrowed(fault, identity).nth(nth),
        });
        rules.map(|rule| rule.to_script()).collect()
    }
}

/// All but the last let the next one act too.
pub(crate) fn one_after_the_other(faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    let last = faults.len().saturating_sub(1);
    let faults = faults.into_iter().enumerate();
    faults.map(move |(index, fault)| match index == last {
        true => fault,
        false => fault.carry_on(),
    })
}

/// The fault for requests of this kind, whatever object they are about.
pub(crate) fn of_its_kind(fault: Fault, identity: &Identity) -> Fault {
    let (resource, subresource) = identity
        .resource
        .split_once('/')
        .unwrap_or((&identity.resource, ""));
    // Those of watches alone say so themselves.
    let fault = match fault.to_script()["when"]["verb"].is_null() {
        true => fault.verb(identity.verb.as_str()),
        false => fault,
    };
    let fault = fault.resource(resource);
    match subresource {
        "" => fault,
        subresource => fault.subresource(subresource),
    }
}

/// The fault for requests of this identity, as far as a script can tell them apart.
fn narrowed(fault: Fault, identity: &Identity) -> Fault {
    let mut fault = of_its_kind(fault, identity);
    if !identity.namespace.is_empty() {
        fault = fault.namespace(&identity.namespace);
    }
    match tells_by_name(identity) {
        true => fault.name(&identity.name),
        false => fault,
    }
}

/// Whether such a rule is about another request too.
fn covers(identity: &Identity, other: &Identity) -> bool {
    let is_like = (&identity.verb, &identity.resource, &identity.namespace)
        == (&other.verb, &other.resource, &other.namespace);
    is_like && (!tells_by_name(identity) || identity.name == other.name)
}

/// That of a create stands in its body, where no script looks.
fn tells_by_name(identity: &Identity) -> bool {
    let in_path = identity.verb != "create" && !identity.name.is_empty();
    in_path && !identity.name.ends_with('*')
}

impl PartId {
    /// The same about a request.
    pub(crate) fn on(&self, seen: &Seen) -> Point {
        let parts = table::find(self.trouble).map(|trouble| Part {
            seen: seen.clone(),
            trouble,
            events: self.events.unwrap_or_default(),
        });
        Point {
            parts: parts.into_iter().collect(),
        }
    }
}

/// `create configmaps shop/a`, and which of them if there are several.
pub(crate) fn ordinal(asked: &Asked) -> String {
    match asked.nth {
        1 => asked.identity.to_string(),
        nth => format!("{}, time {nth}", asked.identity),
    }
}

/// Reads an id: parts with a plus in between.
pub(crate) fn parse_id(id: &str) -> Result<Vec<PartId>, String> {
    let problem = || {
        format!(
            "{id:?} is no point; one looks like 17:applied-then-reset, 4:watch-410@2 or 3:500+9:reset"
        )
    };
    let parts = id.split('+').map(|part| {
        let (number, trouble) = part.split_once(':')?;
        let (trouble, events) = match trouble.split_once('@') {
            Some((trouble, events)) => (trouble, Some(events.parse().ok()?)),
            None => (trouble, None),
        };
        Some(PartId {
            number: number.parse().ok()?,
            trouble: table::find(trouble)?.id,
            events,
        })
    });
    parts.collect::<Option<Vec<_>>>().ok_or_else(problem)
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.trouble)?;
        match self.events {
            Some(events) => write!(f, "@{events}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for id in ["17:applied-then-reset", "4:watch-410@2", "3:500+9:reset"] {
            let parts = parse_id(id).unwrap();
            let written: Vec<String> = parts.iter().map(PartId::to_string).collect();
            assert_eq!(written.join("+"), id);
        }
        for id in ["", "17", "17:nonsense", "x:500", "4:watch-410@x"] {
            assert!(parse_id(id).unwrap_err().contains("is no point"), "{id}");
        }
    }
}
