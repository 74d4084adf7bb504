//! The headers every answer has, in the order the real server writes them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderName, HeaderValue, header};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::head::value;
use super::{Body, Headers, Response};
use crate::codec::time;
use crate::request::Request;

/// A body larger than this is compressed for who accepts it, in bytes.
const GZIP_ABOVE: usize = 128 * 1024;
/// How many characters all warnings may have together.
const WARNING_BUDGET: usize = 4096;
/// How many characters each may have once they are too many.
const WARNING_CUT: usize = 256;

/// The request in the audit log of the server, had it one.
pub(crate) static AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
static FLOW_SCHEMA: HeaderName = HeaderName::from_static("x-kubernetes-pf-flowschema-uid");
static PRIORITY_LEVEL: HeaderName = HeaderName::from_static("x-kubernetes-pf-prioritylevel-uid");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache, private");

/// The texts of the `Warning` headers, in order.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<Arc<str>>);

impl Warnings {
    pub(crate) fn add(&mut self, text: impl Into<Arc<str>>) {
        self.0.push(text.into());
    }

    pub(crate) fn append(&mut self, others: Warnings) {
        self.0.extend(others.0);
    }
}

impl<T: Into<Arc<str>>> Extend<T> for Warnings {
    fn extend<I: IntoIterator<Item = T>>(&mut self, texts: I) {
        self.0.extend(texts.into_iter().map(Into::into));
    }
}

/// The identities of the flow schema and the priority level that every answer names.
#[derive(Clone)]
pub(crate) struct Flow {
    schema: Option<HeaderValue>,
    level: Option<HeaderValue>,
}

impl Flow {
    pub(crate) fn new([schema, level]: [String; 2]) -> Self {
        let (schema, level) = (value(schema), value(level));
        Flow { schema, level }
    }
}

/// What answers have in common, written once: the date of each second, and the warning that all about one kind have.
#[derive(Default)]
pub(crate) struct Recurring {
    date: Mutex<Option<(i64, HeaderValue)>>,
    warning: Mutex<Option<(Arc<str>, HeaderValue)>>,
}

impl Recurring {
    fn date(&self, now: Timestamp) -> Option<HeaderValue> {
        let second = now.as_second();
        let mut last = self.date.lock();
        match &*last {
            Some((of, date)) if *of == second => Some(date.clone()),
            _ => {
                let date = value(time::http_date(now))?;
                Some(last.insert((second, date)).1.clone())
            }
        }
    }

    fn warn(&self, texts: &[Arc<str>], headers: &mut Headers) {
        let [text] = texts else {
            for warning in warning_headers(texts) {
                headers.add(header::WARNING, warning);
            }
            return;
        };
        let mut last = self.warning.lock();
        if !matches!(&*last, Some((of, _)) if Arc::ptr_eq(of, text)) {
            let warning = warning_headers(texts).pop();
            *last = warning.map(|warning| (text.clone(), warning));
        }
        if let Some((_, warning)) = &*last {
            headers.add(header::WARNING, warning.clone());
        }
    }
}

/// Adds what the handlers leave to everyone's last stage.
pub(crate) fn complete(
    response: &mut Response,
    request: &Request,
    audit_id: Option<HeaderValue>,
    warnings: &Warnings,
    flow: Option<&Flow>,
    written: &Recurring,
) {
    if response.hijacked {
        return;
    }
    compress(response, request);
    let headers = &mut response.headers;
    if headers.get(&header::CACHE_CONTROL).is_none() {
        headers.add_first(header::CACHE_CONTROL, NO_CACHE);
    }
    if let Some(audit_id) = audit_id {
        headers.add_first(AUDIT_ID.clone(), audit_id);
    }
    written.warn(&warnings.0, headers);
    if let Some(Flow { schema, level }) = flow {
        for (name, value) in [(&FLOW_SCHEMA, schema), (&PRIORITY_LEVEL, level)] {
            if let Some(value) = value {
                headers.add(name.clone(), value.clone());
            }
        }
    }
}

/// The end of every head: sorted by name, then the date.
pub(crate) fn order(response: &mut Response, written: &Recurring, now: Timestamp) {
    if response.hijacked {
        return;
    }
    response.headers.sort();
    if let Some(date) = written.date(now) {
        response.headers.add(header::DATE, date);
    }
}

