//! Watches that go wrong, line by line.

use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::support::ask::get;
use crate::support::at;
use crate::support::objects::endpoints;
use crate::support::within;
use crate::{EP, NOW, until_fired};

/// The first bookmark of a watch of a minute comes this late.
const BOOKMARK: Duration = Duration::from_secs(58);
const LEFT: Duration = Duration::from_secs(2);

/// The lines of a watch, in short.
struct Lines {
    body: Incoming,
    buffer: Vec<u8>,
}

impl Lines {
    async fn open(server: &FakeApiServer, query: &str) -> Self {
        let target = format!("{EP}?watch=1&timeoutSeconds=60&allowWatchBookmarks=true&{query}");
        let body = get(target).open(server.address()).await.into_body();
        Lines {
            body,
            buffer: Vec::new(),
        }
    }

    /// The next line, or nothing at the end; half a line is one if nothing follows.
    async fn next(&mut self) -> Option<String> {
        let line = self.bytes().await?;
        Some(match line.ends_with(b"\n") {
            true => short(&line),
            false => "half a line".to_owned(),
        })
    }

    /// The next line as it came.
    async fn whole(&mut self) -> Value {
        let line = self.bytes().await.expect("a line");
        serde_json::from_slice(&line).unwrap()
    }

    async fn bytes(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                return Some(self.buffer.drain(..=end).collect());
            }
            match within(self.body.frame()).await {
                Some(frame) => self.buffer.extend(frame.unwrap().into_data().unwrap()),
                None if self.buffer.is_empty() => return None,
                None => return Some(std::mem::take(&mut self.buffer)),
            }
        }
    }

    async fn take(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(
                self.next()
                    .await
                    .unwrap_or_else(|| panic!("the end, after {lines:?}")),
            );
        }
        lines
    }
}

fn short(line: &[u8]) -> String {
    let Ok(event) = serde_json::from_slice::<Value>(line) else {
        return "no JSON".to_owned();
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, object) = (text(&event["type"]), &event["object"]);
    let metadata = &object["metadata"];
    match kind.as_str() {
        "ERROR" => format!("ERROR {} {}", object["code"], text(&object["reason"])),
        "BOOKMARK" if metadata["annotations"].is_object() => "END OF INITIAL".to_owned(),
        "BOOKMARK" => kind,
        _ if metadata["resourceVersion"] == "1" => {
            format!("{} of version 1", text(&metadata["name"]))
        }
        _ => text(&metadata["name"]),
    }
}

/// A fault, the lines before the clock moves, at the time of the bookmark, and after a minute; when the watch is over.
type Case = (
    Fault,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    Over,
);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    AtOnce,
    WithTheBookmark,
    InTime,
    Never,
}

use Over::{AtOnce, InTime, Never, WithTheBookmark};

const ALL: &[&str] = &["a", "b", "c", "d"];
const MARK: &[&str] = &["BOOKMARK"];

/// What becomes of four events.
fn endings() -> Vec<Case> {
    let etcd = || Fault::watch_error(500, "InternalError", "etcd is away");
    let five = Duration::from_secs(5);
    vec![
        (
            Fault::close_after_answer().verb("watch"),
            ALL,
            MARK,
            &[],
            InTime,
        ),
        (Fault::watch_ends(), &[], &[], &[], AtOnce),
        (Fault::watch_not_read(2), &[], &[], &[], AtOnce),
        (
            Fault::watch_ends().after_events(2),
            &["a", "b"],
            &[],
            &[],
            AtOnce,
        ),
        (
            Fault::watch_ends().after_events(9).optional(),
            ALL,
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_ends_after(five),
            ALL,
            &[],
            &[],
            WithTheBookmark,
        ),
        (
            Fault::watch_expires(),
            &["ERROR 410 Expired"],
            &[],
            &[],
            AtOnce,
        ),
        (
            Fault::watch_expires().after_events(1),
            &["a", "ERROR 410 Expired"],
            &[],
            &[],
            AtOnce,
        ),
        (
            etcd().after_events(1),
            &["a", "ERROR 500 InternalError"],
            &[],
            &[],
            AtOnce,
        ),
        (
            Fault::watch_error(418, "Teapot", "?"),
            &["ERROR 418 Teapot"],
            &[],
            &[],
            AtOnce,
        ),
        (
            Fault::watch_truncates_a_line(),
            &["half a line"],
            &[],
            &[],
            AtOnce,
        ),
        (
            Fault::watch_truncates_a_line().after_events(1),
            &["a", "half a line"],
            &[],
            &[],
            AtOnce,
        ),
        (Fault::watch_stalls(), &[], &[], &[], Never),
        (
            Fault::watch_stalls().after_events(3),
            &["a", "b", "c"],
            &[],
            &[],
            Never,
        ),
    ]
}

