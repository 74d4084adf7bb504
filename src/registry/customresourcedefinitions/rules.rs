//! `x-kubernetes-validations`: rules in CEL.

use serde_json::Value;

use super::field_path;
use super::support::unsupported;
#[cfg(feature = "cel")]
use crate::registry::validation::read::members_at;
use crate::registry::validation::read::{list_at, text_at};
use crate::status::field::FieldError;

const RULES: &str = "x-kubernetes-validations";

/// What the texts of the rules of one schema must be like, whatever is in them.
pub(super) fn check_texts(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (i, rule) in list_at(schema, RULES).iter().enumerate() {
        check_text(schema, rule, &format!("{path}.{RULES}[{i}]"), errors);
    }
}

fn check_text(schema: &Value, rule: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let text = |field: &str| text_at(rule, field);
    let at = |field: &str| format!("{path}.{field}");
    let has_breaks = |text: &str| text.contains(['\n', '\r']);
    let blank = "must be non-empty if specified";
    let breaks = "must not contain line breaks";
    let (expression, message) = (text("rule").trim(), text("message").trim());
    let invalid =
        |field: &str, reason: &str| FieldError::invalid_str(at(field), text(field), reason);
    if expression.is_empty() {
        errors.push(FieldError::required(at("rule"), "rule is not specified"));
    } else if !text("message").is_empty() && message.is_empty() {
        errors.push(invalid("message", blank));
    } else if has_breaks(message) {
        errors.push(invalid("message", breaks));
    } else if has_breaks(expression) && message.is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        errors.push(FieldError::required(at("message"), detail));
    }
    let is_blank = |field: &str| !text(field).is_empty() && text(field).trim().is_empty();
    if is_blank("messageExpression") {
        let detail = "messageExpression must be non-empty if specified";
        errors.push(FieldError::required(at("messageExpression"), detail));
    }
    const REASONS: [&str; 4] = [
        "FieldValueDuplicate",
        "FieldValueForbidden",
        "FieldValueInvalid",
        "FieldValueRequired",
    ];
    if !rule["reason"].is_null() && !REASONS.contains(&text("reason")) {
        errors.push(FieldError::not_supported(
            at("reason"),
            &rule["reason"],
            &REASONS,
        ));
    }
    if is_blank("fieldPath") {
        errors.push(invalid("fieldPath", blank));
    }
    if has_breaks(text("fieldPath")) {
        errors.push(invalid("fieldPath", breaks));
    }
    if !text("fieldPath").is_empty()
        && unsupported(schema).is_none()
        && field_path::follow(text("fieldPath"), schema, true).is_err()
    {
        errors.push(invalid("fieldPath", "must be a valid path"));
    }
}

/// Whether the rules of a schema compile, and what they cost.
#[cfg(not(feature = "cel"))]
pub(super) fn check(schema: &Value, path: &str, _keeps_costs: bool) -> Vec<FieldError> {
    let has_rules = super::walk::has(schema, |inner| !inner[RULES].is_null());
    let detail = "rules in CEL are not supported by this build: it lacks the feature `cel`";
    has_rules
        .then(|| FieldError::forbidden(format!("{path}.{RULES}"), detail))
        .into_iter()
        .collect()
}

/// Whether the rules of a schema compile, and what they cost.
#[cfg(feature = "cel")]
pub(super) fn check(schema: &Value, path: &str, keeps_costs: bool) -> Vec<FieldError> {
    crate::cel::rules::check(schema, path, keeps_costs)
}

/// Whether the defaults of a schema keep its rules, both where they are new and where they were there before.
#[cfg(feature = "cel")]
pub(super) fn check_defaults(schema: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = check_default(schema, &format!("{path}.default"));
    if schema["items"].is_object() {
        errors.extend(check_defaults(&schema["items"], &format!("{path}.items")));
    }
    for (name, inner) in members_at(schema, "properties") {
        errors.extend(check_defaults(inner, &format!("{path}.properties[{name}]")));
    }
    errors
}

#[cfg(feature = "cel")]
fn check_default(schema: &Value, path: &str) -> Vec<FieldError> {
    let default = &schema["default"];
    let validator = match default {
        Value::Null => None,
        _ => crate::cel::rules::Validator::new(schema),
    };
    let Some(validator) = validator else {
        return Vec::new();
    };
    let unchanged = validator.validate(default, Some(default));
    let mut errors = unchanged.errors;
    errors.extend(unchanged.warnings);
    if errors.is_empty() {
        errors = validator.validate(default, None).errors;
    }
    for error in &mut errors {
        let dot = match error.field.is_empty() || error.field.starts_with('[') {
            true => "",
            false => ".",
        };
        error.field = format!("{path}{dot}{}", error.field);
    }
    errors
}

/// Without CEL no schema has rules.
#[cfg(not(feature = "cel"))]
pub(super) fn check_defaults(_schema: &Value, _path: &str) -> Vec<FieldError> {
    Vec::new()
}
