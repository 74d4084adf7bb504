//! PodResizeValidator: a pod does not become larger than its node.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::codec::quote::quote;
use crate::registry::pod::amounts::{Amounts, add, amounts, of_all_containers};
use crate::registry::pod::read::text;
use crate::status::Status;

pub(super) struct PodResizeValidator;

impl Plugin for PodResizeValidator {
    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let concerns = write.operation == Operation::Update
            && write.subresource == "resize"
            && (&*write.kind.group, &*write.kind.kind) == ("", "Pod");
        let Some(pod) = object.filter(|_| concerns) else {
            return Ok(());
        };
        let name = text(&pod["spec"], "nodeName");
        let before = write.old.map(|old| &old["metadata"]["generation"]);
        if name.is_empty() || before == Some(&pod["metadata"]["generation"]) {
            return Ok(());
        }
        let Some(node) = write.lister.get("", "Node", "", name) else {
            let why = format!("node {} not found", quote(name));
            return Err(write.forbidden(Some(pod), &why));
        };
        let node = node.value();
        let os = text(&node["metadata"]["labels"], "kubernetes.io/os");
        if !matches!(os, "" | "linux") {
            let why = format!(
                "pod resize is only supported on linux nodes, node {} is {}",
                quote(name),
                quote(os)
            );
            return Err(refusal(write, pod, &why, "UnsupportedPlatform"));
        }
        let lacking = lacking(&pod["spec"], &amounts(&node["status"], "allocatable"));
        if lacking.is_empty() {
            return Ok(());
        }
        let why = format!(
            "node didn't have enough allocatable resources: {}",
            lacking.join("; ")
        );
        Err(refusal(write, pod, &why, "NodeCapacity"))
    }
}

fn lacking(spec: &Value, allocatable: &Amounts) -> Vec<String> {
    let mut wanted = of_all_containers(spec, "requests");
    wanted.extend(amounts(&spec["resources"], "requests"));
    add(&mut wanted, &amounts(spec, "overhead"));
    let mut lacking = Vec::new();
    for name in ["cpu", "memory"] {
        let Some(wanted) = wanted.get(name) else {
            continue;
        };
        let there = allocatable.get(name);
        if there.map_or(wanted.sign() > 0, |there| wanted > there) {
            let count = |amount: &crate::codec::quantity::Quantity| match name {
                "cpu" => amount.milli_value(),
                _ => amount.value(),
            };
            let (requested, allocatable) = (count(wanted), there.map_or(0, count));
            lacking.push(format!(
                "{name}, requested: {requested}, allocatable: {allocatable}"
            ));
        }
    }
    lacking
}

/// The refusal with its cause, for who decides what to do next.
fn refusal(write: &Attributes<'_>, pod: &Value, why: &str, reason: &str) -> Status {
    let mut status = write.forbidden(Some(pod), why);
    if let Some(details) = &mut status.details {
        details.causes.push(crate::status::Cause {
            reason: reason.to_owned(),
            message: String::new(),
            field: String::new(),
        });
    }
    status
}
