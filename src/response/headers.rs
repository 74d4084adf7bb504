//! The headers every answer has, in the order the real server writes them.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use jiff::Timestamp;

use super::{Body, Response};
use crate::codec::time;
use crate::request::Request;

/// A body larger than this is compressed for who accepts it, in bytes.
const GZIP_ABOVE: usize = 128 * 1024;
/// How many characters all warnings may have together.
const WARNING_BUDGET: usize = 4096;
/// How many characters each may have once they are too many.
const WARNING_CUT: usize = 256;

/// The texts of the `Warning` headers, in order.
#[derive(Debug, Default)]
pub(crate) struct Warnings(pub(crate) Vec<String>);

impl Warnings {
    pub(crate) fn add(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }
}

/// Adds what the handlers leave to everyone's last stage.
pub(crate) fn complete(
    response: Response,
    request: &Request,
    audit_id: String,
    warnings: &Warnings,
    flow: Option<&[String; 2]>,
) -> Response {
    if response.hijacked {
        return response;
    }
    let mut response = compress(response, request).header("audit-id", audit_id);
    if !response
        .headers
        .iter()
        .any(|(name, _)| *name == "cache-control")
    {
        response = response.header("cache-control", "no-cache, private");
    }
    if let Some([schema, level]) = flow {
        response = response
            .header("x-kubernetes-pf-flowschema-uid", schema.clone())
            .header("x-kubernetes-pf-prioritylevel-uid", level.clone());
    }
    response.headers.extend(
        warning_headers(&warnings.0)
            .into_iter()
            .map(|text| ("warning", text.into())),
    );
    response
}

/// The end of every head: sorted by name, then the date.
pub(crate) fn order(mut response: Response, now: Timestamp) -> Response {
    if response.hijacked {
        return response;
    }
    response.headers.sort_by_key(|(name, _)| *name);
    response.header("date", time::http_date(now))
}

fn compress(response: Response, request: &Request) -> Response {
    let Body::Full(body) = &response.body else {
        return response;
    };
    if body.len() <= GZIP_ABOVE {
        return response;
    }
    let accepted = request
        .header("accept-encoding")
        .unwrap_or_default()
        .split(',')
        .any(|item| item.trim() == "gzip");
    if !accepted {
        return response;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(packed) => {
            let mut response = response
                .header("content-encoding", "gzip")
                .header("vary", "Accept-Encoding");
            // A handler that told the length told that of the body as it was.
            if let Some(told) = response
                .headers
                .iter_mut()
                .find(|(n, _)| *n == "content-length")
            {
                told.1 = packed.len().to_string().into();
            }
            response.body = Body::Full(Bytes::from(packed));
            response
        }
        Err(_) => response,
    }
}

/// `299 - "text"`, one for each text; too much text is cut, and what is then still too much is dropped.
fn warning_headers(texts: &[String]) -> Vec<String> {
    let mut distinct: Vec<&str> = Vec::new();
    for text in texts {
        if !text.chars().any(char::is_control) && !distinct.contains(&text.as_str()) {
            distinct.push(text);
        }
    }
    // No text has more characters than bytes.
    let fit = distinct.iter().map(|t| t.len()).sum::<usize>() <= WARNING_BUDGET
        || distinct.iter().map(|t| t.chars().count()).sum::<usize>() <= WARNING_BUDGET;
    if fit {
        return distinct.into_iter().map(quoted).collect();
    }
    let mut used = 0;
    let mut headers = Vec::new();
    for text in distinct {
        let cut: String = text.chars().take(WARNING_CUT).collect();
        used += cut.chars().count();
        headers.push(quoted(&cut));
        if used > WARNING_BUDGET {
            break;
        }
    }
    headers
}

fn quoted(text: &str) -> String {
    let special = |b: u8| matches!(b, b'\\' | b'"');
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str("299 - \"");
    if !text.bytes().any(special) {
        out.extend([text, "\""]);
        return out;
    }
    for part in text.split_inclusive(['\\', '"']) {
        match part.strip_suffix(['\\', '"']) {
            Some(plain) => out.extend([plain, "\\", &part[plain.len()..]]),
            None => out.push_str(part),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_sorted_and_ends_with_the_date() {
        let response = Response::text(404, "").header("audit-id", "a");
        let names: Vec<&str> = order(response, Timestamp::UNIX_EPOCH)
            .headers
            .iter()
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(
            names,
            ["audit-id", "content-type", "x-content-type-options", "date"]
        );
    }

    #[test]
    fn a_hijacked_connection_gets_the_handlers_headers_only() {
        let mut response = Response::empty(403);
        response.hijacked = true;
        assert!(order(response, Timestamp::UNIX_EPOCH).headers.is_empty());
    }

    #[test]
    fn a_length_that_was_told_is_that_of_the_packed_body() {
        let long = vec![b'x'; GZIP_ABOVE + 1];
        let told = long.len().to_string();
        let response = Response::new(200, "text/plain", long).header("content-length", told);
        let mut headers = http::HeaderMap::new();
        headers.insert("accept-encoding", http::HeaderValue::from_static("gzip"));
        let request = Request {
            method: http::Method::GET,
            path: "/".to_owned(),
            raw_query: String::new(),
            headers,
            body: crate::request::Body(Box::pin(futures_util::stream::empty())),
            upgrade: None,
            ordinal: 1,
        };
        let packed = compress(response, &request);
        let Body::Full(body) = &packed.body else {
            panic!("the body is whole")
        };
        let length = packed
            .headers
            .iter()
            .find(|(name, _)| *name == "content-length");
        assert_eq!(length.unwrap().1, body.len().to_string());
        assert!(body.len() < GZIP_ABOVE);
    }

    #[test]
    fn each_warning_is_sent_once_and_escaped() {
        let texts = ["a \"b\"", "a \"b\"", "bad\n", "c"].map(str::to_owned);
        assert_eq!(
            warning_headers(&texts),
            [r#"299 - "a \"b\"""#, r#"299 - "c""#]
        );
    }

    #[test]
    fn too_many_warnings_are_cut_and_then_dropped() {
        let texts: Vec<String> = (0..60).map(|i| format!("{i:0>400}")).collect();
        let headers = warning_headers(&texts);
        assert_eq!(headers.len(), 17);
        assert!(
            headers
                .iter()
                .all(|h| h.len() == WARNING_CUT + "299 - \"\"".len())
        );
    }
}
