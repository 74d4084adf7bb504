//! Metrics, their states and conditions, as `autoscaling/v1` writes them.

use serde_json::{Map, Value, json};

use super::ordered;
use crate::codec::json::compact;

/// Types of metrics, and the field that goes with each, in the order of the fields.
const SOURCES: [&str; 5] = [
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
];

/// Whether v1 has a field for it.
pub(super) fn is_utilization_of_cpu(metric: &Value) -> bool {
    metric["type"] == "Resource"
        && metric["resource"]["name"] == "cpu"
        && metric["resource"]["target"]
            .get("averageUtilization")
            .is_some()
}

/// The last one counts.
pub(super) fn current_utilization_of_cpu(statuses: &[Value]) -> Option<&Value> {
    let of_cpu =
        |status: &&Value| status["type"] == "Resource" && status["resource"]["name"] == "cpu";
    let shares = statuses.iter().filter(of_cpu);
    let mut shares =
        shares.filter_map(|status| status["resource"]["current"].get("averageUtilization"));
    shares.next_back()
}

pub(super) fn list_from_stored(metrics: &[&Value]) -> String {
    list(
        metrics
            .iter()
            .map(|metric| parts(metric, source_from_stored)),
    )
}

pub(super) fn statuses_from_stored(statuses: &[Value]) -> String {
    list(
        statuses
            .iter()
            .map(|status| parts(status, status_from_stored)),
    )
}

