//! Watches over WebSockets, as browsers and fabric8 ask for them.

mod support;

use std::time::Duration;

use fake_apiserver::{Auth, FakeApiServer, Fault};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use support::at;
use support::history::Writer;
use support::objects::{endpoints, namespace, path};
use support::raw::Raw;
use support::watch::{Event, Watch};
use support::within;

const NOW: u64 = 1_700_000_000;
const ALL: &str = "/api/v1/endpoints";
const MINUTE: Duration = Duration::from_secs(60);
const ORIGIN: (&str, &str) = ("origin", "http://localhost");

/// An open WebSocket and the answer that opened it.
struct Socket {
    stream: WebSocketStream<TcpStream>,
    answer: Response,
}

/// Asks for a WebSocket, with these headers on top of those it takes.
async fn ask(
    server: &FakeApiServer,
    target: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, Error> {
    let url = format!("ws://localhost{target}");
    let mut request = url.into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (stream, answer) = within(client_async(request, stream)).await?;
    Ok(Socket { stream, answer })
}

/// A watch with `query` after `watch=true`.
async fn open(server: &FakeApiServer, path: &str, query: &str) -> Socket {
    let target = format!("{path}?watch=true&{query}");
    ask(server, &target, &[ORIGIN]).await.expect("a WebSocket")
}

/// The code and the body of the answer to a handshake that is refused.
async fn refused(
    server: &FakeApiServer,
    target: &str,
    headers: &[(&'static str, &str)],
) -> (u16, String) {
    match ask(server, target, headers).await {
        Err(Error::Http(answer)) => {
            let body = answer.body().clone().unwrap_or_default();
            (answer.status().as_u16(), String::from_utf8(body).unwrap())
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("not refused"),
    }
}

impl Socket {
    async fn message(&mut self) -> Message {
        let message = within(self.stream.next()).await;
        message.expect("the server says goodbye").unwrap()
    }

    /// The events until the server closes, and the code it closes with.
    async fn rest(&mut self) -> (Vec<Event>, CloseCode) {
        let mut events = Vec::new();
        loop {
            match self.message().await {
                Message::Text(text) => events.push(Event::parse(text.into())),
                Message::Close(close) => {
                    let close = close.expect("a code");
                    assert!(within(self.stream.next()).await.is_none());
                    return (events, close.code);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn frozen() -> FakeApiServer {
    FakeApiServer::builder().clock_at(at(NOW)).start().await
}

async fn write(server: &FakeApiServer) {
    let mut writer = Writer::new(server).await;
    let object = endpoints("default", "x", json!({"app": "one"}));
    writer.create(&path("default"), &object).await;
    let x = format!("{}/x", path("default"));
    let patch = json!({"metadata": {"labels": {"app": "two"}}});
    writer.patch(&x, support::client::MERGE, &patch).await;
    writer.delete(&x).await;
}

#[tokio::test]
async fn a_message_is_a_line_of_the_watch() {
    let server = frozen().await;
    let query = format!("resourceVersion={}&timeoutSeconds=60", server.revision());
    let mut socket = open(&server, ALL, &query).await;
    let mut watch = Watch::open(&server, ALL, &query).await;
    write(&server).await;
    server.advance(MINUTE);
    let (events, code) = socket.rest().await;
    assert_eq!(events.len(), 3);
    assert_eq!(events, watch.rest().await);
    assert_eq!(code, CloseCode::Normal);
}

#[tokio::test]
async fn a_streaming_list_with_bookmarks_comes_the_same_way() {
    let server = frozen().await;
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=60";
    let mut socket = open(&server, "/api/v1/namespaces", query).await;
    let mut watch = Watch::open(&server, "/api/v1/namespaces", query).await;
    for _ in 0..4 {
        assert!(matches!(socket.message().await, Message::Text(_)));
        watch.next().await;
    }
    let Message::Text(bookmark) = socket.message().await else {
        panic!()
    };
    let bookmark = Event::parse(bookmark.into());
    assert!(bookmark.ends_initial_events());
    assert_eq!(Some(bookmark), watch.next().await);
}

#[tokio::test]
async fn a_watch_resumes_over_a_websocket_where_it_ended_over_http() {
    let server = frozen().await;
    let since = server.revision();
    write(&server).await;
    for resumed in since..=server.revision() {
        let query = format!("resourceVersion={resumed}&timeoutSeconds=60");
        let mut socket = open(&server, ALL, &query).await;
        server.advance(MINUTE);
        let (events, _) = socket.rest().await;
        let shown: Vec<_> = events.iter().map(Event::revision).collect();
        assert_eq!(shown, Vec::from_iter(resumed + 1..=server.revision()));
    }
}

#[tokio::test]
async fn a_version_that_is_compacted_is_an_error_and_a_close() {
    let server = frozen().await;
    let since = server.revision();
    write(&server).await;
    server.compact(server.revision());
    let mut socket = open(&server, ALL, &format!("resourceVersion={since}")).await;
    let (events, code) = socket.rest().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].kind.as_str(), &events[0].object["code"]),
        ("ERROR", &json!(410))
    );
    assert_eq!(code, CloseCode::Normal);
}

#[tokio::test]
async fn the_deprecated_watch_paths_take_websockets() {
    let server = frozen().await;
    let path = "/api/v1/watch/namespaces/default?timeoutSeconds=60";
    let mut socket = ask(&server, path, &[ORIGIN]).await.unwrap();
    server.advance(MINUTE);
    let (events, _) = socket.rest().await;
    let names: Vec<_> = events
        .iter()
        .map(|e| &e.object["metadata"]["name"])
        .collect();
    assert_eq!(names, ["default"]);
}

#[tokio::test]
async fn the_answer_has_the_headers_of_the_handshake_only() {
    let server = frozen().await;
    let socket = open(&server, ALL, "").await;
    assert_eq!(socket.answer.status(), 101);
    let names = socket.answer.headers().keys().map(|name| name.as_str());
    // Every HTTP library dates its answers.
    let mut names: Vec<_> = names.filter(|name| *name != "date").collect();
    names.sort_unstable();
    assert_eq!(names, ["connection", "sec-websocket-accept", "upgrade"]);
}

#[tokio::test]
async fn a_subprotocol_that_is_asked_for_is_echoed() {
    let server = frozen().await;
    let protocol = ("sec-websocket-protocol", "anything");
    let socket = ask(&server, &format!("{ALL}?watch=1"), &[ORIGIN, protocol])
        .await
        .unwrap();
    assert_eq!(
        socket.answer.headers()["sec-websocket-protocol"],
        "anything"
    );
}

/// A handshake on a raw socket: with a key, and with these lines.
fn handshake(server: &FakeApiServer, lines: &[&str]) -> Raw {
    let mut raw = Raw::connect(server.address());
    let lines = lines.join("\r\n");
    raw.send(format!(
        "GET /api/v1/endpoints?watch=true HTTP/1.1\r\nHost: x\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n\r\n"
    ));
    raw
}

#[tokio::test]
async fn of_several_subprotocols_none_is_chosen() {
    let server = frozen().await;
    let name = "sec-websocket-protocol";
    let target = format!("{ALL}?watch=1");
    let answer = refused(&server, &target, &[ORIGIN, (name, "a, b")]).await;
    assert_eq!(answer, (400, String::new()));
}

#[test]
fn an_empty_subprotocol_is_none() {
    let server = FakeApiServer::start_blocking();
    let mut raw = handshake(
        &server,
        &[
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Origin: http://x",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol:",
        ],
    );
    assert_eq!(raw.code(), 101);
    let head = raw.until("\r\n\r\n").to_lowercase();
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
}

#[test]
fn an_upgrade_to_something_else_too_is_a_plain_watch() {
    let server = FakeApiServer::start_blocking();
    let mut raw = handshake(
        &server,
        &[
            "Connection: Upgrade",
            "Upgrade: websocket, foo",
            "Origin: http://x",
            "Sec-WebSocket-Version: 13",
        ],
    );
    assert_eq!(raw.code(), 200);
}

#[tokio::test]
async fn without_an_origin_the_answer_is_403() {
    // Where nobody needs a token, a browser's request does not get that far.
    let auth = Auth::new().token("secret", "alice", ["dev"]);
    let server = FakeApiServer::builder().auth(auth).start().await;
    let target = format!("{ALL}?watch=true");
    let forbidden = (403, String::new());
    assert_eq!(refused(&server, &target, &[]).await, forbidden);
    for origin in ["null", "example.com", ""] {
        let answer = refused(&server, &target, &[("origin", origin)]).await;
        assert_eq!(answer, forbidden, "{origin}");
    }
}

#[test]
fn a_403_without_an_origin_is_bare() {
    let server = FakeApiServer::start_blocking();
    let mut raw = handshake(
        &server,
        &[
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
        ],
    );
    let head = raw.until("\r\n\r\n").to_lowercase();
    let mut lines = head.split_terminator("\r\n");
    assert_eq!(lines.next(), Some("http/1.1 403 forbidden"));
    // What no HTTP library leaves out.
    let needed = ["content-length: 0", "connection: close"];
    let bare = |line: &&str| line.starts_with("date:") || needed.contains(line);
    let more: Vec<_> = lines
        .filter(|line| !line.is_empty() && !bare(line))
        .collect();
    assert_eq!(more, [""; 0]);
}

#[test]
fn the_handshake_is_that_of_the_rfc() {
    let server = FakeApiServer::start_blocking();
    let mut raw = handshake(
        &server,
        &[
            "Connection: keep-alive, upgrade",
            "Upgrade: WebSocket",
            "Origin: http://x",
            "Sec-WebSocket-Version: 13",
        ],
    );
    let head = raw.until("\r\n\r\n");
    assert!(
        head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
        "{head}"
    );
    // The key and its answer are the RFC's own example.
    let accept = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=";
    assert!(head.to_lowercase().contains(accept), "{head}");
}

#[test]
fn another_version_of_the_protocol_is_refused() {
    let server = FakeApiServer::start_blocking();
    let mut raw = handshake(
        &server,
        &[
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Origin: http://x",
            "Sec-WebSocket-Version: 8",
        ],
    );
    assert_eq!(raw.code(), 400);
    raw.until("missing or bad WebSocket Version");
}

#[tokio::test]
async fn an_error_before_the_stream_is_a_plain_answer() {
    let server = frozen().await;
    let bad = format!("{ALL}?watch=true&resourceVersion=abc");
    let (code, body) = refused(&server, &bad, &[ORIGIN]).await;
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &status["code"]), (500, &json!(500)));
    let text = "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax";
    assert_eq!(status["message"], text);
    let bad = format!("{ALL}?watch=true&labelSelector=a%3D%3D%3Db");
    assert_eq!(refused(&server, &bad, &[ORIGIN]).await.0, 400);
    let missing = "/api/v1/widgets?watch=true";
    assert_eq!(refused(&server, missing, &[ORIGIN]).await.0, 404);
}

#[tokio::test]
async fn a_list_is_no_watch_and_is_answered_plainly() {
    let server = frozen().await;
    let (code, body) = refused(&server, ALL, &[ORIGIN]).await;
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &list["kind"]), (200, &json!("EndpointsList")));
}

/// `alice-token` in base64url.
const ALICE: &str = "base64url.bearer.authorization.k8s.io.YWxpY2UtdG9rZW4";

async fn with_tokens() -> FakeApiServer {
    FakeApiServer::builder()
        .auth(
            Auth::new()
                .token("alice-token", "alice", ["dev"])
                .anonymous(false),
        )
        .start()
        .await
}

#[tokio::test]
async fn a_token_may_come_as_a_subprotocol_and_the_other_one_is_echoed() {
    let server = with_tokens().await;
    let protocols = format!("{ALICE}, base64.binary.k8s.io");
    let headers = [ORIGIN, ("sec-websocket-protocol", protocols.as_str())];
    let target = "/api/v1/namespaces?watch=true";
    let mut socket = ask(&server, target, &headers).await.unwrap();
    assert_eq!(
        socket.answer.headers()["sec-websocket-protocol"],
        "base64.binary.k8s.io"
    );
    assert!(matches!(socket.message().await, Message::Text(_)));
}

#[tokio::test]
async fn a_bad_token_or_none_is_a_401() {
    let server = with_tokens().await;
    let target = format!("{ALL}?watch=true");
    // `nonsense` in base64url.
    let unknown = "base64url.bearer.authorization.k8s.io.bm9uc2Vuc2U, x";
    for protocols in [Some(unknown), Some(ALICE), None] {
        let mut headers = vec![ORIGIN];
        headers.extend(protocols.map(|p| ("sec-websocket-protocol", p)));
        let (code, body) = refused(&server, &target, &headers).await;
        let status: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((code, &status["reason"]), (401, &json!("Unauthorized")));
    }
}

#[tokio::test]
async fn a_ping_is_answered_and_other_messages_are_ignored() {
    let server = frozen().await;
    let query = format!("resourceVersion={}&timeoutSeconds=60", server.revision());
    let mut socket = open(&server, ALL, &query).await;
    for message in [
        Message::text("hello"),
        Message::binary(vec![0, 255]),
        Message::Ping("are you there?".into()),
    ] {
        socket.stream.send(message).await.unwrap();
    }
    assert_eq!(
        socket.message().await,
        Message::Pong("are you there?".into())
    );
    write(&server).await;
    server.advance(MINUTE);
    assert_eq!(socket.rest().await.0.len(), 3);
}

#[tokio::test]
async fn a_client_may_close_first() {
    let server = frozen().await;
    let mut socket = open(&server, ALL, "resourceVersion=0&timeoutSeconds=60").await;
    socket.stream.close(None).await.unwrap();
    while let Some(message) = within(socket.stream.next()).await {
        assert!(matches!(message, Ok(Message::Close(_))), "{message:?}");
    }
    server.object(namespace("after"));
    assert!(server.resource("ns").get("after").is_some());
}

#[tokio::test]
async fn a_client_that_sends_too_much_is_cut_off_and_nobody_else() {
    let server = frozen().await;
    let mut loud = open(&server, ALL, "timeoutSeconds=60").await;
    let mut quiet = open(&server, ALL, "timeoutSeconds=60").await;
    // The server may be gone before all of it is sent.
    let _ = loud.stream.send(Message::binary(vec![0; 1 << 20])).await;
    while let Some(Ok(message)) = within(loud.stream.next()).await {
        assert!(matches!(message, Message::Close(_)), "{message:?}");
    }
    write(&server).await;
    server.advance(MINUTE);
    assert_eq!(quiet.rest().await.0.len(), 3);
}

#[tokio::test]
async fn a_reader_that_was_away_reads_all_of_it() {
    let server = frozen().await;
    let query = format!("resourceVersion={}&timeoutSeconds=60", server.revision());
    let mut socket = open(&server, ALL, &query).await;
    let blob = "x".repeat(1000);
    for round in 0..5_000 {
        let mut object = endpoints("default", "x", json!({"round": round.to_string()}));
        object["metadata"]["annotations"] = json!({"blob": blob});
        server.object(object);
    }
    server.advance(MINUTE);
    let (events, code) = socket.rest().await;
    let rounds: Vec<_> = events
        .iter()
        .map(|e| e.object["metadata"]["labels"]["round"].clone())
        .collect();
    let expected: Vec<Value> = (0..5_000).map(|n: u32| n.to_string().into()).collect();
    assert_eq!(rounds, expected);
    assert_eq!(code, CloseCode::Normal);
}

#[tokio::test]
async fn a_shutdown_closes_the_socket() {
    let server = frozen().await;
    let mut socket = open(&server, ALL, "").await;
    let ((), (events, code)) = tokio::join!(within(server.shutdown()), socket.rest());
    assert!(events.is_empty());
    assert_eq!(code, CloseCode::Normal);
}

#[tokio::test]
async fn dropping_the_server_ends_the_socket() {
    let server = frozen().await;
    let mut socket = open(&server, ALL, "").await;
    drop(server);
    while let Some(Ok(message)) = within(socket.stream.next()).await {
        assert!(matches!(message, Message::Close(_)), "{message:?}");
    }
}

#[tokio::test]
async fn what_is_done_to_a_body_is_not_done_to_a_web_socket() {
    let server = frozen().await;
    for fault in [
        Fault::drip(1, Duration::from_secs(1)),
        Fault::truncate_after(1),
        Fault::reset_after(0),
    ] {
        let guard = server.fault(fault.verb("watch"));
        let socket = open(&server, ALL, "").await;
        assert_eq!(guard.fired(), 0);
        drop(socket);
        let unused = server.unused_faults();
        let why = "1 × the answer was a WebSocket, which has no body";
        assert!(unused[0].ends_with(why), "{unused:?}");
        guard.remove();
    }
}
