//! What one client sends, keeps waiting or leaves unread is bounded: in work by its length, in memory by its bytes.

mod support;

use std::time::Duration;

use fake_apiserver::{FakeApiServer, FakeApiServerBuilder, Limits};
use serde_json::{Value, json};

use support::at;
use support::client::{APPLY, Client, JSON_PATCH, STRATEGIC};
use support::raw::Raw;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const SERVICES: &str = "/api/v1/namespaces/default/services";
/// A watch on a connection that ends with it.
const WATCH: &str = "GET /api/v1/namespaces/default/configmaps?watch=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
/// So many that it is felt where all of them are gone through for each.
const MANY: usize = 4_000;

async fn start(builder: FakeApiServerBuilder) -> (FakeApiServer, Client) {
    let server = builder.start().await;
    let client = Client::connect(&server).await;
    (server, client)
}

fn map(name: &str, metadata: Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata});
    object["metadata"]["name"] = name.into();
    object
}

fn owners(count: usize) -> Value {
    let owner = |i| json!({"apiVersion": "v1", "kind": "X", "name": "n", "uid": format!("u{i}")});
    (0..count).map(owner).collect()
}

fn finalizers(count: usize) -> Value {
    (0..count).map(|i| format!("a/b{i}")).collect()
}

#[tokio::test]
async fn lists_of_any_length_are_created_replaced_merged_and_applied() {
    let (_server, mut client) = start(FakeApiServer::builder()).await;
    let mut references = owners(MANY);
    let all = references.clone();
    let repeated = references[0].clone();
    references.as_array_mut().unwrap().push(repeated);
    let created = client
        .post(MAPS, &map("a", json!({"ownerReferences": references})))
        .await;
    assert_eq!(created.object()["metadata"]["ownerReferences"], all);

    let patch = json!({"metadata": {"ownerReferences": owners(2 * MANY)}});
    let merged = client.patch(&format!("{MAPS}/a"), STRATEGIC, &patch).await;
    assert_eq!(
        merged.object()["metadata"]["ownerReferences"],
        owners(2 * MANY)
    );

    let order: Value = (0..MANY)
        .rev()
        .map(|i| json!({"uid": format!("u{i}")}))
        .collect();
    let patch = json!({"metadata": {"$setElementOrder/ownerReferences": order}});
    let sorted = client.patch(&format!("{MAPS}/a"), STRATEGIC, &patch).await;
    assert_eq!(
        sorted.object()["metadata"]["ownerReferences"][MANY - 1]["uid"],
        "u0"
    );

    let applied = map(
        "b",
        json!({"finalizers": finalizers(MANY), "ownerReferences": owners(MANY)}),
    );
    let applied = client
        .patch(&format!("{MAPS}/b?fieldManager=m"), APPLY, &applied)
        .await;
    assert_eq!(applied.object()["metadata"]["finalizers"], finalizers(MANY));

    let gone = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": finalizers(MANY - 1)}});
    let left = client.patch(&format!("{MAPS}/b"), STRATEGIC, &gone).await;
    assert_eq!(
        left.object()["metadata"]["finalizers"],
        json!([format!("a/b{}", MANY - 1)])
    );
}

#[tokio::test]
async fn a_service_may_have_as_many_ports_as_there_are() {
    let (_server, mut client) = start(FakeApiServer::builder()).await;
    let ports: Value = (1..=MANY)
        .map(|i| json!({"name": format!("p{i}"), "port": i}))
        .collect();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}});
    let created = client.post(SERVICES, &service).await;
    assert_eq!(
        created.object()["spec"]["ports"][MANY - 1]["targetPort"],
        MANY
    );
}

