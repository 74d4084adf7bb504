//! core/v1 ReplicationController.

use serde_json::Value;

use super::declared;
use super::pod;
use super::replicasets::validate_status;
use super::strategy::{Strategy, WriteContext};
use super::workload::checks::Checks;
use super::workload::selection::Selection;
use super::workload::{self, TEMPLATE, cells, template};
use crate::kinds::Kind;
use crate::status::field::FieldError;

pub(crate) struct ReplicationControllers;

impl Strategy for ReplicationControllers {
    /// What a controller leaves out is what the labels of its template say.
    fn set_defaults(&self, object: &mut Value) {
        let spec = &mut object["spec"];
        if spec["template"].is_object() {
            pod::template::set_defaults(&mut spec["template"]);
        }
        let labels = spec["template"]["metadata"]["labels"].clone();
        if spec["template"].is_null() {
            crate::object::object_mut(spec).remove("template");
        }
        if !labels.is_object() {
            return;
        }
        for part in ["selector", "labels"] {
            let holder = if part == "selector" {
                "spec"
            } else {
                "metadata"
            };
            crate::object::object_mut(&mut object[holder])
                .entry(part)
                .or_insert_with(|| labels.clone());
        }
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
        errors.extend(if workload::is_of_status(write) {
            validate_status(&object["status"], false)
        } else {
            validate_spec(&object["spec"])
        });
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
        // Upstream takes the one for the other here.
        template::update_warnings(old, object)
    }

    fn scale_selector(&self, _kind: &Kind, object: &Value) -> String {
        Selection::of_labels(&object["spec"]["selector"]).to_string()
    }

    fn field(&self, object: &Value, path: &[&str]) -> Option<String> {
        cells::replicas_field(object, path)
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match column {
            "Selector" => cells::labels_text(&spec["selector"]).into(),
            _ => cells::replicas(column, object)
                .unwrap_or_else(|| cells::wide(column, &spec["template"], &Value::Null)),
        }
    }
}

/// `ValidateReplicationControllerSpec`.
fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, "spec");
    checks.nonnegative(&["minReadySeconds"]);
    let selection = Selection::of_labels(&spec["selector"]);
    if selection.is_empty() {
        checks
            .errors
            .push(FieldError::required("spec.selector", ""));
    }
    checks.nonnegative(&["replicas"]);
    let template = &spec["template"];
    if !template.is_object() {
        checks
            .errors
            .push(FieldError::required("spec.template", ""));
        return checks.errors;
    }
    let owner = "ReplicationController";
    checks.errors.extend(template::validate(
        template,
        &selection,
        owner,
        "spec.template",
    ));
    checks.errors
}
