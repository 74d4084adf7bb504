//! The types of lists and maps: how their parts are told apart.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::internal;
use super::options::Options;
use crate::registry::validation::read::{text_at, texts_at};
use crate::status::field::FieldError;

const LIST_TYPE: &str = "x-kubernetes-list-type";
const MAP_TYPE: &str = "x-kubernetes-map-type";
const KEYS: &str = "x-kubernetes-list-map-keys";

/// All that is said of it in one schema.
pub(super) fn validate(
    schema: &Value,
    path: &str,
    options: &Options,
    errors: &mut Vec<FieldError>,
) {
    errors.extend(wrong_type(schema, path, MAP_TYPE, "object"));
    errors.extend(unknown(schema, path, MAP_TYPE, &["atomic", "granular"]));
    match wrong_type(schema, path, LIST_TYPE, "array") {
        Some(error) => errors.push(error),
        None if options.requires_atomic_sets => errors.extend(set_of_structs(schema, path)),
        None => {}
    }
    errors.extend(unknown(schema, path, LIST_TYPE, &["atomic", "set", "map"]));
    errors.extend(keys_without_map(schema, path));
    if schema[LIST_TYPE] == "map" {
        validate_map(schema, path, errors);
    }
    if options.requires_sound_keys {
        errors.extend(validate_items(schema, path));
    }
}

fn wrong_type(schema: &Value, path: &str, field: &str, wanted: &str) -> Option<FieldError> {
    let ty = text_at(schema, "type");
    if schema[field].is_null() || ty == wanted {
        return None;
    }
    let (path, detail) = (
        format!("{path}.type"),
        format!("must be {wanted} if {field} is specified"),
    );
    Some(match ty {
        "" => FieldError::required(path, detail),
        _ => FieldError::invalid_str(path, ty, detail),
    })
}

fn unknown(schema: &Value, path: &str, field: &str, known: &[&str]) -> Option<FieldError> {
    let given = schema[field].as_str()?;
    (!known.contains(&given))
        .then(|| FieldError::not_supported(format!("{path}.{field}"), &given.into(), known))
}

/// The items of a set are compared as wholes.
fn set_of_structs(schema: &Value, path: &str) -> Option<FieldError> {
    if !is_set_of_structs(schema) {
        return None;
    }
    let items = &schema["items"];
    let field = match text_at(items, "type") {
        "array" => LIST_TYPE,
        _ => MAP_TYPE,
    };
    // Upstream shows the type of lists in either case.
    Some(FieldError::invalid(
        format!("{path}.items.{field}"),
        &items[LIST_TYPE],
        format!("must be atomic as item of a list with {LIST_TYPE}=set"),
    ))
}

/// Whether it is a set of what has parts.
pub(super) fn is_set_of_structs(schema: &Value) -> bool {
    let items = &schema["items"];
    schema[LIST_TYPE] == "set"
        && match text_at(items, "type") {
            "array" => !items[LIST_TYPE].is_null() && items[LIST_TYPE] != "atomic",
            "object" => items[MAP_TYPE] != "atomic",
            _ => false,
        }
}

fn keys_without_map(schema: &Value, path: &str) -> Option<FieldError> {
    if schema[KEYS].is_null() || schema[LIST_TYPE] == "map" {
        return None;
    }
    let path = format!("{path}.{LIST_TYPE}");
    let detail = format!("must be map if {KEYS} is non-empty");
    Some(match schema[LIST_TYPE].as_str() {
        None => FieldError::required(path, detail),
        Some(given) => FieldError::invalid_str(path, given, detail),
    })
}

fn validate_map(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let keys = texts_at(schema, KEYS);
    let keys_path = format!("{path}.{KEYS}");
    if keys.is_empty() {
        let detail = format!("must not be empty if {LIST_TYPE} is map");
        errors.push(FieldError::required(keys_path.as_str(), detail));
    }
    let (items, items_path) = (&schema["items"], format!("{path}.items"));
    // What was given and is nothing is not the same as what was not given.
    if schema.get("items").is_none() {
        let detail = format!("must have a schema if {LIST_TYPE} is map");
        return errors.push(FieldError::required(items_path, detail));
    }
    if !items.is_object() {
        let reason = format!("must only have a single schema if {LIST_TYPE} is map");
        let shown = match items {
            Value::Null => "{\"Schema\":null,\"JSONSchemas\":null}".to_owned(),
            items => internal::items(items),
        };
        return errors.push(FieldError::invalid_shown(items_path, shown, reason));
    }
    let ty = text_at(items, "type");
    if ty != "object" {
        let reason = format!("must be object if parent array's {LIST_TYPE} is map");
        return errors.push(FieldError::invalid_str(
            format!("{items_path}.type"),
            ty,
            reason,
        ));
    }
    let mut seen = BTreeSet::new();
    for key in keys {
        let invalid = |reason: &str| FieldError::invalid(keys_path.as_str(), &schema[KEYS], reason);
        match items["properties"].get(key) {
            Some(property) if matches!(text_at(property, "type"), "array" | "object") => {
                let path = format!("{items_path}.properties[{key}].type");
                let reason = format!("must be a scalar type if parent array's {LIST_TYPE} is map");
                errors.push(FieldError::invalid_str(path, ty, reason));
            }
            Some(_) => {}
            None => errors.push(invalid("entries must all be names of item properties")),
        }
        if !seen.insert(key) {
            errors.push(invalid("must not contain duplicate entries"));
        }
    }
}

/// `validateMapListKeysMapSet`: an item is something, and has its keys.
pub(super) fn validate_items(schema: &Value, path: &str) -> Vec<FieldError> {
    let (items, list_type) = (&schema["items"], text_at(schema, LIST_TYPE));
    if !items.is_object() || !matches!(list_type, "set" | "map") {
        return Vec::new();
    }
    let mut errors = Vec::new();
    if items["nullable"] == true {
        let detail = format!("cannot be nullable when {LIST_TYPE} is {list_type}");
        errors.push(FieldError::forbidden(
            format!("{path}.items.nullable"),
            detail,
        ));
    }
    if list_type == "set" {
        return errors;
    }
    let required = texts_at(items, "required");
    for key in texts_at(schema, KEYS) {
        let Some(property) = items["properties"].get(key) else {
            continue;
        };
        let path = format!("{path}.items.properties[{key}]");
        if !required.contains(&key) && property["default"].is_null() {
            let detail = format!(
                "this property is in {KEYS}, so it must have a default or be a required property"
            );
            errors.push(FieldError::required(format!("{path}.default"), detail));
        }
        if property["nullable"] == true {
            let detail = format!("this property is in {KEYS}, so it cannot be nullable");
            errors.push(FieldError::forbidden(format!("{path}.nullable"), detail));
        }
    }
    errors
}
