//! What a question about access must be like: upstream's `pkg/apis/authorization/validation`.

use serde_json::Value;

use super::text;
use crate::codec::json::compact;
use crate::kinds::Kind;
use crate::names::{is_label_value, is_qualified_name};
use crate::object::{meta_str, metadata};
use crate::schema;
use crate::status::field::FieldError;

pub(super) fn subject(object: &Value, kind: &Kind) -> Vec<FieldError> {
    let mut errors = validate_spec(&object["spec"], true);
    errors.extend(validate_metadata(object, kind, &[], "must be empty"));
    errors
}

pub(super) fn own(object: &Value, kind: &Kind) -> Vec<FieldError> {
    let mut errors = validate_spec(&object["spec"], false);
    errors.extend(validate_metadata(object, kind, &[], "must be empty"));
    errors
}

pub(super) fn local(object: &Value, kind: &Kind) -> Vec<FieldError> {
    let spec = &object["spec"];
    let mut errors = validate_spec(spec, true);
    let why = "must be empty except for namespace";
    errors.extend(validate_metadata(object, kind, &["namespace"], why));
    let resource = &spec["resourceAttributes"];
    let namespace = text(resource, "namespace");
    if resource.is_object() && namespace != meta_str(object, "namespace") {
        let field = "spec.resourceAttributes.namespace";
        errors.push(FieldError::invalid_str(
            field,
            namespace,
            "must match metadata.namespace",
        ));
    }
    if spec["nonResourceAttributes"].is_object() {
        errors.push(invalid_path(spec, "disallowed on this kind of request"));
    }
    errors
}

/// The attributes of a path, as the internal type writes them.
fn invalid_path(spec: &Value, why: &str) -> FieldError {
    let path = &spec["nonResourceAttributes"];
    let shown = format!(
        r#"{{"Path":{},"Verb":{}}}"#,
        compact(&text(path, "path").into()),
        compact(&text(path, "verb").into())
    );
    FieldError::invalid_shown("spec.nonResourceAttributes", shown, why)
}

fn validate_metadata(
    object: &Value,
    kind: &Kind,
    allowed: &[&str],
    why: &str,
) -> Option<FieldError> {
    let metadata = metadata(object)?;
    let mut fields = metadata.keys().map(String::as_str);
    let is_odd = |field: &str| {
        field != "managedFields" && !allowed.contains(&field) && !metadata[field].is_null()
    };
    if !fields.any(is_odd) {
        return None;
    }
    let ty = kind.schema.field("metadata")?.ty.innermost_struct()?;
    let shown = schema::to_json(&object["metadata"], ty);
    let shown = String::from_utf8_lossy(&shown).into_owned();
    Some(FieldError::invalid_shown("metadata", shown, why))
}

fn validate_spec(spec: &Value, names_a_subject: bool) -> Vec<FieldError> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let mut errors = Vec::new();
    match (resource.is_object(), path.is_object()) {
        (true, true) => {
            let why = "cannot be specified in combination with resourceAttributes";
            errors.push(invalid_path(spec, why));
        }
        (false, false) => {
            let why =
                "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            errors.push(FieldError::invalid(
                "spec.resourceAttributes",
                &Value::Null,
                why,
            ));
        }
        _ => {}
    }
    let has_groups = spec["groups"]
        .as_array()
        .is_some_and(|groups| !groups.is_empty());
    if names_a_subject && text(spec, "user").is_empty() && !has_groups {
        let why = "at least one of user or group must be specified";
        errors.push(FieldError::invalid_str("spec.user", "", why));
    }
    let check = [("fieldSelector", false), ("labelSelector", true)];
    for (field, of_labels) in check {
        errors.extend(validate_selector(&resource[field], field, of_labels));
    }
    errors
}

fn validate_selector(selector: &Value, field: &str, of_labels: bool) -> Vec<FieldError> {
    if !selector.is_object() {
        return Vec::new();
    }
    let path = format!("spec.resourceAttributes.{field}");
    let raw = text(selector, "rawSelector");
    let requirements = selector["requirements"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut errors = Vec::new();
    match (raw.is_empty(), requirements.is_empty()) {
        (false, false) => {
            let why = "may not specified at the same time as requirements";
            errors.push(FieldError::invalid_str(
                format!("{path}.rawSelector"),
                raw,
                why,
            ));
        }
        (true, true) => {
            let why = format!("when {path} is specified, requirements or rawSelector is required");
            errors.push(FieldError::required(format!("{path}.requirements"), why));
        }
        _ => {}
    }
    for (i, requirement) in requirements.iter().enumerate() {
        let path = format!("{path}.requirements[{i}]");
        match of_labels {
            true => errors.extend(validate_label_requirement(requirement, &path)),
            false => errors.extend(validate_field_requirement(requirement, &path)),
        }
    }
    errors
}

fn values(requirement: &Value) -> &[Value] {
    requirement["values"].as_array().map_or(&[], Vec::as_slice)
}

/// Operators that nobody knows are let through: newer clients may.
fn validate_values(requirement: &Value, path: &str) -> Option<FieldError> {
    let is_empty = values(requirement).is_empty();
    let field = format!("{path}.values");
    match text(requirement, "operator") {
        "In" | "NotIn" if is_empty => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            Some(FieldError::required(field, why))
        }
        "Exists" | "DoesNotExist" if !is_empty => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            Some(FieldError::forbidden(field, why))
        }
        _ => None,
    }
}

fn validate_field_requirement(requirement: &Value, path: &str) -> Vec<FieldError> {
    let key = text(requirement, "key").is_empty();
    let key = key.then(|| FieldError::required(format!("{path}.key"), "must be specified"));
    key.into_iter()
        .chain(validate_values(requirement, path))
        .collect()
}

fn validate_label_requirement(requirement: &Value, path: &str) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = validate_values(requirement, path).into_iter().collect();
    let key = text(requirement, "key");
    let wrong = is_qualified_name(key).into_iter();
    errors.extend(wrong.map(|why| FieldError::invalid_str(format!("{path}.key"), key, why)));
    for (i, value) in values(requirement).iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        let path = format!("{path}.values[{i}]");
        let wrong = is_label_value(value).into_iter();
        errors.extend(wrong.map(|why| FieldError::invalid_str(&*path, value, why)));
    }
    errors
}
