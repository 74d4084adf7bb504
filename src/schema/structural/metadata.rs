//! The metadata of embedded resources: `schema/objectmeta`.

use serde_json::{Map, Value};

use super::shown::shown;
use crate::codec::json::{Node, sorted};
use crate::kinds::Struct;
use crate::kinds::structural::Structural;
use crate::names::is_dns1035_label;
use crate::schema::decode::decode;
use crate::status::field::FieldError;

const UNKNOWN: &str = "unknown field \"";

/// How metadata is read.
pub(crate) struct Coercion<'a> {
    /// The struct of `ObjectMeta`.
    pub(crate) object_meta: &'a Struct,
    /// What is of a wrong type is dropped, as in an object that is stored, instead of being an error.
    pub(crate) drops_invalid: bool,
    /// The root is a resource as well.
    pub(crate) is_root: bool,
    /// The path of the object in errors, empty for a whole one.
    pub(crate) path: &'a str,
}

/// `CoerceWithOptions`: brings the metadata of embedded resources into canonical form. Gives the paths of the fields in it
/// that there are not, sorted.
pub(crate) fn coerce_metadata(
    object: &mut Value,
    schema: &Structural,
    coercion: &Coercion,
) -> Result<Vec<String>, FieldError> {
    let mut unknown = Vec::new();
    let is_resource = coercion.is_root || schema.embedded_resource;
    coercion.value(object, schema, is_resource, coercion.path, &mut unknown)?;
    unknown.sort();
    Ok(unknown)
}

/// What checks an `ObjectMeta` that has a name: with it, whether it is of a namespace, and its path.
pub(crate) type MetaCheck<'a> = &'a dyn Fn(&Map<String, Value>, bool, &str) -> Vec<FieldError>;

/// `Validate` of embedded resources, of which the root is one only if the schema says so.
pub(crate) fn validate_embedded(
    object: &Value,
    schema: &Structural,
    path: &str,
    check: MetaCheck,
) -> Vec<FieldError> {
    validate_embedded_root(object, schema, schema.embedded_resource, path, check)
}

/// The same where the root may be a resource without its schema saying so.
pub(super) fn validate_embedded_root(
    object: &Value,
    schema: &Structural,
    is_resource: bool,
    path: &str,
    check: MetaCheck,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    validate(object, schema, is_resource, path, check, &mut errors);
    errors
}

