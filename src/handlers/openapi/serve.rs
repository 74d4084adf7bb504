//! How a document is handed out: Go's `http.ServeContent`. Who asks for several parts at once gets the whole.

use std::ops::Range;

use bytes::Bytes;
use http::{Method, header};
use jiff::Timestamp;

use crate::codec::time;
use crate::request::Request;
use crate::response::Response;

/// A document, and what a client can recognise it by.
pub(crate) struct Content<'a> {
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// Quoted; empty for a document that is made anew each time.
    pub(crate) tag: &'a str,
    pub(crate) modified: Timestamp,
}

impl Content<'_> {
    /// The document, or that the client has it already.
    pub(crate) fn serve(self, request: &Request) -> Response {
        let modified = time::http_date(self.modified);
        if self.is_known_to(request) {
            return match self.tag {
                "" => Response::empty(304).header(header::LAST_MODIFIED, modified),
                tag => Response::empty(304).header(header::ETAG, tag.to_owned()),
            };
        }
        let size = self.body.len();
        let part = match self.part(request) {
            Ok(part) => part,
            Err(why) => {
                return Response::text(416, format!("{why}\n"))
                    .header(header::CONTENT_RANGE, format!("bytes */{size}"));
            }
        };
        let Range { start, end } = part.clone().unwrap_or(0..size);
        let code = if part.is_some() { 206 } else { 200 };
        let mut response = Response::new(code, self.content_type, self.body.slice(start..end))
            .header(header::ACCEPT_RANGES, "bytes")
            .header(header::CONTENT_LENGTH, (end - start).to_string())
            .header(header::LAST_MODIFIED, modified);
        if part.is_some() {
            let last = end - 1;
            response = response.header(
                header::CONTENT_RANGE,
                format!("bytes {start}-{last}/{size}"),
            );
        }
        match self.tag {
            "" => response,
            tag => response.header(header::ETAG, tag.to_owned()),
        }
    }

    /// The part asked for, if not the whole is.
    fn part(&self, request: &Request) -> Result<Option<Range<usize>>, &'static str> {
        let text = request.header("range").unwrap_or_default();
        let size = self.body.len();
        if text.is_empty() || size == 0 || !self.is_meant(request) {
            return Ok(None);
        }
        let parts = text.strip_prefix("bytes=").ok_or("invalid range")?;
        match parts.split(',').collect::<Vec<_>>().as_slice() {
            [one] => part(one.trim(), size),
            _ => Ok(None),
        }
    }

    /// Whether the parts asked for are of this document.
    fn is_meant(&self, request: &Request) -> bool {
        match request.header("if-range") {
            None | Some("") => true,
            Some(tag) if tag.starts_with('"') => tag == self.tag,
            Some(date) => time::parse_http_date(date)
                .is_some_and(|date| date.as_second() == self.modified.as_second()),
        }
    }

    fn is_known_to(&self, request: &Request) -> bool {
        if ![Method::GET, Method::HEAD].contains(&request.method) {
            return false;
        }
        if let Some(tags) = request.header("if-none-match").filter(|t| !t.is_empty()) {
            let mut tags = tags.split(',').map(str::trim);
            return tags.any(|tag| {
                tag == "*"
                    || !self.tag.is_empty() && tag.strip_prefix("W/").unwrap_or(tag) == self.tag
            });
        }
        request
            .header("if-modified-since")
            .and_then(time::parse_http_date)
            .is_some_and(|since| self.modified.as_second() <= since.as_second())
    }
}

/// `5-9`, `5-` or `-5`; nothing at all stands for the whole.
fn part(text: &str, size: usize) -> Result<Option<Range<usize>>, &'static str> {
    const INVALID: &str = "invalid range";
    if text.is_empty() {
        return Ok(None);
    }
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<usize>().map_err(|_| INVALID),
        false => Err(INVALID),
    };
    let (start, end) = text.split_once('-').ok_or(INVALID)?;
    let (start, end) = (start.trim(), end.trim());
    if start.is_empty() {
        let length = number(end)?.min(size);
        return Ok((length > 0).then_some(size - length..size));
    }
    let start = number(start)?;
    if start >= size {
        return Err("invalid range: failed to overlap");
    }
    let end = match end {
        "" => size,
        end => number(end)?.min(size - 1) + 1,
    };
    if start >= end {
        return Err(INVALID);
    }
    Ok(Some(start..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Body;

    fn status(header: Option<(&'static str, &str)>) -> u16 {
        served(header).status
    }

    fn served(header: Option<(&'static str, &str)>) -> Response {
        let mut headers = http::HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        let request = Request {
            method: Method::GET,
            target: http::Uri::default(),
            headers,
            body: Body::empty(),
            upgrade: None,
            ordinal: 1,
            peer: None,
        };
        let content = Content {
            content_type: "application/json",
            body: Bytes::from_static(b"{}"),
            tag: "\"A\"",
            modified: "2024-01-02T03:04:05.5Z".parse().unwrap(),
        };
        content.serve(&request)
    }

    #[test]
    fn a_part_is_handed_out_alone() {
        for (asked, code, range) in [
            ("bytes=0-0", 206, Some("bytes 0-0/2")),
            ("bytes=1-", 206, Some("bytes 1-1/2")),
            ("bytes=-1", 206, Some("bytes 1-1/2")),
            ("bytes=-9", 206, Some("bytes 0-1/2")),
            ("bytes=0-9", 206, Some("bytes 0-1/2")),
            ("bytes=", 200, None),
            ("bytes=0-0,1-1", 200, None),
            ("bytes=2-", 416, Some("bytes */2")),
            ("bytes=1-0", 416, Some("bytes */2")),
            ("lines=1-2", 416, Some("bytes */2")),
        ] {
            let response = served(Some(("range", asked)));
            let found = response.headers.get(&header::CONTENT_RANGE);
            assert_eq!(response.status, code, "{asked}");
            assert_eq!(found.map(|value| value.to_str().unwrap()), range, "{asked}");
        }
    }

    #[test]
    fn a_client_that_has_the_document_is_told_so() {
        assert_eq!(status(None), 200);
        for known in ["\"A\"", "W/\"A\"", "\"B\", \"A\"", "*"] {
            assert_eq!(status(Some(("if-none-match", known))), 304, "{known}");
        }
        assert_eq!(status(Some(("if-none-match", "\"B\""))), 200);
    }

    #[test]
    fn a_client_may_go_by_the_time() {
        for (since, code) in [
            ("Tue, 02 Jan 2024 03:04:05 GMT", 304),
            ("Tue, 02 Jan 2024 03:04:04 GMT", 200),
            ("yesterday", 200),
        ] {
            assert_eq!(status(Some(("if-modified-since", since))), code, "{since}");
        }
    }
}
