//! Servers as a test suite has them: many at once, on any runtime or none, gone when they are dropped.

mod support;

use std::cell::RefCell;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use fake_apiserver::{Auth, FakeApiServer, Fault, Limits};
use k8s_openapi::api::apiserverinternal::v1alpha1::StorageVersion;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};

use support::at;
use support::client::Client;
use support::objects::{endpoints, namespace, path};
use support::raw::Raw;
use support::watch::Watch;
use support::{own_address, within};

/// How many servers run side by side.
const MANY: usize = 200;

/// Writes an object that says whose it is, and reads back all there is.
async fn names_after_writing(server: &FakeApiServer, number: usize) -> Vec<Value> {
    let mut client = Client::connect(server).await;
    let object = endpoints("default", &format!("only-in-{number}"), json!({}));
    client.post(&path("default"), &object).await.object();
    let list = client.get("/api/v1/endpoints").await.object();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|i| i["metadata"]["name"].clone())
        .collect()
}

async fn side_by_side() {
    let starting = (0..MANY).map(|_| FakeApiServer::start());
    let servers = futures_util::future::join_all(starting).await;
    let addresses: std::collections::HashSet<_> = servers.iter().map(|s| s.address()).collect();
    assert_eq!(addresses.len(), MANY);
    let work = servers
        .iter()
        .enumerate()
        .map(|(number, server)| async move {
            let names = names_after_writing(server, number).await;
            assert_eq!(names, [format!("only-in-{number}")]);
        });
    futures_util::future::join_all(work).await;
}

#[tokio::test]
async fn hundreds_of_servers_share_one_thread_and_nothing_else() {
    side_by_side().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hundreds_of_servers_share_many_threads_and_nothing_else() {
    side_by_side().await;
}

/// A request by a client without a runtime, of a server that closes after the answer.
fn blocking_request(
    server: &FakeApiServer,
    method: &str,
    target: &str,
    body: &str,
) -> (u16, String) {
    let mut raw = Raw::connect(server.address());
    raw.send(format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let code = raw.code();
    (code, raw.rest())
}

#[test]
fn hundreds_of_servers_serve_a_test_without_a_runtime() {
    let servers: Vec<_> = (0..MANY).map(|_| FakeApiServer::start_blocking()).collect();
    for (number, server) in servers.iter().enumerate() {
        let object = endpoints("default", &format!("only-in-{number}"), json!({}));
        let body = object.to_string();
        let (code, _) = blocking_request(server, "POST", &path("default"), &body);
        assert_eq!(code, 201);
    }
    for (number, server) in servers.iter().enumerate() {
        let names = server.resource("endpoints").list();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0]["metadata"]["name"], format!("only-in-{number}"));
    }
}

#[test]
fn tests_in_parallel_each_have_their_own_server() {
    let tests: Vec<_> = (0..16)
        .map(|number| {
            std::thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                for round in 0..10 {
                    let names = runtime.block_on(async {
                        let server = FakeApiServer::start().await;
                        names_after_writing(&server, number * 100 + round).await
                    });
                    assert_eq!(names, [format!("only-in-{}", number * 100 + round)]);
                }
            })
        })
        .collect();
    for test in tests {
        test.join().unwrap();
    }
}

#[tokio::test]
async fn servers_alike_answer_alike() {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let server = FakeApiServer::builder()
            .random_seed(7)
            .clock_at(at(1_700_000_000))
            .start()
            .await;
        let mut client = Client::connect(&server).await;
        let mut object = endpoints("default", "", json!({}));
        object["metadata"]["generateName"] = "db-".into();
        let created = client.post(&path("default"), &object).await;
        let list = client.get("/api/v1/namespaces").await;
        answers.push([created, list].map(|a| (a.status, a.headers, a.body)));
    }
    assert_eq!(answers[0], answers[1]);
    let other = FakeApiServer::builder().random_seed(8).start().await;
    let uid = |server: &FakeApiServer| {
        server
            .object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}));
        server.resource("ns").get("new").unwrap()["metadata"]["uid"].clone()
    };
    let seventh = FakeApiServer::builder().random_seed(7).start().await;
    assert_ne!(uid(&other), uid(&seventh));
}

