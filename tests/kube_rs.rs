//! The server as a program that uses kube-rs meets it.

mod support;

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::time::Duration;

use fake_apiserver::{Auth, FakeApiServer, Limits};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{
    EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Namespace,
};
use kube::api::{
    DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams, Preconditions,
    ValidationDirective, VersionMatch, WatchEvent, WatchParams,
};
use kube::core::{ObjectMeta, PartialObjectMeta, PartialObjectMetaExt as _, Status};
use kube::runtime::{reflector, watcher};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use support::at;
use support::kube::client;
use support::{objects, within};

const NOW: u64 = 1_700_000_000;

fn endpoints(name: &str, ip: &str) -> Endpoints {
    Endpoints {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        subsets: Some(vec![EndpointSubset {
            addresses: Some(vec![EndpointAddress {
                ip: ip.to_owned(),
                ..EndpointAddress::default()
            }]),
            ports: Some(vec![EndpointPort {
                port: 80,
                ..EndpointPort::default()
            }]),
            ..EndpointSubset::default()
        }]),
    }
}

fn ip(endpoints: &Endpoints) -> &str {
    let subset = &endpoints.subsets.as_ref().unwrap()[0];
    &subset.addresses.as_ref().unwrap()[0].ip
}

async fn api(server: &FakeApiServer) -> Api<Endpoints> {
    Api::namespaced(client(server).await, "default")
}

async fn create(api: &Api<Endpoints>, name: &str) -> Endpoints {
    let object = endpoints(name, "10.0.0.1");
    api.create(&PostParams::default(), &object).await.unwrap()
}

/// The Status of a call that the server must refuse.
#[track_caller]
fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> Status {
    match result {
        Err(kube::Error::Api(status)) => *status,
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: kube::Result<T>, code: u16, reason: &str) {
    let status = refusal(result);
    assert_eq!((status.code, status.reason.as_str()), (code, reason));
    assert!(status.is_failure());
}

fn names<K: kube::Resource>(items: &[K]) -> Vec<String> {
    items.iter().map(|item| item.name_any()).collect()
}

#[tokio::test]
async fn what_is_created_can_be_read() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let created = create(&api, "db").await;
    assert_eq!(created.namespace().as_deref(), Some("default"));
    assert!(created.uid().is_some() && created.creation_timestamp().is_some());
    assert_eq!(api.get("db").await.unwrap(), created);
    assert_eq!(
        server.kind::<Endpoints>().namespace("default").get("db"),
        Some(created)
    );
}

#[tokio::test]
async fn the_defaults_are_filled_in() {
    let server = FakeApiServer::start().await;
    let created = create(&api(&server).await, "db").await;
    let ports = created.subsets.unwrap()[0].ports.clone().unwrap();
    assert_eq!(ports[0].protocol.as_deref(), Some("TCP"));
}

#[tokio::test]
async fn a_generated_name_is_new_each_time() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let mut object = endpoints("", "10.0.0.1");
    object.metadata.name = None;
    object.metadata.generate_name = Some("db-".to_owned());
    let one = api.create(&PostParams::default(), &object).await.unwrap();
    let two = api.create(&PostParams::default(), &object).await.unwrap();
    assert!(one.name_any().starts_with("db-") && two.name_any().starts_with("db-"));
    assert_ne!(one.name_any(), two.name_any());
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let answer = api
        .create(&dry, &endpoints("db", "10.0.0.1"))
        .await
        .unwrap();
    assert!(answer.uid().is_some());
    assert_eq!(api.get_opt("db").await.unwrap(), None);
}

#[tokio::test]
async fn a_replace_changes_the_object_and_its_version() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let created = create(&api, "db").await;
    let mut next = created.clone();
    next.subsets = endpoints("db", "10.0.0.2").subsets;
    let replaced = api
        .replace("db", &PostParams::default(), &next)
        .await
        .unwrap();
    assert_eq!(ip(&replaced), "10.0.0.2");
    assert_ne!(replaced.resource_version(), created.resource_version());
    assert_eq!(replaced.uid(), created.uid());
    assert_eq!(api.get("db").await.unwrap(), replaced);
}

