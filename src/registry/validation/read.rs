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
