//! apps/v1 ReplicaSet.

use serde_json::Value;

use super::declared;
use super::pod;
use super::strategy::{Strategy, WriteContext};
use super::workload::checks::{Checks, selector_unchanged};
use super::workload::{self, TEMPLATE, cells, template};
use crate::kinds::Kind;
use crate::status::field::FieldError;

pub(crate) struct ReplicaSets;

impl Strategy for ReplicaSets {
    fn set_defaults(&self, object: &mut Value) {
        pod::template::set_defaults(&mut object["spec"]["template"]);
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        workload::prepare(write, object, None, TEMPLATE);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        workload::prepare(write, object, Some(old), TEMPLATE);
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"]));
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
            errors.extend(validate_status(&object["status"], true));
            return errors;
        }
        errors.extend(validate_spec(&object["spec"]));
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
        let spec = &object["spec"];
        cells::replicas(column, object)
            .unwrap_or_else(|| cells::wide(column, &spec["template"], &spec["selector"]))
    }
}

/// Upstream's messages speak of deployments here as well.
fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, "spec");
    checks.nonnegative(&["replicas", "minReadySeconds"]);
    let selector = &spec["selector"];
    checks.errors.extend(template::validate_selector(
        selector,
        "deployment",
        "spec.selector",
    ));
    checks.errors.extend(template::validate_selected(spec));
    checks.errors
}

/// `ValidateReplicaSetStatus`, and that of replication controllers, whose pods never count as `terminating`.
pub(super) fn validate_status(status: &Value, terminating: bool) -> Vec<FieldError> {
    let mut checks = Checks::of(status, "status");
    checks.nonnegative(&[
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
    ]);
    if terminating {
        checks.nonnegative(&["terminatingReplicas"]);
    }
    for field in ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] {
        checks.at_most(field, "replicas", "cannot be greater than status.replicas");
    }
    checks.at_most(
        "availableReplicas",
        "readyReplicas",
        "cannot be greater than readyReplicas",
    );
    checks.errors
}
