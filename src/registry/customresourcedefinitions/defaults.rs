//! The defaults that a schema gives to resources within objects: when they are validated, upstream brings their metadata
//! into the form that it has in objects.

use serde_json::Value;

use super::walk;
use crate::kinds::meta::OBJECT_META;
use crate::kinds::structural::Structural;
use crate::schema::structural::{Coercion, coerce_metadata};

const EMBEDDED: &str = "x-kubernetes-embedded-resource";

/// Brings the defaults of all versions into that form, which are valid.
pub(super) fn coerce(crd: &mut Value) {
    let versions = crd["spec"]
        .get_mut("versions")
        .and_then(Value::as_array_mut);
    for version in versions.into_iter().flatten() {
        let schema = version.get_mut("schema");
        if let Some(schema) = schema.and_then(|schema| schema.get_mut("openAPIV3Schema"))
            && walk::has(schema, |inner| inner[EMBEDDED] == true)
        {
            coerce_in(schema, true, false);
        }
    }
}

fn coerce_in(schema: &mut Value, is_root: bool, in_metadata: bool) {
    let is_resource = is_root || schema[EMBEDDED] == true;
    let in_metadata = in_metadata && !is_resource;
    if !in_metadata && !schema["default"].is_null() {
        coerce_default(schema, is_resource);
    }
    if let Some(items) = schema.get_mut("items") {
        coerce_in(items, false, in_metadata);
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let is_meta = matches!(name.as_str(), "metadata" | "apiVersion" | "kind");
        coerce_in(property, false, in_metadata || (is_resource && is_meta));
    }
}

fn coerce_default(schema: &mut Value, is_resource: bool) {
    let read = Structural::of(schema);
    let Some(default) = schema.get_mut("default") else {
        return;
    };
    let coercion = Coercion {
        object_meta: &OBJECT_META,
        drops_invalid: false,
        is_root: is_resource,
        path: "",
    };
    let mut coerced = default.clone();
    // It was found valid.
    if coerce_metadata(&mut coerced, &read, &coercion).is_ok() {
        *default = coerced;
    }
}
