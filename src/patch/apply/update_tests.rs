use serde_json::{Value, json};

use super::{Paths, Sent, Writer, create, update};
use crate::kinds::samples::{ENDPOINTS, NAMESPACE};
use crate::schema::prune;

const NONE: Paths<'static> = &[];

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
const T1: &str = "2024-01-01T00:00:01Z";
const T2: &str = "2024-01-01T00:00:02Z";

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

/// An Endpoints with this metadata and subset, canonical.
fn endpoints(metadata: Value, ip: &str) -> Value {
    let mut object =
        json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": []});
    object["metadata"]["name"] = "a".into();
    if !ip.is_empty() {
        object["subsets"] =
            json!([{"addresses": [{"ip": ip}], "ports": [{"port": 80, "protocol": "TCP"}]}]);
    }
    prune(&mut object, &ENDPOINTS);
    object
}

fn entries(object: &Value) -> Value {
    object["metadata"]["managedFields"].clone()
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

fn created(mut object: Value) -> Value {
    create(&mut object, &ENDPOINTS, &writer("golden", T1), NONE);
    object["metadata"]["uid"] = "u".into();
    object
}

fn updated(live: &Value, mut new: Value, manager: &str) -> Value {
    update(
        live,
        &mut new,
        &Sent::Absent,
        &ENDPOINTS,
        &writer(manager, T2),
        NONE,
    );
    new
}

#[test]
fn the_creator_owns_what_it_sets_and_the_containers_it_made() {
    let object = created(endpoints(json!({"labels": {"x": "1"}}), "10.10.1.1"));
    assert_eq!(
        entries(&object),
        json!([{
            "manager": "golden", "operation": "Update", "apiVersion": "v1", "time": T1, "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:x": {}}}, "f:subsets": {}}
        }])
    );
}

#[test]
fn sets_and_keyed_lists_are_owned_item_by_item() {
    let object = created(endpoints(
        json!({"finalizers": ["x.io/y"], "ownerReferences": [{"uid": "u1"}]}),
        "",
    ));
    let expected = json!({"f:metadata": {
        "f:finalizers": {".": {}, "v:\"x.io/y\"": {}},
        "f:ownerReferences": {".": {}, "k:{\"uid\":\"u1\"}": {}}
    }});
    assert_eq!(owners(&object), json!([["golden", "Update", expected]]));
}

#[test]
fn an_object_with_nothing_to_own_has_no_entries() {
    let object = created(endpoints(json!({"namespace": "n", "generation": 3}), ""));
    assert_eq!(object["metadata"].get("managedFields"), None);
}

#[test]
fn generate_name_is_owned() {
    let object = created(endpoints(json!({"generateName": "a-"}), ""));
    assert_eq!(
        owners(&object),
        json!([["golden", "Update", {"f:metadata": {"f:generateName": {}}}]])
    );
}

