//! What watches show, held against etcd's guarantees: ordered, unique, reliable, resumable, bookmarkable.

mod support;

use std::time::Duration;

use fake_apiserver::{FakeApiServer, Limits};
use serde_json::{Value, json};

use support::at;
use support::client::{Client, JSON_PATCH, MERGE};
use support::history::{History, Writer};
use support::objects::{endpoints, label, namespace, path, revision};
use support::seen::{Seen, Selection};
use support::watch::Watch;

const NOW: u64 = 1_700_000_000;
const ALL: &str = "/api/v1/endpoints";
const MINUTE: Duration = Duration::from_secs(60);

/// A server whose clock stands still.
async fn frozen() -> FakeApiServer {
    FakeApiServer::builder()
        .controllers(false)
        .object(namespace("a"))
        .object(namespace("a-b"))
        .clock_at(at(NOW))
        .start()
        .await
}

/// A label change as a merge patch.
fn labelled(value: Value) -> Value {
    json!({"metadata": {"labels": {"app": value}}})
}

/// Writes of every kind, to several objects in two namespaces.
async fn some_of_everything(writer: &mut Writer<'_>) {
    for (space, name) in [("a", "one"), ("a-b", "one"), ("a", "two")] {
        let object = endpoints(space, name, json!({"app": name}));
        writer.create(&path(space), &object).await;
    }
    let one = format!("{}/one", path("a"));
    let two = format!("{}/two", path("a"));
    writer.patch(&one, MERGE, &labelled(json!("two"))).await;
    let replaced = endpoints("a", "two", json!({"app": "one"}));
    writer.replace(&two, &replaced).await;
    let add = json!([{"op": "add", "path": "/metadata/annotations", "value": {"k": "v"}}]);
    writer.patch(&two, JSON_PATCH, &add).await;
    writer.delete(&one).await;
    let again = endpoints("a", "one", json!({"app": "one"}));
    writer.create(&path("a"), &again).await;
    writer.patch(&one, MERGE, &labelled(Value::Null)).await;
    writer.delete(&format!("{}/one", path("a-b"))).await;
}

