//! What containers ask for, and what they need together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::{entries, is_restartable, is_set, list, member};
use crate::codec::quantity::Quantity;

pub(crate) type Amounts = BTreeMap<String, Quantity>;

/// The amounts of a resource list; what is none is nothing.
pub(crate) fn amounts(value: &Value, field: &str) -> Amounts {
    entries(value, field)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), quantity(value)))
        .collect()
}

pub(crate) fn quantity(value: &Value) -> Quantity {
    Quantity::parse(value.as_str().unwrap_or_default()).unwrap_or_else(|_| Quantity::whole(0))
}

pub(crate) fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        match to.get_mut(name) {
            Some(sum) => *sum = sum.plus(amount),
            None => {
                to.insert(name.clone(), amount.clone());
            }
        }
    }
}

fn raise(to: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let larger = to.get(name).is_none_or(|there| amount > there);
        if larger {
            to.insert(name.clone(), amount.clone());
        }
    }
}

/// `AggregateContainerRequests` and `AggregateContainerLimits`: the containers that run at the same time, or if it is
/// more, an init container with those that were started before it and stay.
pub(crate) fn of_all_containers(spec: &Value, field: &str) -> Amounts {
    let mut sum = Amounts::new();
    for container in list(spec, "containers") {
        add(&mut sum, &amounts(&container["resources"], field));
    }
    let (mut staying, mut init) = (Amounts::new(), Amounts::new());
    for container in list(spec, "initContainers") {
        let mut own = amounts(&container["resources"], field);
        if is_restartable(container) {
            add(&mut sum, &own);
            add(&mut staying, &own);
            own = staying.clone();
        } else {
            add(&mut own, &staying);
        }
        raise(&mut init, &own);
    }
    raise(&mut sum, &init);
    sum
}

pub(crate) fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Whether a resource is Kubernetes' own.
pub(crate) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// `IsSupportedPodLevelResource`.
pub(crate) fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

/// The quality of service of a pod: `ComputePodQOS`.
pub(crate) fn qos_class(spec: &Value) -> &'static str {
    let counts = |name: &str| matches!(name, "cpu" | "memory");
    let own = |value: &Value, field: &str| {
        let mut own = amounts(value, field);
        own.retain(|name, amount| counts(name) && amount.sign() > 0);
        own
    };
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let mut is_guaranteed = true;
    let parts: Vec<&Value> = match member(spec, "resources") {
        Some(resources) => vec![resources],
        None => ["containers", "initContainers"]
            .into_iter()
            .flat_map(|field| list(spec, field))
            .map(|container| &container["resources"])
            .collect(),
    };
    let of_pod = is_set(spec, "resources");
    for resources in parts {
        add(&mut requests, &own(resources, "requests"));
        let limited = own(resources, "limits");
        let is_looked_at = !of_pod || !entries(resources, "limits").is_empty();
        if is_looked_at && limited.len() < 2 {
            is_guaranteed = false;
        }
        add(&mut limits, &limited);
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    if is_guaranteed && requests == limits {
        return "Guaranteed";
    }
    "Burstable"
}
