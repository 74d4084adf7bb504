use serde_json::json;

use super::*;
use crate::kinds::samples::ENDPOINTS;

/// An object whose metadata is given.
fn with(metadata: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata})
}

fn run(current: &Value, patch: &Value) -> Result<Patched, PatchError> {
    apply(
        current,
        patch.to_string().as_bytes(),
        &ENDPOINTS,
        FieldValidation::Warn,
    )
}

/// The metadata after a patch of the metadata.
fn metadata(current: Value, patch: Value) -> Value {
    let mut next = run(&with(current), &json!({"metadata": patch}))
        .unwrap()
        .next
        .to_value();
    crate::schema::prune(&mut next, &ENDPOINTS);
    next.get("metadata").cloned().unwrap()
}

/// The error of a patch of the metadata.
fn metadata_error(current: Value, patch: Value) -> PatchError {
    run(&with(current), &json!({"metadata": patch})).unwrap_err()
}

fn internal(message: &str) -> PatchError {
    PatchError::Internal(message.to_owned())
}

fn bad_request(message: &str) -> PatchError {
    PatchError::BadRequest(message.to_owned())
}

fn owner(uid: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "name": name, "uid": uid})
}

#[test]
fn maps_merge_and_a_null_removes_a_member() {
    let next = metadata(
        json!({"labels": {"a": "1", "b": "2"}}),
        json!({"labels": {"a": null, "c": "3"}}),
    );
    assert_eq!(next, json!({"labels": {"b": "2", "c": "3"}}));
}

#[test]
fn lists_without_a_merge_key_are_replaced() {
    let subsets =
        |ip: &str| json!({"metadata": {"name": "p"}, "subsets": [{"addresses": [{"ip": ip}]}]});
    let next = run(
        &subsets("10.0.0.1"),
        &json!({"subsets": [{"addresses": [{"ip": "10.0.0.2"}]}]}),
    );
    assert_eq!(next.unwrap().next.to_value(), subsets("10.0.0.2"));
}

#[test]
fn sets_merge_with_what_is_in_the_patch_first() {
    for (current, patch, next) in [
        (
            json!(["x/a", "x/b"]),
            json!(["x/c", "x/a"]),
            json!(["x/c", "x/a", "x/b"]),
        ),
        (json!(["x/a", "x/b"]), json!(["x/b"]), json!(["x/a", "x/b"])),
        (
            json!(["x/a"]),
            json!(["x/z", "x/z", "x/y"]),
            json!(["x/z", "x/y", "x/a"]),
        ),
        (json!(["x/a"]), json!([]), json!(["x/a"])),
    ] {
        let patched = metadata(json!({"finalizers": current}), json!({"finalizers": patch}));
        assert_eq!(patched["finalizers"], next);
    }
}

#[test]
fn keyed_lists_merge_by_key_with_new_elements_first() {
    let current = json!({"ownerReferences": [owner("1", "one"), owner("2", "two")]});
    let next = metadata(
        current,
        json!({"ownerReferences": [owner("3", "three"), {"uid": "2", "name": "deux"}]}),
    );
    assert_eq!(
        next["ownerReferences"],
        json!([owner("3", "three"), owner("1", "one"), owner("2", "deux")])
    );
}

#[test]
fn of_a_key_given_twice_the_last_wins() {
    let current = json!({"ownerReferences": [owner("1", "one")]});
    let next = metadata(
        current,
        json!({"ownerReferences": [owner("2", "a"), owner("2", "b")]}),
    );
    assert_eq!(
        next["ownerReferences"],
        json!([owner("2", "b"), owner("1", "one")])
    );
}

#[test]
fn an_element_without_its_key_is_refused() {
    let current = json!({"ownerReferences": [owner("1", "one")]});
    assert_eq!(
        metadata_error(current, json!({"ownerReferences": [{"name": "x"}]})),
        internal("map: map[name:x] does not contain declared merge key: uid")
    );
}

#[test]
fn a_list_must_be_of_one_type() {
    let current = json!({"finalizers": ["x.io/a"], "ownerReferences": [{"uid": "1"}]});
    for (patch, error) in [
        (
            json!({"finalizers": [{"$patch": "replace"}, "x.io/d"]}),
            "list element types are not identical: [[x.io/a] [map[$patch:replace] x.io/d]]",
        ),
        (
            json!({"ownerReferences": ["x"]}),
            "list element types are not identical: [[map[uid:1]] [x]]",
        ),
        (
            json!({"ownerReferences": [["x"]]}),
            "list element types are not identical: [[map[uid:1]] [[x]]]",
        ),
        (
            json!({"finalizers": ["x.io/b", null]}),
            "list element types are not identical: [[x.io/a] [x.io/b <nil>]]",
        ),
    ] {
        assert_eq!(metadata_error(current.clone(), patch), internal(error));
    }
}