#[tokio::test]
async fn a_watch_shows_every_write_as_it_happens() {
    let server = frozen().await;
    let mut seen = Seen::after(&server, &Selection::all(ALL), server.revision(), "").await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    seen.until(server.revision()).await;
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_watch_from_the_past_shows_every_write_since() {
    let server = frozen().await;
    let start = server.revision();
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    for since in start..=server.revision() {
        let mut seen = Seen::after(&server, &Selection::all(ALL), since, "timeoutSeconds=60").await;
        server.advance(MINUTE);
        seen.finish().await;
        seen.check(&writer.history).await;
    }
}

#[tokio::test]
async fn a_watch_of_a_namespace_shows_no_other() {
    let server = frozen().await;
    let selection = Selection::of(path("a"), "", |object| {
        object["metadata"]["namespace"] == "a"
    });
    let mut seen = Seen::after(&server, &selection, server.revision(), "timeoutSeconds=60").await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    server.advance(MINUTE);
    seen.finish().await;
    assert!(seen.events().count() > 5);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn an_object_that_enters_the_selection_is_added_and_one_that_leaves_is_deleted() {
    let server = frozen().await;
    let selection = Selection::of(ALL, "labelSelector=app%3Done", |object| {
        label(object, "app") == Some("one")
    });
    let since = server.revision();
    let mut seen = Seen::after(&server, &selection, since, "timeoutSeconds=60").await;
    let mut writer = Writer::new(&server).await;
    let path = path("a");
    let object = endpoints("a", "x", json!({"app": "other"}));
    writer.create(&path, &object).await;
    let x = format!("{path}/x");
    for app in [json!("one"), json!("other"), json!("one"), Value::Null] {
        writer.patch(&x, MERGE, &labelled(app)).await;
    }
    let stays = json!({"metadata": {"labels": {"app": "one"}, "annotations": {"k": "v"}}});
    writer.patch(&x, MERGE, &labelled(json!("one"))).await;
    writer.patch(&x, MERGE, &stays).await;
    writer.delete(&x).await;
    server.advance(MINUTE);
    seen.finish().await;
    let expected = [
        "ADDED", "DELETED", "ADDED", "DELETED", "ADDED", "MODIFIED", "DELETED",
    ];
    assert_eq!(seen.told(), expected.map(|kind| (kind, "x")));
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn what_leaves_the_selection_is_shown_as_it_was_under_the_version_of_the_change() {
    let server = frozen().await;
    let selection = Selection::of(ALL, "labelSelector=app", |object| {
        label(object, "app").is_some()
    });
    let mut writer = Writer::new(&server).await;
    let object = endpoints("a", "x", json!({"app": "one"}));
    let created = writer.create(&path("a"), &object).await;
    let mut seen = Seen::after(&server, &selection, revision(&created), "").await;
    let x = format!("{}/x", path("a"));
    let left = writer.patch(&x, MERGE, &labelled(Value::Null)).await;
    seen.until(revision(&left)).await;
    let mut expected = created;
    expected["metadata"]["resourceVersion"] = left["metadata"]["resourceVersion"].clone();
    assert_eq!(seen.live[0].kind, "DELETED");
    assert_eq!(seen.live[0].object, expected);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn selectors_of_every_kind_keep_the_guarantees() {
    let server = frozen().await;
    let selections = [
        Selection::of(ALL, "labelSelector=app+in+(one,two)", |o| {
            matches!(label(o, "app"), Some("one" | "two"))
        }),
        Selection::of(ALL, "labelSelector=app!%3Done", |o| {
            label(o, "app") != Some("one")
        }),
        Selection::of(ALL, "labelSelector=!app", |o| label(o, "app").is_none()),
        Selection::of(ALL, "fieldSelector=metadata.name%3Done", |o| {
            o["metadata"]["name"] == "one"
        }),
        Selection::of(ALL, "fieldSelector=metadata.namespace!%3Da", |o| {
            o["metadata"]["namespace"] != "a"
        }),
        Selection::of(
            ALL,
            "labelSelector=app%3Dtwo&fieldSelector=metadata.name%3Dtwo",
            |o| label(o, "app") == Some("two") && o["metadata"]["name"] == "two",
        ),
    ];
    let since = server.revision();
    let mut watches = Vec::new();
    for selection in &selections {
        watches.push(Seen::after(&server, selection, since, "timeoutSeconds=60").await);
    }
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    server.advance(MINUTE);
    for mut seen in watches {
        seen.finish().await;
        assert!(seen.events().count() > 0);
        seen.check(&writer.history).await;
    }
}

#[tokio::test]
async fn a_streaming_list_shows_what_is_there_then_a_bookmark_then_what_comes() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    let at = server.revision();
    let mut seen = Seen::streaming(&server, &Selection::all(ALL), "timeoutSeconds=60").await;
    assert_eq!(seen.since(), at);
    let there: Vec<_> = seen.initial.iter().map(|e| e.object.clone()).collect();
    assert_eq!(there.len(), writer.history.live().count());
    writer
        .create(&path("a"), &endpoints("a", "late", json!({})))
        .await;
    writer.delete(&format!("{}/late", path("a"))).await;
    server.advance(MINUTE);
    seen.finish().await;
    assert_eq!(seen.told(), [("ADDED", "late"), ("DELETED", "late")]);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_streaming_list_of_a_selection_starts_with_the_selected() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    let selection = Selection::of(ALL, "labelSelector=app%3Done", |o| {
        label(o, "app") == Some("one")
    });
    let mut seen = Seen::streaming(&server, &selection, "timeoutSeconds=60").await;
    assert_eq!(seen.initial.len(), 1);
    let two = format!("{}/two", path("a"));
    writer.patch(&two, MERGE, &labelled(json!("other"))).await;
    server.advance(MINUTE);
    seen.finish().await;
    assert_eq!(seen.told(), [("DELETED", "two")]);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_streaming_list_of_nothing_is_a_bookmark() {
    let server = frozen().await;
    let mut seen = Seen::streaming(&server, &Selection::all(ALL), "timeoutSeconds=60").await;
    assert!(seen.initial.is_empty());
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    server.advance(MINUTE);
    seen.finish().await;
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_streaming_list_without_bookmarks_has_no_end_marker() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=60";
    let mut watch = Watch::open(&server, ALL, query).await;
    server.advance(MINUTE);
    let events = watch.rest().await;
    assert!(events.iter().all(|event| event.kind == "ADDED"));
    assert_eq!(events.len(), writer.history.live().count());
}

#[tokio::test]
async fn a_watch_without_a_version_starts_with_what_is_there() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    for query in ["timeoutSeconds=60", "timeoutSeconds=60&resourceVersion=0"] {
        let mut watch = Watch::open(&server, ALL, query).await;
        let late = endpoints("a", "late", json!({}));
        writer.create(&path("a"), &late).await;
        writer.delete(&format!("{}/late", path("a"))).await;
        server.advance(MINUTE);
        let kinds: Vec<_> = watch.rest().await.into_iter().map(|e| e.kind).collect();
        let mut expected = vec!["ADDED"; writer.history.live().count()];
        expected.extend(["ADDED", "DELETED"]);
        assert_eq!(kinds, expected, "{query}");
    }
}

#[tokio::test]
async fn a_bookmark_comes_every_minute_and_knows_the_writes_to_other_kinds() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let selection = Selection::all(ALL);
    let mut seen = Seen::streaming(&server, &selection, "timeoutSeconds=600").await;
    let mut expected = Vec::new();
    for round in 0..3 {
        let object = endpoints("a", &format!("e{round}"), json!({}));
        writer.create(&path("a"), &object).await;
        let mut other = Client::connect(&server).await;
        let space = namespace(&format!("n{round}"));
        other.post("/api/v1/namespaces", &space).await.object();
        // The watch is at rest once it has shown this.
        seen.until(server.revision() - 1).await;
        server.advance(MINUTE);
        expected.push(server.revision());
        seen.until(server.revision()).await;
    }
    let bookmarks: Vec<_> = seen.bookmarks().map(|b| b.revision()).collect();
    assert_eq!(bookmarks, expected);
    let late = endpoints("a", "late", json!({}));
    writer.create(&path("a"), &late).await;
    seen.until(server.revision()).await;
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_bookmark_is_an_empty_object_of_the_kind() {
    let server = frozen().await;
    let selection = Selection::all(ALL);
    let mut seen = Seen::streaming(&server, &selection, "timeoutSeconds=600").await;
    server.advance(MINUTE);
    assert!(seen.read().await);
    let version = server.revision();
    let line = format!(
        "{{\"type\":\"BOOKMARK\",\"object\":{{\"kind\":\"Endpoints\",\"apiVersion\":\"v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"}}}}}}\n"
    );
    assert_eq!(seen.live[0].line, line);
}

