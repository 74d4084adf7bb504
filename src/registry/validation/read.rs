//! Fields of a map, with nothing for what is absent.

use serde_json::{Map, Value};

/// A string field, empty where it is absent.
pub(super) fn text<'a>(map: &'a Map<String, Value>, field: &str) -> &'a str {
    map.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A list field, empty where it is absent.
pub(super) fn list<'a>(map: &'a Map<String, Value>, field: &str) -> &'a [Value] {
    map.get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A string field of an object, empty where it is absent.
pub(crate) fn text_at<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// A list field of an object, empty where it is absent.
pub(crate) fn list_at<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object[field].as_array().map_or(&[], Vec::as_slice)
}

/// The strings of a list field.
pub(crate) fn texts_at<'a>(object: &'a Value, field: &str) -> Vec<&'a str> {
    list_at(object, field)
        .iter()
        .map(|item| item.as_str().unwrap_or_default())
        .collect()
}

/// The members of a map field, in the order of their keys.
pub(crate) fn members_at<'a>(object: &'a Value, field: &str) -> Vec<(&'a str, &'a Value)> {
    let members = object[field].as_object().into_iter().flatten();
    let mut members: Vec<_> = members.map(|(key, value)| (&**key, value)).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    members
}

/// A number field of an object, 0 where it is absent.
pub(crate) fn number_at(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_default()
}

/// An annotation of an object.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][key].as_str()
}
