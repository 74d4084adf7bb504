//! What becomes of a connection whose request was answered before all of it was read.

mod support;

use fake_apiserver::{FakeApiServer, Fault};
use support::raw::Raw;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const NOBODYS: &str = "/api/v1/namespaces/nowhere/configmaps";
const UNKNOWN: &str = "/apis/nothing.example.com/v1/namespaces/default/nothings";
/// With more of a body left than this, Go's server gives the connection up.
const WORTH_READING: usize = 256 * 1024;

/// A request with a body of so many bytes.
fn request(path: &str, content_type: &str, size: usize, is_chunked: bool) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n");
    let body = "x".repeat(size);
    match is_chunked {
        true => format!("{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"),
        false => format!("{head}Content-Length: {size}\r\n\r\n{body}"),
    }
}

/// The status code, the head and the body of the next answer, which tells its length.
fn answer(raw: &mut Raw) -> (u16, String, String) {
    let code = raw.code();
    let head = raw.until("\r\n\r\n").to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    (code, head, raw.bytes(length))
}

#[test]
fn an_answer_that_did_not_wait_for_the_body_leaves_the_connection_as_it_was() {
    let server = FakeApiServer::builder()
        .fault(
            Fault::too_many_requests()
                .verb("create")
                .resource("leases.coordination.k8s.io"),
        )
        .allow_unused_faults()
        .start_blocking();
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    let mut raw = Raw::connect(server.address());
    for (path, content_type, code) in [
        (UNKNOWN, "application/json", 404),
        (NOBODYS, "text/plain", 415),
        (CONFIG_MAPS, "text/plain", 415),
        (CONFIG_MAPS, "application/json", 400),
        ("/readyz", "application/json", 200),
        ("/api/v1/pods/log/x?timeout=x", "application/json", 400),
        (leases, "application/json", 429),
    ] {
        for size in [1, 10, 300, 20_000, 200_000, WORTH_READING - 1] {
            for is_chunked in [false, true] {
                raw.send(request(path, content_type, size, is_chunked));
                let (got, head, _) = answer(&mut raw);
                let case = format!("{path}, {content_type}, {size} bytes, chunked: {is_chunked}");
                assert_eq!(got, code, "{case}");
                assert!(!head.contains("connection: close"), "{case}");
            }
        }
    }
    raw.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(answer(&mut raw).0, 200);
}

#[test]
fn who_is_turned_away_at_the_door_keeps_the_connection_too() {
    let auth = fake_apiserver::Auth::new()
        .token("secret", "alice", ["dev"])
        .rbac();
    let server = FakeApiServer::builder().auth(auth).start_blocking();
    let mut raw = Raw::connect(server.address());
    for size in [10, 200_000] {
        let wrong = request(
            CONFIG_MAPS,
            "application/json\r\nAuthorization: Bearer x",
            size,
            true,
        );
        assert_eq!(answer(raw.send(wrong)).0, 401);
        let nobody = request(CONFIG_MAPS, "application/json", size, false);
        assert_eq!(answer(raw.send(nobody)).0, 403);
    }
}

#[test]
fn a_client_with_much_left_to_send_is_told_of_the_end_and_gets_the_whole_answer() {
    let server = FakeApiServer::start_blocking();
    for (size, is_chunked) in [
        (WORTH_READING, false),
        (WORTH_READING + 1, true),
        (8_000_000, false),
        (8_000_000, true),
    ] {
        let mut raw = Raw::connect(server.address());
        raw.send(request(UNKNOWN, "application/json", size, is_chunked));
        let (code, head, body) = answer(&mut raw);
        let case = format!("{size} bytes, chunked: {is_chunked}");
        assert_eq!(code, 404, "{case}");
        assert!(head.contains("\r\nconnection: close\r\n"), "{case}: {head}");
        assert_eq!(body, "404 page not found\n", "{case}");
        assert_eq!(raw.rest(), "", "{case}");
    }
}

#[test]
fn a_body_that_was_not_asked_for_is_not_waited_for() {
    let server = FakeApiServer::start_blocking();
    let mut raw = Raw::connect(server.address());
    raw.send(format!(
        "POST {UNKNOWN} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"
    ));
    let (code, head, _) = answer(&mut raw);
    assert_eq!(code, 404);
    assert!(head.contains("connection: close"), "{head}");
    raw.finish();
    assert_eq!(raw.rest(), "");
}

#[test]
fn a_head_without_end_is_refused_and_the_refusal_arrives() {
    let server = FakeApiServer::start_blocking();
    let mut raw = Raw::connect(server.address());
    raw.send("GET /readyz HTTP/1.1\r\n");
    for number in 0..50_000 {
        raw.send(format!("X-Header-{number}: {}\r\n", "x".repeat(100)));
    }
    assert_eq!(raw.code(), 431);
}
