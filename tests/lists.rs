//! Lists, asked for again and again while things change.

mod support;

use fake_apiserver::{FakeApiServer, Fault};
use fastrand::Rng;
use serde_json::{Value, json};

use support::client::{Answer, Client};
use support::objects::{endpoints, namespace, path, revision};

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
