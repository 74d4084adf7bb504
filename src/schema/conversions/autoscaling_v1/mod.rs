//! HorizontalPodAutoscalers of `autoscaling/v1`, which knows of the use of the processor alone: all else is in annotations.

mod metrics;

use serde_json::{Map, Value, json};

use super::Conversion;
use crate::codec::json::{compact, object_mut};
use crate::kinds::Kind;
use crate::schema::internal;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// What an object of the stored version never has: it is there in fields.
const CARRIERS: [&str; 6] = [
    METRICS,
    CURRENT_METRICS,
    CONDITIONS,
    BEHAVIOR,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
];

/// What an autoscaler goes by that says nothing, in percent of what its pods ask for.
const DEFAULT_UTILIZATION: i64 = 80;

pub(super) struct HorizontalPodAutoscalers;

impl Conversion for HorizontalPodAutoscalers {
    fn to_stored(&self, object: &mut Value, _stored: &Kind) {
        let carried = take_carried(object);
        let read = |name: &str| carried.get(name).and_then(parse);
        let spec = object_mut(&mut object["spec"]);
        let own = spec.remove("targetCPUUtilizationPercentage").map(|share| {
            json!({"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": share},
            }})
        });
        let others = read(METRICS).and_then(|list| metrics::list_to_stored(&list));
        let mut all: Vec<Value> = others.into_iter().flatten().chain(own).collect();
        if all.is_empty() {
            all.push(json!({"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": DEFAULT_UTILIZATION},
            }}));
        }
        spec.insert("metrics".to_owned(), all.into());
        if let Some(behavior) = read(BEHAVIOR).map(by_outer_names).filter(says_something) {
            spec.insert("behavior".to_owned(), behavior);
        }
        let status = object_mut(&mut object["status"]);
        let share = status.remove("currentCPUUtilizationPercentage");
        let own = share.map(|share| {
            let current = json!({"averageUtilization": share});
            json!([{"type": "Resource", "resource": {"name": "cpu", "current": current}}])
        });
        let carried_metrics =
            read(CURRENT_METRICS).and_then(|list| metrics::statuses_to_stored(&list));
        if let Some(current) = carried_metrics.map(Value::from).or(own) {
            status.insert("currentMetrics".to_owned(), current);
        }
        if let Some(conditions) = read(CONDITIONS).filter(Value::is_array) {
            status.insert("conditions".to_owned(), conditions);
        }
    }

    fn back(&self, object: &mut Value, stored: &Kind) {
        take_carried(object);
        let mut carried = Map::new();
        let mut carry = |name: &str, text: String| carried.insert(name.to_owned(), text.into());
        let spec = object_mut(&mut object["spec"]);
        let all = take_list(spec, "metrics");
        let (own, others): (Vec<&Value>, Vec<&Value>) = all
            .iter()
            .partition(|metric| metrics::is_utilization_of_cpu(metric));
        if let Some(share) = own.first() {
            let share = share["resource"]["target"]["averageUtilization"].clone();
            spec.insert("targetCPUUtilizationPercentage".to_owned(), share);
        }
        if !others.is_empty() {
            carry(METRICS, metrics::list_from_stored(&others));
        }
        if let Some(behavior) = spec.remove("behavior") {
            carry(
                BEHAVIOR,
                internal::show_at(&behavior, &stored.schema, &["spec", "behavior"]),
            );
        }
        let status = object_mut(&mut object["status"]);
        let current = take_list(status, "currentMetrics");
        if let Some(share) = metrics::current_utilization_of_cpu(&current) {
            status.insert("currentCPUUtilizationPercentage".to_owned(), share.clone());
        }
        if !current.is_empty() {
            carry(CURRENT_METRICS, metrics::statuses_from_stored(&current));
        }
        let conditions = take_list(status, "conditions");
        if !conditions.is_empty() {
            carry(CONDITIONS, metrics::conditions(&conditions));
        }
        if !carried.is_empty() {
            let annotations = object_mut(&mut object["metadata"])
                .entry("annotations")
                .or_insert(Value::Null);
            object_mut(annotations).extend(carried);
        }
    }
}

/// Takes out of the annotations what stands for fields.
fn take_carried(object: &mut Value) -> Map<String, Value> {
    let metadata = object_mut(&mut object["metadata"]);
    let Some(Value::Object(annotations)) = metadata.get_mut("annotations") else {
        return Map::new();
    };
    let taken = CARRIERS.iter();
    let taken = taken.filter_map(|name| Some(((*name).to_owned(), annotations.remove(*name)?)));
    let taken: Map<String, Value> = taken.collect();
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    taken
}

fn take_list(holder: &mut Map<String, Value>, field: &str) -> Vec<Value> {
    match holder.remove(field) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// What is no JSON is as good as not there.
fn parse(text: &Value) -> Option<Value> {
    serde_json::from_str(text.as_str()?).ok()
}

/// The JSON of an internal type with the names that versions have; Go reads names in any case.
fn by_outer_names(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let named = members.into_iter().filter(|(_, value)| !value.is_null());
            let named = named.map(|(name, value)| (lower_first(&name), by_outer_names(value)));
            Value::Object(named.collect())
        }
        Value::Array(items) => items.into_iter().map(by_outer_names).collect(),
        other => other,
    }
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

fn says_something(behavior: &Value) -> bool {
    behavior
        .as_object()
        .is_some_and(|members| !members.is_empty())
}

/// JSON with members in the order given, without those that are not there.
fn ordered<const N: usize>(members: [(&str, Option<String>); N]) -> String {
    let there = members
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{}:{}", compact(&name.into()), value?)));
    format!("{{{}}}", there.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Catalog;

    fn stored() -> crate::kinds::KindRef {
        let catalog = Catalog::built_in();
        catalog
            .find_stored("autoscaling", "HorizontalPodAutoscaler")
            .unwrap()
            .clone()
    }

    #[test]
    fn what_v1_has_no_field_for_goes_there_and_back_in_annotations() {
        let kind = stored();
        let object = json!({
            "metadata": {"name": "x", "annotations": {"own": "1"}},
            "spec": {
                "metrics": [
                    {"type": "Pods", "pods": {"metric": {"name": "qps"}, "target": {"type": "AverageValue", "averageValue": "1k"}}},
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
                ],
                "behavior": {"scaleUp": {"selectPolicy": "Min", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 60}]}},
            },
            "status": {"conditions": [{"type": "AbleToScale", "status": "True", "lastTransitionTime": null}]},
        });
        let mut converted = object.clone();
        HorizontalPodAutoscalers.back(&mut converted, &kind);
        assert_eq!(
            converted["spec"],
            json!({"targetCPUUtilizationPercentage": 60})
        );
        assert_eq!(
            converted["metadata"]["annotations"][METRICS],
            r#"[{"type":"Pods","pods":{"metricName":"qps","targetAverageValue":"1k"}}]"#
        );
        HorizontalPodAutoscalers.to_stored(&mut converted, &kind);
        assert_eq!(converted, object);
    }
}
