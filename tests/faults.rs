//! Faults as a client meets them on the socket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault, Per};
use serde_json::{Value, json};

const EP: &str = "/api/v1/namespaces/default/endpoints";

/// Sends one request and reads until the server closes.
fn exchange(
    server: &FakeApiServer,
    method: &str,
    path: &str,
    body: &str,
) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server.address())?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n"
    );
    write!(stream, "{head}\r\n{body}")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn status(server: &FakeApiServer, method: &str, path: &str, body: &str) -> u16 {
    let answer = exchange(server, method, path, body).unwrap();
    answer
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("no status in {answer:?}"))
        .parse()
        .unwrap()
}

fn get(server: &FakeApiServer) -> u16 {
    status(server, "GET", EP, "")
}

fn endpoints(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name, "namespace": "default"}})
}

fn server_with_db() -> FakeApiServer {
    FakeApiServer::builder()
        .object(endpoints("db"))
        .start_blocking()
}

#[test]
fn a_conflict_comes_as_often_as_it_was_asked_for() {
    let server = server_with_db();
    let guard = server.fault(
        Fault::conflict()
            .verb("update")
            .resource("endpoints")
            .first(2),
    );
    let body = endpoints("db").to_string();
    let put = || status(&server, "PUT", &format!("{EP}/db"), &body);
    assert_eq!([put(), put(), put()], [409, 409, 200]);
    assert_eq!(guard.fired(), 2);
}

#[test]
fn dropping_the_guard_removes_the_fault() {
    let server = server_with_db();
    let guard = server.fault(Fault::service_unavailable().retry_after(7));
    let answer = exchange(&server, "GET", EP, "").unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 7"),
        "{answer}"
    );
    drop(guard);
    assert_eq!(get(&server), 200);
}

#[test]
fn a_fault_that_never_fired_fails_the_test_and_says_what_came_close() {
    let server = server_with_db();
    let guard = server.fault(Fault::conflict().verb("patch").resource("endpoints"));
    assert_eq!(get(&server), 200);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(guard))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("never fired"), "{message}");
    assert!(
        message.contains(r#"1 × the verb was "list"; the rule asks for patch"#),
        "{message}"
    );
    assert!(message.contains(file!()), "{message}");
}

#[test]
fn a_reset_is_an_rst() {
    let server = server_with_db();
    let _guard = server.fault(Fault::reset().first(1));
    assert_eq!(
        exchange(&server, "GET", EP, "").unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert_eq!(get(&server), 200);
}

#[test]
fn an_empty_reply_has_no_byte() {
    let server = server_with_db();
    let _guard = server.fault(Fault::empty_reply().first(1));
    assert_eq!(exchange(&server, "GET", EP, "").unwrap(), "");
}

#[test]
fn garbage_comes_as_it_was_given() {
    let server = server_with_db();
    let _guard = server.fault(Fault::garbage(b"SSH-2.0-nope\r\n").first(1));
    assert_eq!(
        exchange(&server, "GET", EP, "").unwrap(),
        "SSH-2.0-nope\r\n"
    );
}

#[test]
fn a_truncated_body_is_shorter_than_it_says() {
    let server = server_with_db();
    let _guard = server.fault(Fault::truncate_after(10).first(1));
    let answer = exchange(&server, "GET", EP, "").unwrap();
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    assert!(
        body.contains(r#"{"kind":"E"#) && !body.contains("EndpointsList"),
        "{answer:?}"
    );
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer:?}");
}

#[test]
fn a_reset_in_the_middle_of_a_body_is_an_rst() {
    let server = server_with_db();
    let _guard = server.fault(Fault::reset_after(10).first(1));
    assert_eq!(
        exchange(&server, "GET", EP, "").unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}

#[test]
fn a_lost_race_is_the_servers_own_conflict() {
    let server = server_with_db();
    let _guard = server.fault(Fault::lost_race().verb("update").first(1));
    let put = || {
        let body = server
            .resource("endpoints")
            .namespace("default")
            .get("db")
            .unwrap()
            .to_string();
        status(&server, "PUT", &format!("{EP}/db"), &body)
    };
    assert_eq!([put(), put()], [409, 200]);
}

#[test]
fn someone_else_creates_first() {
    let server = FakeApiServer::start_blocking();
    let _guard = server.fault(Fault::created_first().verb("create").first(1));
    assert_eq!(
        status(&server, "POST", EP, &endpoints("new").to_string()),
        409
    );
    assert!(
        server
            .resource("endpoints")
            .namespace("default")
            .get("new")
            .is_some()
    );
}

#[test]
fn an_ambiguous_create_is_applied_though_its_answer_is_lost() {
    let server = FakeApiServer::start_blocking();
    let _guard = server.fault(Fault::applied_then_reset().verb("create").first(1));
    let lost = exchange(&server, "POST", EP, &endpoints("new").to_string()).unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::ConnectionReset);
    assert!(
        server
            .resource("endpoints")
            .namespace("default")
            .get("new")
            .is_some()
    );
}

#[test]
fn its_twin_is_not_applied() {
    let server = FakeApiServer::start_blocking();
    let _guard = server.fault(Fault::reset().verb("create").first(1));
    exchange(&server, "POST", EP, &endpoints("new").to_string()).unwrap_err();
    assert!(
        server
            .resource("endpoints")
            .namespace("default")
            .get("new")
            .is_none()
    );
}

#[test]
fn attempts_can_be_counted_for_each_object() {
    let server = server_with_db();
    let _guard = server.fault(Fault::internal_error().per(Per::Object).first(1));
    let read = |name: &str| status(&server, "GET", &format!("{EP}/{name}"), "");
    assert_eq!(
        [read("db"), read("x"), read("db"), read("x")],
        [500, 500, 200, 404]
    );
}

#[test]
fn a_lagging_read_shows_the_past() {
    let server = server_with_db();
    let before = server.revision();
    server.object(endpoints("later"));
    let _guard = server.fault(Fault::frozen_at(before).verb("list"));
    let answer = exchange(&server, "GET", EP, "").unwrap();
    assert!(
        answer.contains("\"db\"") && !answer.contains("later"),
        "{answer}"
    );
    assert!(
        answer.contains(&format!("\"resourceVersion\":\"{before}\"")),
        "{answer}"
    );
}

#[test]
fn a_watch_is_told_that_it_expired() {
    let server = server_with_db();
    let _guard = server.fault(Fault::watch_expires().after_events(1));
    let answer = exchange(&server, "GET", &format!("{EP}?watch=1"), "").unwrap();
    let lines: Vec<&str> = answer
        .lines()
        .filter(|line| line.starts_with("{\"type\""))
        .collect();
    assert!(lines[0].starts_with("{\"type\":\"ADDED\""), "{answer}");
    assert!(
        lines[1].starts_with("{\"type\":\"ERROR\"") && lines[1].contains("\"code\":410"),
        "{answer}"
    );
    assert_eq!(lines.len(), 2);
}
