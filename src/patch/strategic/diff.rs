//! The way back, for tests: the strategic merge patch that makes one object of another, as `kubectl` computes it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{DELETE_FROM_PRIMITIVE_LIST, Members, PATCH, RETAIN_KEYS, SET_ELEMENT_ORDER, apply};
use crate::kinds::samples::choices::config;
use crate::kinds::samples::objects::{canonical, check_every_kind};
use crate::kinds::samples::{ENDPOINTS, NAMESPACE};
use crate::kinds::{Field, List, PatchStrategy, Struct, Type};
use crate::request::options::FieldValidation;
use crate::schema::prune;

/// What to send to make `old` into `new`.
pub(super) fn diff(old: &Members, new: &Members, schema: &Struct) -> Members {
    let mut patch = Members::new();
    for field in &schema.fields {
        let name = &*field.name;
        match (old.get(name), new.get(name)) {
            (Some(_), None) => {
                patch.insert(name.to_owned(), Value::Null);
            }
            (Some(old), Some(new)) if old != new => diff_field(old, new, field, &mut patch),
            (None, Some(new)) => {
                patch.insert(name.to_owned(), new.clone());
            }
            _ => {}
        }
    }
    patch
}

fn diff_field(old: &Value, new: &Value, field: &Field, patch: &mut Members) {
    let change = match (&field.ty, old, new) {
        (Type::List(list), Value::Array(old), Value::Array(new)) => {
            return diff_lists(old, new, list, field, patch);
        }
        (Type::Struct(inner), Value::Object(old), Value::Object(new)) => {
            diff_struct(old, new, inner, field.retain_keys)
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(old), Value::Object(new))
            if is_scalar(inner) =>
        {
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            let gone = gone.map(|key| (key.clone(), Value::Null));
            let changed = new
                .iter()
                .filter(|(key, value)| old.get(*key) != Some(value));
            gone.chain(changed.map(|(key, value)| (key.clone(), value.clone())))
                .collect()
        }
        // Upstream cannot look into anything else.
        (_, Value::Object(_), Value::Object(new)) => {
            let mut whole = new.clone();
            whole.insert(PATCH.to_owned(), "replace".into());
            whole
        }
        (_, _, new) => {
            patch.insert(field.name.to_string(), new.clone());
            return;
        }
    };
    patch.insert(field.name.to_string(), change.into());
}

fn is_scalar(ty: &Type) -> bool {
    !matches!(
        ty,
        Type::Struct(_)
            | Type::List(_)
            | Type::Map(_)
            | Type::AtomicMap(_)
            | Type::Raw(_)
            | Type::Untyped
            | Type::SchemaOr(..)
            | Type::FieldsV1
    )
}

fn diff_struct(old: &Members, new: &Members, schema: &Struct, retains_keys: bool) -> Members {
    let mut patch = diff(old, new, schema);
    if retains_keys {
        patch.retain(|_, value| !value.is_null());
        let names = new.keys().map(|name| Value::from(name.as_str()));
        patch.insert(RETAIN_KEYS.to_owned(), names.collect());
    }
    patch
}

fn diff_lists(old: &[Value], new: &[Value], list: &List, field: &Field, patch: &mut Members) {
    let name = &*field.name;
    let changes: Vec<Value> = match &list.patch {
        PatchStrategy::Replace => {
            patch.insert(name.to_owned(), new.into());
            return;
        }
        PatchStrategy::MergePrimitives => {
            let gone: Vec<&Value> = old.iter().filter(|value| !new.contains(value)).collect();
            if !gone.is_empty() {
                patch.insert(format!("{DELETE_FROM_PRIMITIVE_LIST}/{name}"), json!(gone));
            }
            patch.insert(format!("{SET_ELEMENT_ORDER}/{name}"), new.into());
            let added = new.iter().filter(|value| !old.contains(value));
            added.cloned().collect()
        }
        PatchStrategy::MergeBy(key) => {
            let order = new.iter().map(|element| json!({key: element[key]}));
            patch.insert(format!("{SET_ELEMENT_ORDER}/{name}"), order.collect());
            diff_elements(old, new, list, key, field.retain_keys)
        }
    };
    if !changes.is_empty() {
        patch.insert(name.to_owned(), changes.into());
    }
}

/// New and changed elements in their order, then the deletions.
fn diff_elements(
    old: &[Value],
    new: &[Value],
    list: &List,
    key: &str,
    retains_keys: bool,
) -> Vec<Value> {
    let Type::Struct(schema) = &list.item else {
        panic!("only structs have keys");
    };
    let find = |list: &[Value], wanted: &Value| {
        let mut elements = list.iter();
        elements
            .find(|element| element[key] == wanted[key])
            .cloned()
    };
    let mut changes = Vec::new();
    for element in new {
        match find(old, element) {
            None => changes.push(element.clone()),
            Some(before) if before == *element => {}
            Some(before) => {
                let (before, after) = (before.as_object().unwrap(), element.as_object().unwrap());
                let mut change = diff_struct(before, after, schema, retains_keys);
                change.insert(key.to_owned(), element[key].clone());
                changes.push(change.into());
            }
        }
    }
    let gone = old.iter().filter(|element| find(new, element).is_none());
    changes.extend(gone.map(|element| json!({key: element[key], PATCH: "delete"})));
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
    let patch = diff(old.as_object().unwrap(), new.as_object().unwrap(), schema);
    let patch = Value::Object(patch).to_string();
    let patched = apply(old, patch.as_bytes(), schema, FieldValidation::Strict);
    let patched = patched.unwrap_or_else(|e| panic!("{e}: {patch}"));
    assert!(patched.strict.is_empty(), "{patch}");
    patched.next.to_value()
}

proptest! {
    #![proptest_config(config(256))]

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

#[test]
fn the_patch_between_two_objects_of_a_kind_makes_one_of_the_other() {
    check_every_kind(4, |kind, [old, new]| {
        let (old, new) = (canonical(kind, old), canonical(kind, new));
        let mut patched = there(&old, &new, &kind.schema);
        prune(&mut patched, &kind.schema);
        prop_assert_eq!(patched, new);
        Ok(())
    });
}