#[tokio::test]
async fn a_dropped_server_leaves_its_port_at_once() {
    let server = FakeApiServer::builder().bind(own_address()).start().await;
    let address = server.address();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/readyz").await.status, 200);
    let _watch = Watch::open(&server, "/api/v1/endpoints", "").await;
    drop(server);
    let again = FakeApiServer::builder().bind(address).start().await;
    assert_eq!(again.address(), address);
    let mut client = Client::connect(&again).await;
    assert_eq!(client.get("/readyz").await.status, 200);
}

#[test]
fn a_dropped_blocking_server_leaves_its_port_at_once() {
    let server = FakeApiServer::builder()
        .bind(own_address())
        .start_blocking();
    let address = server.address();
    assert_eq!(blocking_request(&server, "GET", "/readyz", "").0, 200);
    let _open = Raw::connect(address);
    drop(server);
    drop(TcpListener::bind(address).expect("the port is free"));
    let again = FakeApiServer::builder().bind(address).start_blocking();
    assert_eq!(blocking_request(&again, "GET", "/readyz", "").0, 200);
}

#[tokio::test]
async fn a_server_that_was_shut_down_leaves_its_port() {
    let server = FakeApiServer::builder().bind(own_address()).start().await;
    let address = server.address();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/readyz").await.status, 200);
    within(server.shutdown()).await;
    drop(TcpListener::bind(address).expect("the port is free"));
}

#[tokio::test]
async fn a_port_in_use_is_an_error_and_not_another_port() {
    let first = FakeApiServer::start().await;
    let second = FakeApiServer::builder().bind(first.address());
    assert!(second.try_start().await.unwrap_err().is_bind());
    let third = FakeApiServer::builder().bind(first.address());
    assert!(third.try_start_blocking().unwrap_err().is_bind());
}

#[tokio::test]
async fn a_dropped_server_cuts_its_connections() {
    let server = FakeApiServer::start().await;
    let mut idle = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let mut busy = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let head =
        "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf a body";
    busy.write_all(head.as_bytes()).await.unwrap();
    let mut kept = Client::connect(&server).await;
    assert_eq!(kept.get("/readyz").await.status, 200);
    drop(server);
    for stream in [&mut idle, &mut busy] {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _ = within(stream.read_to_end(&mut rest)).await;
        assert_eq!(rest, b"");
    }
}

#[tokio::test]
async fn a_shutdown_ends_watches_cleanly() {
    let server = FakeApiServer::start().await;
    let mut watch = Watch::open(&server, "/api/v1/namespaces", "").await;
    assert_eq!(watch.next().await.unwrap().kind, "ADDED");
    let ((), rest) = tokio::join!(within(server.shutdown()), watch.rest());
    assert_eq!(rest.len(), 3);
}

#[tokio::test]
async fn a_shutdown_lets_a_request_in_flight_finish() {
    let server = FakeApiServer::start().await;
    let mut stream = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    let body = namespace("shop").to_string();
    let head = format!(
        "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server has the request, and waits for its body.
    let mut interim = [0; 25];
    within(stream.read_exact(&mut interim)).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut stopping = std::pin::pin!(server.shutdown());
    assert!(futures_util::poll!(stopping.as_mut()).is_pending());
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let (read, ()) = within(futures_util::future::join(
        stream.read_to_string(&mut answer),
        stopping,
    ))
    .await;
    read.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
}

#[test]
fn a_server_may_outlive_its_runtime() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(async { FakeApiServer::start().await });
    server.object(namespace("shop"));
    drop(runtime);
    assert!(server.resource("ns").get("shop").is_some());
    drop(server);
}

#[test]
fn a_server_may_be_dropped_outside_its_runtime() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let builder = FakeApiServer::builder().bind(own_address());
    let server = runtime.block_on(builder.start());
    let address = server.address();
    drop(server);
    drop(TcpListener::bind(address).expect("the port is free"));
}

#[tokio::test]
async fn a_blocking_server_may_be_used_and_dropped_inside_a_runtime() {
    let server = FakeApiServer::start_blocking();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/readyz").await.status, 200);
    drop(server);
}

#[test]
fn dropping_a_blocking_server_does_not_wait_for_its_clients() {
    let server = FakeApiServer::start_blocking();
    let mut half = Raw::connect(server.address());
    half.send("POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    let mut watch = Raw::connect(server.address());
    watch.send("GET /api/v1/endpoints?watch=true HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(watch.code(), 200);
    drop(server);
    half.rest();
    watch.rest();
}

#[tokio::test]
async fn a_kubeconfig_file_lives_as_long_as_the_server() {
    let server = FakeApiServer::start().await;
    let file = server.kubeconfig_file().to_owned();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), server.kubeconfig());
    assert_eq!(server.kubeconfig_file(), file);
    drop(server);
    assert!(!file.exists());
}

