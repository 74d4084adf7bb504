//! How fast an autoscaler scales, up and down.

use serde_json::{Value, json};

use super::not_one_of;
use crate::codec::quantity::Quantity;
use crate::object::object_mut;
use crate::registry::workload::cells::count;
use crate::registry::workload::checks::Checks;
use crate::status::field::FieldError;

const MAX_PERIOD: i64 = 1800;
const MAX_WINDOW: i64 = 3600;

/// `SetDefaults_HorizontalPodAutoscalerBehavior`: who says one thing says all.
pub(super) fn set_defaults(behavior: &mut Value) {
    let behavior = object_mut(behavior);
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    let up = json!({
        "stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [pods, percent],
    });
    let down = json!({"selectPolicy": "Max", "policies": [percent]});
    for (field, defaults) in [("scaleUp", up), ("scaleDown", down)] {
        let rules = object_mut(behavior.entry(field).or_insert(Value::Null));
        for (field, value) in defaults.as_object().into_iter().flatten() {
            let own = rules.entry(field.clone()).or_insert(Value::Null);
            if own.is_null() {
                *own = value.clone();
            }
        }
    }
}

/// `validateBehavior`.
pub(super) fn validate(behavior: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["scaleUp", "scaleDown"] {
        if let Some(rules) = behavior.get(field) {
            errors.extend(validate_rules(rules, &format!("spec.behavior.{field}")));
        }
    }
    errors
}

fn validate_rules(rules: &Value, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(rules, path);
    let window = "stabilizationWindowSeconds";
    match checks.number(window) {
        Some(seconds) if seconds < 0 => {
            checks.invalid(window, seconds, "must be greater than or equal to zero");
        }
        Some(seconds) if seconds > MAX_WINDOW => {
            checks.invalid(
                window,
                seconds,
                format!("must be less than or equal to {MAX_WINDOW}"),
            );
        }
        _ => {}
    }
    if let Some(policy) = rules.get("selectPolicy") {
        let path = checks.path("selectPolicy");
        checks
            .errors
            .extend(not_one_of(policy, &path, &["Disabled", "Max", "Min"]));
    }
    let policies = rules["policies"].as_array().map_or(&[][..], Vec::as_slice);
    if policies.is_empty() {
        checks.required("policies", "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        checks
            .errors
            .extend(validate_policy(policy, &format!("{path}.policies[{i}]")));
    }
    let tolerance = rules["tolerance"].as_str();
    let amount = tolerance.and_then(|text| Quantity::parse(text).ok());
    if let Some(amount) = amount.filter(|amount| amount.sign() < 0) {
        let reason = "must be greater than or equal to 0";
        checks.invalid("tolerance", amount.as_str(), reason);
    }
    checks.errors
}

fn validate_policy(policy: &Value, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(policy, path);
    let ty = checks.path("type");
    checks
        .errors
        .extend(not_one_of(&policy["type"], &ty, &["Percent", "Pods"]));
    for field in ["value", "periodSeconds"] {
        let number = count(policy, field);
        if number <= 0 {
            checks.invalid(field, number, "must be greater than zero");
        }
    }
    let period = count(policy, "periodSeconds");
    if period > MAX_PERIOD {
        let reason = format!("must be less than or equal to {MAX_PERIOD}");
        checks.invalid("periodSeconds", period, reason);
    }
    checks.errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_one_thing_says_all() {
        let mut behavior = json!({"scaleUp": {"selectPolicy": "Min"}});
        set_defaults(&mut behavior);
        assert_eq!(behavior["scaleUp"]["selectPolicy"], "Min");
        assert_eq!(behavior["scaleUp"]["policies"].as_array().unwrap().len(), 2);
        assert_eq!(
            behavior["scaleDown"],
            json!({"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]})
        );
    }
}
