//! Connections that break, and those that only fall silent.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault, Per};
use serde_json::json;

use crate::support::ask::{delete, get, patch, post, put};
use crate::support::at;
use crate::support::client::MERGE;
use crate::support::objects::endpoints;
use crate::support::raw::Raw;
use crate::support::within;
use crate::{DB, EP, NOW, db, until_fired};

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// What came of an answer, and the error that ended it.
fn read_all(server: &FakeApiServer, request: &str) -> (String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    let end = loop {
        match stream.read(&mut piece) {
            Ok(0) => break None,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) => break Some(error.kind()),
        }
    };
    (String::from_utf8_lossy(&answer).into_owned(), end)
}

#[test]
fn what_is_broken_before_the_answer_says_nothing() {
    let server = FakeApiServer::builder().object(db()).start_blocking();
    for (fault, said, end) in [
        (Fault::reset(), "", Some(ErrorKind::ConnectionReset)),
        (Fault::empty_reply(), "", None),
        (Fault::garbage(b"220 mail\r\n"), "220 mail\r\n", None),
        (
            Fault::applied_then_reset(),
            "",
            Some(ErrorKind::ConnectionReset),
        ),
    ] {
        let guard = server.fault(fault.first(1));
        assert_eq!(read_all(&server, &request(DB)), (said.to_owned(), end));
        assert_eq!(guard.fired(), 1);
    }
}

#[test]
fn a_body_is_cut_after_so_many_bytes() {
    let server = FakeApiServer::builder().object(db()).start_blocking();
    for (fault, end) in [
        (Fault::reset_after(10), Some(ErrorKind::ConnectionReset)),
        (Fault::truncate_after(10), None),
    ] {
        let _guard = server.fault(fault);
        let (answer, ended) = read_all(&server, &request(DB));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            body.contains("{\"kind\":\"E") && !body.contains("Endpoints"),
            "{answer}"
        );
        assert!(!body.ends_with("0\r\n\r\n"), "{answer}");
        assert_eq!(ended, end);
    }
}

#[test]
fn a_watch_is_cut_in_the_middle_of_a_line() {
    let server = FakeApiServer::builder().object(db()).start_blocking();
    let _guard = server.fault(Fault::reset_after(30).verb("watch"));
    let (answer, ended) = read_all(&server, &request(&format!("{EP}?watch=1")));
    assert!(
        answer.contains("{\"type\":\"ADDED\",\"object\":"),
        "{answer}"
    );
    assert!(!answer.contains("\"db\""), "{answer}");
    assert_eq!(ended, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_kept_alive_connection_is_closed_after_so_many_answers() {
    let server = FakeApiServer::builder().object(db()).start_blocking();
    let _guard = server.fault(Fault::close_after_answer().per(Per::Client).every(3));
    for _ in 0..2 {
        let mut connection = Raw::connect(server.address());
        for attempt in 1..=3 {
            let head = connection.send(request(DB)).until("\r\n\r\n");
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert_eq!(
                head.contains("Connection: close\r\n"),
                attempt == 3,
                "{head}"
            );
            connection.until("}]}]}\n");
        }
        assert_eq!(connection.rest(), "");
    }
}

#[test]
fn what_is_reset_before_it_is_handled_is_not_applied_and_what_is_reset_after_is() {
    let server = FakeApiServer::start_blocking();
    for (fault, applied) in [
        (Fault::reset(), false),
        (Fault::empty_reply(), false),
        (Fault::garbage(""), false),
        (Fault::reset_after(1), true),
        (Fault::truncate_after(1), true),
        (Fault::applied_then_reset(), true),
    ] {
        let _guard = server.fault(fault);
        let name = format!("new-{}", server.revision());
        let body = endpoints("default", &name, json!({})).to_string();
        let length = body.len();
        let request =
            format!("POST {EP} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");
        read_all(&server, &request);
        let there = server
            .resource("endpoints")
            .namespace("default")
            .get(&name)
            .is_some();
        assert_eq!(there, applied, "{name}");
        server.object(endpoints("default", "next", json!({})));
    }
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_gives_up() {
    let server = FakeApiServer::builder()
        .clock_at(at(NOW))
        .object(db())
        .start()
        .await;
    for fault in [Fault::hang(), Fault::applied_then_silence()] {
        let guard = server.fault(fault.first(1));
        let asked = tokio::spawn(get(DB).send(server.address()));
        until_fired(&guard, 1).await;
        // Longer than any request may take.
        server.advance(Duration::from_secs(3600));
        assert_eq!(get(DB).status(server.address()).await, 200);
        assert!(!asked.is_finished());
        asked.abort();
        assert_eq!(get(DB).status(server.address()).await, 200);
    }
}

#[tokio::test]
async fn silence_may_hide_any_write() {
    let server = FakeApiServer::builder().object(db()).start().await;
    let labels = |value: &str| json!({"metadata": {"labels": {"k": value}}});
    let label = || {
        let live = server.resource("endpoints").namespace("default").get("db");
        live.map(|live| {
            live["metadata"]["labels"]["k"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    };
    let replaced = endpoints("default", "db", json!({"k": "put"}));
    for (ask, left) in [
        (put(DB, &replaced), Some("put")),
        (patch(DB, MERGE, &labels("patch")), Some("patch")),
        (delete(DB), None),
        (post(EP, &db()), Some("")),
        (delete(EP), None),
    ] {
        let guard = server.fault(Fault::applied_then_silence().first(1));
        let asked = tokio::spawn(ask.send(server.address()));
        until_fired(&guard, 1).await;
        within(async {
            while label().as_deref() != left {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert!(!asked.is_finished());
        asked.abort();
    }
}

#[tokio::test]
async fn a_server_stops_though_its_clients_still_wait() {
    let server = FakeApiServer::builder().object(db()).start().await;
    let address = server.address();
    let guards = [
        server.fault(Fault::hang().verb("get")),
        server.fault(Fault::applied_then_silence().verb("list")),
        server.fault(Fault::watch_stalls()),
    ];
    let waiting = [DB.to_owned(), EP.to_owned(), format!("{EP}?watch=1")].map(|target| {
        tokio::task::spawn_blocking(move || {
            let mut connection = Raw::connect(address);
            connection.send(request(&target)).rest()
        })
    });
    for guard in &guards {
        until_fired(guard, 1).await;
    }
    within(server.shutdown()).await;
    let [hung, silent, stalled] = waiting;
    assert_eq!(within(hung).await.unwrap(), "");
    assert_eq!(within(silent).await.unwrap(), "");
    let stalled = within(stalled).await.unwrap();
    // The stream ends as a stream does.
    assert!(
        stalled.is_empty() || stalled.ends_with("0\r\n\r\n"),
        "{stalled}"
    );
}
