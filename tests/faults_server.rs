//! Faults of paging, history and connections, closures as rules, and replicas that lag behind.

mod support;

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault, Outage, Stale};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use support::at;
use support::client::Client;
use support::objects::{endpoints, revision};
use support::watch::Watch;
use support::within;

const EP: &str = "/api/v1/namespaces/default/endpoints";
const STREAMING: &str =
    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

fn named(name: &str) -> Value {
    endpoints("default", name, json!({}))
}

async fn server_with(names: &[&str]) -> FakeApiServer {
    let builder = names
        .iter()
        .fold(FakeApiServer::builder(), |b, name| b.object(named(name)));
    builder.start().await
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_continue_token_expires_and_the_rest_can_be_read_all_the_same() {
    let server = server_with(&["a", "b", "c"]).await;
    let guard = server.fault(Fault::continue_expires().first(1));
    let mut client = Client::connect(&server).await;
    let page = client.get(&format!("{EP}?limit=1")).await.object();
    assert_eq!(guard.fired(), 0);
    let next = |page: &Value| {
        let token = page["metadata"]["continue"].as_str().unwrap();
        format!("{EP}?limit=1&continue={token}")
    };
    let refused = client.get(&next(&page)).await;
    assert_eq!(refused.refusal(), (410, "Expired".to_owned()));
    let refused = refused.json();
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("results in an inconsistent list"),
        "{message}"
    );
    let rest = client.get(&next(&refused)).await.object();
    assert_eq!(names(&rest), ["b"]);
    let last = client.get(&next(&rest)).await.object();
    assert_eq!(names(&last), ["c"]);
}

#[tokio::test]
async fn an_inconsistent_continue_token_never_expires() {
    let server = server_with(&["a", "b", "c"]).await;
    let guard = server.fault(Fault::continue_expires());
    let mut client = Client::connect(&server).await;
    let page = client.get(&format!("{EP}?limit=1")).await.object();
    let token = page["metadata"]["continue"].as_str().unwrap();
    let refused = client.get(&format!("{EP}?continue={token}")).await.json();
    let token = refused["metadata"]["continue"].as_str().unwrap();
    let rest = client.get(&format!("{EP}?continue={token}")).await.object();
    assert_eq!(names(&rest), ["b", "c"]);
    assert_eq!(guard.fired(), 1);
}

#[tokio::test]
async fn a_streaming_list_is_refused_as_without_the_feature() {
    let server = server_with(&["a"]).await;
    let _guard = server.fault(Fault::send_initial_events_refused());
    let mut client = Client::connect(&server).await;
    let refused = client.get(&format!("{EP}?watch=1&{STREAMING}")).await;
    assert_eq!(refused.refusal(), (422, "Invalid".to_owned()));
    let why = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the \
               WatchList feature gate is enabled";
    let status = refused.json();
    assert_eq!(
        status["message"],
        format!("ListOptions.meta.k8s.io \"\" is invalid: {why}")
    );
    assert_eq!(status["details"]["causes"][0]["field"], "sendInitialEvents");
    let mut plain = Watch::open(&server, EP, "").await;
    assert_eq!(plain.next().await.unwrap().kind, "ADDED");
}

#[tokio::test]
async fn a_write_is_applied_and_accepted() {
    let server = server_with(&["a"]).await;
    let guard = server.fault(Fault::accepted());
    let mut client = Client::connect(&server).await;
    let created = client.post(EP, &named("b")).await;
    assert_eq!(created.status, 202);
    assert_eq!(created.json()["metadata"]["name"], "b");
    let deleted = client.delete(&format!("{EP}/a")).await;
    assert_eq!(deleted.status, 202);
    assert_eq!(deleted.json()["status"], "Success");
    assert_eq!(client.delete(&format!("{EP}/a")).await.status, 404);
    assert_eq!(client.get(EP).await.status, 200);
    assert_eq!(names(&client.get(EP).await.object()), ["b"]);
    // An error stays what it is.
    assert_eq!(guard.fired(), 2);
}