#[tokio::test]
async fn a_namespace_is_created_listed_and_changed() {
    let server = FakeApiServer::start().await;
    let spaces: Api<Namespace> = Api::all(client(&server).await);
    let object = serde_json::from_value(objects::namespace("shop")).unwrap();
    let created = spaces
        .create(&PostParams::default(), &object)
        .await
        .unwrap();
    assert_eq!(created.status.unwrap().phase.as_deref(), Some("Active"));
    let list = spaces.list(&ListParams::default()).await.unwrap();
    assert_eq!(
        names(&list.items),
        [
            "default",
            "kube-node-lease",
            "kube-public",
            "kube-system",
            "shop"
        ]
    );
    let labels = json!({"metadata": {"labels": {"team": "a"}}});
    let patched = spaces
        .patch("shop", &PatchParams::default(), &Patch::Merge(labels))
        .await
        .unwrap();
    assert_eq!(patched.labels()["team"], "a");
}

#[tokio::test]
async fn lists_go_by_selector() {
    let server = FakeApiServer::start().await;
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        server.object(objects::endpoints("default", name, json!({"app": app})));
    }
    let api = api(&server).await;
    for (params, expected) in [
        (ListParams::default().labels("app=x"), vec!["a", "c"]),
        (ListParams::default().labels("app in (y,z)"), vec!["b"]),
        (ListParams::default().fields("metadata.name=b"), vec!["b"]),
        (ListParams::default().labels("!app"), vec![]),
    ] {
        assert_eq!(names(&api.list(&params).await.unwrap().items), expected);
    }
}

#[tokio::test]
async fn a_list_of_all_namespaces_has_those_of_each() {
    let server = FakeApiServer::start().await;
    for space in ["one", "two"] {
        server.object(objects::endpoints(space, "db", json!({})));
    }
    let all: Api<Endpoints> = Api::all(client(&server).await);
    let list = all.list(&ListParams::default()).await.unwrap();
    let spaces: Vec<_> = list.items.iter().filter_map(|e| e.namespace()).collect();
    assert_eq!(spaces, ["one", "two"]);
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    create(&api, "db").await;
    let patch = json!({"metadata": {"annotations": {"k": "v"}}});
    let params = PatchParams::default();
    let patched = api
        .patch("db", &params, &Patch::Merge(patch))
        .await
        .unwrap();
    assert_eq!(patched.annotations()["k"], "v");
    assert_eq!(ip(&patched), "10.0.0.1");
    let patch = json!({"metadata": {"annotations": null}});
    let patched = api
        .patch("db", &params, &Patch::Merge(patch))
        .await
        .unwrap();
    assert!(patched.annotations().is_empty());
}

#[tokio::test]
async fn a_strategic_patch_takes_a_finalizer_out_of_the_list() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let mut object = endpoints("db", "10.0.0.1");
    object.metadata.finalizers = Some(vec!["a.io/x".to_owned(), "b.io/y".to_owned()]);
    api.create(&PostParams::default(), &object).await.unwrap();
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.io/x"]}});
    let patched = api
        .patch("db", &PatchParams::default(), &Patch::Strategic(patch))
        .await
        .unwrap();
    assert_eq!(patched.finalizers(), ["b.io/y"]);
}

/// kube-rs sends these only with a feature of its own.
async fn json_patch(
    client: &Client,
    name: &str,
    patch: serde_json::Value,
) -> kube::Result<Endpoints> {
    let request = http::Request::patch(format!("/api/v1/namespaces/default/endpoints/{name}"))
        .header("content-type", "application/json-patch+json")
        .body(patch.to_string().into_bytes())
        .unwrap();
    client.request(request).await
}

