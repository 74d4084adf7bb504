//! A watch over a WebSocket: the same lines, one a message. The handshake is that of `golang.org/x/net/websocket`.

use futures_util::{SinkExt as _, StreamExt as _};
use http::header;
use sha1::{Digest as _, Sha1};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::authentication::credentials;
use crate::codec::base64;
use crate::request::{Connection, Request, Upgrade};
use crate::response::{Body, ByteStream, Response, Running};

/// A client has nothing to say on a watch; what it sends may not be larger than this, in bytes.
const MAX_CLIENT_MESSAGE: usize = 64 * 1024;

/// What RFC 6455 adds to the key of a handshake.
const ACCEPT_SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A handshake that the client started.
pub(crate) struct Handshake {
    answer: Result<Accepted, Response>,
}

struct Accepted {
    accept: String,
    protocol: Option<String>,
    upgrade: Upgrade,
}

/// The handshake, if the request is one.
pub(crate) fn accept(request: &mut Request) -> Option<Handshake> {
    if !credentials::is_websocket(&request.headers) {
        return None;
    }
    let upgrade = request.upgrade.take()?;
    Some(Handshake {
        answer: check(request, upgrade),
    })
}

fn check(request: &Request, upgrade: Upgrade) -> Result<Accepted, Response> {
    let first_line = request.headers.get(header::CONNECTION);
    if !first_line.is_some_and(credentials::is_upgrade) {
        return Err(refusal(400, "not websocket protocol"));
    }
    let key = request
        .header(header::SEC_WEBSOCKET_KEY)
        .unwrap_or_default();
    if key.is_empty() {
        return Err(refusal(400, "mismatch challenge/response"));
    }
    if request.header(header::SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(refusal(400, "missing or bad WebSocket Version")
            .header(header::SEC_WEBSOCKET_VERSION, "13"));
    }
    if !request.header(header::ORIGIN).is_some_and(is_request_uri) {
        return Err(refusal(403, ""));
    }
    let mut protocols = credentials::websocket_protocols(&request.headers);
    let protocol = protocols.pop();
    // Nobody chooses one of several.
    if !protocols.is_empty() {
        return Err(refusal(400, ""));
    }
    Ok(Accepted {
        accept: accept_key(key),
        protocol,
        upgrade,
    })
}

/// Whether Go's `url.ParseRequestURI` takes it, by how it starts: with a slash or a scheme. What follows is not looked at.
fn is_request_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let of_a_scheme = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    text == "*"
        || text.starts_with('/')
        || scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(of_a_scheme)
}

/// How the server shows that it has read the key.
fn accept_key(key: &str) -> String {
    base64::encode(
        Sha1::new()
            .chain_update(key)
            .chain_update(ACCEPT_SALT)
            .finalize(),
    )
}

/// A bare answer, the last on its connection.
fn refusal(status: u16, text: &'static str) -> Response {
    Response::with_body(status, Body::Full(text.into()))
        .header(header::CONNECTION, "close")
        .hijacked()
}

impl Handshake {
    /// Switches protocols and sends the frames, or says why not.
    pub(crate) fn answer(self, frames: ByteStream, is_text: bool) -> Response {
        let accepted = match self.answer {
            Ok(accepted) => accepted,
            Err(response) => return response,
        };
        let run = move |connection| -> Running { Box::pin(send(connection, frames, is_text)) };
        let body = Body::Upgraded(accepted.upgrade, Box::new(run));
        let response = Response::with_body(101, body)
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "Upgrade")
            .header(header::SEC_WEBSOCKET_ACCEPT, accepted.accept);
        match accepted.protocol {
            Some(protocol) => response.header(header::SEC_WEBSOCKET_PROTOCOL, protocol),
            None => response,
        }
        .hijacked()
    }
}

/// Sends every frame as a message, answers pings, and closes when there are no more.
async fn send(connection: Box<dyn Connection>, mut frames: ByteStream, is_text: bool) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_CLIENT_MESSAGE))
        .max_frame_size(Some(MAX_CLIENT_MESSAGE));
    let mut socket = WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)).await;
    loop {
        tokio::select! {
            frame = frames.next() => {
                let Some(frame) = frame else { break };
                let message = match is_text {
                    true => Message::text(String::from_utf8_lossy(&frame).into_owned()),
                    false => Message::binary(frame),
                };
                if socket.send(message).await.is_err() {
                    return;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Close(_))) => {
                    // The answer to it is queued already.
                    let _ = socket.flush().await;
                    return;
                }
                Some(Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
    let close = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    let _ = socket.close(Some(close)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for a header that is not there.
    const ABSENT: &str = "absent";

    const SOUND: [(&str, &str); 5] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
        ("origin", "http://x"),
    ];

    /// The answer to a handshake that is sound but for these headers; those without a value are left out.
    fn refused(changes: &[(&'static str, &'static str)]) -> Option<(u16, String)> {
        let mut headers = http::HeaderMap::new();
        let sound = SOUND
            .iter()
            .filter(|(n, _)| changes.iter().all(|(c, _)| c != n));
        let changed = changes.iter().filter(|(_, value)| *value != ABSENT);
        for (name, value) in sound.chain(changed) {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        let mut request = Request {
            method: http::Method::GET,
            target: http::Uri::default(),
            headers,
            body: crate::request::Body::empty(),
            upgrade: Some(Upgrade(Box::pin(async { None }))),
            ordinal: 1,
            peer: None,
        };
        let response = accept(&mut request).unwrap().answer.err()?;
        assert!(response.hijacked);
        let Body::Full(text) = response.body else {
            panic!("{:?}", response.status)
        };
        Some((response.status, String::from_utf8(text.to_vec()).unwrap()))
    }

    #[test]
    fn the_key_is_accepted_as_in_the_example_of_the_rfc() {
        assert_eq!(
            accept_key("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn a_handshake_is_refused_as_by_the_go_library() {
        let (key, version) = ("sec-websocket-key", "sec-websocket-version");
        let (connection, protocol) = ("connection", "sec-websocket-protocol");
        let bad = |text: &str| Some((400, text.to_owned()));
        let bad_version = bad("missing or bad WebSocket Version");
        let mismatch = bad("mismatch challenge/response");
        let forbidden = Some((403, String::new()));
        for (changes, answer) in [
            (&[][..], None),
            (&[(connection, "xupgrade")], None),
            (
                &[(connection, "close"), (connection, "Upgrade")],
                bad("not websocket protocol"),
            ),
            (&[(key, ABSENT)], mismatch.clone()),
            (&[(key, ""), (version, ABSENT)], mismatch),
            (&[(version, "8"), ("origin", ABSENT)], bad_version.clone()),
            (&[(version, ABSENT)], bad_version),
            (&[("origin", ABSENT), (protocol, "a, b")], forbidden),
            (&[(protocol, "a, b")], bad("")),
            (&[(protocol, "a"), (protocol, "b")], None),
            (&[(protocol, "")], None),
        ] {
            assert_eq!(refused(changes), answer, "{changes:?}");
        }
    }

    #[test]
    fn an_origin_is_a_path_or_has_a_scheme() {
        for (origin, fits) in [
            ("http://x:80", true),
            ("example.com:80", true),
            ("/", true),
            ("*", true),
            ("null", false),
            ("example.com", false),
            ("127.0.0.1:80", false),
            ("://x", false),
            ("", false),
        ] {
            assert_eq!(is_request_uri(origin), fits, "{origin}");
        }
    }
}
