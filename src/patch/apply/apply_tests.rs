use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{AppliedKind, ApplyError, Sent, Writer, apply, create, keep_times, update};
use crate::codec::json::Node;
use crate::kinds::samples::{ENDPOINTS, NAMESPACE};
use crate::schema::prune;
use crate::status::Cause;

static KIND: LazyLock<AppliedKind<'static>> = LazyLock::new(|| AppliedKind {
    name: "Endpoints",
    schema: &ENDPOINTS,
    reset: &[],
});
const T1: &str = "2024-01-01T00:00:01Z";
const T2: &str = "2024-01-01T00:00:02Z";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn writer<'a>(manager: &'a str, now: &'a str) -> Writer<'a> {
    Writer {
        is_foreign: &|_| false,
        in_version: &|_, _| None,
        manager,
        api_version: "v1",
        subresource: "",
        now,
    }
}

/// A configuration with this metadata beside the name.
fn config(metadata: Value) -> Value {
    let mut config = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata});
    config["metadata"]["name"] = "a".into();
    config
}

fn subsets(ip: &str) -> Value {
    let mut config = config(json!({}));
    config["subsets"] =
        json!([{"addresses": [{"ip": ip}], "ports": [{"port": 80, "protocol": "TCP"}]}]);
    config
}

fn try_apply(
    live: Option<&Value>,
    config: &Value,
    manager: &str,
    force: bool,
) -> Result<Value, ApplyError> {
    apply(
        live,
        &Node::from_value(config),
        &KIND,
        &writer(manager, if live.is_some() { T2 } else { T1 }),
        force,
    )
}

fn applied(live: Option<&Value>, config: &Value, manager: &str) -> Value {
    try_apply(live, config, manager, false).unwrap()
}

/// An object made by a POST of `golden`.
fn posted(metadata: Value) -> Value {
    let mut object = config(metadata);
    create(&mut object, &ENDPOINTS, &writer("golden", T1), &[]);
    object["metadata"]["uid"] = "u".into();
    prune(&mut object, &ENDPOINTS);
    object
}