fn events() -> Vec<Case> {
    vec![
        (
            Fault::watch_malforms_a_line(),
            &["no JSON", "a", "b", "c", "d"],
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_malforms_a_line().after_events(2),
            &["a", "b", "no JSON", "c", "d"],
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_drops_an_event().after_events(1),
            &["a", "c", "d"],
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_doubles_an_event(),
            &["a", "a", "b", "c", "d"],
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_reorders_events(),
            &["b", "a", "c", "d"],
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_reorders_events().after_events(2),
            &["a", "b", "d", "c"],
            MARK,
            &[],
            InTime,
        ),
        // What has no partner to change places with still comes before a bookmark that says so.
        (
            Fault::watch_reorders_events().after_events(3).optional(),
            &["a", "b", "c"],
            &["d", "BOOKMARK"],
            &[],
            InTime,
        ),
        (
            Fault::watch_goes_backwards().after_events(1),
            &["a", "b of version 1", "c", "d"],
            MARK,
            &[],
            InTime,
        ),
        (Fault::watch_bursts(4), ALL, MARK, &[], InTime),
        (
            Fault::watch_bursts(2).after_events(1),
            ALL,
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_bursts(9).after_events(1),
            &["a"],
            &[],
            &["b", "c", "d", "BOOKMARK"],
            InTime,
        ),
    ]
}

fn bookmarks() -> Vec<Case> {
    let late = Fault::watch_with_late_bookmarks(Duration::from_secs(1));
    vec![
        (Fault::watch_without_bookmarks(), ALL, &[], &[], InTime),
        (
            Fault::watch_without_bookmarks().after_events(9).optional(),
            ALL,
            MARK,
            &[],
            InTime,
        ),
        (late, ALL, &[], MARK, InTime),
        (
            Fault::watch_with_plain_bookmarks().optional(),
            ALL,
            MARK,
            &[],
            InTime,
        ),
    ]
}

/// What becomes of a streaming list of four objects.
fn streaming_lists() -> Vec<Case> {
    const WHOLE: &[&str] = &["a", "b", "c", "d", "END OF INITIAL"];
    let second = Duration::from_secs(1);
    vec![
        (
            Fault::close_after_answer().verb("watch"),
            WHOLE,
            MARK,
            &[],
            InTime,
        ),
        (
            Fault::watch_with_plain_bookmarks(),
            &["a", "b", "c", "d", "BOOKMARK"],
            MARK,
            &[],
            InTime,
        ),
        (Fault::watch_without_bookmarks(), ALL, &[], &[], InTime),
        (
            Fault::watch_with_late_bookmarks(second),
            ALL,
            &["END OF INITIAL"],
            &[],
            InTime,
        ),
        (
            Fault::watch_bursts(9),
            &[],
            &[],
            &["a", "b", "c", "d", "END OF INITIAL", "BOOKMARK"],
            InTime,
        ),
        (Fault::watch_bursts(2), WHOLE, MARK, &[], InTime),
        (
            Fault::watch_reorders_events().after_events(3).optional(),
            WHOLE,
            MARK,
            &[],
            InTime,
        ),
        (Fault::watch_ends().after_events(4), ALL, &[], &[], AtOnce),
    ]
}

async fn play(case: Case, streaming: bool) {
    let (fault, before, with_the_bookmark, after, over) = case;
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let past = server.revision();
    for name in ALL {
        server.object(endpoints("default", name, json!({})));
    }
    let query = if streaming {
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan".to_owned()
    } else {
        format!("resourceVersion={past}")
    };
    let guard = server.fault(fault.clone());
    let mut lines = Lines::open(&server, &query).await;
    assert_eq!(lines.take(before.len()).await, before, "{fault:?}");
    for (step, expected, last) in [
        (Duration::ZERO, [].as_slice(), AtOnce),
        (BOOKMARK, with_the_bookmark, WithTheBookmark),
        (LEFT, after, InTime),
    ] {
        server.advance(step);
        // The server goes by the new time before it moves again.
        assert_eq!(get(EP).status(server.address()).await, 200);
        assert_eq!(lines.take(expected.len()).await, expected, "{fault:?}");
        if over == last {
            assert_eq!(lines.next().await, None, "{fault:?}");
            break;
        }
    }
    if over == Never {
        assert_eq!(get(EP).status(server.address()).await, 200);
        assert!(lines.next().now_or_never().is_none(), "{fault:?}");
    }
    // What is optional here is what comes too late to do anything.
    let acts = fault.to_script()["optional"] != true;
    assert_eq!(guard.fired(), u64::from(acts), "{fault:?}");
}