#[test]
fn the_directive_replace_takes_the_patch_as_it_is() {
    let current =
        json!({"name": "p", "labels": {"a": "1"}, "ownerReferences": [owner("1", "one")]});
    let next = metadata(
        current.clone(),
        json!({"labels": {"$patch": "replace", "z": "9"}}),
    );
    assert_eq!(next["labels"], json!({"z": "9"}));
    for (patch, left) in [
        (
            json!([{"$patch": "replace"}, owner("2", "two")]),
            json!([owner("2", "two")]),
        ),
        (
            json!([owner("2", "two"), {"$patch": "replace"}]),
            json!([owner("2", "two")]),
        ),
        (json!([{"$patch": "replace"}]), Value::Null),
    ] {
        assert_eq!(
            metadata(current.clone(), json!({"ownerReferences": patch}))["ownerReferences"],
            left
        );
    }
    let whole = run(
        &with(current),
        &json!({"$patch": "replace", "metadata": {"name": "q"}}),
    )
    .unwrap();
    assert_eq!(whole.next.to_value(), with(json!({"name": "q"})));
}

#[test]
fn the_directive_delete_empties_a_map_and_removes_an_element() {
    let current = json!({"name": "p", "labels": {"a": "1"}, "ownerReferences": [owner("1", "one"), owner("2", "two")]});
    let next = metadata(
        current.clone(),
        json!({"labels": {"$patch": "delete", "z": "9"}}),
    );
    assert_eq!(next.get("labels"), None);
    let one_gone = metadata(
        current.clone(),
        json!({"ownerReferences": [{"$patch": "delete", "uid": "1"}]}),
    );
    assert_eq!(one_gone["ownerReferences"], json!([owner("2", "two")]));
    let none_gone = metadata(
        current.clone(),
        json!({"ownerReferences": [{"$patch": "delete", "uid": "9"}]}),
    );
    assert_eq!(none_gone, current);
    let all_gone = run(&with(current), &json!({"$patch": "delete"})).unwrap();
    assert_eq!(
        all_gone.next.to_value(),
        json!({"apiVersion": "v1", "kind": "Endpoints"})
    );
}

#[test]
fn other_directives_are_refused() {
    let current = json!({"labels": {"a": "1"}, "ownerReferences": [owner("1", "one")]});
    for (patch, error) in [
        (
            json!({"labels": {"$patch": "x", "b": "2"}}),
            "unknown patch type: x in map: map[$patch:x b:2]",
        ),
        (
            json!({"labels": {"$patch": "merge"}}),
            "unknown patch type: merge in map: map[$patch:merge]",
        ),
        (
            json!({"labels": {"$patch": 5}}),
            "unknown patch type: %!s(int64=5) in map: map[$patch:5]",
        ),
        (
            json!({"ownerReferences": [{"$patch": "merge"}]}),
            "merging lists cannot yet be specified in the patch",
        ),
        (
            json!({"ownerReferences": [{"$patch": null}]}),
            "unknown patch type: %!s(<nil>) in map: map[$patch:<nil>]",
        ),
        (
            json!({"ownerReferences": [{"$patch": "delete"}]}),
            "map: map[$patch:delete] does not contain declared merge key: uid",
        ),
    ] {
        assert_eq!(metadata_error(current.clone(), patch), internal(error));
    }
}

#[test]
fn a_map_with_a_directive_is_dropped_where_there_is_nothing_to_merge_with() {
    let next = metadata(
        json!({"name": "p"}),
        json!({"labels": {"$patch": "x", "a": "1"}, "ownerReferences": [{"$patch": "delete"}]}),
    );
    assert_eq!(next, json!({"name": "p"}));
}