/// `[manager, operation, fields]` of each entry.
fn owners(object: &Value) -> Value {
    let list = object["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    list.iter()
        .map(|e| json!([e["manager"], e["operation"], e["fieldsV1"]]))
        .collect()
}

fn label(name: &str) -> Value {
    json!({"f:metadata": {"f:labels": {(format!("f:{name}")): {}}}})
}

#[test]
fn an_apply_that_creates_owns_its_leaves_and_no_containers() {
    let mut wanted = subsets("10.10.1.1");
    wanted["metadata"]["labels"] = json!({"x": "1"});
    let object = applied(None, &wanted, "m1");
    assert_eq!(
        object["metadata"]["managedFields"],
        json!([{
            "manager": "m1", "operation": "Apply", "apiVersion": "v1", "time": T1, "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}, "f:subsets": {}}
        }])
    );
    assert_eq!(object["subsets"], wanted["subsets"]);
}

#[test]
fn a_configuration_of_nothing_but_the_name_has_no_entry() {
    assert_eq!(applied(None, &config(json!({})), "m1"), config(json!({})));
}

#[test]
fn a_field_no_longer_applied_is_removed() {
    let live = applied(None, &config(json!({"labels": {"x": "1", "y": "2"}})), "m1");
    let next = applied(Some(&live), &config(json!({"labels": {"x": "1"}})), "m1");
    assert_eq!(next["metadata"]["labels"], json!({"x": "1"}));
    assert_eq!(owners(&next), json!([["m1", "Apply", label("x")]]));
    let bare = applied(Some(&next), &config(json!({})), "m1");
    assert_eq!(bare, config(json!({})));
}

#[test]
fn a_field_no_longer_applied_stays_while_another_manager_owns_it() {
    let live = applied(None, &config(json!({"labels": {"x": "1"}})), "m1");
    let mut new = live.clone();
    new["metadata"]["labels"]["y"] = "2".into();
    update(
        &live,
        &mut new,
        &Sent::Absent,
        &ENDPOINTS,
        &writer("pm", T1),
        &[],
    );
    let shared = applied(Some(&new), &config(json!({"labels": {"y": "2"}})), "m1");
    assert_eq!(shared["metadata"]["labels"], json!({"y": "2"}));
    assert_eq!(
        owners(&shared),
        json!([["m1", "Apply", label("y")], ["pm", "Update", label("y")]])
    );
    let left = applied(Some(&shared), &config(json!({})), "m1");
    assert_eq!(left["metadata"]["labels"], json!({"y": "2"}));
    assert_eq!(owners(&left), json!([["pm", "Update", label("y")]]));
}

#[test]
fn another_value_than_the_owners_is_a_conflict() {
    let live = applied(None, &config(json!({"labels": {"x": "1"}})), "m1");
    let error = try_apply(
        Some(&live),
        &config(json!({"labels": {"x": "2"}})),
        "m2",
        false,
    )
    .unwrap_err();
    let cause = Cause {
        reason: "FieldManagerConflict".to_owned(),
        message: "conflict with \"m1\"".to_owned(),
        field: ".metadata.labels.x".to_owned(),
    };
    let message =
        "Apply failed with 1 conflict: conflict with \"m1\": .metadata.labels.x".to_owned();
    assert_eq!(
        error,
        ApplyError::Conflict {
            message,
            causes: vec![cause]
        }
    );
}

#[test]
fn conflicts_list_leaves_before_what_lies_deeper() {
    let mut live = posted(json!({"labels": {"x": "1"}}));
    let new = subsets("10.10.1.1");
    live["subsets"] = new["subsets"].clone();
    create(&mut live, &ENDPOINTS, &writer("golden", T1), &[]);
    let mut wanted = subsets("10.10.3.3");
    wanted["metadata"]["labels"] = json!({"x": "2"});
    let Err(ApplyError::Conflict { message, causes }) =
        try_apply(Some(&live), &wanted, "m1", false)
    else {
        panic!()
    };
    let expected = "Apply failed with 2 conflicts: conflicts with \"golden\" using v1:\n- .subsets\n- .metadata.labels.x";
    assert_eq!(message, expected);
    assert_eq!(
        causes
            .iter()
            .map(|cause| cause.field.as_str())
            .collect::<Vec<_>>(),
        [".subsets", ".metadata.labels.x"]
    );
}

#[test]
fn force_takes_the_field_from_its_owner() {
    let live = applied(None, &config(json!({"labels": {"x": "1"}})), "m1");
    let forced = try_apply(
        Some(&live),
        &config(json!({"labels": {"x": "2"}})),
        "m2",
        true,
    )
    .unwrap();
    assert_eq!(forced["metadata"]["labels"]["x"], "2");
    assert_eq!(owners(&forced), json!([["m2", "Apply", label("x")]]));
}

#[test]
fn the_same_value_is_shared_and_the_new_entry_has_no_time() {
    let live = posted(json!({"labels": {"x": "1"}}));
    let shared = applied(Some(&live), &config(json!({"labels": {"x": "1"}})), "m1");
    let made = json!({"f:metadata": {"f:labels": {".": {}, "f:x": {}}}});
    assert_eq!(
        owners(&shared),
        json!([["m1", "Apply", label("x")], ["golden", "Update", made]])
    );
    assert_eq!(shared["metadata"]["managedFields"][0].get("time"), None);
}

#[test]
fn applying_the_same_again_changes_nothing() {
    let wanted = config(json!({"labels": {"x": "1"}}));
    let live = applied(None, &wanted, "m1");
    assert_eq!(applied(Some(&live), &wanted, "m1"), live);
}

#[test]
fn what_only_defaulting_makes_equal_moves_a_time_that_the_write_puts_back() {
    let mut wanted = subsets("10.10.1.1");
    let mut live = applied(None, &wanted, "m1");
    live["metadata"]["uid"] = "u".into();
    wanted["subsets"][0]["ports"] = json!([{"port": 80}]);
    let mut next = applied(Some(&live), &wanted, "m1");
    next["subsets"] = live["subsets"].clone();
    assert_eq!(next["metadata"]["managedFields"][0]["time"], T2);
    keep_times(&live, &mut next);
    assert_eq!(next, live);
}

#[test]
fn items_of_sets_and_keyed_lists_belong_to_their_managers() {
    let owner =
        |uid: &str| json!([{"apiVersion": "v1", "kind": "Service", "name": "s", "uid": uid}]);
    let one = applied(
        None,
        &config(json!({"finalizers": ["e.com/a"], "ownerReferences": owner("u1")})),
        "m1",
    );
    let two = config(json!({"finalizers": ["e.com/b"], "ownerReferences": owner("u2")}));
    let both = applied(Some(&one), &two, "m2");
    assert_eq!(
        both["metadata"]["finalizers"],
        json!(["e.com/a", "e.com/b"])
    );
    let fields = |f: &str, u: &str| {
        let (finalizer, reference) = (format!("v:\"{f}\""), format!("k:{{\"uid\":\"{u}\"}}"));
        json!({"f:metadata": {"f:finalizers": {finalizer: {}}, "f:ownerReferences": {reference: {}}}})
    };
    assert_eq!(
        owners(&both),
        json!([
            ["m1", "Apply", fields("e.com/a", "u1")],
            ["m2", "Apply", fields("e.com/b", "u2")]
        ])
    );
    let rest = applied(Some(&both), &config(json!({})), "m1");
    assert_eq!(rest["metadata"]["finalizers"], json!(["e.com/b"]));
    assert_eq!(rest["metadata"]["ownerReferences"], owner("u2"));
}

#[test]
fn a_pure_reorder_is_a_change_but_no_conflict() {
    let live = posted(json!({"finalizers": ["a", "b", "c"]}));
    let next = applied(
        Some(&live),
        &config(json!({"finalizers": ["b", "a"]})),
        "m1",
    );
    assert_eq!(next["metadata"]["finalizers"], json!(["b", "c", "a"]));
    assert_eq!(next["metadata"]["managedFields"][0]["time"], T2);
}

#[test]
fn a_null_label_is_an_empty_one() {
    let object = applied(None, &config(json!({"labels": {"x": null}})), "m1");
    assert_eq!(object["metadata"]["labels"], json!({"x": ""}));
    assert_eq!(owners(&object), json!([["m1", "Apply", label("x")]]));
}

#[test]
fn null_and_empty_containers_are_owned_and_conflict_as_leaves() {
    let mut wanted = config(json!({"labels": {}}));
    wanted["subsets"] = Value::Null;
    let object = applied(None, &wanted, "m1");
    assert_eq!(
        owners(&object),
        json!([["m1", "Apply", {"f:metadata": {"f:labels": {}}, "f:subsets": {}}]])
    );
    assert_eq!(object["metadata"].get("labels"), None);
    let Err(ApplyError::Conflict { message, .. }) = try_apply(Some(&object), &wanted, "m2", false)
    else {
        panic!()
    };
    assert_eq!(
        message,
        "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .subsets\n- .metadata.labels"
    );
}

#[test]
fn a_map_applied_before_is_emptied_by_null() {
    let live = applied(None, &config(json!({"labels": {"x": "1"}})), "m1");
    let next = applied(Some(&live), &config(json!({"labels": null})), "m1");
    assert_eq!(next["metadata"].get("labels"), None);
    assert_eq!(
        owners(&next),
        json!([["m1", "Apply", {"f:metadata": {"f:labels": {}}}]])
    );
}

#[test]
fn an_untracked_object_belongs_to_before_first_apply() {
    let mut live = posted(json!({"labels": {"x": "1"}}));
    live["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("managedFields");
    let next = applied(Some(&live), &config(json!({"labels": {"y": "2"}})), "m1");
    let before = json!({"f:metadata": {"f:labels": {".": {}, "f:x": {}}}});
    assert_eq!(
        owners(&next),
        json!([
            ["m1", "Apply", label("y")],
            ["before-first-apply", "Update", before]
        ])
    );
    assert_eq!(next["metadata"]["managedFields"][1]["time"], T2);
}

#[test]
fn an_apply_in_another_version_replaces_the_managers_entry() {
    let mut live = applied(None, &config(json!({"labels": {"x": "1"}})), "m1");
    live["metadata"]["managedFields"][0]["apiVersion"] = "v0".into();
    let next = applied(Some(&live), &config(json!({"labels": {"y": "2"}})), "m1");
    assert_eq!(owners(&next), json!([["m1", "Apply", label("y")]]));
    assert_eq!(next["metadata"]["labels"], json!({"x": "1", "y": "2"}));
}

#[test]
fn what_the_strategy_resets_cannot_be_owned() {
    let kind = AppliedKind {
        name: "Namespace",
        schema: &NAMESPACE,
        reset: &[vec!["status".to_owned()]],
    };
    let config = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "labels": {"x": "1"}},
        "status": {"phase": "Active"}
    });
    let object = apply(
        None,
        &Node::from_value(&config),
        &kind,
        &writer("m1", T1),
        false,
    )
    .unwrap();
    assert_eq!(owners(&object), json!([["m1", "Apply", label("x")]]));
}