#[tokio::test]
async fn a_last_bookmark_comes_before_the_timeout() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let selection = Selection::all(ALL);
    let mut seen = Seen::streaming(&server, &selection, "timeoutSeconds=30").await;
    let object = endpoints("a", "x", json!({}));
    writer.create(&path("a"), &object).await;
    seen.until(server.revision()).await;
    server.advance(Duration::from_secs(28));
    assert!(seen.read().await);
    assert!(seen.live[1].is_bookmark());
    server.advance(Duration::from_secs(2));
    seen.finish().await;
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn bookmarks_come_only_to_those_who_asked() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let since = server.revision();
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "timeoutSeconds=600").await;
    for name in ["x", "y"] {
        let object = endpoints("a", name, json!({}));
        writer.create(&path("a"), &object).await;
        seen.until(server.revision()).await;
        server.advance(MINUTE);
    }
    server.advance(10 * MINUTE);
    seen.finish().await;
    assert_eq!(seen.bookmarks().count(), 0);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_watch_ends_at_its_timeout_and_not_before() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let since = server.revision();
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "timeoutSeconds=60").await;
    server.advance(Duration::from_secs(59));
    let object = endpoints("a", "x", json!({}));
    writer.create(&path("a"), &object).await;
    seen.until(server.revision()).await;
    server.advance(Duration::from_secs(1));
    seen.finish().await;
    assert_eq!(seen.error(), None);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_watch_without_a_timeout_ends_between_half_an_hour_and_an_hour() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let since = server.revision();
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "").await;
    server.advance(Duration::from_secs(1799));
    let object = endpoints("a", "x", json!({}));
    writer.create(&path("a"), &object).await;
    seen.until(server.revision()).await;
    server.advance(Duration::from_secs(1801));
    seen.finish().await;
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_negative_timeout_ends_the_watch_at_once() {
    let server = frozen().await;
    let mut watch = Watch::open(&server, ALL, "timeoutSeconds=-1").await;
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_watch_that_starts_over_again_and_again_misses_nothing() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let mut seen = Seen::after(&server, &Selection::all(ALL), server.revision(), "").await;
    for round in 0..30 {
        let name = format!("e{}", round % 4);
        let object = endpoints("a", &name, json!({"round": round.to_string()}));
        writer
            .replace(&format!("{}/{name}", path("a")), &object)
            .await;
        if round % 3 == 0 {
            seen.resume("").await;
        }
        if round % 2 == 0 {
            seen.until(server.revision()).await;
        }
    }
    seen.until(server.revision()).await;
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_watch_from_the_future_is_silent_until_then() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let future = server.revision() + 2;
    let selection = Selection::all(ALL);
    let mut seen = Seen::after(
        &server,
        &selection,
        future,
        "timeoutSeconds=600&allowWatchBookmarks=true",
    )
    .await;
    server.advance(MINUTE);
    for name in ["x", "y", "z"] {
        let object = endpoints("a", name, json!({}));
        writer.create(&path("a"), &object).await;
    }
    seen.until(server.revision()).await;
    assert_eq!(seen.told(), [("ADDED", "z")]);
    assert_eq!(seen.live.len(), 1);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_write_that_changes_nothing_and_a_dry_run_are_not_shown() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let since = server.revision();
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "timeoutSeconds=60").await;
    let object = endpoints("a", "x", json!({"app": "one"}));
    writer.create(&path("a"), &object).await;
    let x = format!("{}/x", path("a"));
    writer.patch(&x, MERGE, &labelled(json!("one"))).await;
    let mut client = Client::connect(&server).await;
    let dry = format!("{x}?dryRun=All");
    let patch = labelled(json!("two"));
    client.patch(&dry, MERGE, &patch).await.object();
    client.delete(&dry).await.object();
    server.advance(MINUTE);
    seen.finish().await;
    assert_eq!(seen.told(), [("ADDED", "x")]);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_finalizer_turns_a_deletion_into_a_change() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let mut object = endpoints("a", "x", json!({}));
    object["metadata"]["finalizers"] = json!(["example.com/wait"]);
    writer.create(&path("a"), &object).await;
    let since = server.revision();
    let mut watch = Watch::open(
        &server,
        ALL,
        &format!("resourceVersion={since}&timeoutSeconds=60"),
    )
    .await;
    let x = format!("{}/x", path("a"));
    let mut client = Client::connect(&server).await;
    client.delete(&x).await.object();
    let free = json!({"metadata": {"finalizers": null}});
    client.patch(&x, MERGE, &free).await.object();
    server.advance(MINUTE);
    let events = watch.rest().await;
    let kinds: Vec<_> = events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["MODIFIED", "DELETED"]);
    assert!(events[0].object["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(
        events[1].object["metadata"]["finalizers"],
        json!(["example.com/wait"])
    );
    assert_eq!(events[1].revision(), server.revision());
}

