//! Versions and schemas as errors show them: JSON of upstream's internal types, which have other fields than those of v1, in
//! another order, and write every one of them.

use serde_json::Value;

use super::spec::{Spec, Version};
use crate::codec::json::{sorted, write_sorted, write_string};
use crate::registry::validation::read::list_at;

/// What a field holds.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Flag,
    Number,
    /// Null, or whatever is there.
    Any,
    Struct(&'static [Field]),
    List(&'static [Field]),
    Schema,
    Schemas,
    SchemaMap,
    SchemaOrArray,
    SchemaOrBool,
    SchemasOrTexts,
}

/// The name in Go, the name in v1, and what is there.
type Field = (&'static str, &'static str, Shape);

const SCHEMA: &[Field] = &[
    ("ID", "id", Shape::Text),
    ("Schema", "$schema", Shape::Text),
    ("Ref", "$ref", Shape::Any),
    ("Description", "description", Shape::Text),
    ("Type", "type", Shape::Text),
    ("Nullable", "nullable", Shape::Flag),
    ("Format", "format", Shape::Text),
    ("Title", "title", Shape::Text),
    ("Default", "default", Shape::Any),
    ("Maximum", "maximum", Shape::Any),
    ("ExclusiveMaximum", "exclusiveMaximum", Shape::Flag),
    ("Minimum", "minimum", Shape::Any),
    ("ExclusiveMinimum", "exclusiveMinimum", Shape::Flag),
    ("MaxLength", "maxLength", Shape::Any),
    ("MinLength", "minLength", Shape::Any),
    ("Pattern", "pattern", Shape::Text),
    ("MaxItems", "maxItems", Shape::Any),
    ("MinItems", "minItems", Shape::Any),
    ("UniqueItems", "uniqueItems", Shape::Flag),
    ("MultipleOf", "multipleOf", Shape::Any),
    ("Enum", "enum", Shape::Any),
    ("MaxProperties", "maxProperties", Shape::Any),
    ("MinProperties", "minProperties", Shape::Any),
    ("Required", "required", Shape::Any),
    ("Items", "items", Shape::SchemaOrArray),
    ("AllOf", "allOf", Shape::Schemas),
    ("OneOf", "oneOf", Shape::Schemas),
    ("AnyOf", "anyOf", Shape::Schemas),
    ("Not", "not", Shape::Schema),
    ("Properties", "properties", Shape::SchemaMap),
    (
        "AdditionalProperties",
        "additionalProperties",
        Shape::SchemaOrBool,
    ),
    ("PatternProperties", "patternProperties", Shape::SchemaMap),
    ("Dependencies", "dependencies", Shape::SchemasOrTexts),
    ("AdditionalItems", "additionalItems", Shape::SchemaOrBool),
    ("Definitions", "definitions", Shape::SchemaMap),
    ("ExternalDocs", "externalDocs", Shape::Struct(DOCS)),
    ("Example", "example", Shape::Any),
    (
        "XPreserveUnknownFields",
        "x-kubernetes-preserve-unknown-fields",
        Shape::Any,
    ),
    (
        "XEmbeddedResource",
        "x-kubernetes-embedded-resource",
        Shape::Flag,
    ),
    ("XIntOrString", "x-kubernetes-int-or-string", Shape::Flag),
    ("XListMapKeys", "x-kubernetes-list-map-keys", Shape::Any),
    ("XListType", "x-kubernetes-list-type", Shape::Any),
    ("XMapType", "x-kubernetes-map-type", Shape::Any),
    (
        "XValidations",
        "x-kubernetes-validations",
        Shape::List(RULE),
    ),
];

const DOCS: &[Field] = &[
    ("Description", "description", Shape::Text),
    ("URL", "url", Shape::Text),
];

const RULE: &[Field] = &[
    ("Rule", "rule", Shape::Text),
    ("Message", "message", Shape::Text),
    ("MessageExpression", "messageExpression", Shape::Text),
    ("Reason", "reason", Shape::Any),
    ("FieldPath", "fieldPath", Shape::Text),
    ("OptionalOldSelf", "optionalOldSelf", Shape::Any),
];

const VALIDATION: &[Field] = &[("OpenAPIV3Schema", "openAPIV3Schema", Shape::Schema)];

const SUBRESOURCES: &[Field] = &[
    ("Status", "status", Shape::Struct(&[])),
    ("Scale", "scale", Shape::Struct(SCALE)),
];

const SCALE: &[Field] = &[
    ("SpecReplicasPath", "specReplicasPath", Shape::Text),
    ("StatusReplicasPath", "statusReplicasPath", Shape::Text),
    ("LabelSelectorPath", "labelSelectorPath", Shape::Any),
];

const COLUMN: &[Field] = &[
    ("Name", "name", Shape::Text),
    ("Type", "type", Shape::Text),
    ("Format", "format", Shape::Text),
    ("Description", "description", Shape::Text),
    ("Priority", "priority", Shape::Number),
    ("JSONPath", "jsonPath", Shape::Text),
];

const SELECTABLE: &[Field] = &[("JSONPath", "jsonPath", Shape::Text)];

/// The names that Go has for the fields of a schema, with those of v1.
pub(super) fn schema_fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCHEMA.iter().map(|(go, name, _)| (*go, *name))
}

/// A schema.
pub(super) fn schema(schema: &Value) -> String {
    shown(|out| write_struct(out, schema, SCHEMA))
}

/// What is in `items`.
pub(super) fn items(items: &Value) -> String {
    shown(|out| write(out, items, Shape::SchemaOrArray))
}