#[tokio::test]
async fn a_fault_that_fits_no_request_says_why() {
    let server = server_with(&["a"]).await;
    let guard = server.fault(Fault::accepted());
    let mut client = Client::connect(&server).await;
    client.get(EP).await;
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(guard))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    let why = r#"1 × the verb was "list"; 202 is documented for create and delete only"#;
    assert!(message.contains(why), "{message}");
}

#[tokio::test]
async fn a_watch_meets_a_compaction_that_comes_first() {
    let server = server_with(&["a"]).await;
    let since = server.revision();
    server.object(named("b"));
    let _guard = server.fault(Fault::compacted_first().verb("watch").first(1));
    let query = format!("resourceVersion={since}");
    let error = Watch::open(&server, EP, &query).await.next().await.unwrap();
    assert!(error.is_error());
    assert_eq!(error.object["code"], 410);
    let newest = server.revision();
    let message = format!("too old resource version: {since} ({newest})");
    assert_eq!(error.object["message"], message);
}

#[tokio::test]
async fn a_closure_decides() {
    let server = server_with(&["a"]).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let guard = server.fault(Fault::custom(move |request| {
        let facts = [
            request.verb(),
            &request.resource(),
            request.namespace(),
            request.name(),
            request.path(),
            request.user(),
            request.query("pretty").unwrap_or_default(),
            request.header("host").unwrap_or_default(),
        ];
        log.lock().unwrap().push(facts.join(" "));
        (request.attempt() == 2).then(Fault::conflict)
    }));
    let mut client = Client::connect(&server).await;
    let target = format!("{EP}/a?pretty=0");
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(client.get(&target).await.status);
    }
    assert_eq!(codes, [200, 409, 200]);
    assert_eq!(guard.fired(), 1);
    let line = format!("get endpoints default a {EP}/a system:admin 0 fake");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    assert_eq!(
        seen[0].replace(" system:anonymous ", " system:admin "),
        line
    );
}

#[tokio::test]
async fn a_closure_may_install_another_rule() {
    let server = Arc::new(server_with(&["a"]).await);
    let (other, guards) = (Arc::downgrade(&server), Mutex::new(Vec::new()));
    let _guard = server.fault(
        Fault::custom(move |_| {
            let server = other.upgrade()?;
            let next = server.fault(Fault::not_found().optional());
            guards.lock().unwrap().push(next);
            Some(Fault::conflict())
        })
        .first(1),
    );
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get(EP).await.status, 409);
    assert_eq!(client.get(EP).await.status, 404);
}

/// What dropping this panics with.
fn told_by_dropping(held: impl Sized) -> String {
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(held)));
    *dropped.unwrap_err().downcast::<String>().unwrap()
}

#[tokio::test]
async fn a_closure_that_panics_is_told_to_the_client_the_journal_and_the_test() {
    let server = server_with(&["a"]).await;
    let line = line!() + 1;
    let guard = server.fault(
        Fault::custom(|request| {
            assert_eq!(request.query("limit"), Some("500"), "no paging");
            None
        })
        .named("pages")
        .optional(),
    );
    let mut client = Client::connect(&server).await;
    for _ in 0..2 {
        let (code, message) = {
            let answer = client.get(EP).await;
            (answer.status, answer.json()["message"].clone())
        };
        let message = message.as_str().unwrap();
        assert_eq!(code, 500);
        assert!(
            message.starts_with("pages: its closure panicked: "),
            "{message}"
        );
        assert!(message.contains("no paging"), "{message}");
    }
    let journal = server.journal().to_string();
    assert!(journal.contains("pages: its closure panicked"), "{journal}");
    let message = told_by_dropping(guard);
    let start = format!(
        "the closure of the fault \"pages\" installed at {}:{line}:",
        file!()
    );
    assert!(message.starts_with(&start), "{message}");
    assert!(message.contains("no paging"), "{message}");
}

