//! What a pod asks for as a whole: upstream's `PodRequests` and `PodLimits`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codec::quantity::Quantity;

/// So much of each resource.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// The amounts of a map of an object.
pub(super) fn amounts(map: &Value) -> Amounts {
    let members = map.as_object().into_iter().flatten();
    let read = members.filter_map(|(name, amount)| {
        let amount = Quantity::parse(amount.as_str()?).ok()?;
        Some((name.clone(), amount))
    });
    read.collect()
}

pub(super) fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = to
            .get(name)
            .map_or_else(|| amount.clone(), |old| old.plus(amount));
        to.insert(name.clone(), sum);
    }
}

/// Keeps the larger of each.
fn keep_larger(of: &mut Amounts, other: Amounts) {
    for (name, amount) in other {
        if of.get(&name).is_none_or(|own| *own < amount) {
            of.insert(name, amount);
        }
    }
}

/// All containers of a list.
pub(super) fn containers<'a>(pod: &'a Value, field: &str) -> &'a [Value] {
    pod["spec"][field].as_array().map_or(&[], Vec::as_slice)
}

/// `requests` or `limits` of all that runs at the same time, at the time when that is most.
pub(super) fn total(pod: &Value, field: &str) -> Amounts {
    let of = |container: &Value| amounts(&container["resources"][field]);
    let mut total = Amounts::new();
    for container in containers(pod, "containers") {
        add(&mut total, &of(container));
    }
    let (mut sidecars, mut first) = (Amounts::new(), Amounts::new());
    for container in containers(pod, "initContainers") {
        let mut own = of(container);
        if container["restartPolicy"] == "Always" {
            add(&mut total, &own);
            add(&mut sidecars, &own);
            own = sidecars.clone();
        } else {
            add(&mut own, &sidecars);
        }
        keep_larger(&mut first, own);
    }
    keep_larger(&mut total, first);
    for (name, amount) in amounts(&pod["spec"]["resources"][field]) {
        if matches!(&*name, "cpu" | "memory") || name.starts_with("hugepages-") {
            total.insert(name, amount);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(pod: &Value) -> String {
        let total = total(pod, "requests");
        let parts: Vec<String> = total
            .iter()
            .map(|(name, amount)| format!("{name}={}", amount.as_str()))
            .collect();
        parts.join(",")
    }

    #[test]
    fn what_starts_before_counts_if_it_is_more_and_sidecars_stay() {
        let container = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}}});
        let mut sidecar = container("1");
        sidecar["restartPolicy"] = json!("Always");
        let mut pod = json!({"spec": {
            "containers": [container("1"), container("500m")],
            "initContainers": [sidecar, container("4")],
        }});
        assert_eq!(shown(&pod), "cpu=5");
        pod["spec"]["initContainers"] = json!([]);
        assert_eq!(shown(&pod), "cpu=1500m");
        pod["spec"]["resources"] = json!({"requests": {"cpu": "3"}});
        assert_eq!(shown(&pod), "cpu=3");
    }
}
