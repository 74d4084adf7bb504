//! The controllers that let go of what storage is made of, once nobody uses it.

use serde_json::Value;

use super::garbage::remove_finalizer;
use crate::handlers::cluster::Cluster;
use crate::object::{Object, meta_strings};
use crate::registry::Lister as _;

/// A finalizer, and whether an object that it holds is still in use.
type Protection = (&'static str, fn(&Cluster, &Object) -> bool);

const PROTECTIONS: [Protection; 3] = [
    ("kubernetes.io/pvc-protection", is_mounted),
    ("kubernetes.io/pv-protection", is_bound),
    ("kubernetes.io/vac-protection", is_class_of_a_volume),
];

/// Whether one of these controllers holds an object.
pub(super) fn is_held(object: &Object) -> bool {
    let finalizers = meta_strings(&object.value(), "finalizers");
    PROTECTIONS
        .iter()
        .any(|(held, _)| finalizers.iter().any(|finalizer| finalizer == held))
}

/// Lets go of a terminating object that nobody uses.
pub(super) async fn release(cluster: &Cluster, key: &str) {
    let live = cluster.storage.view().get(key).cloned();
    let Some(object) = live.filter(|object| object.is_terminating()) else {
        return;
    };
    for (finalizer, is_used) in PROTECTIONS {
        let finalizers = meta_strings(&object.value(), "finalizers");
        if finalizers.iter().any(|f| f == finalizer) && !is_used(cluster, &object) {
            remove_finalizer(cluster, &object, finalizer).await;
        }
    }
}

/// The keys of the terminating objects of a namespace that are held: what is gone there may have been what used them.
pub(super) fn held_in(cluster: &Cluster, namespace: &str) -> Vec<String> {
    let claims = cluster.list("", "PersistentVolumeClaim", namespace);
    let held = claims
        .iter()
        .filter(|claim| claim.is_terminating() && is_held(claim));
    held.map(|claim| claim.kind.key(namespace, claim.name()))
        .collect()
}

/// A pod that is not done has the claim among its volumes.
fn is_mounted(cluster: &Cluster, claim: &Object) -> bool {
    let pods = cluster.list("", "Pod", claim.namespace());
    pods.iter().any(|pod| {
        let pod = pod.value();
        let is_done = matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        );
        let volumes = pod["spec"]["volumes"].as_array();
        let mut volumes = volumes.into_iter().flatten();
        let is_claim = |volume: &Value| {
            volume["persistentVolumeClaim"]["claimName"].as_str() == Some(claim.name())
        };
        !is_done && volumes.any(is_claim)
    })
}

fn is_bound(_cluster: &Cluster, volume: &Object) -> bool {
    volume.value()["status"]["phase"].as_str() == Some("Bound")
}

fn is_class_of_a_volume(cluster: &Cluster, class: &Object) -> bool {
    let names =
        |object: &Value| object["spec"]["volumeAttributesClassName"].as_str() == Some(class.name());
    ["PersistentVolume", "PersistentVolumeClaim"]
        .iter()
        .flat_map(|kind| cluster.list("", kind, ""))
        .any(|object| names(&object.value()))
}
