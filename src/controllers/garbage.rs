//! The garbage collector: what becomes of dependents when their owner is deleted.
//!
//! - Background (the default): once the owner is gone, dependents without another owner go too.
//! - Foreground: dependents go first; the owner waits for those that block its deletion.
//! - Orphan: dependents stay and lose the reference.
//!
//! A reference to what is not there dangles, be it gone or be it that it never was; and nothing is owned by what is in
//! another namespace. Whom no other owner keeps goes, unless the owner is of a kind that nobody knows.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::handlers::cluster::Cluster;
use crate::handlers::write::{Edit, Write, place};
use crate::object::{Object, meta_str, meta_strings, metadata_mut, owner_references, owner_uids};
use crate::registry::deletion::{FOREGROUND_FINALIZER, ORPHAN_FINALIZER};
use crate::request::options::{DeleteOptions, Propagation};
use crate::response::Warnings;
use crate::storage::Indexed as _;

/// Ends the deletion of an object that waits for the collector, if it can.
pub(super) async fn finish_deletion(cluster: &Cluster, key: &str) {
    let live = cluster.storage.view().get(key).cloned();
    let Some(owner) = live.filter(|owner| owner.is_terminating()) else {
        return;
    };
    let value = owner.value();
    let uid = meta_str(&value, "uid");
    let finalizers = meta_strings(&value, "finalizers");
    if finalizers.iter().any(|f| f == ORPHAN_FINALIZER) {
        for dependent in dependents(cluster, uid) {
            drop_references(cluster, &dependent, |reference| reference == uid).await;
        }
        remove_finalizer(cluster, &owner, ORPHAN_FINALIZER).await;
    } else if finalizers.iter().any(|f| f == FOREGROUND_FINALIZER) {
        for dependent in dependents(cluster, uid) {
            collect(cluster, &dependent).await;
        }
        let left = dependents(cluster, uid);
        if !left.iter().any(|dependent| blocks(dependent, uid)) {
            remove_finalizer(cluster, &owner, FOREGROUND_FINALIZER).await;
        }
    }
}

/// Deletes what depended on objects that are gone, by their uids, unless it has another owner.
pub(super) async fn collect_dependents(cluster: &Cluster, gone: &BTreeSet<String>) {
    for uid in gone {
        for dependent in dependents(cluster, uid) {
            collect(cluster, &dependent).await;
        }
    }
}

/// The key of a terminating object of this uid.
pub(super) fn find_terminating(cluster: &Cluster, uid: &str) -> Option<String> {
    let view = cluster.storage.view();
    let key = view.key_of(uid)?;
    view.get(key)?.is_terminating().then(|| key.to_string())
}

/// Upstream's `attemptToDeleteItem`: an owner that lives on keeps the dependent, which loses its other references.
async fn collect(cluster: &Cluster, dependent: &Object) {
    let value = dependent.value();
    let owners: Vec<(&str, Option<bool>)> = owner_uids(&value)
        .map(|uid| (uid, is_terminating(cluster, dependent, uid)))
        .collect();
    let is_solid = |uid: &str| owners.contains(&(uid, Some(false)));
    if owners.iter().any(|(uid, _)| is_solid(uid)) {
        return drop_references(cluster, dependent, |uid| !is_solid(uid)).await;
    }
    if dependent.is_terminating() {
        return;
    }
    let waited_for = owners.iter().any(|(_, state)| *state == Some(true));
    let uid = meta_str(&value, "uid");
    let foreground = waited_for && !dependents(cluster, uid).is_empty();
    let options = DeleteOptions {
        propagation: Some(if foreground {
            Propagation::Foreground
        } else {
            Propagation::Background
        }),
        ..DeleteOptions::default()
    };
    // Gone already, or not to be deleted: either way there is nothing more to do here.
    let _ = Write::by_the_server(cluster, dependent)
        .run(&options, &mut Warnings::default())
        .await;
}

/// Whether the owner of this uid is on its way out, if it is there at all, and where it could be one.
fn is_terminating(cluster: &Cluster, dependent: &Object, uid: &str) -> Option<bool> {
    let view = cluster.storage.view();
    let owner = view.get(view.key_of(uid)?)?;
    let is_near = owner.namespace().is_empty() || owner.namespace() == dependent.namespace();
    is_near.then(|| owner.is_terminating())
}

/// Whether one of the owners of an object is not there.
pub(super) fn misses_an_owner(cluster: &Cluster, object: &Object) -> bool {
    object
        .owners()
        .any(|uid| is_terminating(cluster, object, uid).is_none())
}