#[tokio::test]
async fn an_answer_tells_so_much_of_what_is_wrong() {
    let (_server, mut client) = start(FakeApiServer::builder()).await;
    let mut references = owners(MANY);
    for reference in references.as_array_mut().unwrap() {
        reference["controller"] = true.into();
    }
    let refused = client
        .post(MAPS, &map("a", json!({"ownerReferences": references})))
        .await;
    assert_eq!(refused.status, 422);
    let status = refused.json();
    // Each names all the references, and four times that is more than there is room for.
    assert_eq!(status["details"]["causes"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn the_entries_of_managed_fields_are_capped_however_many_there_are() {
    let (_server, mut client) = start(FakeApiServer::builder()).await;
    let entry = |i: usize| {
        json!({"manager": format!("m{i:05}"), "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {format!("f:k{i:05}"): {}}}})
    };
    let entries: Value = (0..2_000).map(entry).collect();
    let created = client
        .post(MAPS, &map("a", json!({"managedFields": entries})))
        .await;
    let stored = created.object();
    let stored = stored["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(stored.len(), 10);
    assert_eq!(stored[0]["manager"], "ancient-changes");
    assert_eq!(
        stored[0]["fieldsV1"]["f:data"].as_object().unwrap().len(),
        1_991
    );
}

#[tokio::test]
async fn a_patch_shifts_so_many_elements_and_no_more() {
    let (_server, mut client) = start(FakeApiServer::builder()).await;
    client.post(MAPS, &map("a", json!({}))).await;
    let zeros = vec![0; 100_000];
    let mut patch = vec![json!({"op": "add", "path": "/x", "value": zeros})];
    patch.resize(202, json!({"op": "move", "from": "/x/0", "path": "/x/-"}));
    let refused = client
        .patch(&format!("{MAPS}/a"), JSON_PATCH, &patch.into())
        .await;
    assert_eq!(refused.refusal(), (413, "RequestEntityTooLarge".to_owned()));
    assert_eq!(
        refused.json()["message"],
        "Request entity too large: The allowed maximum of array elements that the operations of a JSON patch shift is \
         20000000"
    );
}

#[tokio::test]
async fn revisions_start_where_they_are_told() {
    let limits = Limits::new().first_revision(1 << 31);
    let (server, mut client) = start(FakeApiServer::builder().limits(limits)).await;
    let before = server.revision();
    assert!(before > 1 << 31);
    let created = client.post(MAPS, &map("a", json!({}))).await;
    let version = created.object()["metadata"]["resourceVersion"].clone();
    assert_eq!(version, (before + 1).to_string());
    let first = client.get(&format!("{MAPS}?limit=1")).await.json();
    assert_eq!(first["metadata"]["resourceVersion"], version);
}

#[test]
fn a_watch_that_is_not_read_is_closed_once_too_much_waits_for_it() {
    let limits = Limits::new().watch_backlog(3);
    let server = FakeApiServer::builder()
        .limits(limits)
        .clock_at(at(1_700_000_000))
        .start_blocking();
    let mut watcher = Raw::connect(server.address());
    watcher.send(WATCH).until("\r\n\r\n");
    // Far more than the buffers of a connection take.
    let write = |name: &str| {
        let mut object = map(name, json!({"namespace": "default"}));
        object["data"] = json!({"a": "x".repeat(300_000)});
        server.object(object);
    };
    (0..50).for_each(|i| write(&format!("early-{i:03}")));
    server.advance(Duration::from_secs(2));
    (0..4).for_each(|i| write(&format!("late-{i}")));
    let rest = watcher.rest();
    assert!(rest.contains("\"early-000\""));
    assert!(!rest.contains("\"late-3\""));
    assert!(!rest.contains("\"ERROR\""));
    assert!(rest.ends_with("0\r\n\r\n"));
}

#[test]
fn a_watch_that_is_read_is_told_everything() {
    let limits = Limits::new().watch_backlog(3);
    let server = FakeApiServer::builder()
        .limits(limits)
        .clock_at(at(1_700_000_000))
        .start_blocking();
    let mut watcher = Raw::connect(server.address());
    watcher.send(WATCH).until("\r\n\r\n");
    for i in 0..20 {
        server.object(map(&format!("m{i}"), json!({"namespace": "default"})));
        server.advance(Duration::from_secs(2));
    }
    watcher.until("\"m19\"");
}

#[test]
fn a_body_that_halts_makes_room_and_a_long_head_ends() {
    let limits = Limits::new().unfinished(256 * 1024);
    let server = FakeApiServer::builder().limits(limits).start_blocking();
    let mut object = map("a", json!({"namespace": "default"}));
    object["data"] = json!({"a": "x".repeat(200 * 1024)});
    let body = object.to_string();
    let head = |more: &str| {
        let length = body.len();
        format!("POST {MAPS} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n")
    };
    let mut halting = Raw::connect(server.address());
    // It is told to go on once there is room for it.
    halting
        .send(head("Expect: 100-continue\r\n"))
        .until("100 Continue\r\n\r\n");
    halting.send(&body[..100 * 1024]);
    let mut going_on = Raw::connect(server.address());
    going_on.send(head("")).send(&body);
    assert_eq!(going_on.code(), 201);
    assert_eq!(halting.code(), 429);
    assert!(halting.rest().contains("\"retryAfterSeconds\":1"));

    let mut long = Raw::connect(server.address());
    let header = "x".repeat(300 * 1024);
    long.send(format!("GET /readyz HTTP/1.1\r\nHost: x\r\nX: {header}"));
    assert_eq!(long.rest(), "");
}