#[tokio::test]
async fn a_closure_of_the_builder_that_panics_is_told_when_the_server_is_dropped() {
    let server = FakeApiServer::builder()
        .fault(Fault::custom(|_| panic!("never this")))
        .allow_unused_faults()
        .start()
        .await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get(EP).await.status, 500);
    server.clear_faults();
    let message = told_by_dropping(server);
    assert!(message.contains("panicked: never this\n"), "{message}");
}

#[tokio::test]
async fn a_connection_is_closed_after_so_many_requests() {
    let server = server_with(&["a"]).await;
    let guard = server.fault(Fault::close_after(3));
    for _ in 0..2 {
        let mut client = Client::connect(&server).await;
        let mut closing = Vec::new();
        for _ in 0..3 {
            let answer = client.get(EP).await;
            assert_eq!(answer.status, 200);
            closing.push(answer.headers.contains_key("connection"));
        }
        assert_eq!(closing, [false, false, true]);
    }
    assert_eq!(guard.fired(), 2);
}

#[tokio::test]
async fn a_replica_shows_what_was_there_some_revisions_ago() {
    let server = server_with(&["a"]).await;
    let replica = server.replica(Stale::Behind(1));
    let mut client = Client::to(replica.address()).await;
    server.object(named("b"));
    assert_eq!(names(&client.get(EP).await.object()), ["a"]);
    assert_eq!(client.get(&format!("{EP}/b")).await.status, 404);
    server.object(named("c"));
    assert_eq!(names(&client.get(EP).await.object()), ["a", "b"]);
    assert_eq!(client.get(&format!("{EP}/b")).await.status, 200);
}

#[tokio::test]
async fn a_write_through_a_replica_reaches_the_store() {
    let server = server_with(&["a"]).await;
    let replica = server.replica(Stale::At(server.revision()));
    let mut client = Client::to(replica.address()).await;
    assert_eq!(client.post(EP, &named("b")).await.status, 201);
    assert!(
        server
            .resource("endpoints")
            .namespace("default")
            .get("b")
            .is_some()
    );
    assert_eq!(names(&client.get(EP).await.object()), ["a"]);
    let stale = client.get(&format!("{EP}/a")).await.object();
    server.object(endpoints("default", "a", json!({"app": "x"})));
    assert_eq!(client.put(&format!("{EP}/a"), &stale).await.status, 409);
}

#[tokio::test]
async fn a_watch_of_a_replica_lags_behind() {
    let server = server_with(&["a"]).await;
    let replica = server.replica(Stale::Behind(1));
    let since = server.revision();
    let query = format!("{EP}?watch=1&resourceVersion={since}");
    let mut client = Client::to(replica.address()).await;
    let answer = client
        .open(http::Method::GET, &query, "application/json", "")
        .await;
    let mut body = answer.into_body();
    server.object(named("b"));
    let first = server
        .resource("endpoints")
        .namespace("default")
        .get("b")
        .unwrap();
    server.object(named("c"));
    let frame = within(body.frame()).await.unwrap().unwrap();
    let event: Value = serde_json::from_slice(&frame.into_data().unwrap()).unwrap();
    assert_eq!(event["object"]["metadata"]["name"], "b");
    assert_eq!(revision(&event["object"]), revision(&first));
}

#[tokio::test]
async fn a_replica_cannot_show_what_was_compacted() {
    let server = server_with(&["a"]).await;
    let replica = server.replica(Stale::At(server.revision()));
    server.object(named("b"));
    server.object(named("c"));
    server.compact(server.revision() - 1);
    let mut client = Client::to(replica.address()).await;
    assert_eq!(names(&client.get(EP).await.object()), ["a", "b"]);
    assert_eq!(client.get(&format!("{EP}/a")).await.status, 200);
}

#[tokio::test]
async fn faults_are_met_at_a_replica_too() {
    let server = server_with(&["a"]).await;
    let replica = server.replica(Stale::Behind(0));
    let _guard = server.fault(Fault::service_unavailable().first(1));
    assert!(replica.kubeconfig().contains(&replica.url()));
    let mut client = Client::to(replica.address()).await;
    assert_eq!(client.get(EP).await.status, 503);
    assert_eq!(client.get(EP).await.status, 200);
}

