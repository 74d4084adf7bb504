//! How a document is handed out: Go's `http.ServeContent`, without parts of one (`Range` is not looked at).

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
        let length = self.body.len().to_string();
        let response = Response::new(200, self.content_type, self.body)
            .header(header::ACCEPT_RANGES, "bytes")
            .header(header::CONTENT_LENGTH, length)
            .header(header::LAST_MODIFIED, modified);
        match self.tag {
            "" => response,
            tag => response.header(header::ETAG, tag.to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Body;

    fn status(header: Option<(&'static str, &str)>) -> u16 {
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
        };
        let content = Content {
            content_type: "application/json",
            body: Bytes::from_static(b"{}"),
            tag: "\"A\"",
            modified: "2024-01-02T03:04:05.5Z".parse().unwrap(),
        };
        content.serve(&request).status
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
