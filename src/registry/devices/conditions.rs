//! `ValidateConditions` of apimachinery.

use serde_json::Value;

use super::invalid_each;
use crate::names::{is_qualified_name, mismatch};
use crate::registry::validation::read::{number_at, text_at};
use crate::status::field::FieldError;

const STATUSES: [&str; 3] = ["False", "True", "Unknown"];
const REASON: &str = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const REASON_MAX: usize = 1 << 10;
const MESSAGE_MAX: usize = 32 << 10;

pub(super) fn validate(conditions: &[Value], path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, condition) in conditions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let same = |other: &Value| other["type"] == condition["type"];
        if conditions[..i].iter().any(same) {
            let path = format!("{path}.type");
            errors.push(FieldError::duplicate(path, &condition["type"]));
        }
        errors.extend(validate_condition(condition, &path));
    }
    errors
}

fn validate_condition(condition: &Value, path: &str) -> Vec<FieldError> {
    let text = |field| text_at(condition, field);
    let at = |field: &str| format!("{path}.{field}");
    let (ty, status, reason) = (text("type"), text("status"), text("reason"));
    let mut errors = invalid_each(at("type"), ty, is_qualified_name(ty));
    if !STATUSES.contains(&status) {
        errors.push(FieldError::not_supported(
            at("status"),
            &status.into(),
            &STATUSES,
        ));
    }
    let generation = number_at(condition, "observedGeneration");
    if generation < 0 {
        let reason = "must be greater than or equal to zero";
        let path = at("observedGeneration");
        errors.push(FieldError::invalid(path, &generation.into(), reason));
    }
    if text("lastTransitionTime").is_empty() {
        errors.push(FieldError::required(at("lastTransitionTime"), ""));
    }
    if reason.is_empty() {
        errors.push(FieldError::required(at("reason"), ""));
    } else if !is_reason(reason) {
        errors.push(FieldError::invalid_str(
            at("reason"),
            reason,
            not_a_reason(),
        ));
    }
    if reason.len() > REASON_MAX {
        errors.push(FieldError::too_long(at("reason"), REASON_MAX));
    }
    if text("message").len() > MESSAGE_MAX {
        errors.push(FieldError::too_long(at("message"), MESSAGE_MAX));
    }
    errors
}

fn is_reason(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "_,:".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_inner)
        && !text.ends_with([',', ':'])
}

fn not_a_reason() -> String {
    let what = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
    let examples = [
        "my_name",
        "MY_NAME",
        "MyName",
        "ReasonA,ReasonB",
        "ReasonA:ReasonB",
    ];
    mismatch(what, REASON, &examples)
}