#[tokio::test]
async fn a_json_patch_does_its_operations_or_none() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    create(&api, "db").await;
    let client = client(&server).await;
    let path = "/subsets/0/addresses/0/ip";
    let good = json!([
        {"op": "test", "path": path, "value": "10.0.0.1"},
        {"op": "replace", "path": path, "value": "10.0.0.9"},
    ]);
    assert_eq!(
        ip(&json_patch(&client, "db", good.clone()).await.unwrap()),
        "10.0.0.9"
    );
    let status = refusal(json_patch(&client, "db", good).await);
    assert!(status.is_invalid(), "{status:?}");
    assert_eq!(ip(&api.get("db").await.unwrap()), "10.0.0.9");
}

fn applied(ip: &str) -> serde_json::Value {
    json!({
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db"},
        "subsets": [{"addresses": [{"ip": ip}], "ports": [{"port": 80}]}],
    })
}

#[tokio::test]
async fn an_apply_creates_and_then_changes() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let params = PatchParams::apply("one");
    let patch = Patch::Apply(applied("10.0.0.1"));
    let created = api.patch("db", &params, &patch).await.unwrap();
    assert_eq!(created.managed_fields()[0].manager.as_deref(), Some("one"));
    let patch = Patch::Apply(applied("10.0.0.2"));
    let changed = api.patch("db", &params, &patch).await.unwrap();
    assert_eq!(ip(&changed), "10.0.0.2");
    assert_eq!(changed.uid(), created.uid());
}

#[tokio::test]
async fn what_an_apply_no_longer_names_is_removed() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let params = PatchParams::apply("one");
    let with = |annotations| {
        Patch::Apply(json!({
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": {"name": "db", "annotations": annotations},
        }))
    };
    let both = with(json!({"a": "1", "b": "2"}));
    api.patch("db", &params, &both).await.unwrap();
    let one = with(json!({"b": "2"}));
    let changed = api.patch("db", &params, &one).await.unwrap();
    let expected = BTreeMap::from([("b".to_owned(), "2".to_owned())]);
    assert_eq!(changed.annotations(), &expected);
}

#[tokio::test]
async fn an_apply_of_anothers_field_is_a_conflict_until_forced() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let first = Patch::Apply(applied("10.0.0.1"));
    api.patch("db", &PatchParams::apply("one"), &first)
        .await
        .unwrap();
    let second = Patch::Apply(applied("10.0.0.2"));
    let params = PatchParams::apply("two");
    let status = refusal(api.patch("db", &params, &second).await);
    assert!(status.is_conflict(), "{status:?}");
    let cause = &status.details.unwrap().causes[0];
    assert_eq!(
        (cause.reason.as_str(), cause.field.as_str()),
        ("FieldManagerConflict", ".subsets")
    );
    assert!(
        cause.message.contains("conflict with \"one\""),
        "{}",
        cause.message
    );
    assert_eq!(ip(&api.get("db").await.unwrap()), "10.0.0.1");

    let forced = api.patch("db", &params.force(), &second).await.unwrap();
    assert_eq!(ip(&forced), "10.0.0.2");
    let status = refusal(api.patch("db", &PatchParams::apply("one"), &first).await);
    assert!(
        status.message.contains("conflict with \"two\""),
        "{status:?}"
    );
}

#[tokio::test]
async fn a_deletion_tells_which_object_is_gone() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let created = create(&api, "db").await;
    let status = api
        .delete("db", &DeleteParams::default())
        .await
        .unwrap()
        .right()
        .expect("a Status");
    assert!(status.is_success());
    let details = status.details.unwrap();
    assert_eq!(details.name, "db");
    assert_eq!(Some(details.uid), created.uid());
    assert_eq!(api.get_opt("db").await.unwrap(), None);
}

#[tokio::test]
async fn a_deletion_waits_for_the_finalizers() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let mut object = endpoints("db", "10.0.0.1");
    object.metadata.finalizers = Some(vec!["example.com/wait".to_owned()]);
    api.create(&PostParams::default(), &object).await.unwrap();
    let left = api
        .delete("db", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .expect("the object");
    assert!(left.metadata.deletion_timestamp.is_some());
    assert!(api.get("db").await.is_ok());
    let free = json!({"metadata": {"finalizers": []}});
    api.patch("db", &PatchParams::default(), &Patch::Merge(free))
        .await
        .unwrap();
    assert_eq!(api.get_opt("db").await.unwrap(), None);
}