#[test]
fn fields_the_strategy_resets_are_not_owned() {
    let mut object = json!({
        "metadata": {"name": "n", "labels": {"kubernetes.io/metadata.name": "n"}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"}
    });
    create(
        &mut object,
        &NAMESPACE,
        &writer("golden", T1),
        &[path(&["status"]), path(&["spec", "finalizers"])],
    );
    let expected =
        json!({"f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}});
    assert_eq!(owners(&object), json!([["golden", "Update", expected]]));
}

#[test]
fn entries_sent_with_a_create_lose_what_the_create_sets() {
    let sent = json!([{
        "manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}, "f:annotations": {"f:z": {}}}}
    }]);
    let object = created(endpoints(
        json!({"labels": {"x": "1"}, "managedFields": sent}),
        "",
    ));
    let left = json!({"f:metadata": {"f:annotations": {"f:z": {}}}});
    let taken = json!({"f:metadata": {"f:labels": {".": {}, "f:x": {}}}});
    assert_eq!(
        owners(&object),
        json!([["m", "Apply", left], ["golden", "Update", taken]])
    );
    assert_eq!(entries(&object)[0].get("time"), None);
}

#[test]
fn unusable_entries_sent_with_a_create_are_dropped_together() {
    let sent = json!([
        {"manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
         "fieldsV1": {"f:metadata": {"f:annotations": {"f:z": {}}}}},
        {"manager": "x", "operation": "Nope", "apiVersion": "v1", "fieldsType": "FieldsV2"}
    ]);
    let object = created(endpoints(json!({"managedFields": sent}), "10.10.1.1"));
    assert_eq!(
        owners(&object),
        json!([["golden", "Update", {"f:subsets": {}}]])
    );
}

#[test]
fn an_update_that_changes_nothing_leaves_entries_and_times() {
    let live = created(endpoints(json!({"labels": {"x": "1"}}), "10.10.1.1"));
    let new = updated(
        &live,
        endpoints(json!({"uid": "u", "labels": {"x": "1"}}), "10.10.1.1"),
        "other",
    );
    assert_eq!(new, live);
}

#[test]
fn a_changed_value_moves_to_the_one_who_changed_it() {
    let live = created(endpoints(
        json!({"labels": {"x": "1", "y": "1"}}),
        "10.10.1.1",
    ));
    let new = updated(
        &live,
        endpoints(json!({"labels": {"x": "2", "y": "1"}}), "10.10.1.1"),
        "other",
    );
    let kept = json!({"f:metadata": {"f:labels": {".": {}, "f:y": {}}}, "f:subsets": {}});
    let taken = json!({"f:metadata": {"f:labels": {"f:x": {}}}});
    assert_eq!(
        owners(&new),
        json!([["golden", "Update", kept], ["other", "Update", taken]])
    );
    assert_eq!(
        [&entries(&new)[0]["time"], &entries(&new)[1]["time"]],
        [T1, T2]
    );
}

#[test]
fn changing_an_owned_value_moves_the_time_of_the_entry() {
    let live = created(endpoints(json!({"labels": {"x": "1"}}), "10.10.1.1"));
    let new = updated(
        &live,
        endpoints(json!({"labels": {"x": "1"}}), "10.10.3.3"),
        "golden",
    );
    assert_eq!(owners(&new), owners(&live));
    assert_eq!(entries(&new)[0]["time"], T2);
}

#[test]
fn a_removed_field_leaves_every_set_and_the_remover_gets_no_entry() {
    let live = created(endpoints(json!({"labels": {"x": "1"}}), "10.10.1.1"));
    let new = updated(&live, endpoints(json!({"labels": {"x": "1"}}), ""), "other");
    assert_eq!(
        owners(&new),
        json!([["golden", "Update", {"f:metadata": {"f:labels": {".": {}, "f:x": {}}}}]])
    );
    assert_eq!(entries(&new)[0]["time"], T1);
}

#[test]
fn a_container_is_owned_by_the_one_who_made_it() {
    let live = created(endpoints(json!({"labels": {"x": "1"}}), ""));
    let metadata = json!({"labels": {"x": "1", "y": "2"}, "annotations": {"z": "3"}});
    let new = updated(&live, endpoints(metadata, ""), "other");
    let expected =
        json!({"f:metadata": {"f:annotations": {".": {}, "f:z": {}}, "f:labels": {"f:y": {}}}});
    assert_eq!(owners(&new)[1], json!(["other", "Update", expected]));
}

#[test]
fn the_last_entry_takes_the_field_with_it_and_the_object_is_no_longer_tracked() {
    let live = created(endpoints(json!({}), "10.10.1.1"));
    let bare = updated(&live, endpoints(json!({"uid": "u"}), ""), "other");
    assert_eq!(bare["metadata"].get("managedFields"), None);
    let again = updated(&bare, endpoints(json!({"uid": "u"}), "10.10.1.1"), "other");
    assert_eq!(again["metadata"].get("managedFields"), None);
}

#[test]
fn a_reset_clears_every_entry_and_adds_none() {
    let live = created(endpoints(json!({}), "10.10.1.1"));
    let mut new = endpoints(json!({"managedFields": [{}]}), "10.10.3.3");
    update(
        &live,
        &mut new,
        &Sent::Reset,
        &ENDPOINTS,
        &writer("golden", T2),
        NONE,
    );
    assert_eq!(new["metadata"].get("managedFields"), None);
}

#[test]
fn entries_sent_with_an_update_take_the_place_of_the_stored_ones() {
    let live = created(endpoints(json!({"labels": {"x": "1"}}), "10.10.1.1"));
    let sent = json!({
        "manager": "m", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:subsets": {}}
    });
    let unknown = json!({
        "manager": "n", "operation": "Apply", "apiVersion": "x.io/v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {}}
    });
    let mut new = endpoints(json!({"labels": {"x": "1"}}), "10.10.1.1");
    update(
        &live,
        &mut new,
        &Sent::Entries(vec![sent.clone(), unknown]),
        &ENDPOINTS,
        &writer("golden", T2),
        NONE,
    );
    assert_eq!(entries(&new), json!([sent]));
}

#[test]
fn unusable_entries_sent_with_an_update_leave_the_stored_ones() {
    let live = created(endpoints(json!({}), "10.10.1.1"));
    let mut new = endpoints(json!({}), "10.10.1.1");
    update(
        &live,
        &mut new,
        &Sent::Entries(vec![json!({"manager": "m"})]),
        &ENDPOINTS,
        &writer("golden", T2),
        NONE,
    );
    assert_eq!(entries(&new), entries(&live));
}

#[test]
fn an_over_long_manager_is_dropped_from_a_create_and_kept_for_the_validation_of_an_update() {
    let sent = json!({"manager": "m".repeat(129), "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                      "fieldsV1": {"f:metadata": {"f:annotations": {"f:z": {}}}}});
    let object = created(endpoints(json!({"managedFields": [sent]}), "10.10.1.1"));
    assert_eq!(
        owners(&object),
        json!([["golden", "Update", {"f:subsets": {}}]])
    );
    let mut new = endpoints(json!({}), "10.10.1.1");
    update(
        &object,
        &mut new,
        &Sent::Entries(vec![sent.clone()]),
        &ENDPOINTS,
        &writer("golden", T2),
        NONE,
    );
    assert_eq!(entries(&new)[0]["manager"], sent["manager"]);
}

#[test]
fn a_subresource_has_an_entry_of_its_own_and_no_say_in_the_others() {
    let mut live =
        json!({"metadata": {"name": "n", "labels": {"a": "b"}}, "spec": {}, "status": {}});
    create(&mut live, &NAMESPACE, &writer("golden", T1), NONE);
    let mut new = json!({"metadata": {"name": "n", "labels": {"a": "b"}}, "spec": {}, "status": {"phase": "Active"}});
    let status = Writer {
        subresource: "status",
        ..writer("golden", T2)
    };
    update(
        &live,
        &mut new,
        &Sent::Reset,
        &NAMESPACE,
        &status,
        &[vec!["spec".to_owned()]],
    );
    assert_eq!(
        owners(&new)[1],
        json!(["golden", "Update", {"f:status": {"f:phase": {}}}])
    );
    assert_eq!(entries(&new)[1]["subresource"], "status");
}
