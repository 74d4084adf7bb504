//! The namespace controller: a deleted namespace is emptied, then it goes.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::handlers::cluster::{Cluster, prefix};
use crate::handlers::write::{Edit, Write, place};
use crate::kinds::{Kind, KindRef};
use crate::object::{Object, meta_strings};
use crate::request::options::DeleteOptions;
use crate::response::Warnings;

const FINALIZER: &str = "kubernetes";

/// Gives a namespace what every namespace has.
pub(super) fn complete(cluster: &Cluster, name: &str) {
    let namespace = cluster
        .storage
        .view()
        .get(&cluster.namespace_key(name))
        .cloned();
    if let Some(namespace) = namespace.filter(|namespace| !namespace.is_terminating()) {
        place::along(cluster, &namespace);
    }
}

/// Deletes what is in the namespace; if that leaves it empty, the namespace too.
pub(super) async fn finish_deletion(cluster: &Cluster, name: &str) {
    let live = cluster
        .storage
        .view()
        .get(&cluster.namespace_key(name))
        .cloned();
    let Some(namespace) = live.filter(|namespace| namespace.is_terminating()) else {
        return;
    };
    delete_contents(cluster, name).await;
    let remaining = Remaining::of(cluster, name);
    let now = cluster.timestamp();
    let report = Edit(|live: &Value| Some(with_conditions(live, &remaining, &now)));
    edit(cluster, &namespace, "status", &report).await;
    if remaining.resources.is_empty() {
        edit(cluster, &namespace, "finalize", &Edit(finalized)).await;
    }
}

/// Writes one part of a namespace; who finalizes it meanwhile has done what there was to do.
async fn edit<F: Fn(&Value) -> Option<Value> + Sync>(
    cluster: &Cluster,
    namespace: &Object,
    subresource: &str,
    edit: &Edit<F>,
) {
    let write = Write {
        subresource,
        ..Write::by_the_server(cluster, namespace)
    };
    let _ = write.run(edit, &mut Warnings::default()).await;
}

fn finalized(live: &Value) -> Option<Value> {
    let mut next = live.clone();
    let finalizers = next["spec"]["finalizers"].as_array_mut()?;
    finalizers.retain(|f| f != FINALIZER);
    if finalizers.is_empty() {
        next["spec"] = json!({});
    }
    Some(next)
}

/// The kinds whose objects are in namespaces, each once.
fn namespaced(cluster: &Cluster) -> Vec<KindRef> {
    let catalog = cluster.catalog();
    let kinds = catalog
        .kinds()
        .filter(|kind| kind.namespaced && kind.is_stored());
    kinds.cloned().collect()
}

fn objects(cluster: &Cluster, kind: &Kind, namespace: &str) -> Vec<Arc<Object>> {
    let view = cluster.storage.view();
    let below = view.range(&prefix(kind, namespace), "", view.revision());
    below.map(|(_, object)| object.clone()).collect()
}

async fn delete_contents(cluster: &Cluster, namespace: &str) {
    for kind in namespaced(cluster) {
        for object in objects(cluster, &kind, namespace) {
            // What cannot be deleted yet remains, and is counted below. Nobody is there to end by itself.
            let options = DeleteOptions {
                grace_period_seconds: Some(0),
                ..DeleteOptions::default()
            };
            let _ = Write::by_the_server(cluster, &object)
                .run(&options, &mut Warnings::default())
                .await;
        }
    }
}

/// What deleting the contents left, and what holds it.
struct Remaining {
    resources: Vec<String>,
    finalizers: Vec<(String, usize)>,
}

impl Remaining {
    fn of(cluster: &Cluster, namespace: &str) -> Self {
        let mut remaining = Remaining {
            resources: Vec::new(),
            finalizers: Vec::new(),
        };
        for kind in namespaced(cluster) {
            let objects = objects(cluster, &kind, namespace);
            if !objects.is_empty() {
                let (plural, group, count) = (&kind.plural, &kind.group, objects.len());
                let some = format!("{plural}.{group} has {count} resource instances");
                remaining.resources.push(some);
            }
            for object in &objects {
                let finalizers = meta_strings(&object.value(), "finalizers");
                finalizers.into_iter().for_each(|f| remaining.count(f));
            }
        }
        remaining.finalizers.sort_unstable();
        remaining
    }

    fn count(&mut self, finalizer: String) {
        match self
            .finalizers
            .iter_mut()
            .find(|(known, _)| *known == finalizer)
        {
            Some((_, count)) => *count += 1,
            None => self.finalizers.push((finalizer, 1)),
        }
    }
}

/// The conditions the real controller reports.
fn with_conditions(namespace: &Value, remaining: &Remaining, now: &str) -> Value {
    let resources = remaining.resources.join(", ");
    let finalizers: Vec<String> = remaining
        .finalizers
        .iter()
        .map(|(f, count)| format!("{f} in {count} resource instances"))
        .collect();
    let finalizers = finalizers.join(", ");
    let none = |reason, message: &str| ("False", reason, message.to_owned());
    let content = match resources.as_str() {
        "" => none("ContentRemoved", "All content successfully removed"),
        some => (
            "True",
            "SomeResourcesRemain",
            format!("Some resources are remaining: {some}"),
        ),
    };
    let held = match finalizers.as_str() {
        "" => none(
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
        some => (
            "True",
            "SomeFinalizersRemain",
            format!("Some content in the namespace has finalizers remaining: {some}"),
        ),
    };
    let wanted = [
        (
            "NamespaceDeletionDiscoveryFailure",
            none(
                "ResourcesDiscovered",
                "All resources successfully discovered",
            ),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            none(
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed",
            ),
        ),
        (
            "NamespaceDeletionContentFailure",
            none(
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
            ),
        ),
        ("NamespaceContentRemaining", content),
        ("NamespaceFinalizersRemaining", held),
    ];
    let old = namespace["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let conditions: Vec<Value> = wanted
        .into_iter()
        .map(|(ty, (status, reason, message))| {
            let before = old.iter().find(|c| c["type"] == ty && c["status"] == status);
            let since = before.and_then(|c| c["lastTransitionTime"].as_str()).unwrap_or(now);
            json!({"type": ty, "status": status, "lastTransitionTime": since, "reason": reason, "message": message})
        })
        .collect();
    let mut next = namespace.clone();
    next["status"]["conditions"] = conditions.into();
    next
}
