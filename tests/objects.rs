//! The objects of a server in the test's own hand.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fake_apiserver::FakeApiServer;
use k8s_openapi::api::core::v1::{self, ConfigMap, Namespace};
use k8s_openapi::api::events::v1 as events;
use serde_json::{Value, json};

use support::client::Client;
use support::objects::{endpoints, path, revision};
use support::watch::Watch;

/// What a mistake in the test is told.
fn complaint(mistake: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(mistake)).expect_err("nothing panicked");
    let text = panic.downcast_ref::<String>().cloned();
    text.unwrap_or_else(|| (*panic.downcast_ref::<&str>().unwrap()).to_owned())
}

#[test]
fn a_resource_goes_by_every_name_it_has() {
    let server = FakeApiServer::start_blocking();
    server.object(endpoints("shop", "db", json!({})));
    for name in ["endpoints", "ep", "Endpoints", "ENDPOINTS"] {
        let found = server.resource(name).namespace("shop").get("db");
        assert!(found.is_some(), "{name}");
    }
    assert!(complaint(|| drop(server.resource("ep.apps"))).contains("no resource \"ep.apps\""));
}

#[test]
fn without_a_namespace_all_are_meant() {
    let server = FakeApiServer::start_blocking();
    server.objects(["a", "b"].map(|namespace| endpoints(namespace, "db", json!({}))));
    let all = server.resource("endpoints");
    assert_eq!(all.list().len(), 2);
    assert_eq!(all.clone().namespace("a").list().len(), 1);
    let said = complaint(|| all.delete("db"));
    assert!(said.starts_with("endpoints are in namespaces;"), "{said}");
}

#[test]
fn a_kind_is_known_by_its_rust_type() {
    let server = FakeApiServer::builder().controllers(false).start_blocking();
    let mut colours = ConfigMap::default();
    colours.metadata.name = Some("colours".to_owned());
    let settings = server.kind::<ConfigMap>().namespace("shop");
    let stored = settings.put(&colours);
    assert_eq!(stored.metadata.namespace.as_deref(), Some("shop"));
    assert_eq!(settings.list(), std::slice::from_ref(&stored));
    assert_eq!(settings.get("colours"), Some(stored));
    assert!(server.kind::<Namespace>().get("shop").is_some());
}

#[test]
fn a_type_that_says_no_kind_is_told_how_it_can_be_read() {
    let server = FakeApiServer::start_blocking();
    let said = complaint(|| drop(server.kind::<Value>()));
    assert!(said.contains(".typed::<"), "{said}");
}

#[tokio::test]
async fn watches_see_what_the_hand_does() {
    let server = FakeApiServer::start().await;
    let hand = server.resource("endpoints").namespace("default");
    let mut watch = Watch::open(&server, &path("default"), "").await;
    let put = hand.put(json!({"metadata": {"name": "db"}}));
    let labelled = hand.label("db", "app", "shop");
    let patched = hand.patch(
        "db",
        json!({"metadata": {"labels": {"app": null, "tier": "db"}}}),
    );
    hand.delete("db");
    for (kind, object) in [
        ("ADDED", &put),
        ("MODIFIED", &labelled),
        ("MODIFIED", &patched),
    ] {
        let event = watch.next().await.unwrap();
        assert_eq!((&*event.kind, &event.object), (kind, object));
    }
    let event = watch.next().await.unwrap();
    assert_eq!(&*event.kind, "DELETED");
    assert_eq!(patched["metadata"]["labels"], json!({"tier": "db"}));
    assert!(revision(&put) < revision(&labelled) && revision(&labelled) < revision(&patched));
}

#[tokio::test]
async fn a_client_reads_what_the_hand_wrote() {
    let server = FakeApiServer::start().await;
    let settings = server.resource("configmaps").namespace("default");
    settings.put(json!({"metadata": {"name": "colours"}, "data": {"sky": "blue"}}));
    settings.patch("colours", json!({"data": {"sky": "grey"}}));
    let mut client = Client::connect(&server).await;
    let target = "/api/v1/namespaces/default/configmaps/colours";
    let object = client.get(target).await.object();
    assert_eq!(object["data"], json!({"sky": "grey"}));
    assert_eq!(Some(object), settings.get("colours"));
}

