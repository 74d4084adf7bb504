//! Fields of the parts of a pod, with nothing for what is absent.

use serde_json::Value;

pub(crate) fn member<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    value.get(field).filter(|member| !member.is_null())
}

pub(crate) fn is_set(value: &Value, field: &str) -> bool {
    member(value, field).is_some()
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    let list = value.get(field).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

pub(crate) fn list_mut<'a>(
    value: &'a mut Value,
    field: &str,
) -> impl Iterator<Item = &'a mut Value> {
    let list = value.get_mut(field).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

pub(crate) fn texts<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    list(value, field)
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

pub(crate) fn number(value: &Value, field: &str) -> Option<i64> {
    value.get(field).and_then(Value::as_i64)
}

/// A number that is 0 where it is not given.
pub(crate) fn count(value: &Value, field: &str) -> i64 {
    number(value, field).unwrap_or_default()
}

pub(crate) fn flag(value: &Value, field: &str) -> Option<bool> {
    value.get(field).and_then(Value::as_bool)
}

pub(crate) fn is_true(value: &Value, field: &str) -> bool {
    flag(value, field) == Some(true)
}

/// The members of a map, in the order of their keys.
pub(crate) fn entries<'a>(value: &'a Value, field: &str) -> Vec<(&'a str, &'a Value)> {
    let members = value.get(field).and_then(Value::as_object);
    let mut entries: Vec<(&str, &Value)> = members
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// An annotation of what has this metadata.
pub(crate) fn annotation<'a>(meta: &'a Value, key: &str) -> Option<&'a str> {
    meta.get("annotations")?.get(key)?.as_str()
}

/// The lists of a pod's containers, in the order in which upstream visits them.
pub(crate) const CONTAINER_LISTS: [&str; 3] =
    ["initContainers", "containers", "ephemeralContainers"];

/// All containers of a spec, each with its place.
pub(crate) fn containers(spec: &Value) -> impl Iterator<Item = (&'static str, usize, &Value)> {
    CONTAINER_LISTS.into_iter().flat_map(|field| {
        let containers = list(spec, field).iter().enumerate();
        containers.map(move |(i, container)| (field, i, container))
    })
}

/// Whether there is more than an empty struct.
pub(crate) fn has_content(value: &Value, field: &str) -> bool {
    member(value, field).is_some_and(|member| match member {
        Value::Object(members) => !members.is_empty(),
        _ => true,
    })
}

/// Whether an init container stays as long as the pod.
pub(crate) fn is_restartable(init: &Value) -> bool {
    text(init, "restartPolicy") == "Always"
}
