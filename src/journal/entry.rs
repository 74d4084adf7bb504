//! One request and its answer, as a test looks at it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::record::{KeptBody, Outcome, Record};
use super::stream::{StreamLog, WatchLog};
use crate::cluster::{Cluster, key};
use crate::codec::{bytes, time};
use crate::object::Object;
use crate::registry;
use crate::request::header;
use crate::request::query::Query;
use crate::storage::Revision;

/// How many characters of a body a line shows.
const SHOWN_BODY: usize = 120;

/// One request and its answer, as the [journal](crate::Journal) has it.
///
/// What is not known is empty: a request refused before it was understood has no verb, one that was not authenticated
/// has no user, one that was no HTTP has not even a path.
///
/// ```
/// # let server = fake_apiserver::FakeApiServer::start_blocking();
/// for entry in &server.journal() {
///     println!("{} {} {:?}", entry.verb(), entry.path(), entry.code());
/// }
/// ```
#[derive(Clone)]
pub struct Entry {
    pub(super) record: Arc<Record>,
    /// For the labels of what a request was about.
    pub(super) cluster: Arc<Cluster>,
}

/// Each method is what its name says; the rest is in the entry's own description.
///
/// ```
/// # let server = fake_apiserver::FakeApiServer::start_blocking();
/// let refused = |entry: &fake_apiserver::Entry| entry.code() == Some(409);
/// assert!(!server.journal().iter().any(refused));
/// ```
impl Entry {
    /// Counted from 1 since the server started, in order of arrival.
    pub fn index(&self) -> u64 {
        self.record.index
    }

    /// When it came, by the server's clock.
    pub fn time(&self) -> SystemTime {
        self.record.time.into()
    }

    /// From its arrival to the start of its answer, by the server's clock: nothing, if that stands still.
    pub fn duration(&self) -> Duration {
        self.record.duration.unsigned_abs()
    }

    /// `GET`, `POST`, …
    pub fn method(&self) -> &str {
        match self.record.outcome {
            Outcome::Unparsed => "",
            _ => self.record.method.as_str(),
        }
    }

    /// As it was sent, still percent-encoded.
    pub fn path(&self) -> &str {
        &self.record.path
    }

    /// What followed the question mark, as it was sent.
    pub fn query(&self) -> &str {
        &self.record.raw_query
    }

    /// get, list, watch, create, update, patch, delete, deletecollection; of what is no resource, the method in lower
    /// case.
    pub fn verb(&self) -> &str {
        self.record.info.verb
    }

    /// Empty for core.
    pub fn api_group(&self) -> &str {
        &self.record.info.api_group
    }

    /// `v1`.
    pub fn api_version(&self) -> &str {
        &self.record.info.api_version
    }

    /// The plural name.
    pub fn resource(&self) -> &str {
        &self.record.info.resource
    }

    /// `status`, `finalize`, or nothing.
    pub fn subresource(&self) -> &str {
        &self.record.info.subresource
    }

    /// Empty for all of them.
    pub fn namespace(&self) -> &str {
        &self.record.info.namespace
    }

    /// Empty for a collection.
    pub fn name(&self) -> &str {
        &self.record.info.name
    }

    /// Who asked, after impersonation.
    pub fn user(&self) -> &str {
        &self.record.user
    }

    /// The `User-Agent` header.
    pub fn user_agent(&self) -> &str {
        self.header("user-agent").unwrap_or_default()
    }

