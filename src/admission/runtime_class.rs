//! RuntimeClass: what it takes to run a pod in another way, and where it can be run.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::codec::quote::quote;
use crate::object::object_mut;
use crate::registry::pod::amounts::amounts;
use crate::registry::pod::read::{entries, is_set, list, member, number, text};
use crate::status::Status;

pub(super) struct RuntimeClass;

impl Plugin for RuntimeClass {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let Some(pod) = object.filter(|_| concerns(write)) else {
            return Ok(());
        };
        let Some(class) = find(write, pod)? else {
            return Ok(());
        };
        if let Some(overhead) = member(&class, "overhead") {
            let given = !entries(&pod["spec"], "overhead").is_empty();
            if given && amounts(&pod["spec"], "overhead") != amounts(overhead, "podFixed") {
                return Err(write.forbidden(Some(pod), MISMATCH));
            }
            if let Some(fixed) = member(overhead, "podFixed") {
                pod["spec"]["overhead"] = fixed.clone();
            }
        }
        set_scheduling(write, pod, &class["scheduling"])
    }

    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let Some(pod) = object.filter(|_| concerns(write)) else {
            return Ok(());
        };
        let class = find(write, pod)?.unwrap_or_default();
        let why = match member(&class, "overhead") {
            Some(overhead)
                if amounts(&pod["spec"], "overhead") != amounts(overhead, "podFixed") =>
            {
                MISMATCH
            }
            None if is_set(&pod["spec"], "overhead") => {
                "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            }
            _ => return Ok(()),
        };
        Err(write.forbidden(Some(pod), why))
    }
}

const MISMATCH: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

fn concerns(write: &Attributes<'_>) -> bool {
    write.operation == Operation::Create && write.is_of("", "Pod")
}

fn find(write: &Attributes<'_>, pod: &Value) -> Result<Option<Value>, Status> {
    let Some(name) = member(&pod["spec"], "runtimeClassName").and_then(Value::as_str) else {
        return Ok(None);
    };
    let found = write.lister.get("node.k8s.io", "RuntimeClass", "", name);
    let class = found.ok_or_else(|| {
        let why = format!("pod rejected: RuntimeClass {} not found", quote(name));
        write.forbidden(Some(pod), &why)
    })?;
    Ok(Some(class.to_value()))
}

fn set_scheduling(
    write: &Attributes<'_>,
    pod: &mut Value,
    scheduling: &Value,
) -> Result<(), Status> {
    if scheduling.is_null() {
        return Ok(());
    }
    for (key, value) in entries(scheduling, "nodeSelector") {
        let own = pod["spec"]["nodeSelector"].get(key);
        if let Some(own) = own.filter(|own| *own != value) {
            let (wanted, own) = (value.as_str(), own.as_str());
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}; pod.spec.nodeSelector[{key}] = {}",
                wanted.unwrap_or_default(),
                own.unwrap_or_default()
            );
            return Err(write.forbidden(Some(pod), &why));
        }
        object_mut(&mut pod["spec"]["nodeSelector"]).insert(key.to_owned(), value.clone());
    }
    let mut all = list(&pod["spec"], "tolerations").to_vec();
    all.extend_from_slice(list(scheduling, "tolerations"));
    if !all.is_empty() {
        pod["spec"]["tolerations"] = merge(&all).into();
    }
    Ok(())
}

/// `MergeTolerations`: what another one covers is left out.
fn merge(all: &[Value]) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for (i, toleration) in all.iter().enumerate() {
        let covered = merged.iter().any(|other| covers(other, toleration))
            || all[i + 1..]
                .iter()
                .any(|other| other != toleration && covers(other, toleration));
        if !covered {
            merged.push(toleration.clone());
        }
    }
    merged
}

fn covers(wide: &Value, narrow: &Value) -> bool {
    if wide == narrow {
        return true;
    }
    let operator = text(wide, "operator");
    let key = text(wide, "key");
    if key != text(narrow, "key") && !(key.is_empty() && operator == "Exists") {
        return false;
    }
    let effect = text(wide, "effect");
    if !effect.is_empty() && effect != text(narrow, "effect") {
        return false;
    }
    let seconds = |toleration: &Value| number(toleration, "tolerationSeconds");
    if effect == "NoExecute"
        && let Some(most) = seconds(wide)
        && seconds(narrow).is_none_or(|own| own > most)
    {
        return false;
    }
    match operator {
        "Equal" | "" => {
            text(narrow, "operator") == "Equal" && text(narrow, "value") == text(wide, "value")
        }
        "Exists" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_wider_of_two_tolerations_is_kept() {
        let narrow = json!({"key": "a", "operator": "Equal", "value": "x", "effect": "NoSchedule"});
        let wide = json!({"key": "a", "operator": "Exists"});
        assert_eq!(
            merge(&[narrow.clone(), wide.clone()]),
            std::slice::from_ref(&wide)
        );
        assert_eq!(merge(&[wide.clone(), narrow]), [wide]);
    }
}
