//! Which taints a pod puts up with: `ValidateTolerations`.

use serde_json::Value;

use crate::names::{is_label_value, is_qualified_name};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{is_set, text};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub(crate) fn validate(tolerations: &[Value], path: Path<'_>, errors: &mut Errors) {
    for (i, toleration) in tolerations.iter().enumerate() {
        validate_one(toleration, &format_args!("{path}[{i}]"), errors);
    }
}

fn validate_one(toleration: &Value, path: Path<'_>, errors: &mut Errors) {
    let (key, value) = (text(toleration, "key"), text(toleration, "value"));
    let (operator, effect) = (text(toleration, "operator"), text(toleration, "effect"));
    let at = format_args!("{path}.operator");
    if !key.is_empty() {
        errors.invalid_each(format_args!("{path}.key"), key, is_qualified_name(key));
    } else if operator != "Exists" {
        let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.invalid_str(at, operator, detail);
    }
    if is_set(toleration, "tolerationSeconds") && effect != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.invalid_str(format_args!("{path}.effect"), effect, detail);
    }
    match operator {
        "Equal" | "" => {
            let reasons = is_label_value(value);
            if !reasons.is_empty() {
                errors.invalid_str(at, value, reasons.join(";"));
            }
        }
        "Exists" if !value.is_empty() => {
            errors.invalid_str(at, value, "value must be empty when `operator` is 'Exists'");
        }
        "Exists" => {}
        "Lt" | "Gt" => errors.not_supported(at, operator, &["Equal", "Exists", "Lt", "Gt"]),
        _ => errors.not_supported(at, operator, &["Equal", "Exists"]),
    }
    if !effect.is_empty() && !EFFECTS.contains(&effect) {
        errors.not_supported(format_args!("{path}.effect"), effect, &EFFECTS);
    }
}
