//! Conditions of a status: `ValidateConditions` of apimachinery.

use serde_json::Value;

use super::meta::invalid_each;
use crate::names::{is_qualified_name, mismatch};
use crate::status::field::FieldError;

const REASON: &str = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const REASON_MAX: usize = 1 << 10;
const MESSAGE_MAX: usize = 32 << 10;

/// What is wrong with conditions, of which there may be one of each type.
pub(crate) fn validate(conditions: &[Value], path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, condition) in conditions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let same = |other: &Value| other["type"] == condition["type"];
        if conditions[..i].iter().any(same) {
            errors.push(FieldError::duplicate(
                format!("{path}.type"),
                &condition["type"],
            ));
        }
        errors.extend(validate_condition(condition, &path));
    }
    errors
}

fn validate_condition(condition: &Value, path: &str) -> Vec<FieldError> {
    let text = |field: &str| condition[field].as_str().unwrap_or_default();
    let kind = text("type");
    let mut errors = invalid_each(format_args!("{path}.type"), kind, is_qualified_name(kind));
    if !matches!(text("status"), "True" | "False" | "Unknown") {
        errors.push(FieldError::not_supported(
            format!("{path}.status"),
            &text("status").into(),
            &["False", "True", "Unknown"],
        ));
    }
    let generation = &condition["observedGeneration"];
    if generation.as_i64().is_some_and(|generation| generation < 0) {
        let reason = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(
            format!("{path}.observedGeneration"),
            generation,
            reason,
        ));
    }
    if text("lastTransitionTime").is_empty() {
        errors.push(FieldError::required(
            format!("{path}.lastTransitionTime"),
            "",
        ));
    }
    errors.extend(validate_reason(text("reason"), &format!("{path}.reason")));
    if text("message").len() > MESSAGE_MAX {
        errors.push(FieldError::too_long(format!("{path}.message"), MESSAGE_MAX));
    }
    errors
}

fn validate_reason(reason: &str, path: &str) -> Vec<FieldError> {
    if reason.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    if !is_reason(reason) {
        let why = mismatch(
            "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric \
             characters or '_,:', and must end with an alphanumeric character or '_'",
            REASON,
            &[
                "my_name",
                "MY_NAME",
                "MyName",
                "ReasonA,ReasonB",
                "ReasonA:ReasonB",
            ],
        );
        errors.push(FieldError::invalid_str(path, reason, why));
    }
    if reason.len() > REASON_MAX {
        errors.push(FieldError::too_long(path, REASON_MAX));
    }
    errors
}

fn is_reason(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ',' | ':');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_inner)
        && !text.ends_with([',', ':'])
}