pub(super) fn conditions(conditions: &[Value]) -> String {
    let one = |condition: &Value| {
        let text = |field: &str| Some(compact(&condition[field]));
        let some = |field: &str| condition.get(field).map(compact);
        ordered([
            ("type", text("type")),
            ("status", text("status")),
            ("lastTransitionTime", text("lastTransitionTime")),
            ("reason", some("reason")),
            ("message", some("message")),
        ])
    };
    list(conditions.iter().map(one))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// The type, and what goes with it.
fn parts(metric: &Value, convert: fn(&str, &Value) -> String) -> String {
    let part = |field: &'static str| (field, metric.get(field).map(|part| convert(field, part)));
    let [object, pods, resource, container, external] = SOURCES.map(part);
    let ty = ("type", Some(compact(&metric["type"])));
    ordered([ty, object, pods, resource, container, external])
}

/// An amount that v1 always writes.
fn amount(value: Option<&Value>) -> Option<String> {
    Some(value.map_or_else(|| "\"0\"".to_owned(), compact))
}

fn reference(value: &Value) -> Option<String> {
    let text = |field: &str| Some(compact(&value[field]));
    Some(ordered([
        ("kind", text("kind")),
        ("name", text("name")),
        ("apiVersion", value.get("apiVersion").map(compact)),
    ]))
}

/// A selector, in the order of its fields.
fn selector(value: Option<&Value>) -> Option<String> {
    let value = value?;
    let requirement = |requirement: &Value| {
        let text = |field: &str| Some(compact(&requirement[field]));
        let values = requirement.get("values").map(compact);
        ordered([
            ("key", text("key")),
            ("operator", text("operator")),
            ("values", values),
        ])
    };
    let expressions = value.get("matchExpressions").and_then(Value::as_array);
    Some(ordered([
        ("matchLabels", value.get("matchLabels").map(compact)),
        (
            "matchExpressions",
            expressions.map(|all| list(all.iter().map(requirement))),
        ),
    ]))
}

fn source_from_stored(field: &str, source: &Value) -> String {
    let (target, metric) = (&source["target"], &source["metric"]);
    let some = |field: &str| target.get(field).map(compact);
    let name = ("metricName", Some(compact(&metric["name"])));
    let chosen = selector(metric.get("selector"));
    let of_resource = || {
        (
            ("name", Some(compact(&source["name"]))),
            ("targetAverageUtilization", some("averageUtilization")),
            ("targetAverageValue", some("averageValue")),
        )
    };
    match field {
        "object" => ordered([
            ("target", reference(&source["describedObject"])),
            name,
            ("targetValue", amount(target.get("value"))),
            ("selector", chosen),
            ("averageValue", some("averageValue")),
        ]),
        "pods" => ordered([
            name,
            ("targetAverageValue", amount(target.get("averageValue"))),
            ("selector", chosen),
        ]),
        "external" => ordered([
            name,
            ("metricSelector", chosen),
            ("targetValue", some("value")),
            ("targetAverageValue", some("averageValue")),
        ]),
        "resource" => of_resource_json(of_resource(), None),
        _ => of_resource_json(of_resource(), Some(compact(&source["container"]))),
    }
}

type Member = (&'static str, Option<String>);

fn of_resource_json(members: (Member, Member, Member), container: Option<String>) -> String {
    let (name, utilization, value) = members;
    ordered([name, utilization, value, ("container", container)])
}

fn status_from_stored(field: &str, status: &Value) -> String {
    let (current, metric) = (&status["current"], &status["metric"]);
    let some = |field: &str| current.get(field).map(compact);
    let name = ("metricName", Some(compact(&metric["name"])));
    let chosen = selector(metric.get("selector"));
    let of_resource = || {
        (
            ("name", Some(compact(&status["name"]))),
            ("currentAverageUtilization", some("averageUtilization")),
            ("currentAverageValue", amount(current.get("averageValue"))),
        )
    };
    match field {
        "object" => ordered([
            ("target", reference(&status["describedObject"])),
            name,
            ("currentValue", amount(current.get("value"))),
            ("selector", chosen),
            ("averageValue", some("averageValue")),
        ]),
        "pods" => ordered([
            name,
            ("currentAverageValue", amount(current.get("averageValue"))),
            ("selector", chosen),
        ]),
        "external" => ordered([
            name,
            ("metricSelector", chosen),
            ("currentValue", amount(current.get("value"))),
            ("currentAverageValue", some("averageValue")),
        ]),
        "resource" => of_resource_json(of_resource(), None),
        _ => of_resource_json(of_resource(), Some(compact(&status["container"]))),
    }
}

/// Nothing, if the text was no list of metrics.
pub(super) fn list_to_stored(list: &Value) -> Option<Vec<Value>> {
    let convert = |metric: &Value| parts_to_stored(metric, source_to_stored);
    list.as_array()?.iter().map(convert).collect()
}

pub(super) fn statuses_to_stored(list: &Value) -> Option<Vec<Value>> {
    let convert = |status: &Value| parts_to_stored(status, status_to_stored);
    list.as_array()?.iter().map(convert).collect()
}

fn parts_to_stored(metric: &Value, convert: fn(&str, &Value) -> Value) -> Option<Value> {
    let metric = metric.as_object()?;
    let mut out = Map::new();
    let ty = metric.get("type").cloned().unwrap_or_else(|| "".into());
    out.insert("type".to_owned(), ty);
    for field in SOURCES {
        if let Some(part) = metric.get(field).filter(|part| part.is_object()) {
            out.insert(field.to_owned(), convert(field, part));
        }
    }
    Some(Value::Object(out))
}

/// An object of the members that are there.
fn present<const N: usize>(members: [(&str, Option<&Value>); N]) -> Value {
    let there = members.into_iter();
    let there = there.filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
    Value::Object(there.collect())
}

fn metric(source: &Value, selector: &str) -> Value {
    let name = source.get("metricName");
    let mut metric = present([("name", name), ("selector", source.get(selector))]);
    if name.is_none() {
        metric["name"] = "".into();
    }
    metric
}

fn source_to_stored(field: &str, source: &Value) -> Value {
    let target = |ty: &str, members: [(&str, Option<&Value>); 3]| {
        let mut target = present(members);
        target["type"] = ty.into();
        target
    };
    let nothing = ("averageUtilization", None);
    let zero = json!("0");
    let get = |field: &str| source.get(field).filter(|value| !value.is_null());
    let either = |has: bool, a: &'static str, b: &'static str| if has { a } else { b };
    match field {
        "object" => {
            let average = get("averageValue");
            let value = get("targetValue").unwrap_or(&zero);
            let value = Some(value).filter(|value| average.is_none() || **value != zero);
            let ty = either(average.is_none(), "Value", "AverageValue");
            let target = target(ty, [("value", value), ("averageValue", average), nothing]);
            let object = source["target"].clone();
            json!({"describedObject": object, "target": target, "metric": metric(source, "selector")})
        }
        "pods" => {
            let average = Some(get("targetAverageValue").unwrap_or(&zero));
            let target = target(
                "AverageValue",
                [("averageValue", average), nothing, nothing],
            );
            json!({"metric": metric(source, "selector"), "target": target})
        }
        "external" => {
            let value = get("targetValue");
            let ty = either(value.is_some(), "Value", "AverageValue");
            let average = ("averageValue", get("targetAverageValue"));
            let target = target(ty, [("value", value), average, nothing]);
            json!({"metric": metric(source, "metricSelector"), "target": target})
        }
        _ => {
            let utilization = get("targetAverageUtilization");
            let ty = either(utilization.is_some(), "Utilization", "AverageValue");
            let average = ("averageValue", get("targetAverageValue"));
            let target = target(
                ty,
                [
                    average,
                    ("averageUtilization", utilization),
                    ("value", None),
                ],
            );
            named(source, "target", target)
        }
    }
}

/// Of a resource, and perhaps of one container.
fn named(source: &Value, field: &str, part: Value) -> Value {
    let members = [
        ("name", source.get("name")),
        ("container", source.get("container")),
        (field, Some(&part)),
    ];
    present(members)
}

fn status_to_stored(field: &str, status: &Value) -> Value {
    let zero = json!("0");
    let get = |field: &str| status.get(field).filter(|value| !value.is_null());
    let or_zero = |field: &str| Some(get(field).unwrap_or(&zero));
    match field {
        "object" => {
            let value = ("value", or_zero("currentValue"));
            let current = present([value, ("averageValue", get("averageValue"))]);
            let object = status["target"].clone();
            json!({"metric": metric(status, "selector"), "current": current, "describedObject": object})
        }
        "pods" => {
            let current = present([("averageValue", or_zero("currentAverageValue"))]);
            json!({"metric": metric(status, "selector"), "current": current})
        }
        "external" => {
            let value = ("value", or_zero("currentValue"));
            let current = present([value, ("averageValue", get("currentAverageValue"))]);
            json!({"metric": metric(status, "metricSelector"), "current": current})
        }
        _ => {
            let value = ("averageValue", or_zero("currentAverageValue"));
            let share = ("averageUtilization", get("currentAverageUtilization"));
            named(status, "current", present([value, share]))
        }
    }
}