#[tokio::test]
async fn a_collection_is_deleted_in_the_order_of_its_keys() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    for name in ["b", "a", "b.c", "b-c"] {
        let object = endpoints("a", name, json!({}));
        writer.create(&path("a"), &object).await;
    }
    let since = server.revision();
    let query = format!("resourceVersion={since}&timeoutSeconds=60");
    let mut watch = Watch::open(&server, ALL, &query).await;
    let mut client = Client::connect(&server).await;
    client.delete(&path("a")).await.object();
    server.advance(MINUTE);
    let events = watch.rest().await;
    let names: Vec<_> = events
        .iter()
        .map(|e| (e.kind.as_str(), e.object["metadata"]["name"].as_str()))
        .collect();
    let expected = ["a", "b", "b-c", "b.c"].map(|name| ("DELETED", Some(name)));
    assert_eq!(names, expected);
    let revisions: Vec<_> = events.iter().map(|e| e.revision()).collect();
    assert_eq!(revisions, Vec::from_iter(since + 1..=since + 4));
}

#[tokio::test]
async fn a_watch_from_before_the_compaction_is_told_that_it_is_too_old() {
    let server = frozen().await;
    let since = server.revision();
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    let newest = server.revision();
    server.compact(newest);
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "").await;
    seen.finish().await;
    let status = seen.error().expect("an error");
    assert_eq!(status["code"], 410);
    assert_eq!(status["reason"], "Expired");
    let text = status["message"].as_str().unwrap_or_default();
    assert!(
        text.starts_with(&format!("too old resource version: {since} (")),
        "{text}"
    );
    assert!(seen.live.is_empty());
}

