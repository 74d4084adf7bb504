//! A kind of fault as data: what it is called, what it can be told, what it is about, what it does.
//!
//! Scripts are read and written by it, their schema is made of it, titles and refusals speak its words.

use serde_json::{Value, json};

use super::answer::{Answer, Say};
use super::argument::{Arguments, Parameter};
use super::effect::{After, Before, Effect, Instead};
use super::firing::Firing;
use super::frames::{Trouble, WatchFault};
use crate::kinds::verb::Verb;
use crate::request::facts::Facts;

/// A kind of fault.
#[derive(Debug)]
pub(crate) struct FaultKind {
    /// In scripts; its constructor is called the same, in the letters of Rust.
    pub(crate) name: &'static str,
    /// What messages call a rule without a name; names of parameters in braces stand for their values.
    title: &'static str,
    /// What goes wrong, in a sentence.
    pub(crate) about: &'static str,
    /// The first may be given alone, without its name, if it is required.
    pub(crate) parameters: &'static [Parameter],
    /// What it does nothing to, if so.
    verbs: Option<Verbs>,
    mismatch: fn(&Arguments, &Facts<'_>) -> Option<String>,
    check: fn(&Arguments) -> Result<(), String>,
    act: Act,
}

/// The verbs a kind is about.
#[derive(Debug)]
struct Verbs {
    /// What messages call the fault.
    what: &'static str,
    possible: &'static [&'static str],
}

/// What a kind does.
#[derive(Debug)]
pub(super) enum Act {
    /// The request is not handled; this is its answer.
    Answer(Say),
    /// The request is handled, and then this is its answer.
    LostAnswer(Say),
    /// Something happens in the stream of a watch.
    Stream(fn(&Arguments) -> Trouble),
    /// Anything else; what is left to chance is rolled for, from 0 to 1.
    Effect(fn(&Arguments, &dyn Fn() -> f64) -> Effect),
}

impl FaultKind {
    pub(super) const fn new(
        name: &'static str,
        title: &'static str,
        about: &'static str,
        act: Act,
    ) -> Self {
        FaultKind {
            name,
            title,
            about,
            parameters: &[],
            verbs: None,
            mismatch: |_, _| None,
            check: |_| Ok(()),
            act,
        }
    }

    /// What it can be told.
    pub(super) const fn told(self, parameters: &'static [Parameter]) -> Self {
        FaultKind { parameters, ..self }
    }

    /// It is about these verbs alone.
    pub(super) const fn only(self, what: &'static str, possible: &'static [&'static str]) -> Self {
        let verbs = Some(Verbs { what, possible });
        FaultKind { verbs, ..self }
    }

    /// Why it can do nothing to a request, if so.
    pub(super) const fn unless(
        self,
        mismatch: fn(&Arguments, &Facts<'_>) -> Option<String>,
    ) -> Self {
        FaultKind { mismatch, ..self }
    }

    /// What cannot be done as it was said.
    pub(super) const fn checked(self, check: fn(&Arguments) -> Result<(), String>) -> Self {
        FaultKind { check, ..self }
    }

    /// Looks a kind up where it is declared; a wrong name does not compile.
    pub(super) const fn named(kinds: &'static [FaultKind], name: &str) -> &'static FaultKind {
        let mut i = 0;
        while i < kinds.len() {
            if is_same(kinds[i].name, name) {
                return &kinds[i];
            }
            i += 1;
        }
        panic!("no kind is called this")
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// Whether it is about watches, whatever a rule says.
    pub(super) fn is_of_watches(&self) -> bool {
        matches!(self.act, Act::Stream(_))
    }

    /// What it does; `roll` gives numbers from 0 to 1.
    pub(super) fn effect(&self, arguments: &Arguments, roll: &dyn Fn() -> f64) -> Effect {
        let answer = |say| {
            let arguments = arguments.clone();
            Instead::Answer(Answer { say, arguments })
        };
        match self.act {
            Act::Answer(say) => Effect::Before(Before::Instead(answer(say))),
            Act::LostAnswer(say) => Effect::Answer(After::Instead(answer(say))),
            Act::Stream(what) => Effect::Stream(WatchFault {
                after: arguments.number("afterEvents").unwrap_or_default(),
                what: what(arguments),
                firing: Firing::default(),
            }),
            Act::Effect(act) => act(arguments, roll),
        }
    }

    pub(super) fn title(&self, arguments: &Arguments) -> String {
        let title = arguments.fill(self.title);
        match arguments.number("afterEvents") {
            None | Some(0) => title,
            Some(events) => format!("{title} after {events} events"),
        }
    }

    /// Why it can do nothing to a request, if so.
    pub(super) fn mismatch(&self, arguments: &Arguments, facts: &Facts<'_>) -> Option<String> {
        (self.mismatch)(arguments, facts)
    }

    /// Refuses what could not be done, or not as it was said.
    pub(super) fn check(&self, arguments: &Arguments) -> Result<(), String> {
        for parameter in self.parameters {
            if let Some(value) = arguments.value_of(parameter.name) {
                parameter.takes.check(parameter.name, &value)?;
            }
        }
        (self.check)(arguments)
    }

    /// Refuses a rule about verbs to which it does nothing.
    pub(super) fn check_verbs(&self, asked: &[Verb]) -> Result<(), String> {
        let Some(Verbs { what, possible }) = &self.verbs else {
            return Ok(());
        };
        if asked.is_empty() || asked.iter().any(|verb| possible.contains(&verb.as_str())) {
            return Ok(());
        }
        Err(format!(
            "the rule can never act: {what} does nothing to {}, only to {}",
            Verb::names(asked).join(" or "),
            possible.join(", ")
        ))
    }

    /// As scripts write it: `conflict`, or `{"delay": {"length": "1s"}}`.
    pub(super) fn script(&self, arguments: &Arguments) -> Value {
        let arguments = arguments.to_map();
        match arguments.is_empty() {
            true => self.name.into(),
            false => json!({ self.name: arguments }),
        }
    }

    /// The constructor in Rust: `lost_race` for `lostRace`.
    pub(super) fn constructor(&self) -> String {
        let letters = self.name.chars().map(|c| match c.is_ascii_uppercase() {
            true => format!("_{}", c.to_ascii_lowercase()),
            false => c.to_string(),
        });
        letters.collect()
    }
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}
