//! apps/v1 DaemonSet.

use serde_json::Value;

use super::declared;
use super::pod;
use super::strategy::{Strategy, WriteContext};
use super::validation::selector::{is_empty_selector, validate_label_selector};
use super::workload::checks::{Checks, selector_unchanged};
use super::workload::selection::Selection;
use super::workload::{self, TEMPLATE, cells, percent, template};
use crate::kinds::Kind;
use crate::object::{metadata_mut, object_mut};
use crate::schema::internal;
use crate::status::field::FieldError;

pub(crate) struct DaemonSets;

/// Where the only version of the kind keeps a number that the internal type has a field for: how often the template
/// changed.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

impl Strategy for DaemonSets {
    fn set_defaults(&self, object: &mut Value) {
        let strategy = &mut object["spec"]["updateStrategy"];
        if strategy["type"] == "RollingUpdate" {
            let rolling = object_mut(&mut strategy["rollingUpdate"]);
            rolling.entry("maxUnavailable").or_insert_with(|| 1.into());
            rolling.entry("maxSurge").or_insert_with(|| 0.into());
        }
        let generation = template_generation(object);
        set_template_generation(object, generation);
        pod::template::set_defaults(&mut object["spec"]["template"]);
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        workload::prepare(write, object, None, TEMPLATE);
        let generation = template_generation(object).max(1);
        set_template_generation(object, generation);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        workload::prepare(write, object, Some(old), TEMPLATE);
        if !workload::is_of_status(write) {
            let changed = object["spec"]["template"] != old["spec"]["template"];
            set_template_generation(object, template_generation(old) + i64::from(changed));
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(object, write.kind));
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
        let (now, before) = (&object["spec"]["selector"], &old["spec"]["selector"]);
        errors.extend(selector_unchanged(now, before, "spec.selector"));
        errors.extend(validate_spec(object, write.kind));
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let template = &object["spec"]["template"];
        pod::template::warnings(template, None, "spec.template")
    }

    fn update_warnings(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        if template_generation(object) == template_generation(old) {
            return Vec::new();
        }
        template::template_warnings(object, old)
    }

    fn hidden_annotation(&self) -> Option<&'static str> {
        Some(TEMPLATE_GENERATION)
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let (spec, status) = (&object["spec"], &object["status"]);
        let field = match column {
            "Desired" => "desiredNumberScheduled",
            "Current" => "currentNumberScheduled",
            "Ready" => "numberReady",
            "Up-to-date" => "updatedNumberScheduled",
            "Available" => "numberAvailable",
            "Node Selector" => {
                return cells::labels_text(&spec["template"]["spec"]["nodeSelector"]).into();
            }
            _ => return cells::wide(column, &spec["template"], &spec["selector"]),
        };
        cells::count(status, field).into()
    }
}

fn template_generation(object: &Value) -> i64 {
    let text = object["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn set_template_generation(object: &mut Value, generation: i64) {
    let annotations = metadata_mut(object)
        .entry("annotations")
        .or_insert(Value::Null);
    let text = generation.to_string().into();
    object_mut(annotations).insert(TEMPLATE_GENERATION.to_owned(), text);
}

/// `ValidateDaemonSetSpec`.
fn validate_spec(object: &Value, kind: &Kind) -> Vec<FieldError> {
    const TEMPLATE: &str = "spec.template";
    let spec = &object["spec"];
    let (selector, template) = (&spec["selector"], &spec["template"]);
    let mut checks = Checks::of(spec, "spec");
    checks
        .errors
        .extend(validate_label_selector(selector, "spec.selector"));
    if let Some(selection) = Selection::of(selector) {
        checks
            .errors
            .extend(template::matches_labels(template, &selection, TEMPLATE));
    }
    if selector.is_object() && is_empty_selector(selector) {
        checks.invalid(
            "selector",
            selector.clone(),
            "empty selector is invalid for daemonset",
        );
    }
    checks
        .errors
        .extend(pod::template::validate(template, TEMPLATE));
    checks
        .errors
        .extend(template::runs_for_good(template, "DaemonSet", TEMPLATE));
    checks.nonnegative(&["minReadySeconds"]);
    let generation = template_generation(object);
    if generation < 0 {
        let reason = "must be greater than or equal to 0";
        checks.invalid("templateGeneration", generation, reason);
    }
    checks
        .errors
        .extend(validate_update_strategy(&spec["updateStrategy"], kind));
    checks.nonnegative(&["revisionHistoryLimit"]);
    checks.errors
}

/// `ValidateDaemonSetUpdateStrategy`.
fn validate_update_strategy(strategy: &Value, kind: &Kind) -> Vec<FieldError> {
    match strategy["type"].as_str().unwrap_or_default() {
        "OnDelete" => Vec::new(),
        "RollingUpdate" => validate_rolling_update(&strategy["rollingUpdate"]),
        _ => {
            let shown = internal::show_at(strategy, &kind.schema, &["spec", "updateStrategy"]);
            let supported = &["RollingUpdate", "OnDelete"];
            vec![FieldError::not_supported_shown(
                "spec.updateStrategy",
                shown,
                supported,
            )]
        }
    }
}

/// `ValidateRollingUpdateDaemonSet`.
fn validate_rolling_update(rolling: &Value) -> Vec<FieldError> {
    const MISSING: &str = "spec.updateStrategy.rollingUpdate.maxUnavailable";
    const SURGE: &str = "spec.updateStrategy.rollingUpdate.maxSurge";
    let (missing, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    let mut errors = Vec::new();
    errors.extend(percent::validate(missing, MISSING));
    errors.extend(percent::validate(surge, SURGE));
    errors.extend(percent::at_most_all(missing, MISSING));
    errors.extend(percent::at_most_all(surge, SURGE));
    match (percent::amount(missing) != 0, percent::amount(surge) != 0) {
        (true, true) => {
            let reason = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(SURGE, surge, reason));
        }
        (false, false) => {
            errors.push(FieldError::required(
                MISSING,
                "cannot be 0 when maxSurge is 0",
            ));
        }
        _ => {}
    }
    errors
}

fn validate_status(status: &Value, old: &Value) -> Vec<FieldError> {
    let mut checks = Checks::of(status, "status");
    checks.nonnegative(&[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ]);
    checks.not_decremented("collisionCount", old);
    checks.errors
}