#[tokio::test]
async fn a_watch_that_has_seen_all_outlives_a_compaction() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    let mut seen = Seen::after(&server, &Selection::all(ALL), server.revision(), "").await;
    some_of_everything(&mut writer).await;
    seen.until(server.revision()).await;
    server.compact(server.revision());
    let object = endpoints("a", "late", json!({}));
    writer.create(&path("a"), &object).await;
    seen.until(server.revision()).await;
    seen.check_compacted(&writer.history);
}

#[tokio::test]
async fn a_watch_resumes_at_the_compacted_version_itself() {
    let server = frozen().await;
    let mut writer = Writer::new(&server).await;
    some_of_everything(&mut writer).await;
    let compacted = server.revision() - 3;
    server.compact(compacted);
    let selection = Selection::all(ALL);
    let mut seen = Seen::after(&server, &selection, compacted, "timeoutSeconds=60").await;
    server.advance(MINUTE);
    seen.finish().await;
    assert_eq!(seen.error(), None);
    assert_eq!(seen.events().count(), 3);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn a_full_log_forgets_its_oldest_events_and_no_others() {
    let server = FakeApiServer::builder()
        .object(namespace("a"))
        .limits(Limits::new().events(50))
        .clock_at(at(NOW))
        .start()
        .await;
    let start = server.revision();
    let mut writer = Writer::new(&server).await;
    for round in 0..120 {
        let name = format!("e{}", round % 7);
        let object = endpoints("a", &name, json!({"round": round.to_string()}));
        writer
            .replace(&format!("{}/{name}", path("a")), &object)
            .await;
    }
    let newest = server.revision();
    let selection = Selection::all(ALL);
    for since in [start, newest - 51] {
        let mut seen = Seen::after(&server, &selection, since, "").await;
        seen.finish().await;
        assert_eq!(seen.error().map(|e| &e["code"]), Some(&json!(410)));
        assert!(seen.live.is_empty());
    }
    let mut seen = Seen::after(&server, &selection, newest - 50, "timeoutSeconds=60").await;
    server.advance(MINUTE);
    seen.finish().await;
    assert_eq!(seen.events().count(), 50);
    seen.check(&writer.history).await;
}

#[tokio::test]
async fn other_kinds_of_writes_push_events_out_of_the_log_too() {
    let server = FakeApiServer::builder()
        .object(namespace("a"))
        .limits(Limits::new().events(50))
        .clock_at(at(NOW))
        .start()
        .await;
    let since = server.revision();
    for round in 0..60 {
        server.object(namespace(&format!("n{round}")));
    }
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "").await;
    seen.finish().await;
    assert_eq!(seen.error().map(|e| &e["code"]), Some(&json!(410)));
}