#[tokio::test]
async fn a_deletion_with_another_uid_is_a_conflict() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    create(&api, "db").await;
    let other = Preconditions {
        uid: Some("other".to_owned()),
        ..Preconditions::default()
    };
    let params = DeleteParams::default().preconditions(other);
    assert_refused(api.delete("db", &params).await, 409, "Conflict");
    assert!(api.get("db").await.is_ok());
}

#[tokio::test]
async fn a_collection_is_deleted_by_selector() {
    let server = FakeApiServer::start().await;
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        server.object(objects::endpoints("default", name, json!({"app": app})));
    }
    let api = api(&server).await;
    let selected = ListParams::default().labels("app=x");
    let gone = api
        .delete_collection(&DeleteParams::default(), &selected)
        .await
        .unwrap()
        .left()
        .expect("the list of what was deleted");
    assert_eq!(names(&gone.items), ["a", "c"]);
    let left = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(names(&left.items), ["b"]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let status = refusal(api.get("db").await);
    assert!(status.is_not_found());
    assert_eq!(status.message, "endpoints \"db\" not found");
    let patch = Patch::Merge(json!({}));
    let params = PatchParams::default();
    assert_refused(api.patch("db", &params, &patch).await, 404, "NotFound");
    assert_refused(
        api.delete("db", &DeleteParams::default()).await,
        404,
        "NotFound",
    );
}

#[tokio::test]
async fn what_is_already_there_cannot_be_created() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let created = create(&api, "db").await;
    let again = api
        .create(&PostParams::default(), &endpoints("db", "10.0.0.2"))
        .await;
    let status = refusal(again);
    assert!(status.is_already_exists());
    assert_eq!(
        (status.code, status.message.as_str()),
        (409, "endpoints \"db\" already exists")
    );
    assert_eq!(api.get("db").await.unwrap(), created);
}

#[tokio::test]
async fn a_replace_of_an_old_version_is_a_conflict() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let old = create(&api, "db").await;
    let mut next = old.clone();
    next.subsets = None;
    let params = PostParams::default();
    let next = api.replace("db", &params, &next).await.unwrap();
    let status = refusal(api.replace("db", &params, &old).await);
    assert!(status.is_conflict() && !status.is_already_exists());
    assert_eq!(api.get("db").await.unwrap(), next);
}

#[tokio::test]
async fn an_object_that_breaks_the_rules_is_invalid_field_by_field() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let mut object = endpoints("Bad_Name", "not-an-ip");
    object.metadata.labels = Some(BTreeMap::from([("k".to_owned(), "not a value".to_owned())]));
    let status = refusal(api.create(&PostParams::default(), &object).await);
    assert!(status.is_invalid());
    let fields: Vec<_> = status
        .details
        .unwrap()
        .causes
        .into_iter()
        .map(|cause| cause.field)
        .collect();
    assert_eq!(
        fields,
        [
            "metadata.name",
            "metadata.labels",
            "subsets[0].addresses[0].ip",
            // Upstream checks an address twice.
            "subsets[0].addresses[0].ip"
        ]
    );
}

#[tokio::test]
async fn an_unknown_field_is_refused_if_the_client_is_strict() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    create(&api, "db").await;
    let patch = Patch::Merge(json!({"subset": []}));
    let params = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::default()
    };
    let status = refusal(api.patch("db", &params, &patch).await);
    assert!(
        status.message.contains("unknown field \"subset\""),
        "{status:?}"
    );
}

#[tokio::test]
async fn an_object_for_a_missing_namespace_finds_none() {
    let server = FakeApiServer::start().await;
    let api: Api<Endpoints> = Api::namespaced(client(&server).await, "nowhere");
    let created = api
        .create(&PostParams::default(), &endpoints("db", "10.0.0.1"))
        .await;
    let status = refusal(created);
    assert!(status.is_not_found());
    assert_eq!(status.message, "namespaces \"nowhere\" not found");
}

