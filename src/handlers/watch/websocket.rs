//! A watch over a WebSocket: the same lines, one a message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header;
use sha1::{Digest as _, Sha1};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::authentication::credentials;
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
    let has = |name: &str, word: &str| {
        let values = request
            .headers
            .get_all(name)
            .iter()
            .filter_map(|v| v.to_str().ok());
        values
            .flat_map(|v| v.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(word))
    };
    if !has("connection", "upgrade") || !has("upgrade", "websocket") {
        return None;
    }
    let upgrade = request.upgrade.take()?;
    Some(Handshake {
        answer: check(request, upgrade),
    })
}

fn check(request: &Request, upgrade: Upgrade) -> Result<Accepted, Response> {
    if request.header("sec-websocket-version") != Some("13") {
        return Err(refusal(400, "missing or bad WebSocket Version")
            .header(header::SEC_WEBSOCKET_VERSION, "13"));
    }
    let Some(key) = request.header("sec-websocket-key") else {
        return Err(refusal(400, "challenge mismatch"));
    };
    if request.header("origin").is_none() {
        return Err(refusal(403, ""));
    }
    let protocol = credentials::websocket_protocols(&request.headers)
        .into_iter()
        .next();
    Ok(Accepted {
        accept: accept_key(key),
        protocol,
        upgrade,
    })
}

/// How the server shows that it has read the key.
fn accept_key(key: &str) -> String {
    STANDARD.encode(
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
    pub(crate) fn answer(self, frames: ByteStream) -> Response {
        let accepted = match self.answer {
            Ok(accepted) => accepted,
            Err(response) => return response,
        };
        let run = move |connection| -> Running { Box::pin(send(connection, frames)) };
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

/// Sends every frame as a text message, answers pings, and closes when there are no more.
async fn send(connection: Box<dyn Connection>, mut frames: ByteStream) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_CLIENT_MESSAGE))
        .max_frame_size(Some(MAX_CLIENT_MESSAGE));
    let mut socket = WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)).await;
    loop {
        tokio::select! {
            frame = frames.next() => {
                let Some(frame) = frame else { break };
                let text = String::from_utf8_lossy(&frame).into_owned();
                if socket.send(Message::text(text)).await.is_err() {
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

    fn refused(version: &'static str, origin: Option<&'static str>) -> Option<u16> {
        let mut headers = http::HeaderMap::new();
        for (name, value) in [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", version),
        ] {
            headers.insert(name, http::HeaderValue::from_static(value));
        }
        if let Some(origin) = origin {
            headers.insert("origin", http::HeaderValue::from_static(origin));
        }
        let mut request = Request {
            method: http::Method::GET,
            target: http::Uri::default(),
            headers,
            body: crate::request::Body::empty(),
            upgrade: Some(Upgrade(Box::pin(async { None }))),
            ordinal: 1,
        };
        let response = accept(&mut request).unwrap().answer.err()?;
        assert!(response.hijacked);
        Some(response.status)
    }

    #[test]
    fn the_key_is_accepted_as_in_the_example_of_the_rfc() {
        assert_eq!(
            accept_key("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn a_handshake_needs_an_origin_and_the_right_version() {
        assert_eq!(refused("13", Some("http://x")), None);
        assert_eq!(refused("13", None), Some(403));
        assert_eq!(refused("12", Some("http://x")), Some(400));
    }
}
