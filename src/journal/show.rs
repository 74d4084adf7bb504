//! How an entry is shown: a line for people, JSON for programs.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::entry::Entry;
use super::record::{KeptBody, Outcome};
use crate::authentication::mask::{self, Masks};
use crate::codec::{bytes, time};
use crate::request::info::RequestInfo;

/// How many characters of a body a line shows.
const SHOWN_BODY: usize = 120;

impl Entry {
    /// Everything, as JSON; values of Secrets, tokens and private keys are masked.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// // … the client under test runs …
    /// for entry in &server.journal() {
    ///     println!("{:#}", entry.to_json()["requestBody"]);
    /// }
    /// ```
    pub fn to_json(&self) -> Value {
        self.json(&mut Masks::default())
    }

    pub(super) fn json(&self, masks: &mut Masks) -> Value {
        let record = &*self.record;
        let asked = record.info();
        let (info, request, answer) = (self.info(), self.request(), self.answer());
        let mut value = json!({
            "index": record.index,
            "time": time::format_micro(record.time),
            "durationMicroseconds": u64::try_from(record.duration.as_micros()).unwrap_or_default(),
            "method": request.method.unwrap_or_default(), "path": record.head.path(), "query": mask::query(record.head.raw_query()),
            "verb": info.verb(), "apiGroup": bytes::shown(info.api_group()), "apiVersion": bytes::shown(info.api_version()),
            "resource": bytes::shown(info.resource()), "subresource": bytes::shown(info.subresource()),
            "namespace": bytes::shown(info.namespace()), "name": bytes::shown(info.name()),
            "user": record.user(), "userAgent": record.head.user_agent(), "contentType": request.header("content-type").unwrap_or_default(),
            "attempt": record.attempt, "faults": record.faults,
            "outcome": record.outcome.as_str(), "code": record.code,
            "reason": answer.reason, "message": answer.message,
            "revision": record.after.0,
            "requestBody": body_json(masks, &asked, &record.request_body), "requestBodyBytes": record.request_body.length,
            "responseBody": body_json(masks, &asked, &record.response_body), "responseBodyBytes": record.response_body.length,
        });
        if let Some(watch) = answer.watch {
            value["watch"] = json!({
                "events": watch.events, "bookmarks": watch.bookmarks, "end": watch.end.as_str(),
            });
        }
        value
    }

    /// All of it in a line; what must not be shown is masked.
    pub(super) fn line(&self, masks: &mut Masks) -> String {
        let mut line = String::new();
        // Text takes whatever is written to it.
        let _ = self.write(&mut line, masks);
        line
    }

    fn write(&self, f: &mut String, masks: &mut Masks) -> fmt::Result {
        let record = &*self.record;
        write!(f, "#{} ", record.index)?;
        if record.outcome == Outcome::Unparsed {
            write!(f, "(no HTTP)")?;
        } else {
            write!(f, "{} {}", record.method, shorten(record.head.path()))?;
        }
        if !record.head.raw_query().is_empty() {
            let query = mask::query(record.head.raw_query());
            write!(f, "?{}", shorten(&query))?;
        }
        f.write_str(" \u{2192}")?;
        if let Some(code) = record.code {
            write!(f, " {code}")?;
        }
        if let Some(reason) = self.said("reason").filter(|reason| !reason.is_empty()) {
            write!(f, " {}", shorten(&reason))?;
        }
        if record.outcome != Outcome::Answered {
            write!(f, " {}", record.outcome.as_str())?;
        }
        write!(f, " ({})", self.remarks())?;
        for (sign, body) in [('>', &record.request_body), ('<', &record.response_body)] {
            if body.length > 0 {
                let text = shown(masks, &record.info(), body);
                write!(f, " {sign} {}", shorten(text.trim_end()))?;
            }
        }
        Ok(())
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
        if let Some(watch) = self.answer().watch {
            let (events, end) = (watch.events, watch.end.as_str());
            remarks.push(format!("{events} events, {end}"));
        }
        let who = [record.user(), record.head.user_agent()].map(shorten);
        let who: Vec<String> = who.into_iter().filter(|text| !text.is_empty()).collect();
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
        f.write_str(&self.line(&mut Masks::default()))
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

/// JSON as it is, anything else as text, nothing as null.
fn body_json(masks: &mut Masks, info: &RequestInfo, body: &KeptBody) -> Value {
    if body.length == 0 {
        return Value::Null;
    }
    let text = shown(masks, info, body);
    match body.is_whole() {
        true => serde_json::from_str(&text).unwrap_or_else(|_| text.into()),
        false => text.into(),
    }
}

/// A body without what must not be shown.
fn shown<'a>(masks: &mut Masks, info: &RequestInfo, body: &'a KeptBody) -> Cow<'a, str> {
    match masks.body(info, &body.bytes) {
        Some(Cow::Borrowed(bytes)) => String::from_utf8_lossy(bytes),
        Some(Cow::Owned(bytes)) => String::from_utf8_lossy(&bytes).into_owned().into(),
        None => Cow::Borrowed("(not shown: it may hold secrets)"),
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