#[tokio::test]
async fn a_request_finds_the_server_going_down_and_is_not_handled() {
    let server = FakeApiServer::builder()
        .clock_at(at(1_767_268_800))
        .start()
        .await;
    let outage = Outage::refused().during(Duration::from_secs(10));
    let guard = server.fault(Fault::outage(outage).verb("create").first(1));
    let connect = || TcpStream::connect(server.address());
    let mut stream = connect().await.unwrap();
    let body = named("db").to_string();
    let head = format!(
        "POST {EP} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let broken = within(stream.read_to_end(&mut Vec::new()))
        .await
        .unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::ConnectionReset);
    assert_eq!(
        connect().await.unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );

    server.advance(Duration::from_secs(10));
    assert_eq!(guard.fired(), 1);
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get(&format!("{EP}/db")).await.status, 404);
    assert_eq!(client.post(EP, &named("db")).await.status, 201);
}

/// What there is to say of a fault that met its request and could do nothing to it.
#[track_caller]
fn in_vain(server: &FakeApiServer, guard: fake_apiserver::handles::FaultGuard, why: &str) {
    assert_eq!(guard.fired(), 0, "{why}");
    let unused = server.unused_faults();
    let expected =
        format!(" never fired: 1 requests were to meet it, and it had no effect:\n  1 × {why}");
    assert!(unused[0].ends_with(&expected), "{unused:?}");
    guard.remove();
}

#[tokio::test]
async fn a_fault_that_had_no_effect_has_not_fired() {
    let server = server_with(&["a"]).await;
    let mut client = Client::connect(&server).await;
    let whole = client.get(EP).await.body;
    for fault in [
        Fault::truncate_after(whole.len()),
        Fault::reset_after(1_000_000),
    ] {
        let guard = server.fault(fault.verb("list"));
        assert_eq!(client.get(EP).await.body, whole);
        in_vain(&server, guard, "the answer's body was not that long");
    }
    for (fault, why) in [
        (Fault::truncate_after(1), "the answer was an error"),
        (
            Fault::lost_race(),
            "there was nothing another writer could do",
        ),
        (
            Fault::deleted_first(),
            "there was nothing another writer could do",
        ),
    ] {
        let guard = server.fault(fault.verb("get"));
        assert_eq!(client.get(&format!("{EP}/none")).await.status, 404);
        in_vain(&server, guard, why);
    }
    let guard = server.fault(Fault::created_first());
    let generated = json!({"metadata": {"generateName": "g-"}});
    assert_eq!(client.post(EP, &generated).await.status, 201);
    in_vain(&server, guard, "the request names no object");
    let answered = server.fault(Fault::delay(Duration::ZERO).carry_on());
    let conflict = server.fault(Fault::conflict().carry_on());
    let guard = server.fault(Fault::drip(1, Duration::ZERO));
    assert_eq!(client.get(EP).await.status, 409);
    assert_eq!((answered.fired(), conflict.fired()), (1, 1));
    in_vain(
        &server,
        guard,
        "the request was answered before it could act",
    );
    let entries = server.journal();
    let last = entries.iter().last().unwrap();
    assert_eq!(last.faults(), ["delay", "Conflict", "drip (no effect)"]);
}

#[tokio::test]
async fn a_fault_of_a_watch_fires_when_it_acts() {
    let server = server_with(&["a"]).await;
    let now = server.revision();
    let guard = server.fault(Fault::watch_drops_an_event());
    let mut watch = Watch::open(&server, EP, &format!("resourceVersion={now}")).await;
    assert_eq!(guard.fired(), 0);
    server.object(named("b"));
    server.object(named("c"));
    assert_eq!(watch.next().await.unwrap().object["metadata"]["name"], "c");
    assert_eq!(guard.fired(), 1);
}