impl Coercion<'_> {
    fn value(
        &self,
        value: &mut Value,
        schema: &Structural,
        is_resource: bool,
        path: &str,
        unknown: &mut Vec<String>,
    ) -> Result<(), FieldError> {
        match value {
            Value::Object(map) => {
                if is_resource {
                    self.resource(map, path, unknown)?;
                }
                for (name, value) in map {
                    if let Some((inner, path)) = member(schema, name, path) {
                        self.value(value, inner, inner.embedded_resource, &path, unknown)?;
                    }
                }
            }
            Value::Array(items) => {
                let Some(inner) = schema.items.as_deref() else {
                    return Ok(());
                };
                for (index, item) in items.iter_mut().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.value(item, inner, inner.embedded_resource, &path, unknown)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn resource(
        &self,
        map: &mut Map<String, Value>,
        path: &str,
        unknown: &mut Vec<String>,
    ) -> Result<(), FieldError> {
        for name in ["apiVersion", "kind"] {
            match map.get(name) {
                None | Some(Value::String(_)) => {}
                Some(_) if self.drops_invalid => {
                    map.remove(name);
                }
                Some(other) => {
                    let field = child(path, name);
                    let why = "must be a string";
                    return Err(FieldError::invalid_shown(field, shown(other), why));
                }
            }
        }
        let Some(metadata) = map.get_mut("metadata") else {
            return Ok(());
        };
        let path = child(path, "metadata");
        match decode(Node::from_value(metadata), self.object_meta) {
            Ok(decoded) => {
                *metadata = decoded.value;
                let names = decoded.strict.iter().filter_map(|text| unknown_name(text));
                unknown.extend(names.map(|name| format!("{path}.{name}")));
            }
            Err(_) if self.drops_invalid => self.repair(metadata, &path, unknown),
            Err(why) => return Err(FieldError::invalid_shown(path, shown(metadata), why)),
        }
        Ok(())
    }

    /// Keeps the fields of which each on its own is valid.
    fn repair(&self, metadata: &mut Value, path: &str, unknown: &mut Vec<String>) {
        let Value::Object(fields) = &*metadata else {
            return;
        };
        let mut kept = Map::new();
        for (name, value) in fields {
            let one: Map<String, Value> = [(name.clone(), value.clone())].into_iter().collect();
            let Ok(decoded) = decode(Node::from_value(&Value::Object(one)), self.object_meta)
            else {
                continue;
            };
            let names = decoded.strict.iter().filter_map(|text| unknown_name(text));
            unknown.extend(names.map(|name| format!("{path}.{name}")));
            if let Value::Object(field) = decoded.value {
                kept.extend(field);
            }
        }
        *metadata = Value::Object(kept);
    }
}

fn validate(
    value: &Value,
    schema: &Structural,
    is_resource: bool,
    path: &str,
    check: MetaCheck,
    errors: &mut Vec<FieldError>,
) {
    match value {
        Value::Object(map) => {
            if is_resource {
                errors.extend(validate_resource(map, path, check));
            }
            for (name, value) in sorted(map) {
                if let Some((inner, path)) = member(schema, name, path) {
                    validate(value, inner, inner.embedded_resource, &path, check, errors);
                }
            }
        }
        Value::Array(items) => {
            let Some(inner) = schema.items.as_deref() else {
                return;
            };
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                validate(item, inner, inner.embedded_resource, &path, check, errors);
            }
        }
        _ => {}
    }
}

/// `validateEmbeddedResource`.
fn validate_resource(map: &Map<String, Value>, path: &str, check: MetaCheck) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = ["apiVersion", "kind"]
        .into_iter()
        .filter(|name| !map.contains_key(*name))
        .map(|name| FieldError::required(child(path, name), ""))
        .collect();
    for (name, rule) in [
        ("apiVersion", against_version as fn(&str) -> Option<String>),
        ("kind", against_kind),
    ] {
        let field = child(path, name);
        errors.extend(match map.get(name) {
            None => None,
            Some(Value::String(text)) if text.is_empty() => {
                Some(FieldError::invalid_str(field, "", "must not be empty"))
            }
            Some(Value::String(text)) => {
                rule(text).map(|why| FieldError::invalid_str(field, text, why))
            }
            Some(other) => {
                let why = "must be a string";
                Some(FieldError::invalid_shown(field, shown(other), why))
            }
        });
    }
    if let Some(Value::Object(metadata)) = map.get("metadata") {
        let mut metadata = metadata.clone();
        let text = |name: &str| {
            metadata
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let is_namespaced = !text("namespace").is_empty();
        if text("name").is_empty() {
            // Without a name there is nothing to say of it.
            metadata.insert("name".to_owned(), "fakename".into());
        }
        errors.extend(check(&metadata, is_namespaced, &child(path, "metadata")));
    }
    errors
}

/// `ParseGroupVersion`.
fn against_version(text: &str) -> Option<String> {
    let is_two = text.matches('/').count() < 2;
    (!is_two).then(|| format!("unexpected GroupVersion string: {text}"))
}

fn against_kind(text: &str) -> Option<String> {
    let reasons = is_dns1035_label(&text.to_lowercase());
    let why = "may have mixed case, but should otherwise match: ";
    (!reasons.is_empty()).then(|| format!("{why}{}", reasons.join(",")))
}

/// The schema and the path of a member the schema knows.
fn member<'s>(schema: &'s Structural, name: &str, path: &str) -> Option<(&'s Structural, String)> {
    match schema.properties.get(name) {
        Some(property) => Some((property, child(path, name))),
        None => schema
            .additional_schema()
            .map(|additional| (additional, format!("{path}[{name}]"))),
    }
}

fn child(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// The path in the error of a decoder that met a field it does not know, or one given twice.
fn unknown_name(error: &str) -> Option<&str> {
    error.strip_prefix(UNKNOWN)?.strip_suffix('"')
}
