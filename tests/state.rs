//! The state of a server as a whole: kept, put back, gone on with elsewhere; and a server that is down for a while.

mod support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use fake_apiserver::{Auth, FakeApiServer, FakeApiServerBuilder, Fault, Outage, Snapshot};
use serde_json::{Value, json};

use support::at;
use support::client::Client;
use support::objects::{at_revision, endpoints, namespace, path, revision};
use support::raw::Raw;
use support::watch::Watch;
use support::{own_address, within};

const NOW: u64 = 1_700_000_000;
const EP: &str = "/api/v1/namespaces/default/endpoints";

async fn frozen() -> FakeApiServer {
    FakeApiServer::builder().clock_at(at(NOW)).start().await
}

fn named(name: &str) -> Value {
    endpoints("default", name, json!({}))
}

fn names(server: &FakeApiServer) -> Vec<String> {
    let all = server.resource("endpoints").list();
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    all.iter().map(name).collect()
}

#[tokio::test]
async fn a_restore_brings_back_what_was_and_nothing_else() {
    let server = frozen().await;
    server.object(named("kept"));
    let snapshot = server.snapshot();
    let before = server
        .resource("endpoints")
        .namespace("default")
        .get("kept")
        .unwrap();
    server.object(endpoints("default", "kept", json!({"app": "changed"})));
    server.object(named("later"));
    server.restore(&snapshot);
    assert_eq!(names(&server), ["kept"]);
    let after = server
        .resource("endpoints")
        .namespace("default")
        .get("kept")
        .unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn revisions_go_on_across_a_restore() {
    let server = frozen().await;
    let snapshot = server.snapshot();
    server.object(named("a"));
    let newest = server.revision();
    server.restore(&snapshot);
    let mut client = Client::connect(&server).await;
    let list = client.get(EP).await.object();
    assert!(revision(&list) > newest, "{list}");
    let created = client.post(EP, &named("b")).await.object();
    assert!(revision(&created) > revision(&list), "{created}");
}

#[tokio::test]
async fn no_uid_is_given_out_twice_across_a_restore() {
    let server = frozen().await;
    let snapshot = server.snapshot();
    let mut client = Client::connect(&server).await;
    let first = client.post(EP, &named("a")).await.object();
    server.restore(&snapshot);
    let second = client.post(EP, &named("a")).await.object();
    assert_ne!(first["metadata"]["uid"], second["metadata"]["uid"]);
}

#[tokio::test]
async fn an_open_watch_is_told_of_a_restore_by_410() {
    let server = frozen().await;
    let snapshot = server.snapshot();
    server.object(named("a"));
    let since = server.revision();
    let mut watch = Watch::open(&server, EP, &format!("resourceVersion={since}")).await;
    server.restore(&snapshot);
    let error = watch.next().await.unwrap();
    assert!(error.is_error());
    assert_eq!(error.object["code"], 410, "{}", error.object);
    assert_eq!(error.object["reason"], "Expired");
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn nothing_from_before_a_restore_can_be_read_on() {
    let server = frozen().await;
    for name in ["a", "b", "c"] {
        server.object(named(name));
    }
    let snapshot = server.snapshot();
    let since = server.revision();
    let mut client = Client::connect(&server).await;
    let page = client.get(&format!("{EP}?limit=1")).await.object();
    let token = page["metadata"]["continue"].as_str().unwrap();
    server.restore(&snapshot);
    for query in [
        format!("limit=1&continue={token}"),
        format!("resourceVersion={since}&resourceVersionMatch=Exact"),
    ] {
        let refusal = client.get(&format!("{EP}?{query}")).await.refusal();
        assert_eq!(refusal, (410, "Expired".to_owned()), "{query}");
    }
    let mut watch = Watch::open(&server, EP, &format!("resourceVersion={since}")).await;
    assert_eq!(watch.next().await.unwrap().object["code"], 410);
    let now = server.revision();
    let mut watch = Watch::open(&server, EP, &format!("resourceVersion={now}")).await;
    server.object(named("d"));
    assert_eq!(watch.next().await.unwrap().kind, "ADDED");
}

#[tokio::test]
async fn a_write_with_a_version_that_was_undone_is_a_conflict() {
    let server = frozen().await;
    server.object(named("a"));
    let snapshot = server.snapshot();
    let mut client = Client::connect(&server).await;
    let target = format!("{EP}/a");
    let changed = endpoints("default", "a", json!({"app": "x"}));
    let undone = client.put(&target, &changed).await.object();
    server.restore(&snapshot);
    assert_eq!(client.put(&target, &undone).await.refusal().0, 409);
    let live = client.get(&target).await.object();
    let again = at_revision(&undone, revision(&live));
    assert_eq!(client.put(&target, &again).await.status, 200);
}

#[tokio::test]
async fn the_objects_of_another_server_come_under_versions_of_their_own() {
    let (server, other) = (frozen().await, frozen().await);
    other.object(named("theirs"));
    server.object(named("ours"));
    let newest = server.revision();
    server.restore(&other.snapshot());
    assert_eq!(names(&server), ["theirs"]);
    let object = server
        .resource("endpoints")
        .namespace("default")
        .get("theirs")
        .unwrap();
    assert!(revision(&object) > newest, "{object}");
    assert!(server.revision() > revision(&object));
}

#[tokio::test]
async fn controllers_go_on_after_a_restore() {
    let server = frozen().await;
    server.object(namespace("shop"));
    let snapshot = server.snapshot();
    for _ in 0..2 {
        let mut client = Client::connect(&server).await;
        assert_eq!(client.delete("/api/v1/namespaces/shop").await.status, 200);
        let since = format!("resourceVersion={}", server.revision());
        let mut watch = Watch::open(&server, "/api/v1/namespaces", &since).await;
        let mut last = None;
        while last.as_deref() != Some("DELETED") {
            server.advance(Duration::from_secs(1));
            last = watch.next().await.map(|event| event.kind);
        }
        server.restore(&snapshot);
    }
}

#[tokio::test]
async fn a_fork_answers_what_its_origin_answers() {
    let server = FakeApiServer::builder()
        .clock_at(at(NOW))
        .random_seed(7)
        .start()
        .await;
    server.object(named("a"));
    let fork = server.fork();
    let mut answers = Vec::new();
    for server in [&server, &fork] {
        let mut client = Client::connect(server).await;
        let mut object = named("");
        object["metadata"] = json!({"generateName": "gen-"});
        let answer = client.post(EP, &object).await;
        answers.push((answer.status, answer.headers, answer.body));
    }
    assert_eq!(answers[0].0, 201);
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_fork_and_its_origin_go_their_own_ways() {
    let server = frozen().await;
    server.object(named("both"));
    let fork = server.fork();
    server.object(named("mine"));
    fork.object(named("theirs"));
    fork.advance(Duration::from_secs(60));
    assert_eq!(names(&server), ["both", "mine"]);
    assert_eq!(names(&fork), ["both", "theirs"]);
    drop(server);
    let mut client = Client::connect(&fork).await;
    assert_eq!(client.get(EP).await.status, 200);
}

#[tokio::test]
async fn a_fork_lets_in_whom_its_origin_does() {
    let server = FakeApiServer::builder()
        .auth(
            Auth::new()
                .token("t0ken", "admin", ["system:masters"])
                .anonymous(false),
        )
        .start()
        .await;
    let fork = server.fork();
    assert!(fork.kubeconfig().contains("t0ken"));
    let mut nobody = Client::connect(&fork).await;
    assert_eq!(nobody.get(EP).await.status, 401);
    let mut admin = Client::connect(&fork)
        .await
        .with_header("authorization", "Bearer t0ken");
    assert_eq!(admin.get(EP).await.status, 200);
}

#[test]
fn a_server_with_a_runtime_of_its_own_has_forks_with_theirs() {
    let server = FakeApiServer::start_blocking();
    let fork = server.fork();
    drop(server);
    assert!(get(fork.address()).unwrap().starts_with("HTTP/1.1 200 "));
}

/// A server with an object of every kind, one of them on its way out.
async fn one_of_each() -> FakeApiServer {
    let server = frozen().await;
    let mut held = endpoints("shop", "held", json!({"app": "yes"}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    held["metadata"]["annotations"] = json!({"note": "\u{fc}: - yes\n\tand #no ", "n": "007"});
    server.object(held);
    server.object(endpoints("leaving", "db", json!({})));
    for (kind, name, rest) in [
        (
            "ConfigMap",
            "settings",
            json!({"data": {"a.yaml": "b: 1\nc: 2\n", "no": "no"}}),
        ),
        (
            "Secret",
            "token",
            json!({"type": "Opaque", "data": {"key": "AAEC"}}),
        ),
        (
            "Service",
            "web",
            json!({"spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}),
        ),
        (
            "Event",
            "web.1",
            json!({"involvedObject": {"namespace": "shop"}, "reason": "Started"}),
        ),
    ] {
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}});
        object
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        server.object(object);
    }
    let mut client = Client::connect(&server).await;
    let deleted = client
        .delete(&format!("{}/held", path("shop")))
        .await
        .object();
    assert!(deleted["metadata"]["deletionTimestamp"].is_string());
    let leaving = client.delete("/api/v1/namespaces/leaving").await.object();
    assert_eq!(leaving["status"]["phase"], "Terminating");
    server
}

/// What a server holds, but for versions.
fn contents(server: &FakeApiServer) -> Vec<Value> {
    let mut objects = server.snapshot().objects();
    for object in &mut objects {
        let metadata = object["metadata"].as_object_mut().unwrap();
        assert!(metadata.remove("resourceVersion").is_some());
    }
    objects
}

#[tokio::test]
async fn a_dump_loads_again_as_the_same_objects() {
    let server = one_of_each().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), server.dump()).unwrap();
    let seeded = FakeApiServer::builder()
        .clock_at(at(NOW))
        .objects_file(file.path())
        .start()
        .await;
    assert_eq!(contents(&seeded), contents(&server));
    let again = frozen().await;
    again.objects_file(file.path());
    assert_eq!(contents(&again), contents(&server));
}

#[tokio::test]
async fn a_snapshot_that_was_written_and_read_is_the_same() {
    let server = one_of_each().await;
    let written = server.snapshot().to_yaml();
    let read = Snapshot::from_yaml(&written).unwrap();
    assert_eq!(read.to_yaml(), written);
    let builder = FakeApiServer::builder().clock_at(at(NOW));
    let other = builder.from_snapshot(&read).start().await;
    assert_eq!(contents(&other), contents(&server));
    let third = frozen().await;
    third.object(named("gone"));
    third.restore(&read);
    assert_eq!(contents(&third), contents(&server));
}

#[tokio::test]
async fn a_dump_looks_like_kubectls() {
    let server = frozen().await;
    let text = server.dump();
    assert!(
        text.starts_with("apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n"),
        "{text}"
    );
    assert!(
        text.ends_with("\nkind: List\nmetadata:\n  resourceVersion: \"\"\n"),
        "{text}"
    );
}

/// Connects anew, sends a request and reads until the server closes.
fn get(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "GET {EP} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// What a new connection comes to that sends nothing.
fn knock(address: SocketAddr) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.read(&mut [0; 16])
}

/// A server to whose port nobody else comes while it is down.
fn own() -> FakeApiServerBuilder {
    FakeApiServer::builder().bind(own_address())
}

fn is_up(server: &FakeApiServer) -> bool {
    match get(server.address()) {
        Ok(answer) => answer.starts_with("HTTP/1.1 200 "),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => false,
        Err(error) => panic!("neither up nor down: {error}"),
    }
}

/// A connection that has had one answer and is kept alive.
fn kept_alive(server: &FakeApiServer) -> Raw {
    let mut raw = Raw::connect(server.address());
    ask(&mut raw);
    raw
}

fn ask(raw: &mut Raw) {
    raw.send("GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(raw.code(), 200);
    raw.until("}");
}

#[test]
fn a_server_goes_down_and_comes_back_to_its_port_every_time() {
    let server = own().start_blocking();
    for _ in 0..50 {
        let outage = server.outage(Outage::refused());
        assert_eq!(
            knock(server.address()).unwrap_err().kind(),
            ErrorKind::ConnectionRefused
        );
        drop(outage);
        assert!(is_up(&server));
    }
}

#[test]
fn the_state_is_there_when_the_server_is_back() {
    let server = own().start_blocking();
    server.object(named("db"));
    let newest = server.revision();
    let outage = server.outage(Outage::refused());
    assert!(!is_up(&server));
    drop(outage);
    assert!(get(server.address()).unwrap().contains("\"db\""));
    assert_eq!(server.revision(), newest);
}

#[test]
fn open_connections_are_reset_by_an_outage() {
    let server = own().start_blocking();
    let mut idle = TcpStream::connect(server.address()).unwrap();
    let mut watch = TcpStream::connect(server.address()).unwrap();
    write!(watch, "GET {EP}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut socket = TcpStream::connect(server.address()).unwrap();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://x";
    write!(
        socket,
        "GET {EP}?watch=1 HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n\r\n"
    )
    .unwrap();
    write!(idle, "GET {EP} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    for stream in [&mut idle, &mut watch, &mut socket] {
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
    }
    let _outage = server.outage(Outage::refused());
    for stream in [&mut idle, &mut watch, &mut socket] {
        let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[test]
fn open_connections_can_be_left_alone() {
    let server = own().start_blocking();
    let mut raw = kept_alive(&server);
    let outage = server.outage(Outage::refused().keeping_connections());
    assert!(!is_up(&server));
    ask(&mut raw);
    drop(outage);
    assert!(is_up(&server));
    ask(&mut raw);
}

#[test]
fn new_connections_are_reset_until_the_outage_is_over() {
    let server = own().start_blocking();
    let outage = server.outage(Outage::reset());
    for _ in 0..3 {
        assert_eq!(
            knock(server.address()).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
    assert!(!outage.is_over());
    drop(outage);
    assert!(is_up(&server));
}

#[test]
fn so_many_connections_are_reset_as_were_asked_for() {
    let server = own().start_blocking();
    let outage = server.outage(Outage::reset_next(2));
    for _ in 0..2 {
        assert!(!outage.is_over());
        assert_eq!(
            knock(server.address()).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
    assert!(outage.is_over());
    assert!(is_up(&server));
}

#[test]
fn an_outage_is_over_when_its_time_is_up_by_the_servers_clock() {
    let server = own().clock_at(at(NOW)).start_blocking();
    let outage = server.outage(Outage::refused().during(Duration::from_secs(30)));
    server.advance(Duration::from_secs(29));
    assert!(!is_up(&server));
    server.advance(Duration::from_secs(1));
    assert!(outage.is_over());
    assert!(is_up(&server));
}

#[tokio::test]
async fn an_outage_is_over_without_anybody_asking() {
    let server = own().start().await;
    let hour = Duration::from_secs(3600);
    let outage = server.outage(Outage::refused().during(hour));
    server.advance(hour);
    within(async {
        while !outage.is_over() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get(EP).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn no_outage_lasts_longer_than_an_hour_even_if_the_servers_clock_stands_still() {
    let server = own().clock_at(at(NOW)).start().await;
    let (hour, second) = (Duration::from_secs(3600), Duration::from_secs(1));
    for outage in [
        Outage::refused(),
        Outage::reset(),
        Outage::refused().during(second),
    ] {
        let outage = server.outage(outage);
        tokio::time::sleep(hour - second).await;
        assert!(!outage.is_over());
        tokio::time::sleep(second * 2).await;
        assert!(outage.is_over());
    }
    let longer = Outage::refused().during(hour + second);
    let begin = || drop(server.outage(longer.clone()));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(begin)).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "this outage cannot be: an outage lasts an hour at most, not 3601s"
    );
}

#[test]
fn a_server_is_down_as_long_as_any_outage_lasts() {
    let server = own().start_blocking();
    let first = server.outage(Outage::refused());
    let second = server.outage(Outage::refused());
    drop(first);
    assert!(!is_up(&server));
    drop(second);
    assert!(is_up(&server));
}

#[test]
fn an_outage_may_outlive_its_server() {
    let server = own().start_blocking();
    let address = server.address();
    let outage = server.outage(Outage::refused());
    drop(server);
    std::net::TcpListener::bind(address).unwrap();
    drop(outage);
}

#[tokio::test]
async fn a_server_comes_back_over_an_empty_etcd() {
    let server = frozen().await;
    let fresh = server.revision();
    for name in ["a", "b", "c"] {
        server.object(named(name));
    }
    let since = server.revision();
    drop(server.outage(Outage::refused().without_state()));
    assert_eq!(names(&server), [""; 0]);
    assert_eq!(server.resource("namespaces").list().len(), 4);
    assert_eq!(server.revision(), fresh);
    let mut client = Client::connect(&server).await;
    let query = format!("resourceVersion={since}&resourceVersionMatch=NotOlderThan");
    let target = format!("{EP}?{query}");
    let mut answer = std::pin::pin!(client.get(&target));
    let answer = loop {
        tokio::select! {
            answer = &mut answer => break answer,
            () = tokio::task::yield_now() => server.advance(Duration::from_secs(1)),
        }
    };
    assert_eq!(answer.refusal(), (504, "Timeout".to_owned()));
}

#[tokio::test]
async fn controllers_work_over_an_empty_etcd() {
    let server = frozen().await;
    for i in 0..20 {
        server.object(named(&format!("e{i}")));
    }
    drop(server.outage(Outage::refused().without_state()));
    server.object(namespace("shop"));
    let mut client = Client::connect(&server).await;
    assert_eq!(client.delete("/api/v1/namespaces/shop").await.status, 200);
    let since = format!("resourceVersion={}", server.revision());
    let mut watch = Watch::open(&server, "/api/v1/namespaces", &since).await;
    let mut last = None;
    while last.as_deref() != Some("DELETED") {
        server.advance(Duration::from_secs(1));
        last = watch.next().await.map(|event| event.kind);
    }
}

#[tokio::test]
async fn a_restart_ends_watches_and_connections_in_order() {
    let server = frozen().await;
    server.object(named("db"));
    let since = format!("resourceVersion={}", server.revision());
    let mut watch = Watch::open(&server, EP, &since).await;
    server.restart();
    assert_eq!(watch.next().await, None);
    assert_eq!(names(&server), ["db"]);
    let mut watch = Watch::open(&server, EP, &since).await;
    server.object(named("more"));
    assert_eq!(watch.next().await.unwrap().kind, "ADDED");
}

#[tokio::test]
async fn a_request_in_flight_is_answered_across_a_restart() {
    let server = frozen().await;
    let second = Duration::from_secs(1);
    let guard = server.fault(Fault::delay(second).first(1));
    let mut client = Client::connect(&server).await;
    let mut answer = std::pin::pin!(client.get(EP));
    within(async {
        while guard.fired() == 0 {
            tokio::select! {
                answer = &mut answer => panic!("{answer:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    })
    .await;
    server.restart();
    server.advance(second);
    let answer = answer.await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["connection"], "close");
}

#[test]
fn a_restart_closes_idle_connections() {
    let server = own().start_blocking();
    let mut raw = kept_alive(&server);
    server.restart();
    raw.rest();
    assert!(is_up(&server));
}
