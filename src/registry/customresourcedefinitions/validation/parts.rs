//! What the versions of a kind have beside their schemas: subresources, columns, and fields that objects are selected by.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::field_path;
use crate::registry::validation::read::text_at;
use crate::status::field::FieldError;

/// How many fields objects can be selected by.
pub(super) const MAX_SELECTABLE: usize = 8;

/// `ValidateCustomResourceDefinitionSubresources`.
pub(super) fn validate_subresources(subresources: &Value, path: &str) -> Vec<FieldError> {
    let scale = &subresources["scale"];
    if scale.is_null() {
        return Vec::new();
    }
    let mut errors = Vec::new();
    for (field, below, wanted) in [
        (
            "specReplicasPath",
            &[".spec."][..],
            "should be a json path under .spec",
        ),
        (
            "statusReplicasPath",
            &[".status."],
            "should be a json path under .status",
        ),
    ] {
        let path = format!("{path}.scale.{field}");
        match text_at(scale, field) {
            "" => errors.push(FieldError::required(path, "")),
            text => errors.extend(path_below(text, below, wanted, path)),
        }
    }
    let selector = text_at(scale, "labelSelectorPath");
    if !selector.is_empty() {
        let path = format!("{path}.scale.labelSelectorPath");
        let wanted = "should be a json path under either .spec or .status";
        errors.extend(path_below(selector, &[".spec.", ".status."], wanted, path));
    }
    errors
}

fn path_below(text: &str, below: &[&str], wanted: &str, path: String) -> Option<FieldError> {
    simple_path(text, &path).or_else(|| {
        let is_below = below.iter().any(|prefix| text.starts_with(prefix));
        (!is_below).then(|| FieldError::invalid_str(path, text, wanted))
    })
}

/// `validateSimpleJSONPath`, of a text that is there.
fn simple_path(text: &str, path: &str) -> Option<FieldError> {
    let reason = "must be a simple json path starting with .";
    (!text.starts_with('.')).then(|| FieldError::invalid_str(path, text, reason))
}

/// `ValidateCustomResourceColumnDefinition`.
pub(super) fn validate_columns(columns: &[Value], path: &str) -> Vec<FieldError> {
    let columns = columns.iter().enumerate();
    columns
        .flat_map(|(i, column)| {
            validate_column(column, &format!("{path}.additionalPrinterColumns[{i}]"))
        })
        .collect()
}

fn validate_column(column: &Value, path: &str) -> Vec<FieldError> {
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    const FORMATS: [&str; 8] = [
        "byte",
        "date",
        "date-time",
        "double",
        "float",
        "int32",
        "int64",
        "password",
    ];
    let must_be = |some: &[&str]| format!("must be one of {}", some.join(","));
    let at = |field: &str| format!("{path}.{field}");
    let mut errors = Vec::new();
    if text_at(column, "name").is_empty() {
        errors.push(FieldError::required(at("name"), ""));
    }
    match text_at(column, "type") {
        "" => errors.push(FieldError::required(at("type"), must_be(&TYPES))),
        ty if !TYPES.contains(&ty) => {
            errors.push(FieldError::invalid_str(at("type"), ty, must_be(&TYPES)));
        }
        _ => {}
    }
    let format = text_at(column, "format");
    if !format.is_empty() && !FORMATS.contains(&format) {
        errors.push(FieldError::invalid_str(
            at("format"),
            format,
            must_be(&FORMATS),
        ));
    }
    match text_at(column, "jsonPath") {
        "" => errors.push(FieldError::required(at("JSONPath"), "")),
        text => errors.extend(simple_path(text, &at("JSONPath"))),
    }
    errors
}

/// `ValidateCustomResourceSelectableFields`.
pub(super) fn validate_selectable(
    fields: &[Value],
    schema: &Value,
    path: &str,
    may_be_too_many: bool,
) -> Vec<FieldError> {
    let (mut errors, mut unique) = (Vec::new(), BTreeSet::new());
    for (i, field) in fields.iter().enumerate() {
        let (path, text) = (format!("{path}[{i}].jsonPath"), text_at(field, "jsonPath"));
        if text.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let mut invalid =
            |reason: String| errors.push(FieldError::invalid_str(path.as_str(), text, reason));
        let found = match field_path::follow(text, schema, false) {
            Ok(found) => found,
            Err(why) => {
                invalid(format!("is an invalid path: {why}"));
                continue;
            }
        };
        if found.root == "metadata" {
            invalid("must not point to fields in metadata".to_owned());
        }
        let ty = found.schema.map_or("", |schema| text_at(schema, "type"));
        if !matches!(ty, "string" | "boolean" | "integer") {
            let reason = "must point to a field of type string, boolean or integer. Enum string fields and strings with \
                          formats are allowed.";
            invalid(reason.to_owned());
        }
        if !unique.insert(found.path) {
            errors.push(FieldError::duplicate(path, &text.into()));
        }
    }
    if unique.len() > MAX_SELECTABLE && !may_be_too_many {
        errors.push(FieldError::too_many(path, unique.len(), MAX_SELECTABLE));
    }
    errors
}
