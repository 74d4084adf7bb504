//! policy/v1 PodDisruptionBudget.

use serde_json::Value;

use super::strategy::{Strategy, WriteContext};
use super::validation::conditions;
use super::validation::selector::validate_label_selector;
use super::workload::checks::Checks;
use super::workload::{self, cells, percent};
use crate::kinds::Kind;
use crate::schema::internal;
use crate::status::field::FieldError;

pub(crate) struct PodDisruptionBudgets;

impl Strategy for PodDisruptionBudgets {
    /// Its name is only checked as any name is: upstream's own check leaves the metadata out.
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        validate_spec(&object["spec"], write.kind)
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<FieldError> {
        match workload::is_of_status(write) {
            true => validate_status(&object["status"]),
            false => validate_spec(&object["spec"], write.kind),
        }
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match column {
            "Min Available" => amount(&spec["minAvailable"]).into(),
            "Max Unavailable" => amount(&spec["maxUnavailable"]).into(),
            _ => cells::count(&object["status"], "disruptionsAllowed").into(),
        }
    }
}

fn amount(value: &Value) -> String {
    match value {
        Value::Null => "N/A".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `ValidatePodDisruptionBudgetSpec`.
fn validate_spec(spec: &Value, kind: &Kind) -> Vec<FieldError> {
    const AMOUNTS: [&str; 2] = ["minAvailable", "maxUnavailable"];
    let mut errors = Vec::new();
    if AMOUNTS.iter().all(|field| spec.get(*field).is_some()) {
        let shown = internal::show_at(spec, &kind.schema, &["spec"]);
        let reason = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid_shown("spec", shown, reason));
    }
    for field in AMOUNTS {
        if let Some(value) = spec.get(field) {
            let path = format!("spec.{field}");
            errors.extend(percent::validate(value, &path));
            errors.extend(percent::at_most_all(value, &path));
        }
    }
    errors.extend(validate_label_selector(&spec["selector"], "spec.selector"));
    let supported = &["AlwaysAllow", "IfHealthyBudget"];
    if let Some(policy) = spec.get("unhealthyPodEvictionPolicy")
        && !policy
            .as_str()
            .is_some_and(|policy| supported.contains(&policy))
    {
        let path = "spec.unhealthyPodEvictionPolicy";
        errors.push(FieldError::not_supported(path, policy, supported));
    }
    errors
}

/// `ValidatePodDisruptionBudgetStatusUpdate`.
fn validate_status(status: &Value) -> Vec<FieldError> {
    let mut checks = Checks::of(status, "status");
    if let Some(list) = status["conditions"].as_array() {
        checks
            .errors
            .extend(conditions::validate(list, "status.conditions"));
    }
    checks.nonnegative(&[
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    ]);
    checks.errors
}