/// All versions; null where there is no list of them.
pub(super) fn versions(spec: &Spec<'_>) -> String {
    if !spec.written["versions"].is_array() {
        return "null".to_owned();
    }
    let versions: Vec<String> = spec.versions.iter().map(version).collect();
    format!("[{}]", versions.join(","))
}

fn version(version: &Version<'_>) -> String {
    let null = Value::Null;
    let own = &version.own;
    shown(|out| {
        const HEAD: &[Field] = &[
            ("Name", "name", Shape::Text),
            ("Served", "served", Shape::Flag),
            ("Storage", "storage", Shape::Flag),
            ("Deprecated", "deprecated", Shape::Flag),
            ("DeprecationWarning", "deprecationWarning", Shape::Any),
        ];
        write_struct(out, version.written, HEAD);
        out.pop();
        out.extend_from_slice(b",\"Schema\":");
        write(
            out,
            own.validation.unwrap_or(&null),
            Shape::Struct(VALIDATION),
        );
        out.extend_from_slice(b",\"Subresources\":");
        write(
            out,
            own.subresources.unwrap_or(&null),
            Shape::Struct(SUBRESOURCES),
        );
        out.extend_from_slice(b",\"AdditionalPrinterColumns\":");
        write_list(out, own.columns, COLUMN);
        out.extend_from_slice(b",\"SelectableFields\":");
        write_list(out, own.selectable, SELECTABLE);
        out.push(b'}');
    })
}

fn shown(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn write_struct(out: &mut Vec<u8>, value: &Value, fields: &[Field]) {
    out.push(b'{');
    for (i, (go, name, shape)) in fields.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, go);
        out.push(b':');
        write(out, &value[*name], *shape);
    }
    out.push(b'}');
}

fn write(out: &mut Vec<u8>, value: &Value, shape: Shape) {
    match (shape, value) {
        (Shape::Text, Value::Null) => out.extend_from_slice(b"\"\""),
        (Shape::Flag, Value::Null) => out.extend_from_slice(b"false"),
        (Shape::Number, Value::Null) => out.push(b'0'),
        (_, Value::Null) => out.extend_from_slice(b"null"),
        (Shape::Struct(fields), value) => write_struct(out, value, fields),
        (Shape::List(fields), Value::Array(items)) => write_list(out, items, fields),
        (Shape::Schema, value) => write_struct(out, value, SCHEMA),
        (Shape::Schemas, Value::Array(items)) => write_list(out, items, SCHEMA),
        (Shape::SchemaMap, Value::Object(_)) => {
            write_map(out, value, |out, value| write_struct(out, value, SCHEMA));
        }
        (Shape::SchemasOrTexts, Value::Object(_)) => write_map(out, value, |out, value| {
            write_either(out, "Property", value);
        }),
        (Shape::SchemaOrArray, value) => write_either(out, "JSONSchemas", value),
        (Shape::SchemaOrBool, value) => {
            let allows = value.is_object() || *value == true;
            out.extend_from_slice(b"{\"Allows\":");
            write_sorted(out, &allows.into());
            out.extend_from_slice(b",\"Schema\":");
            write_schema(out, value);
            out.push(b'}');
        }
        (_, value) => write_sorted(out, value),
    }
}

/// A schema, or a list of schemas or texts.
fn write_either(out: &mut Vec<u8>, list: &str, value: &Value) {
    out.extend_from_slice(b"{\"Schema\":");
    write_schema(out, value);
    out.push(b',');
    write_string(out, list);
    out.push(b':');
    match value {
        Value::Array(items) if items.iter().all(Value::is_object) => write_list(out, items, SCHEMA),
        Value::Array(_) => write_sorted(out, value),
        _ => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
}

fn write_schema(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Object(_) => write_struct(out, value, SCHEMA),
        _ => out.extend_from_slice(b"null"),
    }
}

/// A list; null where nothing is in it.
fn write_list(out: &mut Vec<u8>, items: &[Value], fields: &[Field]) {
    if items.is_empty() {
        return out.extend_from_slice(b"null");
    }
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_struct(out, item, fields);
    }
    out.push(b']');
}

fn write_map(out: &mut Vec<u8>, value: &Value, each: impl Fn(&mut Vec<u8>, &Value)) {
    out.push(b'{');
    let members = value.as_object().map(sorted).unwrap_or_default();
    for (i, (name, value)) in members.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        each(out, value);
    }
    out.push(b'}');
}

/// The versions that were stored, as a list of Go shows it.
pub(super) fn stored_versions(crd: &Value) -> Value {
    match list_at(&crd["status"], "storedVersions") {
        [] => Value::Null,
        versions => versions.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn versions_show_what_is_theirs_alone() {
        let crd = json!({"spec": {"versions": [{"name": "v1", "served": true, "storage": false, "schema": {}}]}});
        assert_eq!(
            versions(&Spec::of(&crd)),
            "[{\"Name\":\"v1\",\"Served\":true,\"Storage\":false,\"Deprecated\":false,\"DeprecationWarning\":null,\
             \"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}]"
        );
        assert_eq!(versions(&Spec::of(&json!({"spec": {}}))), "null");
    }

    #[test]
    fn a_schema_shows_all_its_fields() {
        let shown = schema(
            &json!({"type": "object", "properties": {"<": {"items": {}}}, "additionalProperties": false}),
        );
        assert!(shown.starts_with(
            "{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"Description\":\"\",\"Type\":\"object\""
        ));
        assert!(shown.contains("\"AdditionalProperties\":{\"Allows\":false,\"Schema\":null}"));
        assert!(shown.contains("\"JSONSchemas\":null"));
        assert_eq!(items(&json!(null)), "null");
    }
}