/// Looks after an object that misses an owner: says so if that is elsewhere, and deletes it if it has no other.
pub(super) async fn collect_dangling(cluster: &Cluster, key: &str) {
    let live = cluster.storage.view().get(key).cloned();
    let Some(dependent) = live.filter(|live| misses_an_owner(cluster, live)) else {
        return;
    };
    let value = dependent.value();
    let missing = owner_references(&value).iter();
    let missing: Vec<&Value> = missing
        .filter(|reference| {
            let uid = reference["uid"].as_str().unwrap_or_default();
            is_terminating(cluster, &dependent, uid).is_none()
        })
        .collect();
    for reference in &missing {
        let uid = reference["uid"].as_str().unwrap_or_default();
        if cluster.storage.view().key_of(uid).is_some() {
            report_elsewhere(cluster, &value, reference);
        }
    }
    // Of a kind that nobody knows, or in no namespace it could be in, nobody can tell whether it is there.
    let can_tell = missing.iter().all(|reference| {
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let kind = cluster
            .catalog()
            .find_kind(text("apiVersion"), text("kind"));
        kind.is_some_and(|kind| !kind.namespaced || !dependent.namespace().is_empty())
    });
    if can_tell {
        collect(cluster, &dependent).await;
    }
}

/// Upstream's `reportInvalidNamespaceOwnerRef`.
fn report_elsewhere(cluster: &Cluster, dependent: &Value, reference: &Value) {
    const COMPONENT: &str = "garbage-collector-controller";
    let Some(kind) = cluster.catalog().find_stored("", "Event") else {
        return;
    };
    let (name, namespace) = (
        meta_str(dependent, "name"),
        meta_str(dependent, "namespace"),
    );
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let owner = format!(
        "[{}/{}, namespace: {namespace}, name: {}, uid: {}]",
        text("apiVersion"),
        text("kind"),
        text("name"),
        text("uid")
    );
    let now = cluster.timestamp();
    let nanos = cluster.clock.now().as_nanosecond();
    let event = json!({
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": format!("{name}.{nanos:x}"), "namespace": namespace},
        "involvedObject": {
            "kind": dependent["kind"],
            "namespace": namespace,
            "name": name,
            "uid": meta_str(dependent, "uid"),
            "apiVersion": dependent["apiVersion"],
        },
        "reason": "OwnerRefInvalidNamespace",
        "message": format!("ownerRef {owner} does not exist in namespace \"{namespace}\""),
        "source": {"component": COMPONENT},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": "Warning",
        "eventTime": null,
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
    });
    // What cannot be told is not told: the collector goes on.
    let _ = place::place(cluster, &kind, &event);
}

fn dependents(cluster: &Cluster, uid: &str) -> Vec<Arc<Object>> {
    let view = cluster.storage.view();
    view.owned_by(uid)
        .map(|(_, object)| object.clone())
        .collect()
}

fn blocks(dependent: &Object, uid: &str) -> bool {
    owner_references(&dependent.value())
        .iter()
        .any(|r| r["uid"] == uid && r["blockOwnerDeletion"] == true)
}

async fn drop_references(cluster: &Cluster, object: &Object, gone: impl Fn(&str) -> bool + Sync) {
    let edit = Edit(|live: &Value| {
        let kept = owner_references(live).iter();
        let kept = kept.filter(|r| !gone(r["uid"].as_str().unwrap_or_default()));
        Some(with_list(live, "ownerReferences", kept.cloned().collect()))
    });
    // What is gone meanwhile has no references either.
    let _ = Write::by_the_server(cluster, object)
        .run(&edit, &mut Warnings::default())
        .await;
}

pub(super) async fn remove_finalizer(cluster: &Cluster, object: &Object, finalizer: &str) {
    let edit = Edit(|live: &Value| {
        let kept = meta_strings(live, "finalizers").into_iter();
        let kept = kept.filter(|f| f != finalizer).map(Value::from);
        Some(with_list(live, "finalizers", kept.collect()))
    });
    // What is gone meanwhile has no finalizers either.
    let _ = Write::by_the_server(cluster, object)
        .run(&edit, &mut Warnings::default())
        .await;
}

/// The object with another list in its metadata, or with none if that is empty.
fn with_list(object: &Value, field: &str, list: Vec<Value>) -> Value {
    let mut next = object.clone();
    let metadata = metadata_mut(&mut next);
    if list.is_empty() {
        metadata.remove(field);
    } else {
        metadata.insert(field.to_owned(), list.into());
    }
    next
}