/// An object made by client-side apply of this label.
fn client_side_applied(value: &str) -> Value {
    let last = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "a", "labels": {"x": "1"}}});
    let metadata =
        json!({"labels": {"x": value}, "annotations": {LAST_APPLIED: format!("{last}\n")}});
    posted(metadata)
}

#[test]
fn kubectl_takes_over_what_it_applied_on_the_client_side() {
    let live = client_side_applied("1");
    let next = applied(
        Some(&live),
        &config(json!({"labels": {"x": "2"}})),
        "kubectl",
    );
    assert_eq!(
        next["metadata"]["annotations"][LAST_APPLIED],
        "{\"apiVersion\":\"v1\",\"kind\":\"Endpoints\",\"metadata\":{\"labels\":{\"x\":\"2\"},\"name\":\"a\"}}\n"
    );
    let annotation = format!("f:{LAST_APPLIED}");
    let left = json!({"f:metadata": {"f:annotations": {".": {}, annotation: {}}, "f:labels": {}}});
    assert_eq!(
        owners(&next),
        json!([["kubectl", "Apply", label("x")], ["golden", "Update", left]])
    );
}

#[test]
fn what_changed_since_the_client_side_apply_is_a_conflict() {
    let live = client_side_applied("changed");
    assert!(matches!(
        try_apply(
            Some(&live),
            &config(json!({"labels": {"x": "2"}})),
            "kubectl",
            false
        ),
        Err(ApplyError::Conflict { .. })
    ));
}

#[test]
fn managers_other_than_kubectl_have_no_part_in_that() {
    let live = client_side_applied("1");
    assert!(
        try_apply(
            Some(&live),
            &config(json!({"labels": {"x": "2"}})),
            "m1",
            false
        )
        .is_err()
    );
    let next = try_apply(
        Some(&live),
        &config(json!({"labels": {"x": "2"}})),
        "m1",
        true,
    )
    .unwrap();
    assert_eq!(
        next["metadata"]["annotations"],
        live["metadata"]["annotations"]
    );
}
