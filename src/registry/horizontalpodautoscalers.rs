//! autoscaling HorizontalPodAutoscaler, which is kept as v2 has it.

mod behavior;
mod cell;
mod metrics;

use serde_json::{Value, json};

use super::declared;
use super::strategy::{Strategy, WriteContext};
use super::workload::checks::Checks;
use super::workload::{self, cells};
use crate::codec::quote::quote;
use crate::names::is_path_segment_name;
use crate::status::field::FieldError;

pub(crate) struct HorizontalPodAutoscalers;

impl Strategy for HorizontalPodAutoscalers {
    /// Of the version that is kept; what v1 leaves out is for its conversion to fill in.
    fn set_defaults(&self, object: &mut Value) {
        if object["apiVersion"] == "autoscaling/v1" {
            return;
        }
        let spec = crate::object::object_mut(&mut object["spec"]);
        let metrics = spec.get("metrics").and_then(Value::as_array);
        if metrics.is_none_or(Vec::is_empty) {
            spec.insert("metrics".to_owned(), json!([metrics::default()]));
        }
        if let Some(rules) = spec.get_mut("behavior") {
            behavior::set_defaults(rules);
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"], None));
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
            let mut checks = Checks::of(&object["status"], "status");
            checks.nonnegative(&["currentReplicas", "desiredReplicas"]);
            errors.extend(checks.errors);
        } else {
            errors.extend(validate_spec(&object["spec"], Some(&old["spec"])));
        }
        errors
    }

    /// What v1 cannot say is filled in when upstream reads the object back.
    fn canonicalize(&self, object: &mut Value) {
        self.set_defaults(object);
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let (spec, status) = (&object["spec"], &object["status"]);
        match column {
            "Reference" => {
                let text = |field: &str| spec["scaleTargetRef"][field].as_str().unwrap_or_default();
                format!("{}/{}", text("kind"), text("name")).into()
            }
            "Targets" => cell::targets(&spec["metrics"], &status["currentMetrics"]).into(),
            "MinPods" => match spec["minReplicas"].as_i64() {
                Some(number) => number.to_string().into(),
                None => "<unset>".into(),
            },
            "MaxPods" => cells::count(spec, "maxReplicas").into(),
            _ => cells::count(status, "currentReplicas").into(),
        }
    }
}

/// `validateHorizontalPodAutoscalerSpec`, with what an object that is there already is spared.
fn validate_spec(spec: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, "spec");
    let may_rest = old.is_some_and(|old| old["minReplicas"] == 0);
    let least = if may_rest { 0 } else { 1 };
    let (min, max) = (
        checks.number("minReplicas"),
        cells::count(spec, "maxReplicas"),
    );
    if let Some(min) = min.filter(|min| *min < least) {
        checks.invalid(
            "minReplicas",
            min,
            format!("must be greater than or equal to {least}"),
        );
    }
    if max == 0 {
        checks.required("maxReplicas", "must be set and greater than 0");
    } else if max < 0 {
        checks.invalid("maxReplicas", max, "must be greater than or equal to 1");
    }
    if min.is_some_and(|min| max < min) {
        checks.invalid(
            "maxReplicas",
            max,
            "must be greater than or equal to `minReplicas`",
        );
    }
    let target = &spec["scaleTargetRef"];
    checks.errors.extend(validate_target(
        target,
        old.map(|old| &old["scaleTargetRef"]),
    ));
    checks.errors.extend(metrics::validate(spec, old));
    checks.errors.extend(behavior::validate(&spec["behavior"]));
    checks.errors
}

fn validate_target(target: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let same = |field: &str, old: &Value| target[field] == old[field];
    let group = match old {
        Some(old) if same("apiVersion", old) && same("kind", old) => Group::Any,
        _ if target["kind"] == "ReplicationController" => Group::Optional,
        _ => Group::Required,
    };
    validate_reference(target, group, "spec.scaleTargetRef")
}

/// What the apiVersion of a reference must be like.
#[derive(Clone, Copy, PartialEq)]
enum Group {
    Required,
    Optional,
    /// It is not looked at.
    Any,
}

/// `ValidateCrossVersionObjectReference`.
fn validate_reference(reference: &Value, group: Group, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(reference, path);
    for field in ["kind", "name"] {
        let text = reference[field].as_str().unwrap_or_default();
        if text.is_empty() {
            checks.required(field, "");
        }
        for reason in is_path_segment_name(text) {
            checks.invalid(field, text, reason);
        }
    }
    let version = reference["apiVersion"].as_str().unwrap_or_default();
    if let Some(why) = version_error(version, group) {
        checks.invalid("apiVersion", version, why);
    }
    checks.errors
}

/// `ValidateAPIVersion`.
fn version_error(version: &str, group: Group) -> Option<String> {
    match version.matches('/').count() {
        _ if group == Group::Any => None,
        2.. => Some(format!("unexpected GroupVersion string: {version}")),
        0 if group == Group::Required => Some("apiVersion must specify API group".to_owned()),
        1 if version.starts_with('/') && group == Group::Required => {
            Some("apiVersion must specify API group".to_owned())
        }
        _ => None,
    }
}

/// A text that must be one of those listed.
fn not_one_of(value: &Value, path: &str, supported: &[&str]) -> Option<FieldError> {
    let text = value.as_str().unwrap_or_default();
    (!supported.contains(&text))
        .then(|| FieldError::not_supported_shown(path, quote(text), supported))
}
