//! Every `metav1.Status` the server answers with: code, reason, message and details, in one place.

pub(crate) mod field;
mod made;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::codec::bytes::shown;
use crate::codec::json::{Members, write_items, write_sorted, write_string};

/// A `metav1.Status`. Failures are the server's errors; the one success is the answer to a deletion.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    /// Empty for errors that are not API errors: the real server answers those with a bare 500.
    pub(crate) reason: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) details: Option<Box<Details>>,
    /// `metadata.continue`, which only an expired continue token's answer has.
    pub(crate) continue_token: Option<String>,
    verdict: Verdict,
}

/// What a [`Status`] tells of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Failure,
    Success,
    /// The real server crashes here, which its outermost filter answers in plain text.
    Panic,
}

/// `status.details`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) group: String,
    /// The plural resource in most errors, the kind in `Invalid` and in failed delete preconditions.
    pub(crate) kind: String,
    pub(crate) uid: String,
    pub(crate) causes: Vec<Cause>,
    pub(crate) retry_after_seconds: u32,
}

/// One of `details.causes`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

/// `endpoints` or `deployments.apps`: how a message names a resource or a kind of a group.
pub(crate) fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Status {
            code,
            reason: Cow::Borrowed(reason),
            message: message.into(),
            details: None,
            continue_token: None,
            verdict: Verdict::Failure,
        }
    }

    pub(crate) fn with_details(mut self, details: Details) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    fn named(self, name: &str, group: &str, kind: &str) -> Self {
        let details = Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            ..Details::default()
        };
        self.with_details(details)
    }

    pub(crate) fn is_panic(&self) -> bool {
        self.verdict == Verdict::Panic
    }

    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        self.details
            .as_ref()
            .map(|d| d.retry_after_seconds)
            .filter(|&s| s > 0)
    }

    fn succeeded(&self) -> bool {
        self.verdict == Verdict::Success
    }

    /// The fields in the order the server writes them.
    fn members(&self) -> Vec<(&'static str, Value)> {
        let mut metadata = Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".to_owned(), token.clone().into());
        }
        let mut members = vec![
            ("kind", json!("Status")),
            ("apiVersion", json!("v1")),
            ("metadata", Value::Object(metadata)),
            (
                "status",
                json!(if self.succeeded() {
                    "Success"
                } else {
                    "Failure"
                }),
            ),
        ];
        if !self.message.is_empty() {
            members.push(("message", json!(shown(&self.message))));
        }
        if !self.reason.is_empty() {
            members.push(("reason", json!(self.reason)));
        }
        members
    }

    /// Compact JSON in the server's order, without a line end.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut object = Members::of(&mut out);
        for (name, value) in self.members() {
            write_sorted(object.name(name), &value);
        }
        if let Some(details) = &self.details {
            details.write(object.name("details"));
        }
        // What was done with an object goes without.
        if !self.succeeded() || self.details.is_none() {
            write_sorted(object.name("code"), &self.code.into());
        }
        object.end();
        out
    }

    /// The same as a value.
    #[cfg(test)]
    pub(crate) fn to_value(&self) -> Value {
        serde_json::from_slice(&self.to_json()).unwrap_or_default()
    }
}

impl Details {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Members::of(out);
        for (name, text) in [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ] {
            write_text(&mut object, name, text);
        }
        if !self.causes.is_empty() {
            let write = |out: &mut Vec<u8>, cause: &Cause| cause.write(out);
            write_items(object.name("causes"), &self.causes, write);
        }
        if self.retry_after_seconds > 0 {
            let seconds = self.retry_after_seconds.into();
            write_sorted(object.name("retryAfterSeconds"), &seconds);
        }
        object.end();
    }
}

impl Cause {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Members::of(out);
        for (name, text) in [
            ("reason", &self.reason),
            ("message", &self.message),
            ("field", &self.field),
        ] {
            write_text(&mut object, name, text);
        }
        object.end();
    }
}

/// A member that is left out when it is empty.
fn write_text(object: &mut Members<'_>, name: &str, text: &str) {
    if !text.is_empty() {
        write_string(object.name(name), &shown(text));
    }
}