#[tokio::test]
async fn two_servers_have_two_kubeconfig_files() {
    let (one, two) = tokio::join!(FakeApiServer::start(), FakeApiServer::start());
    assert_ne!(one.kubeconfig_file(), two.kubeconfig_file());
    drop(one);
    assert!(two.kubeconfig_file().exists());
}

#[tokio::test]
async fn seeding_again_is_an_update() {
    let server = FakeApiServer::builder()
        .clock_at(at(1_700_000_000))
        .start()
        .await;
    let mut object = endpoints("default", "db", json!({"app": "a"}));
    server.object(&object);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80}]}});
    server.object(&service);
    let read = |kind: &str, name: &str| {
        server
            .resource(kind)
            .namespace("default")
            .get(name)
            .unwrap()
    };
    let (first, address) = (
        read("ep", "db"),
        read("svc", "web")["spec"]["clusterIP"].clone(),
    );
    server.advance(std::time::Duration::from_secs(60));
    object["metadata"]["labels"] = json!({"tier": "b"});
    server.object(&object);
    server.object(&service);
    let second = read("ep", "db");
    for field in ["uid", "creationTimestamp"] {
        assert_eq!(second["metadata"][field], first["metadata"][field]);
    }
    assert_eq!(second["metadata"]["labels"], json!({"tier": "b"}));
    assert_eq!(read("svc", "web")["spec"]["clusterIP"], address);
    object["metadata"]["uid"] = "mine".into();
    server.object(&object);
    assert_eq!(read("ep", "db")["metadata"]["uid"], "mine");
}

#[test]
fn a_seed_with_a_generate_name_gets_a_name() {
    let object =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "q-"}});
    let builder = FakeApiServer::builder().controllers(false);
    let server = builder.object(&object).start_blocking();
    server.object(&object);
    let all = server.resource("configmaps").namespace("default").list();
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    let names: Vec<String> = all.iter().map(name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names.iter().all(|n| n.starts_with("q-") && n.len() == 7),
        "{names:?}"
    );
}

#[test]
fn an_object_that_says_no_namespace_is_in_the_default_one() {
    let server = FakeApiServer::start_blocking();
    server.object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}));
    assert!(
        server
            .resource("cm")
            .namespace("default")
            .get("a")
            .is_some()
    );
}

#[test]
fn json_documents_may_follow_each_other_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let of =
        |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let text = format!("{:#}\n{}{}\n", of("a"), of("b"), of("c"));
    std::fs::write(&file, &text).unwrap();
    let server = FakeApiServer::start_blocking();
    server.objects_file(file.path());
    for name in ["a", "b", "c"] {
        assert!(server.resource("ns").get(name).is_some(), "{name}");
    }
    std::fs::write(&file, format!("{text}{{\"kind\": 1}}")).unwrap();
    let error = FakeApiServer::builder()
        .objects_file(file.path())
        .try_start_blocking();
    let error = error.unwrap_err().to_string();
    let place = format!("{}:9: ", file.path().display());
    assert!(error.starts_with(&place), "{error}");
}

/// Runs what panics; returns what the panic said and where.
fn complaint(mistake: impl FnOnce()) -> String {
    thread_local! {
        static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let caught = SAID.with_borrow_mut(|said| match said {
                Some(text) => {
                    *text = info.to_string();
                    true
                }
                None => false,
            });
            if !caught {
                before(info);
            }
        }));
    });
    SAID.set(Some(String::new()));
    let outcome = catch_unwind(AssertUnwindSafe(mistake));
    let said = SAID.take().unwrap_or_default();
    assert!(outcome.is_err(), "nothing panicked");
    said
}

/// The place of the caller's line, as a panic names it.
#[track_caller]
fn here() -> String {
    let caller = std::panic::Location::caller();
    format!("{}:{}:", caller.file(), caller.line())
}

#[test]
fn a_bad_object_is_complained_about_where_it_is_seeded() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.object(json!({"apiVersion": "v1", "kind": "Nonsense"})) });
    assert!(said.contains(&place), "{said}");
    assert!(said.contains("Nonsense"), "{said}");
}

