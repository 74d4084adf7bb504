//! apps/v1 Deployment.

use serde_json::Value;

use super::declared;
use super::pod;
use super::strategy::{Strategy, WriteContext};
use super::workload::checks::{Checks, selector_unchanged};
use super::workload::selection::Selection;
use super::workload::{self, TEMPLATE, cells, percent, template};
use crate::kinds::Kind;
use crate::schema::internal;
use crate::status::field::FieldError;

pub(crate) struct Deployments;

/// How many pods of a rollout may be missing, or too many, unless the deployment says otherwise.
const DEFAULT_SHARE: &str = "25%";

impl Strategy for Deployments {
    fn set_defaults(&self, object: &mut Value) {
        let strategy = &mut object["spec"]["strategy"];
        if strategy["type"] == "RollingUpdate" {
            let rolling = crate::object::object_mut(&mut strategy["rollingUpdate"]);
            for field in ["maxUnavailable", "maxSurge"] {
                rolling.entry(field).or_insert_with(|| DEFAULT_SHARE.into());
            }
        }
        pod::template::set_defaults(&mut object["spec"]["template"]);
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        workload::prepare(write, object, None, TEMPLATE);
    }

    /// The annotations are handed on to the replica sets, so a change of them counts.
    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        workload::prepare(write, object, Some(old), TEMPLATE);
        if !workload::is_of_status(write) {
            let changed =
                object["metadata"].get("annotations") != old["metadata"].get("annotations");
            workload::count_change(object, old, changed);
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"], write.kind));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        if workload::is_of_status(write) {
            errors.extend(validate_status(&object["status"], &old["status"]));
            return errors;
        }
        errors.extend(validate_spec(&object["spec"], write.kind));
        let (now, before) = (&object["spec"]["selector"], &old["spec"]["selector"]);
        errors.extend(selector_unchanged(now, before, "spec.selector"));
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        template::create_warnings(object)
    }

    fn update_warnings(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        template::update_warnings(object, old)
    }

    fn scale_selector(&self, _kind: &Kind, object: &Value) -> String {
        template::scale_selector(object)
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let (spec, status) = (&object["spec"], &object["status"]);
        match column {
            "Ready" => {
                let ready = cells::count(status, "readyReplicas");
                format!("{ready}/{}", cells::count(spec, "replicas")).into()
            }
            "Up-to-date" => cells::count(status, "updatedReplicas").into(),
            "Available" => cells::count(status, "availableReplicas").into(),
            "Selector" => {
                let selection = Selection::of(&spec["selector"]);
                selection
                    .map_or_else(|| "<invalid>".to_owned(), |all| all.to_string())
                    .into()
            }
            _ => cells::wide(column, &spec["template"], &spec["selector"]),
        }
    }
}

fn validate_spec(spec: &Value, kind: &Kind) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, "spec");
    checks.nonnegative(&["replicas"]);
    let selector = &spec["selector"];
    checks.errors.extend(template::validate_selector(
        selector,
        "deployment",
        "spec.selector",
    ));
    checks.errors.extend(template::validate_selected(spec));
    checks
        .errors
        .extend(validate_strategy(&spec["strategy"], kind));
    checks.nonnegative(&[
        "minReadySeconds",
        "revisionHistoryLimit",
        "progressDeadlineSeconds",
    ]);
    let deadline = checks.number("progressDeadlineSeconds");
    let ready = checks.number("minReadySeconds").unwrap_or_default();
    if let Some(deadline) = deadline.filter(|deadline| *deadline <= ready) {
        checks.invalid(
            "progressDeadlineSeconds",
            deadline,
            "must be greater than minReadySeconds",
        );
    }
    checks.errors
}

/// `ValidateDeploymentStrategy`.
fn validate_strategy(strategy: &Value, kind: &Kind) -> Vec<FieldError> {
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].as_str().unwrap_or_default() {
        "Recreate" if rolling.is_object() => {
            let reason = "may not be specified when strategy `type` is 'Recreate'";
            vec![FieldError::forbidden("spec.strategy.rollingUpdate", reason)]
        }
        "Recreate" => Vec::new(),
        "RollingUpdate" => validate_rolling_update(rolling),
        _ => {
            let shown = internal::show_at(strategy, &kind.schema, &["spec", "strategy"]);
            let supported = &["Recreate", "RollingUpdate"];
            vec![FieldError::not_supported_shown(
                "spec.strategy",
                shown,
                supported,
            )]
        }
    }
}

/// `ValidateRollingUpdateDeployment`.
fn validate_rolling_update(rolling: &Value) -> Vec<FieldError> {
    const MISSING: &str = "spec.strategy.rollingUpdate.maxUnavailable";
    const SURGE: &str = "spec.strategy.rollingUpdate.maxSurge";
    let (missing, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    let mut errors = Vec::new();
    errors.extend(percent::validate(missing, MISSING));
    errors.extend(percent::validate(surge, SURGE));
    if percent::amount(missing) == 0 && percent::amount(surge) == 0 {
        let reason = "may not be 0 when `maxSurge` is 0";
        errors.push(FieldError::invalid(MISSING, missing, reason));
    }
    errors.extend(percent::at_most_all(missing, MISSING));
    errors
}

fn validate_status(status: &Value, old: &Value) -> Vec<FieldError> {
    let mut checks = Checks::of(status, "status");
    checks.nonnegative(&[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ]);
    for field in ["updatedReplicas", "readyReplicas", "availableReplicas"] {
        checks.at_most(field, "replicas", "cannot be greater than status.replicas");
    }
    checks.at_most(
        "availableReplicas",
        "readyReplicas",
        "cannot be greater than readyReplicas",
    );
    checks.not_decremented("collisionCount", old);
    checks.errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_rollout_leaves_out_is_a_quarter() {
        let mut object = json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}}, "template": {}}});
        Deployments.set_defaults(&mut object);
        assert_eq!(
            object["spec"]["strategy"]["rollingUpdate"],
            json!({"maxSurge": 0, "maxUnavailable": "25%"})
        );
    }
}