    /// The `Content-Type` header.
    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.record.headers, name)
    }

    /// Which attempt this was of the same client (user and User-Agent) at the same verb, resource, namespace and name,
    /// counted from 1.
    pub fn attempt(&self) -> u64 {
        self.record.attempt
    }

    /// The names of the faults that acted on it.
    pub fn faults(&self) -> &[String] {
        &self.record.faults
    }

    /// What came of it.
    pub fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// The status code of the answer, if the client was sent one.
    pub fn code(&self) -> Option<u16> {
        self.record.code
    }

    /// The `reason` of an answer that is a Status.
    pub fn reason(&self) -> Option<String> {
        let status = self.status()?;
        status["reason"].as_str().map(str::to_owned)
    }

    /// The `message` of an answer that is a Status; what was wrong with a request that was no HTTP.
    pub fn message(&self) -> Option<String> {
        if !self.record.complaint.is_empty() {
            return Some(self.record.complaint.clone());
        }
        let status = self.status()?;
        status["message"].as_str().map(str::to_owned)
    }

    /// The newest revision of the store when the answer left.
    pub fn revision(&self) -> u64 {
        self.record.after.0
    }

    /// The body of the request as far as it is kept: its first 16 KiB. A body that no handler asked for is not there.
    pub fn request_body(&self) -> &[u8] {
        &self.record.request_body.bytes
    }

    /// How long the body of the request was as a whole.
    pub fn request_body_len(&self) -> usize {
        self.record.request_body.length
    }

    /// The body of the answer before it was packed, as far as it is kept: its first 16 KiB. That of a watch is not kept.
    pub fn response_body(&self) -> &[u8] {
        &self.record.response_body.bytes
    }

    /// How long the body of the answer was as a whole.
    pub fn response_body_len(&self) -> usize {
        self.record.response_body.length
    }

    /// What a watch has sent up to now.
    pub fn watch(&self) -> Option<WatchLog> {
        self.record.stream.as_deref().map(StreamLog::now)
    }

    /// Everything, as JSON.
    pub fn to_json(&self) -> Value {
        let record = &*self.record;
        let info = &record.info;
        let mut value = json!({
            "index": record.index,
            "time": time::format_micro(record.time),
            "durationMicroseconds": u64::try_from(record.duration.as_micros()).unwrap_or_default(),
            "method": self.method(), "path": record.path, "query": record.raw_query,
            "verb": info.verb, "apiGroup": bytes::shown(&info.api_group), "apiVersion": bytes::shown(&info.api_version),
            "resource": bytes::shown(&info.resource), "subresource": bytes::shown(&info.subresource),
            "namespace": bytes::shown(&info.namespace), "name": bytes::shown(&info.name),
            "user": record.user, "userAgent": self.user_agent(), "contentType": self.content_type(),
            "attempt": record.attempt, "faults": record.faults,
            "outcome": record.outcome.as_str(), "code": record.code,
            "reason": self.reason(), "message": self.message(),
            "revision": record.after.0,
            "requestBody": body_json(&record.request_body), "requestBodyBytes": record.request_body.length,
            "responseBody": body_json(&record.response_body), "responseBodyBytes": record.response_body.length,
        });
        if let Some(watch) = self.watch() {
            value["watch"] = json!({
                "events": watch.events, "bookmarks": watch.bookmarks, "end": watch.end.as_str(),
            });
        }
        value
    }

    pub(super) fn parsed_query(&self) -> Query {
        Query::parse(&self.record.raw_query)
    }

    /// A label of the object the request was about: as it was stored before or after, or in the request.
    pub(super) fn label(&self, label: &str) -> Option<String> {
        let of = |object: &Object| Some(object.labels()?.get(label)?.as_str()?.to_owned());
        let stored = [self.record.before, self.record.after]
            .into_iter()
            .find_map(|at| of(&*self.stored(at)?));
        stored.or_else(|| {
            let body = parse(&self.record.request_body)?;
            let value = &body["metadata"]["labels"][label];
            value.as_str().map(str::to_owned)
        })
    }

    fn stored(&self, at: Revision) -> Option<Arc<Object>> {
        let info = &self.record.info;
        let strategy = registry::find(&info.api_group, &info.api_version, &info.resource)?;
        let key = key(strategy.resource(), &info.namespace, &info.name);
        let view = self.cluster.storage.view();
        view.get_at(&key, at).cloned()
    }

    /// The answer, if it is a Status.
    fn status(&self) -> Option<Value> {
        if self.record.code? < 400 {
            return None;
        }
        parse(&self.record.response_body).filter(|body| body["kind"] == "Status")
    }

    /// What is worth saying of it in brackets.
    fn remarks(&self) -> String {
        let record = &*self.record;
        let mut remarks = Vec::new();
        if record.attempt > 1 {
            remarks.push(format!("attempt {}", record.attempt));
        }
        if !record.faults.is_empty() {
            remarks.push(format!("fault: {}", record.faults.join(", ")));
        }
        if let Some(watch) = self.watch() {
            let (events, end) = (watch.events, watch.end.as_str());
            remarks.push(format!("{events} events, {end}"));
        }
        let who = [self.user(), self.user_agent()];
        let who: Vec<&str> = who.into_iter().filter(|text| !text.is_empty()).collect();
        if !who.is_empty() {
            remarks.push(who.join(" "));
        }
        remarks.push(format!("revision {}", record.after));
        remarks.push(format!("{:?}", self.duration()));
        remarks.join("; ")
    }
}

/// One line: `#2 PUT /api/v1/… → 409 Conflict (attempt 2; …) > the request's body < the answer's body`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = &*self.record;
        write!(f, "#{} ", record.index)?;
        if record.outcome == Outcome::Unparsed {
            write!(f, "(no HTTP)")?;
        } else {
            write!(f, "{} {}", self.method(), shorten(&record.path))?;
        }
        if !record.raw_query.is_empty() {
            write!(f, "?{}", shorten(&record.raw_query))?;
        }
        f.write_str(" \u{2192}")?;
        if let Some(code) = record.code {
            write!(f, " {code}")?;
        }
        if let Some(reason) = self.reason().filter(|reason| !reason.is_empty()) {
            write!(f, " {}", shorten(&reason))?;
        }
        if record.outcome != Outcome::Answered {
            write!(f, " {}", record.outcome.as_str())?;
        }
        write!(f, " ({})", self.remarks())?;
        for (sign, body) in [('>', &record.request_body), ('<', &record.response_body)] {
            if body.length > 0 {
                let text = String::from_utf8_lossy(&body.bytes);
                write!(f, " {sign} {}", shorten(text.trim_end()))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first characters, on one line.
fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_BODY).collect();
    if short.len() < text.len() {
        short.push('\u{2026}');
    }
    if short.contains(char::is_control) {
        short = short.replace(char::is_control, " ");
    }
    short
}

/// A body that is one JSON or YAML document.
fn parse(body: &KeptBody) -> Option<Value> {
    if !body.is_whole() || body.length == 0 {
        return None;
    }
    serde_json::from_slice(&body.bytes).ok().or_else(|| {
        let document = crate::codec::yaml::parse(&body.bytes).ok()?;
        Some(document.node.to_value())
    })
}

/// JSON as it is, anything else as text, nothing as null.
fn body_json(body: &KeptBody) -> Value {
    let text = || -> Cow<'_, str> { String::from_utf8_lossy(&body.bytes) };
    match body.length {
        0 => Value::Null,
        _ if !body.is_whole() => text().into(),
        _ => serde_json::from_slice(&body.bytes).unwrap_or_else(|_| text().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_on_one_line_and_not_too_long() {
        assert_eq!(shorten("a\nb"), "a b");
        assert_eq!(shorten(&"é".repeat(SHOWN_BODY)).chars().count(), SHOWN_BODY);
        let long = shorten(&"é".repeat(SHOWN_BODY + 1));
        assert!(long.ends_with('…') && long.chars().count() == SHOWN_BODY + 1);
    }
}