#[tokio::test]
async fn an_unknown_token_is_unauthorized() {
    let server = FakeApiServer::builder()
        .auth(Auth::new().token("good", "alice", ["dev"]))
        .start()
        .await;
    let kubeconfig = server.kubeconfig().replace("good", "bad");
    let bad: Api<Endpoints> =
        Api::default_namespaced(support::kube::from_kubeconfig(&kubeconfig).await);
    assert_refused(bad.list(&ListParams::default()).await, 401, "Unauthorized");
    let good = api(&server).await;
    assert!(good.list(&ListParams::default()).await.is_ok());
}

#[tokio::test]
async fn a_user_without_the_right_is_forbidden() {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "alice-views"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
    });
    let server = FakeApiServer::builder()
        .auth(Auth::new().token("alice-token", "alice", ["dev"]).rbac())
        .object(binding)
        .start()
        .await;
    let api = api(&server).await;
    assert!(api.list(&ListParams::default()).await.is_ok());
    let status = refusal(
        api.create(&PostParams::default(), &endpoints("db", "10.0.0.1"))
            .await,
    );
    assert!(status.is_forbidden());
    assert_eq!(
        status.message,
        "endpoints is forbidden: User \"alice\" cannot create resource \"endpoints\" in API group \"\" in the \
         namespace \"default\""
    );
    let anonymous = server.kubeconfig().replace("token: \"alice-token\"", "{}");
    let anonymous: Api<Endpoints> =
        Api::default_namespaced(support::kube::from_kubeconfig(&anonymous).await);
    assert_refused(
        anonymous.list(&ListParams::default()).await,
        403,
        "Forbidden",
    );
}

#[tokio::test]
async fn the_pages_of_a_list_show_one_moment() {
    let server = FakeApiServer::start().await;
    for n in 0..10 {
        server.object(objects::endpoints("default", &format!("e{n}"), json!({})));
    }
    let api = api(&server).await;
    let mut params = ListParams::default().limit(4);
    let first = api.list(&params).await.unwrap();
    assert_eq!(first.metadata.remaining_item_count, Some(6));
    let version = first.metadata.resource_version.clone();
    let mut token = first.metadata.continue_;
    let mut all = names(&first.items);
    while let Some(next) = token.filter(|token| !token.is_empty()) {
        // What is written meanwhile belongs to another moment.
        server.object(objects::endpoints(
            "default",
            "e9",
            json!({"changed": "yes"}),
        ));
        server.object(objects::endpoints("default", "f", json!({})));
        api.delete("e8", &DeleteParams::default()).await.ok();
        params = params.continue_token(&next);
        let page = api.list(&params).await.unwrap();
        assert_eq!(page.metadata.resource_version, version);
        assert!(page.items.iter().all(|item| item.labels().is_empty()));
        all.extend(names(&page.items));
        token = page.metadata.continue_;
    }
    assert_eq!(all, Vec::from_iter((0..10).map(|n| format!("e{n}"))));
    let now = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(now.items.len(), 10);
    assert_ne!(now.metadata.resource_version, version);
}

#[tokio::test]
async fn a_page_after_the_compaction_is_gone_but_can_be_gone_on_with() {
    let server = FakeApiServer::start().await;
    for n in 0..4 {
        server.object(objects::endpoints("default", &format!("e{n}"), json!({})));
    }
    let client = client(&server).await;
    let api: Api<Endpoints> = Api::default_namespaced(client);
    let params = ListParams::default().limit(2);
    let first = api.list(&params).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    server.object(objects::endpoints("default", "e4", json!({})));
    server.compact(server.revision());
    let status = refusal(api.list(&params.clone().continue_token(&token)).await);
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    let token = status
        .metadata
        .and_then(|m| m.continue_)
        .expect("a new token");
    let rest = api.list(&params.continue_token(&token)).await.unwrap();
    assert_eq!(names(&rest.items), ["e2", "e3"]);
}