#[test]
fn in_a_list_without_a_merge_key_a_directive_is_an_unknown_field() {
    let current = json!({"metadata": {"name": "p"}, "subsets": [{"ports": [{"port": 1}]}]});
    let patched = run(
        &current,
        &json!({"subsets": [{"$patch": "delete", "ports": [{"port": 2}]}]}),
    )
    .unwrap();
    assert_eq!(patched.strict, [r#"unknown field "subsets[0].$patch""#]);
    assert_eq!(
        patched.next.to_value()["subsets"],
        json!([{"ports": [{"port": 2}]}])
    );
}

#[test]
fn nulls_in_something_new_are_pruned() {
    let next = metadata(
        json!({"name": "p"}),
        json!({"labels": {"a": null, "b": "2"}}),
    );
    assert_eq!(next, json!({"name": "p", "labels": {"b": "2"}}));
}

#[test]
fn retained_keys_are_all_that_stays() {
    let current = json!({"name": "p", "labels": {"a": "1"}, "annotations": {"x": "y"}});
    let next = metadata(
        current.clone(),
        json!({"$retainKeys": ["name", "labels"], "labels": {"k": "v"}}),
    );
    assert_eq!(next, json!({"name": "p", "labels": {"a": "1", "k": "v"}}));
    for patch in [
        json!({"$retainKeys": ["name"], "labels": {"k": "v"}}),
        json!({"$retainKeys": "labels"}),
    ] {
        assert_eq!(
            metadata_error(current.clone(), patch),
            bad_request("invalid patch format of retainKeys")
        );
    }
    let nulls_need_no_mention = metadata(current, json!({"$retainKeys": ["name"], "labels": null}));
    assert_eq!(nulls_need_no_mention, json!({"name": "p"}));
}

#[test]
fn plain_values_can_be_deleted_from_a_set() {
    let current = json!({"name": "p", "finalizers": ["x/a", "x/b", "x/c"]});
    for (patch, left) in [
        (
            json!({"$deleteFromPrimitiveList/finalizers": ["x/b", "x/z"]}),
            json!(["x/a", "x/c"]),
        ),
        (
            json!({"$deleteFromPrimitiveList/finalizers": ["x/a"], "finalizers": ["x/d"]}),
            json!(["x/d", "x/b", "x/c"]),
        ),
        (
            json!({"$deleteFromPrimitiveList/finalizers": "x/a"}),
            json!(["x/a", "x/b", "x/c"]),
        ),
        (
            json!({"$deleteFromPrimitiveList/nope": ["x/a"]}),
            json!(["x/a", "x/b", "x/c"]),
        ),
        (
            json!({"$deleteFromPrimitiveList/finalizers": null}),
            Value::Null,
        ),
    ] {
        assert_eq!(metadata(current.clone(), patch)["finalizers"], left);
    }
    let error = metadata_error(current, json!({"$deleteFromPrimitiveList": ["x/a"]}));
    assert_eq!(error, bad_request("invalid patch format of primitive list"));
}

#[test]
fn an_element_order_orders_what_it_names() {
    let current = json!({"name": "p", "finalizers": ["x/a", "x/b", "x/s"]});
    let order = "$setElementOrder/finalizers";
    for (patch, result) in [
        (
            json!({order: ["x/b", "x/a"], "finalizers": ["x/b"]}),
            json!(["x/b", "x/a", "x/s"]),
        ),
        (json!({order: ["x/b", "x/a"]}), json!(["x/b", "x/a", "x/s"])),
        (
            json!({order: ["x/s", "x/n", "x/a"], "finalizers": ["x/n"]}),
            json!(["x/b", "x/s", "x/n", "x/a"]),
        ),
        (
            json!({order: [], "finalizers": []}),
            json!(["x/a", "x/b", "x/s"]),
        ),
    ] {
        assert_eq!(metadata(current.clone(), patch)["finalizers"], result);
    }
    let new = metadata(
        json!({"name": "p"}),
        json!({order: ["x/b", "x/a"], "finalizers": ["x/b", "x/a"]}),
    );
    assert_eq!(new["finalizers"], json!(["x/b", "x/a"]));
}

#[test]
fn an_element_order_of_a_keyed_list_names_the_keys() {
    let current = json!({"ownerReferences": [owner("1", "one"), owner("2", "two")]});
    let patch = json!({
        "$setElementOrder/ownerReferences": [{"uid": "3"}, {"uid": "2"}],
        "ownerReferences": [owner("3", "three"), {"$patch": "delete", "uid": "1"}],
    });
    assert_eq!(
        metadata(current, patch)["ownerReferences"],
        json!([owner("3", "three"), owner("2", "two")])
    );
}

#[test]
fn a_bad_element_order_is_refused() {
    let current =
        json!({"finalizers": ["x.io/a"], "ownerReferences": [{"uid": "1"}], "labels": {"a": "1"}});
    for (patch, error) in [
        (
            json!({"$setElementOrder/finalizers": ["x.io/c", "x.io/zz"], "finalizers": ["x.io/qq"]}),
            "The order in patch list:\n[x.io/qq]\n doesn't match $setElementOrder list:\n[x.io/c x.io/zz]\n",
        ),
        (
            json!({"$setElementOrder/finalizers": "x"}),
            "expected a []interface {}, but received a string",
        ),
        (
            json!({"$setElementOrder/finalizers": null}),
            "expected a []interface {}, but received a %!s(<nil>)",
        ),
        (
            json!({"$setElementOrder/finalizers": [], "finalizers": 5}),
            "expected a []interface {}, but received a int64",
        ),
        (
            json!({"$setElementOrder/annotations": []}),
            "expected slice or array type, but got: struct []",
        ),
        (
            json!({"$setElementOrder/nope": []}),
            r#"unable to find api field in struct ObjectMeta for the json field "nope""#,
        ),
        (
            json!({"labels": {"$setElementOrder/x": []}}),
            "merging an object in json but data type is not struct, instead is: map",
        ),
        (
            json!({"$setElementOrder/ownerReferences": [{"name": "x"}], "ownerReferences": [{"uid": "1"}]}),
            "map: map[name:x] does not contain declared merge key: uid",
        ),
        (
            json!({"$setElementOrder/ownerReferences": ["1"]}),
            "value for key 0 is not a map",
        ),
    ] {
        assert_eq!(metadata_error(current.clone(), patch), internal(error));
    }
    let top = run(
        &with(current.clone()),
        &json!({"$setElementOrder/nope": []}),
    )
    .unwrap_err();
    assert_eq!(
        top,
        internal(r#"unable to find api field in struct Endpoints for the json field "nope""#)
    );
    let nothing = metadata_error(
        json!({}),
        json!({"$setElementOrder/finalizers": [], "finalizers": []}),
    );
    assert_eq!(nothing, internal("no elements in any of the given slices"));
    assert_eq!(
        metadata_error(current, json!({"$setElementOrder": []})),
        bad_request("invalid patch format of setElementOrder list")
    );
}

#[test]
fn lists_of_lists_are_not_supported() {
    let current = json!({"ownerReferences": []});
    assert_eq!(
        metadata_error(current, json!({"ownerReferences": [["x"]]})),
        PatchError::Unprocessable
    );
}

#[test]
fn what_crashes_the_real_server_is_told_apart() {
    let current =
        json!({"metadata": {"name": "p", "finalizers": []}, "subsets": [{"ports": [{"port": 1}]}]});
    for patch in [
        json!({"$setElementOrder/subsets": [{"ports": []}]}),
        json!({"metadata": {"$retainKeys": [{}]}}),
        json!({"metadata": {"finalizers": [null]}}),
    ] {
        assert_eq!(run(&current, &patch), Err(PatchError::Panic), "{patch}");
    }
}

#[test]
fn what_is_no_object_is_refused_and_null_is_empty() {
    let current = with(json!({"name": "p"}));
    for (patch, error) in [
        ("{", "unexpected end of JSON input"),
        (
            "[]",
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
    ] {
        for validation in [
            FieldValidation::Ignore,
            FieldValidation::Warn,
            FieldValidation::Strict,
        ] {
            assert_eq!(
                apply(&current, patch.as_bytes(), &ENDPOINTS, validation),
                Err(bad_request(error))
            );
        }
    }
    assert_eq!(
        run(&current, &Value::Null).unwrap().next.to_value(),
        current
    );
}

#[test]
fn the_kind_of_the_patch_does_not_matter() {
    let current = with(json!({"name": "p"}));
    let next = run(&current, &json!({"apiVersion": "v2", "kind": "Pod"}))
        .unwrap()
        .next
        .to_value();
    assert_eq!(next, current);
}

#[test]
fn a_wrong_type_shows_the_patch_as_go_prints_it() {
    let current = with(json!({"name": "p", "labels": {"a": "1"}}));
    let patch = json!({"subsets": 5, "metadata": {"labels": {"$patch": "replace", "b": "2"}}});
    assert_eq!(
        run(&current, &patch),
        Err(PatchError::Invalid {
            shown: "map[metadata:map[labels:map[b:2]] subsets:5]".to_owned(),
            why: "cannot restore slice from int64".to_owned()
        })
    );
}

#[test]
fn repeated_and_unknown_fields_are_noticed_unless_ignored() {
    let current = with(json!({"name": "p"}));
    let patch = br#"{"z":1,"metadata":{"labels":{"a":"1","a":"2"}},"bogus":1}"#;
    let patched = apply(&current, patch, &ENDPOINTS, FieldValidation::Strict).unwrap();
    assert_eq!(
        patched.strict,
        [
            r#"duplicate field "metadata.labels.a""#,
            r#"unknown field "bogus""#,
            r#"unknown field "z""#
        ]
    );
    assert_eq!(
        patched.shown,
        "map[bogus:1 metadata:map[labels:map[a:2]] z:1]"
    );
    assert!(
        apply(&current, patch, &ENDPOINTS, FieldValidation::Ignore)
            .unwrap()
            .strict
            .is_empty()
    );
}
