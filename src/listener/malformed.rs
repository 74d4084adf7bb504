//! Requests that Go's server answers by itself, and hyper takes for sound.
//!
//! What hyper cannot read it answers too, without a body.

use http::{HeaderMap, Method, Uri, Version, header};

use crate::request::query::is_escaped_well;
use crate::response::{Fate, Response};

/// The answer to a request that is handed to nobody, the last on its connection.
pub(super) fn refusal(
    method: &Method,
    target: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Option<Response> {
    if version > Version::HTTP_11 {
        return None;
    }
    let bad = |text: &'static str| Response::new(400, "text/plain; charset=utf-8", text);
    let hosts = headers.get_all(header::HOST).iter().count();
    let needs_host = version == Version::HTTP_11 && method != Method::CONNECT;
    let mut response = if hosts > 1 || !is_target(method, target) {
        bad("400 Bad Request")
    } else if hosts == 0 && needs_host {
        bad("400 Bad Request: missing required Host header")
    } else if expects_the_unknown(headers) {
        Response::empty(417)
    } else {
        return None;
    };
    response.fate = Fate::Last;
    Some(response)
}

fn is_target(method: &Method, target: &Uri) -> bool {
    let path = target.path();
    let is_rooted = path.starts_with('/') || path == "*" || method == Method::CONNECT;
    is_rooted && is_escaped_well(path)
}

fn expects_the_unknown(headers: &HeaderMap) -> bool {
    let expected = headers
        .get(header::EXPECT)
        .map_or(&b""[..], |e| e.as_bytes());
    !expected.is_empty() && !expected.eq_ignore_ascii_case(b"100-continue")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Body;

    fn refused(
        target: &'static str,
        version: Version,
        headers: &[(&'static str, &'static str)],
    ) -> Option<(u16, String)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        let target = Uri::from_static(target);
        let response = refusal(&Method::GET, &target, version, &map)?;
        assert_eq!(response.fate, Fate::Last);
        let text = match response.body {
            Body::Full(text) => String::from_utf8(text.to_vec()).unwrap(),
            _ => String::new(),
        };
        Some((response.status, text))
    }

    #[test]
    fn a_request_has_a_target_a_host_and_sound_escapes() {
        let bad = |text: &str| Some((400, format!("400 Bad Request{text}")));
        let missing = bad(": missing required Host header");
        let host = [("host", "x")];
        for (target, version, headers, answer) in [
            ("/a%2fb?c=%zz", Version::HTTP_11, &host[..], None),
            ("http://x/a", Version::HTTP_11, &host[..], None),
            ("*", Version::HTTP_11, &host[..], None),
            ("/", Version::HTTP_10, &[], None),
            ("/", Version::HTTP_2, &[], None),
            ("/a%zz", Version::HTTP_11, &host[..], bad("")),
            ("a", Version::HTTP_11, &host[..], bad("")),
            (
                "/",
                Version::HTTP_11,
                &[("host", "x"), ("host", "x")],
                bad(""),
            ),
            ("/", Version::HTTP_11, &[], missing),
        ] {
            assert_eq!(
                refused(target, version, headers),
                answer,
                "{target} {headers:?}"
            );
        }
    }

    #[test]
    fn nothing_is_expected_but_to_go_on() {
        let expecting = |what| refused("/", Version::HTTP_11, &[("host", "x"), ("expect", what)]);
        assert_eq!(expecting("100-Continue"), None);
        assert_eq!(expecting(""), None);
        assert_eq!(expecting("a miracle"), Some((417, String::new())));
    }
}