/// Writes many objects, past HTTP.
fn write_many(server: &FakeApiServer, count: usize) {
    for round in 0..count {
        let name = format!("e{}", round % 100);
        server.object(endpoints("a", &name, json!({"round": round.to_string()})));
    }
}

/// A watch's history, by a reader that keeps up.
async fn reference(server: &FakeApiServer, since: u64) -> History {
    let selection = Selection::all(ALL);
    let mut seen = Seen::after(server, &selection, since, "").await;
    seen.until(server.revision()).await;
    History::of(&seen.live)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_was_away_for_20000_events_reads_all_of_them() {
    let server = frozen().await;
    let since = server.revision();
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "").await;
    write_many(&server, 20_000);
    assert_eq!(server.revision(), since + 20_000);
    seen.until(server.revision()).await;
    assert_eq!(seen.events().count(), 20_000);
    let history = reference(&server, since).await;
    seen.check_compacted(&history);
    let rounds = seen.live.iter().map(|e| label(&e.object, "round"));
    let expected: Vec<_> = (0..20_000).map(|round: u32| round.to_string()).collect();
    assert!(rounds.eq(expected.iter().map(|round| Some(round.as_str()))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_was_away_for_longer_than_the_log_is_told_so() {
    let server = FakeApiServer::builder()
        .object(namespace("a"))
        .limits(Limits::new().events(1000))
        .start()
        .await;
    let since = server.revision();
    let mut seen = Seen::after(&server, &Selection::all(ALL), since, "").await;
    // More than fits into the buffers of a connection.
    let blob = "x".repeat(20_000);
    for round in 0..3_000 {
        let mut object = endpoints("a", "x", json!({"round": round.to_string()}));
        object["metadata"]["annotations"] = json!({"blob": blob});
        server.object(object);
    }
    seen.finish().await;
    assert_eq!(seen.error().map(|e| &e["code"]), Some(&json!(410)));
    assert!(seen.version() < server.revision());
    let rounds = seen.live.iter().map(|e| label(&e.object, "round"));
    let expected: Vec<_> = (0..seen.live.len())
        .map(|round| round.to_string())
        .collect();
    assert!(rounds.eq(expected.iter().map(|round| Some(round.as_str()))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_does_not_hold_up_a_fast_one() {
    let server = frozen().await;
    let since = server.revision();
    let selection = Selection::all(ALL);
    let mut slow = Seen::after(&server, &selection, since, "").await;
    let mut fast = Seen::after(&server, &selection, since, "").await;
    for _ in 0..20 {
        write_many(&server, 100);
        fast.until(server.revision()).await;
    }
    slow.until(server.revision()).await;
    let history = reference(&server, since).await;
    fast.check(&history).await;
    slow.check(&history).await;
}

#[tokio::test]
async fn namespaces_keep_the_guarantees_as_well() {
    let server = FakeApiServer::builder()
        .controllers(false)
        .clock_at(at(NOW))
        .start()
        .await;
    let spaces = "/api/v1/namespaces";
    let mut writer = Writer::new(&server).await;
    // What was there before belongs to the history.
    let mut seen = Seen::streaming(&server, &Selection::all(spaces), "timeoutSeconds=60").await;
    for name in ["x", "y"] {
        writer.create(spaces, &namespace(name)).await;
    }
    let patch = labelled(json!("one"));
    writer.patch("/api/v1/namespaces/x", MERGE, &patch).await;
    server.advance(MINUTE);
    seen.finish().await;
    assert_eq!(
        seen.told(),
        [("ADDED", "x"), ("ADDED", "y"), ("MODIFIED", "x")]
    );
    seen.check(&writer.history).await;
}
