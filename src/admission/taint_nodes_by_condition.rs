//! TaintNodesByCondition: nothing is scheduled onto a new node before somebody finds it ready.

use serde_json::{Value, json};

use super::{Attributes, Operation, Plugin};
use crate::object::object_mut;
use crate::status::Status;

pub(super) struct TaintNodesByCondition;

impl Plugin for TaintNodesByCondition {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let is_node = write.kind.group.is_empty() && write.kind.kind == "Node";
        let is_new = write.operation == Operation::Create && write.subresource.is_empty();
        if let Some(object) = object.filter(|_| is_node && is_new) {
            add_taint(object);
        }
        Ok(())
    }
}

fn add_taint(object: &mut Value) {
    let taint = json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"});
    let taints = object_mut(&mut object["spec"])
        .entry("taints")
        .or_insert_with(|| json!([]));
    if let Some(taints) = taints.as_array_mut() {
        let is_same = |other: &Value| ["key", "effect"].iter().all(|f| other[f] == taint[f]);
        if !taints.iter().any(is_same) {
            taints.push(taint);
        }
    }
}
