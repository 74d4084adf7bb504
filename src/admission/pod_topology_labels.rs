//! PodTopologyLabels: a pod that is on a node bears the zone and the region of it.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::object::object_mut;
use crate::registry::Lister;
use crate::status::Status;

const LABELS: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];

pub(super) struct PodTopologyLabels;

impl Plugin for PodTopologyLabels {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let is_new = write.operation == Operation::Create && write.is_of("", "Pod");
        if let Some(pod) = object.filter(|_| is_new) {
            let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
            for (key, value) in of_node(write.lister, node) {
                object_mut(&mut pod["metadata"]["labels"]).insert(key, value);
            }
        }
        Ok(())
    }
}

/// The labels that a node gives to its pods.
pub(crate) fn of_node(lister: &dyn Lister, name: &str) -> Vec<(String, Value)> {
    if name.is_empty() {
        return Vec::new();
    }
    let node = lister.get("", "Node", "", name);
    let node = node.map(|node| node.value());
    let label = |key: &&str| {
        let value = node.as_ref()?["metadata"]["labels"].get(*key)?;
        Some(((*key).to_owned(), value.clone()))
    };
    LABELS.iter().filter_map(label).collect()
}