#[test]
fn a_bad_object_is_complained_about_where_it_is_given_to_the_builder() {
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| {
        place = here(); let builder = FakeApiServer::builder().object(json!({"apiVersion": "v1", "kind": "Nonsense"}));
        builder.start_blocking();
    });
    assert!(said.contains(&place), "{said}");
}

#[test]
fn an_unknown_resource_is_complained_about_where_it_is_asked_for() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.resource("widgets").get("x"); });
    assert!(said.contains(&place), "{said}");
    assert!(
        said.contains("\"widgets\"") && said.contains("endpoints"),
        "{said}"
    );
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.kind::<StorageVersion>().list(); });
    assert!(said.contains(&place), "{said}");
}

#[test]
fn a_type_that_does_not_fit_is_complained_about_where_it_is_read() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.resource("ns").typed::<u8>().get("default"); });
    assert!(said.contains(&place), "{said}");
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.resource("ns").typed::<u8>().list(); });
    assert!(said.contains(&place), "{said}");
}

#[test]
fn a_missing_file_is_complained_about_where_it_is_seeded() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.objects_file("no-such-file.yaml"); });
    assert!(said.contains(&place), "{said}");
    assert!(said.contains("no-such-file.yaml"), "{said}");
}

#[test]
fn a_server_that_cannot_start_is_complained_about_where_it_was_asked_for() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut place = String::new();
    let bad = || FakeApiServer::builder().kubernetes_version("latest");
    #[rustfmt::skip]
    let said = complaint(|| {
        place = here(); let starting = bad().start();
        runtime.block_on(starting);
    });
    assert!(said.contains(place.trim_end_matches(':')), "{said}");
    assert!(said.contains("kubernetes_version"), "{said}");
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); bad().start_blocking(); });
    assert!(said.contains(&place), "{said}");
}

#[test]
fn a_time_that_is_none_is_complained_about_where_it_is_set() {
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = FakeApiServer::builder().clock_at(at(300_000_000_000)); });
    assert!(said.contains(&place), "{said}");
}

#[test]
fn a_namespace_that_cannot_be_is_complained_about_where_it_is_asked_for() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.resource("ns").namespace("shop").get("default"); });
    assert!(said.contains(&place), "{said}");
    assert!(said.contains("namespaces are in no namespace"), "{said}");
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = server.resource("cm").namespace(""); });
    assert!(said.contains(&place), "{said}");
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.resource("cm").get("a"); });
    assert!(said.contains(&place), "{said}");
    assert!(
        said.contains("configmaps are in namespaces; .namespace(\"default\") says"),
        "{said}"
    );
}

#[test]
fn an_object_given_twice_is_complained_about_with_both_places() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
    let (first, builder) = (here(), FakeApiServer::builder().object(&object));
    let (second, builder) = (here(), builder.object(&object));
    let said = builder.try_start_blocking().unwrap_err().to_string();
    let start = format!("the object given at {second}");
    assert!(said.starts_with(&start), "{said}");
    assert!(
        said.contains(&format!("was given before, at {first}")),
        "{said}"
    );
}

#[test]
fn what_cannot_be_is_complained_about_where_it_is_given() {
    let server = FakeApiServer::start_blocking();
    let mut place = String::new();
    let check = |said: String, place: &str| assert!(said.contains(place), "{said}");
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.advance(std::time::Duration::MAX); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); server.compact(server.revision() + 1); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Limits::new().events(0); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Limits::new().headers(0); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Limits::new().connections(0); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Limits::new().body(0); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = Auth::new().token("", "alice", ["dev"]); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = FakeApiServer::builder().fault(Fault::raw(99, "")); });
    check(said, &place);
    #[rustfmt::skip]
    let said = complaint(|| { place = here(); let _ = server.fault(Fault::raw(99, "")); });
    check(said, &place);
}

#[test]
fn a_start_without_a_runtime_is_complained_about_where_it_was_asked_for() {
    let mut place = String::new();
    #[rustfmt::skip]
    let said = complaint(|| {
        place = here(); let starting = FakeApiServer::start();
        futures_util::FutureExt::now_or_never(starting);
    });
    assert!(said.contains(place.trim_end_matches(':')), "{said}");
    assert!(said.contains("there is no tokio runtime here"), "{said}");
    let error = futures_util::FutureExt::now_or_never(FakeApiServer::builder().try_start());
    assert!(error.unwrap().is_err());
}
