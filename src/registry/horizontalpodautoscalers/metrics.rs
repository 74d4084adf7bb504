//! What an autoscaler goes by.

use serde_json::{Value, json};

use super::{Group, not_one_of, validate_reference, version_error};
use crate::codec::quantity::Quantity;
use crate::names::{is_dns1123_label, is_path_segment_name, is_qualified_name};
use crate::registry::workload::checks::Checks;
use crate::status::field::FieldError;

/// Types of metrics, and the fields that go with them, in the order upstream looks at these.
const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

/// The types as messages list them.
const TYPES: &[&str] = &[
    "ContainerResource",
    "External",
    "Object",
    "Pods",
    "Resource",
];

/// What an autoscaler goes by that does not say.
pub(super) fn default() -> Value {
    json!({
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    })
}

/// `validateMetrics`.
pub(super) fn validate(spec: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let described = described_group(old);
    let metrics = list(spec);
    let mut errors = Vec::new();
    for (i, metric) in metrics.iter().enumerate() {
        errors.extend(validate_metric(
            metric,
            described,
            &format!("spec.metrics[{i}]"),
        ));
    }
    let can_rest = |metric: &Value| metric["type"] == "Object" || metric["type"] == "External";
    if spec["minReplicas"] == 0 && !metrics.iter().any(can_rest) {
        let reason = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.push(FieldError::forbidden("spec.metrics", reason));
    }
    errors
}

fn list(spec: &Value) -> &[Value] {
    spec["metrics"].as_array().map_or(&[], Vec::as_slice)
}

/// Who has a bad version may keep it.
fn described_group(old: Option<&Value>) -> Group {
    let is_bad = |metric: &Value| {
        let version = metric["object"]["describedObject"]["apiVersion"].as_str();
        metric["type"] == "Object"
            && version_error(version.unwrap_or_default(), Group::Optional).is_some()
    };
    match old.is_some_and(|old| list(old).iter().any(is_bad)) {
        true => Group::Any,
        false => Group::Optional,
    }
}

/// `validateMetricSpec`.
fn validate_metric(metric: &Value, described: Group, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(metric, path);
    let ty = metric["type"].as_str().unwrap_or_default();
    let type_path = checks.path("type");
    if ty.is_empty() {
        checks.required("type", "must specify a metric source type");
    }
    checks
        .errors
        .extend(not_one_of(&metric["type"], &type_path, TYPES));
    let mut present = SOURCES.map(|(_, field)| field).to_vec();
    present.retain(|field| metric.get(*field).is_some());
    if let Some(field) = present.first() {
        let path = checks.path(field);
        checks
            .errors
            .extend(validate_source(field, &metric[*field], described, &path));
    }
    let expected = SOURCES.iter().find(|(known, _)| *known == ty);
    match expected {
        Some((_, field)) if metric.get(*field).is_none() => {
            checks.required(
                field,
                "must populate information for the given metric source",
            );
        }
        Some(_) => {}
        None => checks
            .errors
            .extend(not_one_of(&metric["type"], &type_path, TYPES)),
    }
    if present.len() != 1 {
        present.retain(|field| expected.is_none_or(|(_, expected)| expected != field));
        present.sort_unstable();
        for field in present {
            let reason = "must populate the given metric source only";
            checks
                .errors
                .push(FieldError::forbidden(format!("{path}.{field}"), reason));
        }
    }
    checks.errors
}

fn validate_source(field: &str, source: &Value, described: Group, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(source, path);
    if field == "object" {
        let object = &source["describedObject"];
        let path = checks.path("describedObject");
        checks
            .errors
            .extend(validate_reference(object, described, &path));
    }
    match field {
        "resource" | "containerResource" => validate_resource(&mut checks, source, field),
        _ => validate_metric_name(&mut checks, source),
    }
    validate_target(&mut checks, &source["target"]);
    let target = &source["target"];
    let has = |field: &str| target.get(field).is_some();
    let (value, average, utilization) =
        (has("value"), has("averageValue"), has("averageUtilization"));
    match field {
        "object" if !value && !average => {
            checks.required(
                "target.averageValue",
                "must set either a target value or averageValue",
            );
        }
        "external" if !value && !average => {
            let detail = "must set either a target value for metric or a per-pod target";
            checks.required("target.averageValue", detail);
        }
        "external" if value && average => {
            let reason = "may not set both a target value for metric and a per-pod target";
            checks.errors.push(FieldError::forbidden(
                format!("{path}.target.value"),
                reason,
            ));
        }
        "pods" if !average => {
            checks.required(
                "target.averageValue",
                "must specify a positive target averageValue",
            );
        }
        "resource" | "containerResource" if !utilization && !average => {
            let detail = "must set either a target raw value or a target utilization";
            checks.required("target.averageUtilization", detail);
        }
        "resource" | "containerResource" if utilization && average => {
            let reason = "may not set both a target raw value and a target utilization";
            checks.errors.push(FieldError::forbidden(
                format!("{path}.target.averageValue"),
                reason,
            ));
        }
        _ => {}
    }
    checks.errors
}

/// `validateMetricIdentifier`.
fn validate_metric_name(checks: &mut Checks<'_>, source: &Value) {
    let name = source["metric"]["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        checks.required("metric.name", "must specify a metric name");
    }
    for reason in is_path_segment_name(name) {
        checks.invalid("metric.name", name, reason);
    }
}

fn validate_resource(checks: &mut Checks<'_>, source: &Value, field: &str) {
    let name = source["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        checks.required("name", "must specify a resource name");
    }
    if field == "resource" {
        return;
    }
    if !name.is_empty() {
        validate_resource_name(checks, name);
    }
    let container = source["container"].as_str().unwrap_or_default();
    if container.is_empty() {
        checks.required("container", "must specify a container");
        return;
    }
    for reason in is_dns1123_label(container) {
        checks.invalid("container", container, reason);
    }
}

/// `ValidateContainerResourceName`: one of the standard names, or one with a domain.
fn validate_resource_name(checks: &mut Checks<'_>, name: &str) {
    for reason in is_qualified_name(name) {
        checks.invalid("name", name, reason);
    }
    let is_standard =
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if !name.contains('/') && !is_standard {
        checks.invalid("name", name, "must be a standard resource for containers");
    }
}

/// `validateMetricTarget`.
fn validate_target(checks: &mut Checks<'_>, target: &Value) {
    let ty = target["type"].as_str().unwrap_or_default();
    if ty.is_empty() {
        checks.required("target.type", "must specify a metric target type");
    }
    if !matches!(ty, "Utilization" | "Value" | "AverageValue") {
        let reason = "must be either Utilization, Value, or AverageValue";
        checks.invalid("target.type", ty, reason);
    }
    for field in ["value", "averageValue"] {
        let amount = target[field]
            .as_str()
            .and_then(|text| Quantity::parse(text).ok());
        if let Some(amount) = amount.filter(|amount| amount.sign() < 1) {
            checks.invalid(
                &format!("target.{field}"),
                amount.as_str(),
                "must be positive",
            );
        }
    }
    if let Some(share) = target["averageUtilization"]
        .as_i64()
        .filter(|share| *share < 1)
    {
        checks.invalid("target.averageUtilization", share, "must be greater than 0");
    }
}