#[tokio::test]
async fn a_list_at_an_exact_version_shows_that_moment() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let created = create(&api, "db").await;
    create(&api, "web").await;
    let version = created.resource_version().unwrap();
    let at = ListParams::default().at(&version);
    let exact = api
        .list(&at.clone().matching(VersionMatch::Exact))
        .await
        .unwrap();
    assert_eq!(names(&exact.items), ["db"]);
    let fresh = api
        .list(&at.matching(VersionMatch::NotOlderThan))
        .await
        .unwrap();
    assert_eq!(names(&fresh.items), ["db", "web"]);
    assert!(api.get_with("web", &GetParams::at(&version)).await.is_ok());
}

#[tokio::test]
async fn the_metadata_api_leaves_the_rest_out() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let created = create(&api, "db").await;
    let one = api.get_metadata("db").await.unwrap();
    assert_eq!(one.metadata, created.metadata);
    let types = one.types.unwrap();
    assert_eq!(
        (types.api_version.as_str(), types.kind.as_str()),
        ("meta.k8s.io/v1", "PartialObjectMetadata")
    );
    let list = api.list_metadata(&ListParams::default()).await.unwrap();
    assert_eq!(list.items[0].metadata, created.metadata);
    let labels = ObjectMeta {
        labels: Some(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
        ..ObjectMeta::default()
    };
    let patch = Patch::Merge(labels.into_request_partial::<Endpoints>());
    let params = PatchParams::default();
    let patched = api.patch_metadata("db", &params, &patch).await.unwrap();
    assert_eq!(patched.labels()["k"], "v");
    assert_eq!(ip(&api.get("db").await.unwrap()), "10.0.0.1");
}

#[tokio::test]
async fn the_server_introduces_itself() {
    let server = FakeApiServer::start().await;
    let client = client(&server).await;
    let version = client.apiserver_version().await.unwrap();
    assert_eq!(
        (version.major.as_str(), version.minor.as_str()),
        ("1", "36")
    );
    let resources = client.list_core_api_resources("v1").await.unwrap();
    let kinds: Vec<_> = resources
        .resources
        .iter()
        .map(|r| r.name.as_str())
        .collect();
    assert!(kinds.contains(&"endpoints") && kinds.contains(&"namespaces"));
}

#[tokio::test]
async fn a_plain_watch_tells_of_each_write() {
    let server = FakeApiServer::start().await;
    let api = api(&server).await;
    let version = server.revision().to_string();
    let params = WatchParams::default().timeout(60);
    let mut events = pin!(api.watch(&params, &version).await.unwrap());
    create(&api, "db").await;
    let patch = Patch::Merge(json!({"metadata": {"labels": {"k": "v"}}}));
    api.patch("db", &PatchParams::default(), &patch)
        .await
        .unwrap();
    api.delete("db", &DeleteParams::default()).await.unwrap();
    server.advance(Duration::from_secs(60));
    let mut told = Vec::new();
    while let Some(event) = within(events.try_next()).await.unwrap() {
        told.push(match event {
            WatchEvent::Added(object) => ("added", object.name_any()),
            WatchEvent::Modified(object) => ("modified", object.name_any()),
            WatchEvent::Deleted(object) => ("deleted", object.name_any()),
            other => panic!("{other:?}"),
        });
    }
    let expected = ["added", "modified", "deleted"].map(|what| (what, "db".to_owned()));
    assert_eq!(told, expected);
}

type Events<K> = Pin<Box<dyn Stream<Item = watcher::Result<watcher::Event<K>>> + Send>>;

/// What a watcher makes of a server: the objects it knows of, kept as a user would keep them.
struct Follower<K> {
    events: Events<K>,
    known: BTreeMap<String, K>,
    next: BTreeMap<String, K>,
    /// How often it listed from the start.
    lists: usize,
    /// The codes of the errors it got over.
    errors: Vec<u16>,
}

