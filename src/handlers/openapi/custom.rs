//! The definitions of custom kinds: what their schemas say, in either dialect.
//!
//! Upstream: `k8s.io/apiextensions-apiserver/pkg/controller/openapi`.

use serde_json::{Map, Value, json};

use super::dialect::{Dialect, group_version_kind, meta_name};
use crate::kinds::{Custom, Kind};

const API_VERSION: &str = "The version of the schema that the object is written in.";
const KIND: &str = "The kind of the object.";
const METADATA: &str = "Standard object metadata.";
/// What the older dialect cannot say.
const JUNCTORS: [&str; 4] = ["allOf", "anyOf", "oneOf", "not"];

/// The definition of the objects of a version.
pub(super) fn definition(kind: &Kind, custom: &Custom, dialect: Dialect) -> Value {
    let document = &custom.version().document;
    let mut schema = document.clone();
    clean(&mut schema);
    if !schema.is_object() {
        schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    }
    if dialect == Dialect::V2 {
        simplify(&mut schema);
    }
    embed(&mut schema, dialect);
    if let Some(schema) = schema.as_object_mut() {
        add_properties(schema, dialect);
        let of_kind = group_version_kind(&kind.group, &kind.version, &kind.kind);
        schema.insert(
            "x-kubernetes-group-version-kind".to_owned(),
            json!([of_kind]),
        );
    }
    schema
}

/// Every schema in a schema, the schema itself last.
fn each(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|inner| each(inner, visit));
    }
    for name in ["items", "additionalProperties"] {
        if let Some(inner) = members.get_mut(name) {
            each(inner, visit);
        }
    }
    visit(members);
}

/// What a number or a text may be is said in words of its own.
fn clean(schema: &mut Value) {
    each(schema, &mut |schema| {
        if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true))
            && !schema.contains_key("anyOf")
            && !schema.contains_key("allOf")
        {
            let either = json!([{ "type": "integer" }, { "type": "string" }]);
            schema.insert("anyOf".to_owned(), either);
        }
    });
}

/// Leaves out what the older dialect, or kubectl reading it, does not understand: `ToStructuralOpenAPIV2`.
fn simplify(schema: &mut Value) {
    let is_set = |schema: &Map<String, Value>, name: &str| schema.get(name) == Some(&true.into());
    each(schema, &mut |schema| {
        for name in JUNCTORS.into_iter().chain(["default"]) {
            schema.remove(name);
        }
        let keeps = is_set(schema, "x-kubernetes-preserve-unknown-fields");
        let is_nullable = schema.get("nullable") == Some(&true.into());
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let nullable: Vec<String> = properties
                .iter_mut()
                .filter_map(|(name, inner)| Some((name, inner.as_object_mut()?)))
                .filter_map(|(name, inner)| inner.remove(NULLABLE).map(|_| name.clone()))
                .collect();
            drop_required(schema, &nullable);
        }
        if is_nullable || keeps {
            schema.remove("items");
            schema.remove("properties");
        }
        if is_nullable {
            schema.remove("type");
            schema.remove("nullable");
            schema.insert(NULLABLE.to_owned(), Value::Null);
        }
        let ty = schema.get("type").and_then(Value::as_str);
        if ty == Some("object") && keeps || ty == Some("array") && !schema.contains_key("items") {
            schema.remove("type");
        }
    });
    each(schema, &mut |schema| {
        schema.remove(NULLABLE);
    });
}

/// Stands where `nullable` stood, until the schema around it was seen.
const NULLABLE: &str = "x-was-nullable";

fn drop_required(schema: &mut Map<String, Value>, names: &[String]) {
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !names.iter().any(|other| name == other));
        if required.is_empty() {
            schema.remove("required");
        }
    }
}

/// Gives embedded objects what all objects have.
fn embed(schema: &mut Value, dialect: Dialect) {
    each(schema, &mut |schema| {
        let is_set = |name: &str| schema.get(name) == Some(&true.into());
        let open = dialect == Dialect::V2 && is_set("x-kubernetes-preserve-unknown-fields");
        if !is_set("x-kubernetes-embedded-resource") || open {
            return;
        }
        add_properties(schema, dialect);
        let required = schema.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            for name in ["kind", "apiVersion"] {
                if !required.iter().any(|there| there == name) {
                    required.push(name.into());
                }
            }
        }
    });
}

/// What all objects have.
fn add_properties(schema: &mut Map<String, Value>, dialect: Dialect) {
    let reference = dialect.reference(&meta_name("ObjectMeta"));
    let mut metadata = match dialect {
        Dialect::V2 => reference,
        Dialect::V3 => json!({ "allOf": [reference] }),
    };
    metadata["description"] = METADATA.into();
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        let text = |about: &str| json!({ "description": about, "type": "string" });
        properties.insert("apiVersion".to_owned(), text(API_VERSION));
        properties.insert("kind".to_owned(), text(KIND));
        properties.insert("metadata".to_owned(), metadata);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_dialect_says_less() {
        let mut schema = json!({"type": "object", "required": ["n", "a"], "properties": {
            "n": {"type": "string", "nullable": true},
            "a": {"type": "string", "default": "x"},
            "keep": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"b": {}}},
            "p": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        }});
        simplify(&mut schema);
        let simple = json!({"type": "object", "required": ["a"], "properties": {
            "n": {},
            "a": {"type": "string"},
            "keep": {"x-kubernetes-preserve-unknown-fields": true},
            "p": {"x-kubernetes-int-or-string": true},
        }});
        assert_eq!(schema, simple);
    }
}
