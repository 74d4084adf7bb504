//! DefaultTolerationSeconds: a pod stays for a while on a node that is not ready or cannot be reached.

use serde_json::{Value, json};

use super::{Attributes, Operation, Plugin};
use crate::status::Status;

const SECONDS: i64 = 300;
const TAINTS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

pub(super) struct DefaultTolerationSeconds;

impl Plugin for DefaultTolerationSeconds {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let Some(pod) = object.filter(|_| write.is_of("", "Pod")) else {
            return Ok(());
        };
        if write.operation == Operation::Delete || !pod["spec"].is_object() {
            return Ok(());
        }
        for taint in TAINTS {
            let list = pod["spec"].get("tolerations").and_then(Value::as_array);
            let is_tolerated = list.into_iter().flatten().any(|toleration| {
                let is = |field: &str, wanted: &str| match toleration[field].as_str() {
                    None | Some("") => true,
                    Some(found) => found == wanted,
                };
                is("key", taint) && is("effect", "NoExecute")
            });
            if !is_tolerated {
                add(&mut pod["spec"]["tolerations"], taint);
            }
        }
        Ok(())
    }
}

fn add(tolerations: &mut Value, taint: &str) {
    let added = json!({
        "key": taint,
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": SECONDS,
    });
    match tolerations.as_array_mut() {
        Some(list) => list.push(added),
        None => *tolerations = json!([added]),
    }
}