impl<K: kube::Resource + Clone> Follower<K> {
    fn new(
        events: impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send + 'static,
    ) -> Self {
        Follower {
            events: Box::pin(events),
            known: BTreeMap::new(),
            next: BTreeMap::new(),
            lists: 0,
            errors: Vec::new(),
        }
    }

    async fn step(&mut self) {
        match within(self.events.next())
            .await
            .expect("a watcher never ends")
        {
            Ok(watcher::Event::Init) => self.next.clear(),
            Ok(watcher::Event::InitApply(object)) => {
                self.next.insert(object.name_any(), object);
            }
            Ok(watcher::Event::InitDone) => {
                self.known = std::mem::take(&mut self.next);
                self.lists += 1;
            }
            Ok(watcher::Event::Apply(object)) => {
                self.known.insert(object.name_any(), object);
            }
            Ok(watcher::Event::Delete(object)) => {
                self.known.remove(&object.name_any());
            }
            Err(watcher::Error::WatchError(status)) => self.errors.push(status.code),
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn until(&mut self, done: impl Fn(&BTreeMap<String, K>) -> bool) {
        while self.lists == 0 || !done(&self.known) {
            self.step().await;
        }
    }

    fn names(&self) -> Vec<&str> {
        self.known.keys().map(String::as_str).collect()
    }
}

/// Both ways in which a watcher learns what is there.
fn modes() -> [watcher::Config; 2] {
    [
        watcher::Config::default().page_size(2),
        watcher::Config::default().streaming_lists(),
    ]
}

fn seed(server: &FakeApiServer, name: &str) {
    server.object(objects::endpoints("default", name, json!({})));
}

#[tokio::test]
async fn a_watcher_learns_what_is_there_and_what_comes() {
    for mode in modes() {
        let server = FakeApiServer::start().await;
        let api = api(&server).await;
        for n in 0..5 {
            seed(&server, &format!("e{n}"));
        }
        let mut follower = Follower::new(watcher(api.clone(), mode));
        follower.until(|known| known.len() == 5).await;
        create(&api, "late").await;
        api.delete("e0", &DeleteParams::default()).await.unwrap();
        follower.until(|known| !known.contains_key("e0")).await;
        assert_eq!(follower.names(), ["e1", "e2", "e3", "e4", "late"]);
        assert_eq!((follower.lists, follower.errors.len()), (1, 0));
        let listed: Vec<Endpoints> = server.kind::<Endpoints>().namespace("default").list();
        assert_eq!(Vec::from_iter(follower.known.into_values()), listed);
    }
}

#[tokio::test]
async fn a_watcher_of_nothing_is_ready_at_once() {
    for mode in modes() {
        let server = FakeApiServer::start().await;
        let mut follower = Follower::new(watcher(api(&server).await, mode));
        follower.until(|_| true).await;
        assert_eq!(follower.names(), [""; 0]);
    }
}

#[tokio::test]
async fn a_watcher_goes_by_selector() {
    for mode in modes() {
        let server = FakeApiServer::start().await;
        let api = api(&server).await;
        for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
            server.object(objects::endpoints("default", name, json!({"app": app})));
        }
        let mut follower = Follower::new(watcher(api.clone(), mode.labels("app=x")));
        follower.until(|known| known.len() == 2).await;
        assert_eq!(follower.names(), ["a", "c"]);
        for (name, app) in [("a", "y"), ("b", "x")] {
            let patch = Patch::Merge(json!({"metadata": {"labels": {"app": app}}}));
            api.patch(name, &PatchParams::default(), &patch)
                .await
                .unwrap();
        }
        follower.until(|known| known.contains_key("b")).await;
        assert_eq!(follower.names(), ["b", "c"]);
    }
}

#[tokio::test]
async fn a_watcher_whose_watch_times_out_goes_on_without_listing() {
    for mode in modes() {
        let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
        let mut follower = Follower::new(watcher(api(&server).await, mode));
        follower.until(|_| true).await;
        for n in 0..5 {
            seed(&server, &format!("e{n}"));
            follower.until(|known| known.len() == n + 1).await;
            server.advance(Duration::from_secs(300));
        }
        assert_eq!((follower.lists, follower.errors.len()), (1, 0));
    }
}

#[tokio::test]
async fn a_watcher_lists_again_after_a_compaction_and_ends_up_right() {
    for mode in modes() {
        let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
        let api = api(&server).await;
        for n in 0..5 {
            seed(&server, &format!("e{n}"));
        }
        let mut follower = Follower::new(watcher(api.clone(), mode));
        follower.until(|known| known.len() == 5).await;
        // So that the watch has begun.
        seed(&server, "begun");
        follower.until(|known| known.contains_key("begun")).await;

        // Nothing awaits here, so the watcher sees none of this before it is compacted.
        server.advance(Duration::from_secs(300));
        seed(&server, "e9");
        server.object(objects::endpoints(
            "default",
            "e0",
            json!({"changed": "yes"}),
        ));
        server.compact(server.revision());

        follower.until(|known| known.contains_key("e9")).await;
        assert_eq!(follower.errors, [410]);
        assert_eq!(follower.lists, 2);
        api.delete("e1", &DeleteParams::default()).await.unwrap();
        follower.until(|known| !known.contains_key("e1")).await;
        let listed: Vec<Endpoints> = server.kind::<Endpoints>().namespace("default").list();
        assert_eq!(Vec::from_iter(follower.known.into_values()), listed);
    }
}

#[tokio::test]
async fn a_watcher_learns_of_deletions_it_slept_through() {
    for mode in modes() {
        let server = FakeApiServer::builder()
            .limits(Limits::new().events(10))
            .clock_at(at(NOW))
            .start()
            .await;
        let api = api(&server).await;
        seed(&server, "gone");
        let mut follower = Follower::new(watcher(api.clone(), mode));
        follower.until(|known| known.contains_key("gone")).await;
        api.delete("gone", &DeleteParams::default()).await.unwrap();
        for n in 0..20 {
            seed(&server, &format!("e{n}"));
        }
        follower.until(|known| known.len() == 20).await;
        assert!(!follower.known.contains_key("gone"));
    }
}

#[tokio::test]
async fn a_metadata_watcher_sees_metadata() {
    for mode in modes() {
        let server = FakeApiServer::builder().clock_at(at(NOW)).start().await;
        let api = api(&server).await;
        let metadata: Api<PartialObjectMeta<Endpoints>> =
            Api::default_namespaced(client(&server).await);
        let created = create(&api, "a").await;
        let mut follower = Follower::new(watcher(metadata, mode));
        follower.until(|known| known.len() == 1).await;
        assert_eq!(follower.known["a"].metadata, created.metadata);
        server.advance(Duration::from_secs(300));
        create(&api, "b").await;
        follower.until(|known| known.len() == 2).await;
        assert_eq!(follower.errors, [0; 0]);
    }
}

#[tokio::test]
async fn a_reflector_keeps_its_store_up_to_date() {
    for mode in modes() {
        let server = FakeApiServer::start().await;
        let api = api(&server).await;
        for n in 0..3 {
            seed(&server, &format!("e{n}"));
        }
        let (store, writer) = reflector::store();
        let mut applied = pin!(reflector(writer, watcher(api.clone(), mode)));
        let mut until = async |count: usize, gone: &str| {
            let is_there = |name: &str| {
                store
                    .get(&reflector::ObjectRef::new(name).within("default"))
                    .is_some()
            };
            while store.len() != count || is_there(gone) {
                within(applied.next()).await.expect("more").unwrap();
            }
        };
        until(3, "").await;
        create(&api, "e3").await;
        until(4, "").await;
        api.delete("e0", &DeleteParams::default()).await.unwrap();
        until(3, "e0").await;
        let mut kept: Vec<_> = store.state().iter().map(|e| e.as_ref().clone()).collect();
        kept.sort_by_key(|e| e.name_any());
        assert_eq!(kept, server.kind::<Endpoints>().namespace("default").list());
    }
}
