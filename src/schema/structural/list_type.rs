//! That lists of type `set` and `map` have no item twice: `schema/listtype`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shown::shown;
use crate::codec::json::{compact, sorted};
use crate::kinds::structural::Structural;
use crate::status::field::FieldError;

/// `ValidateListSetsAndMaps`.
pub(crate) fn validate_list_types(object: &Value, schema: &Structural) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Value::Object(map) = object {
        members(map, schema, "", &mut errors);
    }
    errors
}

/// The same of a change: an object that had such lists may keep some.
pub(crate) fn validate_list_types_update(
    object: &Value,
    old: &Value,
    schema: &Structural,
) -> Vec<FieldError> {
    let errors = validate_list_types(object, schema);
    match errors.is_empty() || validate_list_types(old, schema).is_empty() {
        true => errors,
        false => Vec::new(),
    }
}

fn members(
    map: &Map<String, Value>,
    schema: &Structural,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(additional) = schema.additional_schema() {
        for (name, value) in sorted(map) {
            below(value, additional, &format!("{path}[{name}]"), errors);
        }
    }
    for (name, inner) in &schema.properties {
        let Some(value) = map.get(name) else {
            continue;
        };
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        below(value, inner, &path, errors);
    }
}

fn below(value: &Value, schema: &Structural, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Array(list) => items(list, schema, path, errors),
        Value::Object(map) => members(map, schema, path, errors),
        _ => {}
    }
}

fn items(list: &[Value], schema: &Structural, path: &str, errors: &mut Vec<FieldError>) {
    match schema.list_type.as_deref() {
        Some("set") => {
            let keys: Vec<Option<&Value>> = list.iter().map(Some).collect();
            errors.extend(repeated(&keys).into_iter().map(|index| {
                let bad = list.get(index).map(shown).unwrap_or_default();
                FieldError::duplicate_shown(format!("{path}[{index}]"), bad)
            }));
        }
        Some("map") => errors.extend(map_items(list, schema, path)),
        _ => {}
    }
    let Some(inner) = schema.items.as_deref() else {
        return;
    };
    for (index, item) in list.iter().enumerate() {
        if item.is_array() || item.is_object() {
            below(item, inner, &format!("{path}[{index}]"), errors);
        }
    }
}

/// Of a list of type `map`: the items whose keys another has before them.
fn map_items(list: &[Value], schema: &Structural, path: &str) -> Vec<FieldError> {
    let stranger = list
        .iter()
        .position(|item| !item.is_null() && !item.is_object());
    if let Some(index) = stranger {
        let why = "must be an object for an array of list-type map";
        let bad = list.get(index).map(shown).unwrap_or_default();
        let field = format!("{path}[{index}]");
        return vec![FieldError::invalid_shown(field, bad, why)];
    }
    let keys: Vec<Value> = list.iter().map(|item| keys_of(item, schema)).collect();
    let compared: Vec<Option<&Value>> = match schema.list_map_keys.as_slice() {
        [key] => keys.iter().map(|keys| keys.get(key)).collect(),
        _ => keys.iter().map(Some).collect(),
    };
    let error = |index: usize| {
        let bad = keys.get(index).map(compact).unwrap_or_default();
        FieldError::duplicate_shown(format!("{path}[{index}]"), bad)
    };
    repeated(&compared).into_iter().map(error).collect()
}

/// Those of the keys that an item has.
fn keys_of(item: &Value, schema: &Structural) -> Value {
    let names = schema.list_map_keys.iter();
    let given = names.filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
    Value::Object(given.collect())
}

/// Where what was there once already is there again; what is there more often is told of once.
fn repeated(keys: &[Option<&Value>]) -> Vec<usize> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let text = match key {
            None => "none".to_owned(),
            // A float is not the integer that is written like it.
            Some(Value::Number(number)) if number.as_i64().is_none() => format!("f{number}"),
            Some(key) => compact(key),
        };
        let count = seen.entry(text).or_default();
        *count += 1;
        if *count == 2 {
            found.push(index);
        }
    }
    found
}