#[tokio::test]
async fn each_fault_of_a_watch_does_what_it_says() {
    for case in [endings(), events(), bookmarks()].concat() {
        play(case, false).await;
    }
}

#[tokio::test]
async fn each_fault_of_a_streaming_list_does_what_it_says() {
    for case in streaming_lists() {
        play(case, true).await;
    }
}

#[tokio::test]
async fn a_burst_comes_with_the_last_of_its_events() {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let seed = |name: &str| server.object(endpoints("default", name, json!({})));
    let _guard = server.fault(Fault::watch_bursts(3).after_events(1));
    let from_here = format!("resourceVersion={}", server.revision());
    let mut lines = Lines::open(&server, &from_here).await;
    seed("first");
    assert_eq!(lines.take(1).await, ["first"]);
    seed("x");
    seed("y");
    // A bookmark that overtook what is held back would be a lie.
    server.advance(BOOKMARK);
    assert_eq!(get(EP).status(server.address()).await, 200);
    assert!(lines.next().now_or_never().is_none());
    seed("z");
    assert_eq!(lines.take(3).await[..2], ["x", "y"]);
}

#[tokio::test]
async fn events_that_are_held_back_come_before_an_error() {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let before = server.snapshot();
    let _guard = server.fault(Fault::watch_bursts(3));
    let from_here = format!("resourceVersion={}", server.revision());
    let mut lines = Lines::open(&server, &from_here).await;
    server.object(endpoints("default", "x", json!({})));
    assert_eq!(get(EP).status(server.address()).await, 200);
    server.restore(&before);
    assert_eq!(lines.take(2).await, ["x", "ERROR 410 Expired"]);
    assert_eq!(lines.next().await, None);
}

const STREAMING: &str = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

#[tokio::test]
async fn events_do_not_wait_for_a_late_bookmark() {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let second = Duration::from_secs(1);
    let _guard = server.fault(Fault::watch_with_late_bookmarks(second));
    let from_here = format!("resourceVersion={}", server.revision());
    let mut lines = Lines::open(&server, &from_here).await;
    server.advance(BOOKMARK);
    assert_eq!(get(EP).status(server.address()).await, 200);
    server.object(endpoints("default", "x", json!({})));
    assert_eq!(lines.take(1).await, ["x"]);
    server.advance(second);
    let bookmark = lines.whole().await;
    assert_eq!(bookmark["type"], "BOOKMARK");
    let newest = server.revision().to_string();
    assert_eq!(bookmark["object"]["metadata"]["resourceVersion"], newest);
}

#[tokio::test]
async fn events_wait_for_the_end_of_the_initial_ones() {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let second = Duration::from_secs(1);
    let _guard = server.fault(Fault::watch_with_late_bookmarks(second));
    let mut lines = Lines::open(&server, STREAMING).await;
    server.object(endpoints("default", "x", json!({})));
    assert_eq!(get(EP).status(server.address()).await, 200);
    server.advance(second);
    assert_eq!(lines.take(2).await, ["END OF INITIAL", "x"]);
}

#[tokio::test]
async fn a_late_bookmark_does_not_keep_a_watch_from_ending() {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let late = Fault::watch_with_late_bookmarks(Duration::from_secs(90));
    let _guard = server.fault(late);
    let mut lines = Lines::open(&server, STREAMING).await;
    server.advance(Duration::from_secs(60));
    assert_eq!(lines.next().await, None);
    let mut lines = Lines::open(&server, STREAMING).await;
    server.restart();
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn several_faults_of_one_watch_take_their_turns() {
    let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
    let past = server.revision();
    for name in ALL {
        server.object(endpoints("default", name, json!({})));
    }
    let _guards = [
        server.fault(Fault::watch_doubles_an_event().carry_on()),
        server.fault(Fault::watch_drops_an_event().after_events(1).carry_on()),
        server.fault(Fault::watch_expires().after_events(3)),
    ];
    let mut lines = Lines::open(&server, &format!("resourceVersion={past}")).await;
    assert_eq!(lines.take(4).await, ["a", "a", "c", "ERROR 410 Expired"]);
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn a_fault_of_watches_leaves_lists_alone() {
    let server = FakeApiServer::start().await;
    let guard = server.fault(Fault::watch_stalls().first(1));
    assert_eq!(get(EP).status(server.address()).await, 200);
    assert_eq!(guard.fired(), 0);
    let asked = tokio::spawn(get(format!("{EP}?watch=1")).send(server.address()));
    until_fired(&guard, 1).await;
    asked.abort();
}
