//! Lists, asked for again and again while things change.

mod support;

use fake_apiserver::{FakeApiServer, Fault};
use fastrand::Rng;
use serde_json::{Value, json};

use support::client::{Answer, Client};
use support::objects::{endpoints, namespace, path, revision};
use support::raw::Raw;

const SPACES: [&str; 2] = ["a", "a-b"];
const NAMES: [&str; 3] = ["one", "two", "three"];
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// What is asked, and the same asked in a way that is never answered with what was written for somebody else: it is a
/// page, only that it has room for everything.
const QUESTIONS: [(&str, &str); 6] = [
    ("/api/v1/endpoints", "?limit=500"),
    ("/api/v1/namespaces/a/endpoints", "?limit=500"),
    ("/api/v1/namespaces/a-b/endpoints", "?limit=500"),
    ("/api/v1/namespaces/a/configmaps", "?limit=500"),
    ("/api/v1/namespaces", "?limit=500"),
    ("/api/v1/endpoints?labelSelector=app%3Dx", "&limit=500"),
];

async fn server() -> FakeApiServer {
    let builder = FakeApiServer::builder();
    let builder = SPACES
        .into_iter()
        .fold(builder, |builder, space| builder.object(namespace(space)));
    builder.start().await
}

async fn change(client: &mut Client, rng: &mut Rng) {
    let (space, name) = (SPACES[rng.usize(..2)], NAMES[rng.usize(..3)]);
    let item = format!("{}/{name}", path(space));
    match rng.u8(..4) {
        0 => drop(client.delete(&item).await),
        1 => {
            let data = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
            client
                .post(&format!("/api/v1/namespaces/{space}/configmaps"), &data)
                .await;
        }
        _ => {
            let labels = json!({"app": if rng.bool() { "x" } else { "y" }});
            client.put(&item, &endpoints(space, name, labels)).await;
        }
    }
}

#[tokio::test]
async fn a_list_is_always_that_of_the_moment() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let mut rng = Rng::with_seed(7);
    for _ in 0..300 {
        if rng.u8(..3) == 0 {
            change(&mut client, &mut rng).await;
        }
        let (question, page) = QUESTIONS[rng.usize(..QUESTIONS.len())];
        let list = client.get(question).await;
        let page = client.get(&format!("{question}{page}")).await;
        assert_eq!((list.status, list.body), (200, page.body), "{question}");
    }
}

fn items(answer: &Answer) -> usize {
    answer.object()["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_list_in_another_form_is_not_the_one_before() {
    let server = server().await;
    server.object(endpoints("a", "one", json!({})));
    let mut client = Client::connect(&server).await;
    let mut tables = Client::connect(&server).await.with_header("accept", TABLE);
    let mut yaml = Client::connect(&server)
        .await
        .with_header("accept", "application/yaml");
    let plain = client.get("/api/v1/endpoints").await;
    for _ in 0..2 {
        let pretty = client.get("/api/v1/endpoints?pretty=true").await;
        assert!(pretty.body.len() > plain.body.len());
        assert_eq!(pretty.json(), plain.json());
        assert_eq!(
            tables.get("/api/v1/endpoints").await.json()["kind"],
            "Table"
        );
        assert!(
            yaml.get("/api/v1/endpoints")
                .await
                .body
                .starts_with(b"apiVersion: v1\n")
        );
        assert_eq!(client.get("/api/v1/endpoints").await.body, plain.body);
    }
}

#[tokio::test]
async fn a_list_at_a_version_or_from_a_replica_that_lags_is_an_older_one() {
    let server = server().await;
    server.object(endpoints("a", "one", json!({})));
    let mut client = Client::connect(&server).await;
    let before = client.get("/api/v1/endpoints").await;
    server.object(endpoints("a", "two", json!({})));
    let now = client.get("/api/v1/endpoints").await;
    assert_eq!((items(&before), items(&now)), (1, 2));
    let version = revision(&before.object());
    let exact = format!("/api/v1/endpoints?resourceVersionMatch=Exact&resourceVersion={version}");
    assert_eq!(client.get(&exact).await.body, before.body);
    let not_older =
        format!("/api/v1/endpoints?resourceVersionMatch=NotOlderThan&resourceVersion={version}");
    assert_eq!(client.get(&not_older).await.body, now.body);
    let lag = server.fault(Fault::lagging(1).verb("list").first(1));
    assert_eq!(client.get("/api/v1/endpoints").await.body, before.body);
    assert_eq!(lag.fired(), 1);
    assert_eq!(client.get("/api/v1/endpoints").await.body, now.body);
}

#[tokio::test]
async fn who_accepts_gzip_gets_a_kept_list_packed_and_others_do_not() {
    let server = server().await;
    let mut large = endpoints("a", "one", json!({}));
    large["metadata"]["annotations"] = json!({"text": "x".repeat(200 * 1024)});
    server.object(large);
    let mut client = Client::connect(&server).await;
    let mut packing = Client::connect(&server)
        .await
        .with_header("accept-encoding", "gzip");
    for _ in 0..2 {
        let packed = packing.get("/api/v1/endpoints").await;
        assert_eq!(packed.headers["content-encoding"], "gzip");
        let plain = client.get("/api/v1/endpoints").await;
        assert!(!plain.headers.contains_key("content-encoding"));
        assert_eq!(
            plain.json()["items"][0]["metadata"]["name"],
            Value::from("one")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_comes_in_pieces_and_is_the_same_to_everyone() {
    let server = server().await;
    for i in 0..20 {
        let mut large = endpoints("a", &format!("e{i:02}"), json!({"app": "x"}));
        large["metadata"]["annotations"] = json!({"text": "x".repeat(i * 2_000)});
        server.object(large);
    }
    let mut client = Client::connect(&server).await;
    let all = client.get("/api/v1/endpoints").await;
    let selected = client.get("/api/v1/endpoints?labelSelector=app=x").await;
    assert!(selected.body.len() > 256 * 1024);
    assert!(selected.body == all.body);
    let journal = server.journal();
    let kept = journal.iter().last().expect("a request").answer().body;
    assert_eq!(kept.len, all.body.len());
    let mut packing = Client::connect(&server)
        .await
        .with_header("accept-encoding", "gzip");
    let packed = packing.get("/api/v1/endpoints?labelSelector=app=x").await;
    assert_eq!(packed.headers["content-encoding"], "gzip");

    let cut = server.fault(Fault::truncate_after(300_000).verb("list").first(1));
    let mut raw = Raw::connect(server.address());
    raw.send("GET /api/v1/endpoints?labelSelector=app=x HTTP/1.1\r\nHost: x\r\n\r\n");
    let rest = raw.rest();
    assert!(rest.len() > 300_000 && !rest.ends_with("]}\n\r\n0\r\n\r\n"));
    assert_eq!(cut.fired(), 1);
}
