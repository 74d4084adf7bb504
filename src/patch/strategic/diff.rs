//! The way back, for tests: the strategic merge patch that makes one object of another, as `kubectl` computes it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::lookup::Place;
use super::{DELETE_FROM_PRIMITIVE_LIST, Members, PATCH, SET_ELEMENT_ORDER, apply};
use crate::kinds::samples::{ENDPOINTS, NAMESPACE};
use crate::kinds::{PatchStrategy, Struct};
use crate::request::options::FieldValidation;

/// What to send to make `old` into `new`.
pub(super) fn diff(old: &Members, new: &Members, place: Place<'_>) -> Members {
    let mut patch = Members::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        match (old.get(key), value) {
            (Some(same), value) if same == value => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                // Below a map of scalars there is nothing to look up.
                let inner = place.member(key).unwrap_or(place);
                patch.insert(key.clone(), Value::Object(diff(old, new, inner)));
            }
            (Some(Value::Array(old)), Value::Array(new)) => {
                diff_lists(key, old, new, place, &mut patch)
            }
            (_, value) => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    patch
}

fn diff_lists(key: &str, old: &[Value], new: &[Value], place: Place<'_>, patch: &mut Members) {
    let (item, strategy) = place.list(key).unwrap();
    let changes: Vec<Value> = match strategy {
        PatchStrategy::Replace => {
            patch.insert(key.to_owned(), new.into());
            return;
        }
        PatchStrategy::MergePrimitives => {
            let gone: Vec<&Value> = old.iter().filter(|value| !new.contains(value)).collect();
            if !gone.is_empty() {
                patch.insert(format!("{DELETE_FROM_PRIMITIVE_LIST}/{key}"), json!(gone));
            }
            patch.insert(format!("{SET_ELEMENT_ORDER}/{key}"), new.into());
            new.iter()
                .filter(|value| !old.contains(value))
                .cloned()
                .collect()
        }
        PatchStrategy::MergeBy(merge_key) => {
            let names: Vec<Value> = new
                .iter()
                .map(|element| json!({merge_key: element[merge_key]}))
                .collect();
            patch.insert(format!("{SET_ELEMENT_ORDER}/{key}"), names.into());
            diff_elements(old, new, item, merge_key)
        }
    };
    if !changes.is_empty() {
        patch.insert(key.to_owned(), changes.into());
    }
}

/// New and changed elements in their order, then the deletions.
fn diff_elements(old: &[Value], new: &[Value], item: Place<'_>, merge_key: &str) -> Vec<Value> {
    let find = |list: &[Value], wanted: &Value| {
        list.iter()
            .find(|e| e[merge_key] == wanted[merge_key])
            .cloned()
    };
    let mut changes = Vec::new();
    for element in new {
        match find(old, element) {
            None => changes.push(element.clone()),
            Some(before) if before == *element => {}
            Some(before) => {
                let mut change = diff(
                    before.as_object().unwrap(),
                    element.as_object().unwrap(),
                    item,
                );
                change.insert(merge_key.to_owned(), element[merge_key].clone());
                changes.push(Value::Object(change));
            }
        }
    }
    for element in old.iter().filter(|element| find(new, element).is_none()) {
        changes.push(json!({merge_key: element[merge_key], PATCH: "delete"}));
    }
    changes
}

fn strings() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-d]", "[x-z]", 1..4).prop_map(|map| json!(map))
}

fn finalizers() -> impl Strategy<Value = Value> {
    Just(["x/a", "x/b", "x/c", "x/d", "x/e"])
        .prop_shuffle()
        .prop_flat_map(|all| (1..=all.len()).prop_map(move |n| json!(all[..n])))
}

fn keyed(element: impl Strategy<Value = Value>, key: &'static str) -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[1-5]", element, 1..5)
        .prop_map(|map| map.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(move |elements| {
            let elements = elements.into_iter().map(|(name, mut element)| {
                element[key] = json!(name);
                element
            });
            elements.collect()
        })
}

fn owners() -> impl Strategy<Value = Value> {
    let element = ("[a-c]", prop::option::of(any::<bool>())).prop_map(|(name, controller)| {
        let mut owner = json!({"apiVersion": "v1", "kind": "Service", "name": name, "uid": ""});
        if let Some(controller) = controller {
            owner["controller"] = json!(controller);
        }
        owner
    });
    keyed(element, "uid")
}

fn conditions() -> impl Strategy<Value = Value> {
    let element = ("[TF]", prop::option::of("[a-c]")).prop_map(|(status, reason)| match reason {
        Some(reason) => json!({"status": status, "reason": reason}),
        None => json!({"status": status}),
    });
    keyed(element, "type")
}

fn subsets() -> impl Strategy<Value = Value> {
    let subset =
        (1i64..4, prop::collection::vec("10\\.0\\.0\\.[1-9]", 1..3)).prop_map(|(port, ips)| {
            let addresses: Vec<Value> = ips.into_iter().map(|ip| json!({"ip": ip})).collect();
            json!({"addresses": addresses, "ports": [{"port": port}]})
        });
    prop::collection::vec(subset, 1..3).prop_map(Value::from)
}

/// An object that has some of these members.
fn some_of<const N: usize>(
    members: [(&'static str, BoxedStrategy<Value>); N],
) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    let values: Vec<_> = values.into_iter().map(prop::option::of).collect();
    values
        .prop_map(move |values| {
            let present = names
                .iter()
                .zip(values)
                .filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

fn object_meta() -> BoxedStrategy<Value> {
    some_of([
        ("labels", strings().boxed()),
        ("annotations", strings().boxed()),
        ("finalizers", finalizers().boxed()),
        ("ownerReferences", owners().boxed()),
    ])
}

fn endpoints() -> impl Strategy<Value = Value> {
    (object_meta(), some_of([("subsets", subsets().boxed())])).prop_map(|(metadata, mut object)| {
        object["metadata"] = metadata;
        object
    })
}

fn namespace() -> impl Strategy<Value = Value> {
    let status = some_of([
        ("conditions", conditions().boxed()),
        ("phase", Just(json!("Active")).boxed()),
    ]);
    (object_meta(), status)
        .prop_map(|(metadata, status)| json!({"metadata": metadata, "spec": {}, "status": status}))
}

/// What the patch from `old` to `new` makes of `old`.
fn there(old: &Value, new: &Value, schema: &Struct) -> Value {
    let patch = diff(
        old.as_object().unwrap(),
        new.as_object().unwrap(),
        Place::Struct(schema),
    );
    let patch = Value::Object(patch).to_string();
    let patched = apply(old, patch.as_bytes(), schema, FieldValidation::Strict);
    let patched = patched.unwrap_or_else(|e| panic!("{e}: {patch}"));
    assert!(patched.strict.is_empty(), "{patch}");
    patched.next.to_value()
}

proptest! {
    #[test]
    fn the_patch_between_two_endpoints_makes_one_of_the_other(old in endpoints(), new in endpoints()) {
        prop_assert_eq!(there(&old, &new, &ENDPOINTS), new);
    }

    #[test]
    fn the_patch_between_two_namespaces_makes_one_of_the_other(old in namespace(), new in namespace()) {
        prop_assert_eq!(there(&old, &new, &NAMESPACE), new);
    }

    #[test]
    fn a_patch_with_the_object_itself_changes_nothing(object in endpoints()) {
        let patched = apply(&object, object.to_string().as_bytes(), &ENDPOINTS, FieldValidation::Strict);
        prop_assert_eq!(patched.unwrap().next.to_value(), object);
    }
}
