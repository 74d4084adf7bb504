//! What the answers say, where that takes more than a word.

use serde_json::{Map, Value};

use crate::codec::json;
use crate::fault::answer::{Raw, Subject};
use crate::fault::argument::Arguments;
use crate::status::Status;
use crate::status::field::FieldError;

impl Subject<'_> {
    /// A Status about the object.
    pub(super) fn status(&self, of: fn(&str, &str, &str) -> Status) -> Status {
        of(self.info.resource(), self.info.api_group(), self.name)
    }
}

/// What a create does not find is its namespace; what a list does not find is its resource.
pub(super) fn not_found(of: &Subject<'_>) -> Status {
    match (of.info.verb(), of.info.namespace()) {
        ("create", namespace) if !namespace.is_empty() => {
            Status::not_found("namespaces", "", namespace)
        }
        _ if of.name.is_empty() => Status::no_route(),
        _ => of.status(Status::not_found),
    }
}

pub(in crate::fault::kinds) fn internal_error() -> Status {
    Status::internal_error("a scripted fault")
}

pub(in crate::fault::kinds) fn gateway_timeout() -> Status {
    Status::timeout("request did not complete within requested timeout - context deadline exceeded")
}

pub(super) fn field_errors(a: &Arguments) -> Vec<FieldError> {
    let causes = a.texts("causes").iter();
    let errors =
        causes.map(|(field, detail)| FieldError::invalid_str(field.as_str(), "", detail.as_str()));
    errors.collect()
}

pub(super) fn too_many_requests(a: &Arguments) -> Raw {
    let message = a.text("message");
    Raw {
        code: 429,
        content_type: "text/plain; charset=utf-8",
        nosniff: true,
        retry_after: Some(a.number("retryAfter").unwrap_or(1)),
        body: message
            .unwrap_or("Too many requests, please try again later.\n")
            .to_owned(),
    }
}

pub(super) fn raw(a: &Arguments) -> Raw {
    let code = a.number("code").and_then(|code| u16::try_from(code).ok());
    Raw {
        code: code.unwrap_or(500),
        content_type: "text/plain; charset=utf-8",
        nosniff: false,
        retry_after: a.number("retryAfter"),
        body: a
            .text("message")
            .or(a.text("body"))
            .unwrap_or_default()
            .to_owned(),
    }
}

pub(super) fn status(a: &Arguments) -> Raw {
    let mut status = whole(a.value("status"));
    if let (Some(message), Some(members)) = (a.text("message"), status.as_object_mut()) {
        members.insert("message".to_owned(), message.into());
    }
    Raw {
        code: code(&status).unwrap_or(500),
        content_type: "application/json",
        nosniff: false,
        retry_after: a.number("retryAfter"),
        body: format!("{}\n", json::compact(&status)),
    }
}

/// A Status with what every Status has, where nothing else is said.
fn whole(status: Value) -> Value {
    let failed = code(&status).is_none_or(|code| code >= 400);
    let verdict = if failed { "Failure" } else { "Success" };
    let Value::Object(said) = status else {
        return status;
    };
    let mut members = Map::new();
    for (name, value) in [
        ("kind", "Status".into()),
        ("apiVersion", "v1".into()),
        ("metadata", Value::Object(Map::new())),
        ("status", verdict.into()),
    ] {
        members.insert(name.to_owned(), value);
    }
    members.extend(said);
    Value::Object(members)
}

pub(super) fn check_status(a: &Arguments) -> Result<(), String> {
    let status = a.value("status");
    code(&status).map(drop).ok_or_else(|| {
        format!(
            "a Status needs a `code` from 200 to 599, which is the HTTP status; this one is {}",
            json::compact(&status)
        )
    })
}

/// The HTTP status that a Status goes with.
fn code(status: &Value) -> Option<u16> {
    let code = u16::try_from(status["code"].as_u64()?).ok()?;
    (200..=599).contains(&code).then_some(code)
}
