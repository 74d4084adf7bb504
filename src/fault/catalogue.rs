//! Every kind of fault as scripts name it: one table, from which scripts are read and written, and their schema made.
//!
//! Each file of a kind brings its own part of the table.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::rule::Fault;

/// A kind of fault.
pub(crate) struct FaultKind {
    pub(crate) name: &'static str,
    /// What goes wrong, in a sentence.
    pub(crate) about: &'static str,
    /// The first may be given alone, without its name, if it is required.
    pub(crate) parameters: &'static [Parameter],
    pub(crate) make: fn(&Arguments) -> Fault,
}

/// What a kind can be told.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// What a parameter can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Takes {
    /// A number within these bounds.
    Number(u64, u64),
    /// A number from 0 on, with a fraction.
    Fraction,
    /// A length of time.
    Time,
    Flag,
    Text,
    /// A map of texts.
    Texts,
    /// `field` and `detail`, of each.
    Causes,
    /// Any map.
    Map,
}

impl Takes {
    /// Refuses a number out of bounds, as scripts do when they are read.
    pub(super) fn check(self, name: &str, value: &Value) -> Result<(), String> {
        let bounds = match self {
            Takes::Number(from, to)
                if !value.as_u64().is_some_and(|n| (from..=to).contains(&n)) =>
            {
                match to {
                    u64::MAX => format!("at least {from}"),
                    _ => format!("from {from} to {to}"),
                }
            }
            Takes::Fraction if !value.as_f64().is_some_and(|n| n >= 0.0) => "at least 0".to_owned(),
            _ => return Ok(()),
        };
        // JSON has no word for what is no number.
        let given = match value {
            Value::Null => "NaN or infinite".to_owned(),
            value => value.to_string(),
        };
        Err(format!("`{name}` has to be {bounds}, not {given}"))
    }
}

/// A value given for a parameter, of the kind it takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Argument {
    Number(u64),
    Fraction(f64),
    Time(Duration),
    Flag(bool),
    Text(String),
    /// Names with their texts, or fields with their details.
    Texts(Vec<(String, String)>),
    Value(Value),
}

/// The values given to a kind; what is required is there.
#[derive(Debug, Default)]
pub(crate) struct Arguments(pub(super) Vec<(&'static str, Argument)>);

impl Arguments {
    pub(super) fn put(&mut self, name: &'static str, argument: Argument) {
        self.0.push((name, argument));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        let mut given = self.0.iter();
        given
            .find(|(of, _)| *of == name)
            .map(|(_, argument)| argument)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Argument::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The bytes to count, as memory is counted.
    pub(super) fn size(&self, name: &str) -> usize {
        let number = self.number(name).unwrap_or_default();
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    pub(super) fn fraction(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Argument::Fraction(number)) => *number,
            _ => 0.0,
        }
    }

    pub(super) fn time(&self, name: &str) -> Duration {
        match self.get(name) {
            Some(Argument::Time(time)) => *time,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Argument::Flag(true)))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn texts(&self, name: &str) -> &[(String, String)] {
        match self.get(name) {
            Some(Argument::Texts(texts)) => texts,
            _ => &[],
        }
    }

    pub(super) fn value(&self, name: &str) -> Value {
        match self.get(name) {
            Some(Argument::Value(value)) => value.clone(),
            _ => Value::Null,
        }
    }
}

/// A fault as scripts write it.
#[derive(Debug, PartialEq)]
pub(crate) struct Scripted {
    pub(super) kind: &'static str,
    pub(super) parameters: Map<String, Value>,
}

impl Scripted {
    pub(super) fn new(kind: &'static str) -> Self {
        Scripted {
            kind,
            parameters: Map::new(),
        }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn with_time(self, name: &str, time: Duration) -> Self {
        self.with(name, crate::codec::script::write_duration(time))
    }

    /// A flag is written only if it is set.
    pub(super) fn with_flag(self, name: &str, set: bool) -> Self {
        if set { self.with(name, true) } else { self }
    }

    /// `conflict`, or `{"delay": {"length": "1s"}}`.
    pub(super) fn into_value(self) -> Value {
        if self.parameters.is_empty() {
            return self.kind.into();
        }
        json!({ self.kind: self.parameters })
    }
}

/// The value must be given.
pub(super) const fn required(name: &'static str, takes: Takes, about: &'static str) -> Parameter {
    Parameter {
        name,
        takes,
        required: true,
        about,
    }
}

/// A kind that needs to be told nothing.
pub(super) const fn plain(
    name: &'static str,
    about: &'static str,
    make: fn(&Arguments) -> Fault,
) -> FaultKind {
    FaultKind {
        name,
        about,
        parameters: &[],
        make,
    }
}

pub(super) const fn optional(name: &'static str, takes: Takes, about: &'static str) -> Parameter {
    Parameter {
        name,
        takes,
        required: false,
        about,
    }
}

/// Every kind, in the order of the documentation.
pub(crate) fn kinds() -> impl Iterator<Item = &'static FaultKind> {
    [
        super::statuses::KINDS,
        super::accepted::KINDS,
        super::race::KINDS,
        super::connection::KINDS,
        super::latency::KINDS,
        super::outage::KINDS,
        super::watches::KINDS,
        super::watch_list::KINDS,
        super::stale::KINDS,
        super::paging::KINDS,
        super::compaction::KINDS,
    ]
    .into_iter()
    .flatten()
}

pub(crate) fn find(name: &str) -> Option<&'static FaultKind> {
    kinds().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = include_str!("../docs/faults.md");

    /// `lostRace` in Rust.
    fn constructor(name: &str) -> String {
        let letters = name.chars().map(|c| match c.is_ascii_uppercase() {
            true => format!("_{}", c.to_ascii_lowercase()),
            false => c.to_string(),
        });
        format!("Fault::{}(", letters.collect::<String>())
    }

    #[test]
    fn every_kind_is_in_the_guide() {
        for kind in kinds() {
            assert!(GUIDE.contains(&constructor(kind.name)), "{}", kind.name);
            let in_script = |ending: &str| GUIDE.contains(&format!("{}{ending}", kind.name));
            assert!(in_script("`") || in_script(":"), "{}", kind.name);
        }
    }

    #[test]
    fn every_script_of_the_guide_can_be_read() {
        let quoted = GUIDE.split('`').skip(1).step_by(2);
        let scripts: Vec<&str> = quoted.filter(|text| text.starts_with("fault: ")).collect();
        assert!(scripts.len() > 40, "{scripts:?}");
        for script in scripts {
            if let Err(error) = Fault::parse_script("guide", script) {
                panic!("{script}: {error}");
            }
        }
    }
}