#[test]
fn an_object_of_another_kind_or_namespace_is_not_put() {
    let server = FakeApiServer::start_blocking();
    let settings = server.resource("configmaps").namespace("shop");
    for (object, problem) in [
        (
            endpoints("shop", "db", json!({})),
            "its kind is \"Endpoints\", not \"ConfigMap\"",
        ),
        (
            json!({"metadata": {"name": "a", "namespace": "b"}}),
            "its namespace is \"b\", not \"shop\"",
        ),
        (
            json!({"metadata": {"name": "a"}, "dta": {}}),
            "unknown field",
        ),
        (json!([]), "this is no object: []"),
    ] {
        let said = complaint(|| drop(settings.put(object)));
        assert!(said.starts_with("this object cannot be stored: "), "{said}");
        assert!(said.contains(problem), "{said}");
    }
    assert!(settings.list().is_empty());
}

#[test]
fn what_is_not_there_can_be_neither_changed_nor_deleted() {
    let server = FakeApiServer::start_blocking();
    let hand = server.resource("endpoints").namespace("default");
    let said = complaint(|| drop(hand.label("db", "a", "b")));
    assert!(
        said.starts_with("endpoints \"db\" cannot be patched: "),
        "{said}"
    );
    let said = complaint(|| hand.delete("db"));
    assert!(
        said.starts_with("endpoints \"db\" cannot be deleted: "),
        "{said}"
    );
}

#[test]
fn a_deletion_waits_for_finalizers() {
    let server = FakeApiServer::start_blocking();
    let hand = server.resource("endpoints").namespace("default");
    hand.put(json!({"metadata": {"name": "db", "finalizers": ["example.com/hold"]}}));
    hand.delete("db");
    assert!(hand.get("db").unwrap()["metadata"]["deletionTimestamp"].is_string());
}

#[test]
fn an_object_goes_with_its_last_finalizer() {
    let server = FakeApiServer::start_blocking();
    let hand = server.resource("endpoints").namespace("default");
    hand.put(json!({"metadata": {"name": "db", "finalizers": ["example.com/hold"]}}));
    hand.delete("db");
    hand.patch("db", json!({"metadata": {"finalizers": null}}));
    assert!(hand.get("db").is_none());
}

#[test]
fn a_status_is_patched_as_a_controller_does() {
    let server = FakeApiServer::start_blocking();
    let before = server.revision();
    let condition =
        json!({"type": "Ready", "status": "True", "reason": "Test", "message": "It is."});
    let patch = json!({"metadata": {"labels": {"a": "b"}}, "status": {"conditions": [condition]}});
    let patched = server.resource("ns").patch("default", patch);
    assert_eq!(patched["metadata"]["labels"]["a"], "b");
    assert_eq!(patched["status"]["conditions"][0]["type"], "Ready");
    assert_eq!(patched["status"]["phase"], "Active");
    // The object, and then its status.
    assert_eq!(server.revision(), before + 2);
}

#[test]
fn a_patch_may_say_nothing_the_kind_does_not_know() {
    let server = FakeApiServer::start_blocking();
    let said = complaint(|| drop(server.resource("ns").patch("default", json!({"sepc": {}}))));
    assert!(said.contains("unknown field \"sepc\""), "{said}");
    let renamed = json!({"metadata": {"name": "other"}});
    let said = complaint(|| drop(server.resource("ns").patch("default", renamed)));
    assert!(said.contains("metadata.name"), "{said}");
}

#[test]
fn an_object_is_shown_in_the_version_it_is_asked_for_in() {
    let server = FakeApiServer::start_blocking();
    let old = server.kind::<v1::Event>().namespace("default");
    let new = server.kind::<events::Event>().namespace("default");
    old.put(json!({
        "metadata": {"name": "a"}, "message": "moved",
        "involvedObject": {"kind": "ConfigMap", "namespace": "default", "name": "b"},
    }));
    assert_eq!(new.get("a").unwrap().note.as_deref(), Some("moved"));
    let changed = new.label("a", "seen", "yes");
    assert_eq!(changed.note.as_deref(), Some("moved"));
    assert_eq!(
        old.get("a").unwrap().metadata.labels,
        changed.metadata.labels
    );
    assert_eq!(new.list().len(), 1);
}
