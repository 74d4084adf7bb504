//! Where a request carries its token: a header, or a subprotocol of its WebSocket handshake (a browser's script can set
//! no header there).

use http::header::{AUTHORIZATION, AsHeaderName, CONNECTION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, HeaderValue};

use crate::codec::base64;

/// The hosted flavour's header for the same token.
pub(crate) const AUTH_TOKEN: &str = "x-auth-token";

/// What the `Warning` says when a token is missed for a second space before it.
pub(crate) const EXTRA_SPACE: &str = "the provided Authorization header contains extra space before the bearer token, and is ignored";

const BEARER_PROTOCOL: &str = "base64url.bearer.authorization.k8s.io.";

/// A subprotocol that is no usable token. The client is only told 401.
#[derive(Debug, PartialEq)]
pub(crate) struct InvalidToken;

/// The token of `Authorization: Bearer`, else of `X-Auth-Token`.
pub(crate) fn header_token(headers: &HeaderMap) -> Option<String> {
    let bearer = bearer_words(headers).map(|words| words[1].clone());
    bearer
        .or_else(|| first(headers, AUTH_TOKEN))
        .filter(|token| !token.is_empty())
}

/// The text of the warning the real server gives for `Authorization: Bearer  token`.
pub(crate) fn warning(headers: &HeaderMap) -> Option<&'static str> {
    bearer_words(headers)
        .filter(|words| words[1].is_empty() && words.len() == 3)
        .map(|_| EXTRA_SPACE)
}

/// The scheme, the token and the rest of the first `Authorization` line, where the scheme is Bearer.
fn bearer_words(headers: &HeaderMap) -> Option<Vec<String>> {
    let line = first(headers, AUTHORIZATION)?;
    let words: Vec<String> = line.splitn(3, ' ').map(str::to_owned).collect();
    (words.len() > 1 && words[0].eq_ignore_ascii_case("bearer")).then_some(words)
}

fn first(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// The token among the subprotocols of a WebSocket handshake. There must be another, for the server to answer with.
pub(crate) fn websocket_token(headers: &HeaderMap) -> Result<Option<String>, InvalidToken> {
    if !is_websocket(headers) {
        return Ok(None);
    }
    let (bearer, others): (Vec<String>, Vec<String>) = protocols(headers)
        .into_iter()
        .partition(|protocol| protocol.starts_with(BEARER_PROTOCOL));
    let encoded = match bearer.as_slice() {
        [] => return Ok(None),
        [one] => &one[BEARER_PROTOCOL.len()..],
        _ => return Err(InvalidToken),
    };
    let bytes = base64::decode_url(encoded).map_err(|_| InvalidToken)?;
    let token = String::from_utf8(bytes).map_err(|_| InvalidToken)?;
    match (token.is_empty(), others.is_empty()) {
        (true, _) => Ok(None),
        (false, true) => Err(InvalidToken),
        (false, false) => Ok(Some(token)),
    }
}

/// The subprotocols that a handshake is left with, in order: those beside the token, from all lines, where there is one;
/// else only the first line counts.
pub(crate) fn websocket_protocols(headers: &HeaderMap) -> Vec<String> {
    let line = match websocket_token(headers) {
        Ok(Some(_)) => {
            let mut others = protocols(headers);
            others.retain(|protocol| !protocol.starts_with(BEARER_PROTOCOL));
            others.join(",")
        }
        _ => first(headers, SEC_WEBSOCKET_PROTOCOL).unwrap_or_default(),
    };
    match line.is_empty() {
        true => Vec::new(),
        false => line.split(',').map(|p| p.trim().to_owned()).collect(),
    }
}

fn protocols(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    lines
        .flat_map(|line| {
            String::from_utf8_lossy(line.as_bytes())
                .split(',')
                .map(|p| p.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a request starts a WebSocket handshake: upstream's `IsWebSocketRequest`, which wants nothing else in `Upgrade`
/// and is content with a part of a word in any line of `Connection`.
pub(crate) fn is_websocket(headers: &HeaderMap) -> bool {
    let upgrade = first(headers, UPGRADE).unwrap_or_default();
    let mut connection = headers.get_all(CONNECTION).iter();
    upgrade.eq_ignore_ascii_case("websocket") && connection.any(is_upgrade)
}

/// Whether a line of `Connection` has the word in it.
pub(crate) fn is_upgrade(connection: &HeaderValue) -> bool {
    let line = connection.as_bytes().to_ascii_lowercase();
    line.windows(b"upgrade".len())
        .any(|part| part == b"upgrade")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn a_second_space_before_the_token_is_warned_of() {
        assert_eq!(
            warning(&headers("authorization", "Bearer  t")),
            Some(EXTRA_SPACE)
        );
        for fine in ["Bearer t", "Bearer", "Bearer ", "Basic  t", "Bearer t more"] {
            assert_eq!(warning(&headers("authorization", fine)), None, "{fine}");
        }
    }

    #[test]
    fn an_empty_auth_token_is_none() {
        assert_eq!(header_token(&headers("x-auth-token", "  ")), None);
        assert_eq!(
            header_token(&headers("x-auth-token", " t ")).as_deref(),
            Some("t")
        );
    }

    fn handshake(protocols: &[&'static str]) -> HeaderMap {
        let mut handshake = headers("upgrade", "websocket");
        handshake.insert("connection", HeaderValue::from_static("Upgrade"));
        for line in protocols {
            handshake.append("sec-websocket-protocol", HeaderValue::from_static(line));
        }
        handshake
    }

    #[test]
    fn a_token_is_taken_out_of_the_subprotocols() {
        let token = "base64url.bearer.authorization.k8s.io.eA , a,b";
        assert_eq!(
            websocket_protocols(&handshake(&[token, "c"])),
            ["a", "b", "c"]
        );
        let nothing_else = "base64url.bearer.authorization.k8s.io.eA,";
        assert!(websocket_protocols(&handshake(&[nothing_else])).is_empty());
    }

    #[test]
    fn without_a_token_the_first_line_of_subprotocols_counts() {
        assert_eq!(websocket_protocols(&handshake(&["a , b", "c"])), ["a", "b"]);
        let empty_token = "base64url.bearer.authorization.k8s.io.";
        assert_eq!(
            websocket_protocols(&handshake(&[empty_token])),
            [empty_token]
        );
        assert!(websocket_protocols(&handshake(&[" ", "c"])).is_empty());
        assert!(websocket_protocols(&handshake(&[])).is_empty());
    }

    #[test]
    fn a_handshake_is_told_by_both_of_its_headers() {
        let cases = [
            ("WebSocket", "keep-alive, Upgrade", true),
            ("websocket", "upgrade", true),
            ("websocket", "keep-alive", false),
            ("websocket", "keep-alive, xUpgraded", true),
            ("websocket, foo", "Upgrade", false),
            ("h2c", "Upgrade", false),
        ];
        for (upgrade, connection, expected) in cases {
            let mut list = headers("upgrade", upgrade);
            list.insert("connection", HeaderValue::from_static(connection));
            assert_eq!(is_websocket(&list), expected, "{upgrade} {connection}");
            list.append("connection", HeaderValue::from_static("close"));
            assert_eq!(is_websocket(&list), expected, "{upgrade} {connection}");
        }
    }
}
