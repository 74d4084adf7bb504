//! What a kind of fault can be told, and what one fault was told.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::codec::json;
use crate::codec::script::write_duration;

/// What a kind can be told.
#[derive(Debug)]
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
    /// Text, as long as nobody says otherwise in Rust.
    Bytes(Vec<u8>),
    /// Names with their texts.
    Texts(Vec<(String, String)>),
    /// Fields with their details.
    Causes(Vec<(String, String)>),
    Value(Value),
}

impl Argument {
    /// A number of bytes or of things.
    pub(super) fn size(size: usize) -> Self {
        Argument::Number(u64::try_from(size).unwrap_or(u64::MAX))
    }

    /// As scripts write it.
    fn to_value(&self) -> Value {
        match self {
            Argument::Number(number) => (*number).into(),
            Argument::Fraction(number) => (*number).into(),
            Argument::Time(time) => write_duration(*time).into(),
            Argument::Flag(set) => (*set).into(),
            Argument::Text(text) => text.as_str().into(),
            Argument::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
            Argument::Texts(texts) => {
                let texts = texts.iter();
                json::object(texts.map(|(name, text)| (name.clone(), text.as_str().into()))).into()
            }
            Argument::Causes(causes) => {
                let causes = causes.iter();
                causes
                    .map(|(field, detail)| json!({"field": field, "detail": detail}))
                    .collect()
            }
            Argument::Value(value) => value.clone(),
        }
    }
}

/// The values given to a kind; what is required is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments(Vec<(&'static str, Argument)>);

impl Arguments {
    /// Gives a value, in the place of any given before.
    pub(super) fn put(&mut self, name: &'static str, argument: Argument) {
        self.0.retain(|(of, _)| *of != name);
        self.0.push((name, argument));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        let mut given = self.0.iter();
        given
            .find(|(of, _)| *of == name)
            .map(|(_, argument)| argument)
    }

    /// The value of a parameter as scripts write it.
    pub(super) fn value_of(&self, name: &str) -> Option<Value> {
        self.get(name).map(Argument::to_value)
    }

    /// All of them as scripts write them; a flag only if it is set.
    pub(super) fn to_map(&self) -> Map<String, Value> {
        let given = self.0.iter();
        let told = given.filter(|(_, argument)| *argument != Argument::Flag(false));
        json::object(told.map(|(name, argument)| ((*name).to_owned(), argument.to_value())))
    }

    /// A text with values in the place of their names in braces.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, argument) in &self.0 {
            let value = match argument.to_value() {
                Value::String(text) => text,
                other => other.to_string(),
            };
            filled = filled.replace(&format!("{{{name}}}"), &value);
        }
        filled
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
            Some(Argument::Texts(texts) | Argument::Causes(texts)) => texts,
            _ => &[],
        }
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        match self.get(name) {
            Some(Argument::Bytes(bytes)) => bytes.clone(),
            Some(Argument::Text(text)) => text.clone().into_bytes(),
            _ => Vec::new(),
        }
    }

    pub(super) fn value(&self, name: &str) -> Value {
        match self.get(name) {
            Some(Argument::Value(value)) => value.clone(),
            _ => Value::Null,
        }
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

pub(super) const fn optional(name: &'static str, takes: Takes, about: &'static str) -> Parameter {
    Parameter {
        name,
        takes,
        required: false,
        about,
    }
}
