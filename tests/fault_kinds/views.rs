//! Reads served by a replica that lags behind.

use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};
use serde_json::{Value, json};

use crate::support::ask::{get, put};
use crate::support::at;
use crate::support::objects::{endpoints, revision};
use crate::support::watch::{Event, Watch};
use crate::support::within;
use crate::{DB, EP, NOW, db, until_fired};

/// The label that tells one state of `db` from the next.
fn state(object: &Value) -> &str {
    object["metadata"]["labels"]["state"]
        .as_str()
        .unwrap_or_default()
}

fn set(server: &FakeApiServer, state: &str) {
    server.object(endpoints("default", "db", json!({"state": state})));
}

/// `db` in three states, each a revision; the revision of the first.
async fn server() -> (FakeApiServer, u64) {
    let server = FakeApiServer::builder()
        .clock_at(at(NOW))
        .object(db())
        .start()
        .await;
    set(&server, "one");
    let one = server.revision();
    set(&server, "two");
    set(&server, "three");
    (server, one)
}

#[tokio::test]
async fn gets_and_lists_show_the_past() {
    let (server, one) = server().await;
    for (fault, shown, at) in [
        (Fault::frozen_at(one), "one", one),
        (Fault::frozen_at(one + 1), "two", one + 1),
        (Fault::frozen_at(one + 99), "three", one + 2),
        (Fault::lagging(0), "three", one + 2),
        (Fault::lagging(1), "two", one + 1),
        (Fault::lagging(2), "one", one),
    ] {
        let _guard = server.fault(fault);
        let object = get(DB).send(server.address()).await.object();
        assert_eq!((state(&object), revision(&object)), (shown, at));
        let list = get(EP).send(server.address()).await.object();
        assert_eq!((state(&list["items"][0]), revision(&list)), (shown, at));
    }
}

#[tokio::test]
async fn what_was_not_there_yet_is_not_found() {
    let server = FakeApiServer::start().await;
    let before = server.revision();
    server.object(db());
    let _guard = server.fault(Fault::frozen_at(before));
    assert_eq!(get(DB).status(server.address()).await, 404);
    let list = get(EP).send(server.address()).await.object();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn what_is_gone_is_still_shown() {
    let (server, one) = server().await;
    let gone = crate::support::ask::delete(DB)
        .status(server.address())
        .await;
    assert_eq!(gone, 200);
    let _guard = server.fault(Fault::frozen_at(one));
    assert_eq!(state(&get(DB).send(server.address()).await.object()), "one");
}

#[tokio::test]
async fn a_write_after_a_stale_read_is_a_conflict() {
    let (server, _) = server().await;
    let guard = server.fault(Fault::lagging(1).verb("get"));
    let stale = get(DB).send(server.address()).await.object();
    assert_eq!(put(DB, &stale).status(server.address()).await, 409);
    guard.remove();
    let fresh = get(DB).send(server.address()).await.object();
    assert_eq!(put(DB, &fresh).status(server.address()).await, 200);
}

#[tokio::test]
async fn a_read_that_asks_for_what_the_replica_has_not_seen_waits_and_is_refused() {
    let (server, one) = server().await;
    for target in [DB, EP] {
        let guard = server.fault(Fault::frozen_at(one).first(1));
        let ask = get(format!("{target}?resourceVersion={}", one + 2));
        let asked = tokio::spawn(ask.send(server.address()));
        until_fired(&guard, 1).await;
        server.advance(Duration::from_secs(3));
        let answer = within(asked).await.unwrap();
        assert_eq!(answer.refusal(), (504, "Timeout".to_owned()));
        let message = format!(
            "Timeout: Too large resource version: {}, current: {one}",
            one + 2
        );
        assert_eq!(answer.json()["message"], message);
    }
}

#[tokio::test]
async fn only_the_clients_of_the_replica_see_the_past() {
    let (server, one) = server().await;
    let _guard = server.fault(Fault::frozen_at(one).user_agent("replica/"));
    let by = |agent: &str| get(DB).header("user-agent", agent).send(server.address());
    assert_eq!(state(&by("replica/1").await.object()), "one");
    assert_eq!(state(&by("leader/1").await.object()), "three");
}

fn told(event: &Event) -> (String, u64) {
    (state(&event.object).to_owned(), event.revision())
}

#[tokio::test]
async fn a_watch_of_a_replica_that_lags_is_so_many_events_late() {
    let (server, one) = server().await;
    let guard = server.fault(Fault::lagging(1));
    let mut watch = Watch::open(&server, EP, "timeoutSeconds=60").await;
    assert_eq!(
        told(&watch.next().await.unwrap()),
        ("two".to_owned(), one + 1)
    );
    set(&server, "four");
    assert_eq!(
        told(&watch.next().await.unwrap()),
        ("three".to_owned(), one + 2)
    );
    server.advance(Duration::from_secs(60));
    assert_eq!(watch.rest().await, []);
    assert_eq!(guard.fired(), 1);
}

#[tokio::test]
async fn a_watch_of_a_frozen_replica_tells_nothing_more() {
    let (server, one) = server().await;
    let _guard = server.fault(Fault::frozen_at(one + 1));
    let query = format!("resourceVersion={one}&timeoutSeconds=60&allowWatchBookmarks=true");
    let mut watch = Watch::open(&server, EP, &query).await;
    assert_eq!(
        told(&watch.next().await.unwrap()),
        ("two".to_owned(), one + 1)
    );
    set(&server, "four");
    server.advance(Duration::from_secs(58));
    let bookmark = watch.next().await.unwrap();
    assert!(
        bookmark.is_bookmark() && bookmark.revision() == one + 1,
        "{bookmark:?}"
    );
    server.advance(Duration::from_secs(2));
    assert_eq!(watch.rest().await, []);
}
