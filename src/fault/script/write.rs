//! Rules as scripts write them: the way back from a [`Fault`] to its text.

use serde_json::{Map, Value, json};

use crate::codec::json;
use crate::codec::script::write_duration;
use crate::fault::rule::{Fault, What};
use crate::fault::schedule::{Per, Schedule};

impl Fault {
    /// The rule as a script has it, which [`Fault::parse_script`] reads again; but a closure, and an outage that is not
    /// [`during`](crate::Outage::during) a time, are for Rust alone.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().verb("update").first(2);
    /// let script = serde_json::json!({"fault": "conflict", "when": {"verb": "update"}, "schedule": {"first": 2}});
    /// assert_eq!(fault.to_script(), script);
    /// ```
    pub fn to_script(&self) -> Value {
        let mut rule = Map::new();
        if let Some(label) = &self.label {
            rule.insert("name".to_owned(), label.as_str().into());
        }
        let fault = match &self.what {
            What::Kind(kind, arguments) => kind.script(arguments),
            What::Custom(_) => "custom".into(),
        };
        rule.insert("fault".to_owned(), fault);
        let when = self.when.to_value();
        if !when.is_empty() {
            rule.insert("when".to_owned(), when.into());
        }
        let mut schedule = self.schedule.to_value();
        if self.per != Per::Rule {
            schedule.insert("per".to_owned(), self.per.name().into());
        }
        if !schedule.is_empty() {
            rule.insert("schedule".to_owned(), schedule.into());
        }
        if self.carries_on {
            rule.insert("carryOn".to_owned(), true.into());
        }
        if self.optional {
            rule.insert("optional".to_owned(), true.into());
        }
        rule.into()
    }
}

impl Schedule {
    fn to_value(&self) -> Map<String, Value> {
        let member = |key: &str, value: Value| json::object([(key.to_owned(), value)]);
        match self {
            Schedule::Always => Map::new(),
            Schedule::Range {
                from: 1,
                to: Some(to),
            } => member("first", json!(to)),
            Schedule::Range { from, to: Some(to) } if from == to => member("nth", json!(to)),
            Schedule::Range { from, to: None } => member("from", json!(from)),
            Schedule::Range { from, to: Some(to) } => {
                let mut range = member("from", json!(from));
                range.insert("to".to_owned(), json!(to));
                range
            }
            Schedule::Every(n) => member("every", json!(n)),
            Schedule::Probability(p) => member("probability", json!(p)),
            Schedule::During(span) => member("during", write_duration(*span).into()),
        }
    }
}

impl Per {
    pub(in crate::fault) const ALL: [Per; 3] = [Per::Rule, Per::Object, Per::Client];

    /// What scripts call it.
    pub(in crate::fault) fn name(self) -> &'static str {
        match self {
            Per::Rule => "rule",
            Per::Object => "object",
            Per::Client => "client",
        }
    }
}
