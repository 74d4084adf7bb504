//! The namespace controller: a deleted namespace is emptied, then it goes.

use serde_json::{Value, json};

use super::garbage::store;
use crate::handlers::cluster::{Cluster, prefix};
use crate::handlers::delete::delete;
use crate::object::{Object, meta_strings};
use crate::registry::{self, Namespaces, Strategy};
use crate::request::options::DeleteOptions;
use crate::storage::Transaction;

const FINALIZER: &str = "kubernetes";

pub(super) fn key(name: &str) -> String {
    crate::handlers::cluster::key(Namespaces.resource(), "", name)
}

/// Deletes what is in the namespace; if that leaves it empty, the namespace too.
pub(super) fn finish_deletion(cluster: &Cluster, name: &str) {
    let key = key(name);
    cluster.storage.write(|tx| {
        if !tx.get(&key).is_some_and(|ns| ns.is_terminating()) {
            return;
        }
        delete_contents(cluster, tx, name);
        let remaining = Remaining::of(tx, name);
        let Some(live) = tx.get(&key).cloned() else {
            return;
        };
        let mut next = live.to_value();
        set_conditions(&mut next, &remaining, &cluster.timestamp());
        store(tx, &key, &live, next);
        if !remaining.resources.is_empty() {
            return;
        }
        let Some(live) = tx.get(&key).cloned() else {
            return;
        };
        let mut next = live.to_value();
        if let Some(finalizers) = next["spec"]["finalizers"].as_array_mut() {
            finalizers.retain(|f| f != FINALIZER);
            if finalizers.is_empty() {
                next["spec"] = json!({});
            }
        }
        store(tx, &key, &live, next);
    });
}

fn delete_contents(cluster: &Cluster, tx: &mut Transaction<'_, Object>, namespace: &str) {
    for strategy in registry::STRATEGIES
        .iter()
        .filter(|s| s.resource().namespaced)
    {
        for (_, object) in tx.range(&prefix(strategy.resource(), namespace)) {
            // What cannot be deleted yet remains, and is counted below.
            let _ = delete(
                cluster,
                tx,
                *strategy,
                namespace,
                object.name(),
                &DeleteOptions::default(),
            );
        }
    }
}

/// What deleting the contents left, and what holds it.
struct Remaining {
    resources: Vec<String>,
    finalizers: Vec<(String, usize)>,
}

impl Remaining {
    fn of(tx: &Transaction<'_, Object>, namespace: &str) -> Self {
        let mut remaining = Remaining {
            resources: Vec::new(),
            finalizers: Vec::new(),
        };
        for strategy in registry::STRATEGIES
            .iter()
            .filter(|s| s.resource().namespaced)
        {
            let resource = strategy.resource();
            let objects = tx.range(&prefix(resource, namespace));
            if !objects.is_empty() {
                let (plural, group) = (resource.plural, resource.group);
                remaining.resources.push(format!(
                    "{plural}.{group} has {} resource instances",
                    objects.len()
                ));
            }
            for finalizer in objects
                .iter()
                .flat_map(|(_, o)| meta_strings(&o.value(), "finalizers"))
            {
                remaining.count(finalizer);
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
fn set_conditions(namespace: &mut Value, remaining: &Remaining, now: &str) {
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
    namespace["status"]["conditions"] = conditions.into();
}