fn compress(response: &mut Response, request: &Request) {
    let length = match &response.body {
        Body::Full(body) => body.len(),
        Body::Pieces(pieces) => pieces.len(),
        Body::Empty | Body::Stream(_) | Body::Upgraded(..) => return,
    };
    if length <= GZIP_ABOVE {
        return;
    }
    let accepted = request
        .header(header::ACCEPT_ENCODING)
        .unwrap_or_default()
        .split(',')
        .any(|item| item.trim() == "gzip");
    if !accepted {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(length / 4), Compression::fast());
    let body = std::mem::replace(&mut response.body, Body::Empty);
    let written = match body {
        Body::Full(body) => encoder.write_all(&body),
        Body::Pieces(mut pieces) => pieces.try_for_each(|piece| encoder.write_all(&piece)),
        Body::Empty | Body::Stream(_) | Body::Upgraded(..) => Ok(()),
    };
    let Ok(packed) = written.and_then(|()| encoder.finish()) else {
        return;
    };
    let headers = &mut response.headers;
    // A handler that told the length told that of the body as it was.
    let told = headers.get(&header::CONTENT_LENGTH).is_some();
    headers.set(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.set(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if told {
        headers.set(header::CONTENT_LENGTH, HeaderValue::from(packed.len()));
    }
    response.body = Body::Full(Bytes::from(packed));
}

/// `299 - "text"`, one for each text; too much text is cut, and what is then still too much is dropped.
fn warning_headers(texts: &[Arc<str>]) -> Vec<HeaderValue> {
    let mut seen = BTreeSet::new();
    let mut distinct: Vec<&str> = Vec::with_capacity(texts.len());
    for text in texts {
        if (is_plain(text) || !text.chars().any(char::is_control)) && seen.insert(&**text) {
            distinct.push(text);
        }
    }
    // No text has more characters than bytes.
    let fit = distinct.iter().map(|t| t.len()).sum::<usize>() <= WARNING_BUDGET
        || distinct.iter().map(|t| t.chars().count()).sum::<usize>() <= WARNING_BUDGET;
    if fit {
        return distinct.into_iter().filter_map(quoted).collect();
    }
    let mut used = 0;
    let mut headers = Vec::new();
    for text in distinct {
        let cut: String = text.chars().take(WARNING_CUT).collect();
        used += cut.chars().count();
        headers.extend(quoted(&cut));
        if used > WARNING_BUDGET {
            break;
        }
    }
    headers
}

/// Whether a text is its own quoted form. Most are: all bytes are looked at, which goes faster than stopping early.
fn is_plain(text: &str) -> bool {
    let odd = |b: u8| u8::from(!(0x20..0x7f).contains(&b) | (b == b'"') | (b == b'\\'));
    text.bytes().fold(0, |found, b| found | odd(b)) == 0
}

fn quoted(text: &str) -> Option<HeaderValue> {
    if is_plain(text) {
        return value(["299 - \"", text, "\""].concat());
    }
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("299 - \"");
    for part in text.split_inclusive(['\\', '"']) {
        match part.strip_suffix(['\\', '"']) {
            Some(plain) => out.extend([plain, "\\", &part[plain.len()..]]),
            None => out.push_str(part),
        }
    }
    out.push('"');
    value(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_sorted_and_ends_with_the_date() {
        let mut response = Response::text(404, "").header(AUDIT_ID.clone(), "a");
        order(&mut response, &Recurring::default(), Timestamp::UNIX_EPOCH);
        let names: Vec<HeaderName> = response.headers.into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["audit-id", "content-type", "x-content-type-options", "date"]
        );
    }

    #[test]
    fn a_hijacked_connection_gets_the_handlers_headers_only() {
        let mut response = Response::empty(403);
        response.hijacked = true;
        order(&mut response, &Recurring::default(), Timestamp::UNIX_EPOCH);
        assert!(response.headers.into_iter().next().is_none());
    }

    #[test]
    fn a_length_that_was_told_is_that_of_the_packed_body() {
        let long = vec![b'x'; GZIP_ABOVE + 1];
        let told = long.len().to_string();
        let mut packed =
            Response::new(200, "text/plain", long).header(header::CONTENT_LENGTH, told);
        let mut headers = http::HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let request = Request {
            method: http::Method::GET,
            target: http::Uri::from_static("/"),
            headers,
            body: crate::request::Body::empty(),
            upgrade: None,
            ordinal: 1,
            peer: None,
        };
        compress(&mut packed, &request);
        let Body::Full(body) = &packed.body else {
            panic!("the body is whole")
        };
        let length = packed.headers.get(&header::CONTENT_LENGTH).unwrap();
        assert_eq!(length, &body.len().to_string());
        assert!(body.len() < GZIP_ABOVE);
    }

    #[test]
    fn each_warning_is_sent_once_and_escaped() {
        let texts = ["a \"b\"", "a \"b\"", "bad\n", "bad\u{85}", "c"].map(Arc::from);
        assert_eq!(
            warning_headers(&texts),
            [r#"299 - "a \"b\"""#, r#"299 - "c""#]
        );
    }

    #[test]
    fn too_many_warnings_are_cut_and_then_dropped() {
        let texts: Vec<_> = (0..60).map(|i| format!("{i:0>400}").into()).collect();
        let headers = warning_headers(&texts);
        assert_eq!(headers.len(), 17);
        assert!(
            headers
                .iter()
                .all(|h| h.len() == WARNING_CUT + "299 - \"\"".len())
        );
    }
}
