//! What no structural schema can be made of.

use serde_json::Value;

use crate::registry::validation::read::{list_at, members_at, text_at};

/// The error of `NewStructural`, in the order in which it looks.
pub(super) fn unsupported(schema: &Value) -> Option<String> {
    unsupported_field(schema)
        .or_else(|| of_one(&schema["not"]))
        .or_else(|| {
            let lists = ["allOf", "anyOf", "oneOf"].into_iter();
            lists
                .flat_map(|field| list_at(schema, field))
                .find_map(unsupported)
        })
        .or_else(|| {
            let why =
                "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
            (schema["x-kubernetes-preserve-unknown-fields"] == false).then(|| why.to_owned())
        })
        .or_else(|| {
            let why = "OpenAPIV3Schema 'items' must be a schema, but is an array";
            schema["items"].is_array().then(|| why.to_owned())
        })
        .or_else(|| of_one(&schema["items"]))
        .or_else(|| {
            let mut properties = members_at(schema, "properties").into_iter();
            properties.find_map(|(_, inner)| unsupported(inner))
        })
        .or_else(|| of_one(&schema["additionalProperties"]))
}

fn of_one(schema: &Value) -> Option<String> {
    schema.is_object().then(|| unsupported(schema)).flatten()
}

/// `validateUnsupportedFields`
fn unsupported_field(schema: &Value) -> Option<String> {
    const FIELDS: [(&str, &str); 7] = [
        ("id", "id"),
        ("$schema", "schema"),
        ("$ref", "$ref"),
        ("patternProperties", "patternProperties"),
        ("dependencies", "dependencies"),
        ("additionalItems", "additionalItems"),
        ("definitions", "definitions"),
    ];
    let is_given = |field: &str| match field {
        "$ref" => !text_at(schema, field).is_empty(),
        _ => !schema[field].is_null(),
    };
    let (_, name) = FIELDS.iter().find(|(field, _)| is_given(field))?;
    Some(format!("OpenAPIV3Schema '{name}' is not supported"))
}
