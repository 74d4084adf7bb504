//! The garbage collector: what becomes of dependents when their owner is deleted.
//!
//! - Background (the default): once the owner is gone, dependents without another owner go too.
//! - Foreground: dependents go first; the owner waits for those that block its deletion.
//! - Orphan: dependents stay and lose the reference.
//!
//! Only a deletion sets it in motion. A reference to an owner that never was is left alone, so that a test may use any
//! uid; a real collector would take it for a dangling one.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::handlers::cluster::Cluster;
use crate::handlers::delete::delete;
use crate::object::{Object, meta_str, meta_strings, metadata, metadata_mut};
use crate::registry::generic::{FOREGROUND_FINALIZER, ORPHAN_FINALIZER};
use crate::registry::{self, Strategy, generic};
use crate::request::options::{DeleteOptions, Propagation};
use crate::storage::Transaction;

type Tx<'a, 'b> = &'a mut Transaction<'b, Object>;

/// Ends the deletion of an object that waits for the collector, if it can.
pub(super) fn finish_deletion(cluster: &Cluster, key: &str) {
    cluster.storage.write(|tx| {
        let Some(owner) = tx.get(key).filter(|o| o.is_terminating()).cloned() else {
            return;
        };
        let value = owner.value();
        let uid = meta_str(&value, "uid");
        let finalizers = meta_strings(&value, "finalizers");
        if finalizers.iter().any(|f| f == ORPHAN_FINALIZER) {
            for (key, dependent) in dependents(tx, uid) {
                drop_references(tx, &key, &dependent, |reference| reference == uid);
            }
            remove_finalizer(tx, key, &owner, ORPHAN_FINALIZER);
        } else if finalizers.iter().any(|f| f == FOREGROUND_FINALIZER) {
            for (key, dependent) in dependents(tx, uid) {
                collect(cluster, tx, &key, &dependent);
            }
            let blocked = dependents(tx, uid)
                .iter()
                .any(|(_, dependent)| blocks(dependent, uid));
            if !blocked {
                remove_finalizer(tx, key, &owner, FOREGROUND_FINALIZER);
            }
        }
    });
}

/// Deletes what depended on objects that are gone, by their uids, unless it has another owner.
pub(super) fn collect_dependents(cluster: &Cluster, gone: &BTreeSet<String>) {
    cluster.storage.write(|tx| {
        let mut all = tx.range("/");
        all.retain(|(_, object)| {
            owner_uids(&object.value())
                .iter()
                .any(|uid| gone.contains(uid))
        });
        for (key, dependent) in all {
            collect(cluster, tx, &key, &dependent);
        }
    });
}

/// The key of a terminating object of this uid.
pub(super) fn find_terminating(cluster: &Cluster, uid: &str) -> Option<String> {
    let view = cluster.storage.view();
    let mut all = view.range("/", "", view.revision());
    let found =
        all.find(|(_, object)| meta_str(&object.value(), "uid") == uid && object.is_terminating());
    found.map(|(key, _)| key.to_string())
}

/// Upstream's `attemptToDeleteItem`: an owner that lives on keeps the dependent, which loses its other references.
fn collect(cluster: &Cluster, tx: Tx<'_, '_>, key: &str, dependent: &Arc<Object>) {
    let owners = owner_uids(&dependent.value());
    let state =
        |tx: &Transaction<'_, Object>, uid: &str| find(tx, uid).map(|owner| owner.is_terminating());
    let solid: Vec<String> = owners
        .iter()
        .filter(|uid| state(tx, uid) == Some(false))
        .cloned()
        .collect();
    if !solid.is_empty() {
        return drop_references(tx, key, dependent, |uid| !solid.iter().any(|s| s == uid));
    }
    if dependent.is_terminating() {
        return;
    }
    let waited_for = owners.iter().any(|uid| state(tx, uid) == Some(true));
    let value = dependent.value();
    let uid = meta_str(&value, "uid");
    let foreground = waited_for && !dependents(tx, uid).is_empty();
    let propagation = if foreground {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    let options = DeleteOptions {
        propagation: Some(propagation),
        ..DeleteOptions::default()
    };
    if let Some(strategy) = strategy_of(dependent) {
        // Gone already, or not to be deleted: either way there is nothing more to do here.
        let _ = delete(
            cluster,
            tx,
            strategy,
            dependent.namespace(),
            dependent.name(),
            &options,
        );
    }
}

fn dependents(tx: &Transaction<'_, Object>, uid: &str) -> Vec<(Arc<str>, Arc<Object>)> {
    let mut all = tx.range("/");
    all.retain(|(_, object)| owner_uids(&object.value()).iter().any(|owner| owner == uid));
    all
}

fn find(tx: &Transaction<'_, Object>, uid: &str) -> Option<Arc<Object>> {
    tx.range("/")
        .into_iter()
        .map(|(_, object)| object)
        .find(|object| meta_str(&object.value(), "uid") == uid)
}

fn references(value: &Value) -> &[Value] {
    let list = metadata(value).and_then(|m| m.get("ownerReferences")?.as_array());
    list.map_or(&[], Vec::as_slice)
}

fn owner_uids(value: &Value) -> Vec<String> {
    references(value)
        .iter()
        .filter_map(|r| r["uid"].as_str())
        .map(str::to_owned)
        .collect()
}

fn blocks(dependent: &Object, uid: &str) -> bool {
    references(&dependent.value())
        .iter()
        .any(|r| r["uid"] == uid && r["blockOwnerDeletion"] == true)
}

fn drop_references(tx: Tx<'_, '_>, key: &str, object: &Arc<Object>, gone: impl Fn(&str) -> bool) {
    let kept: Vec<Value> = references(&object.value())
        .iter()
        .filter(|r| !gone(r["uid"].as_str().unwrap_or_default()))
        .cloned()
        .collect();
    let mut next = object.to_value();
    set_or_remove(&mut next, "ownerReferences", kept);
    store(tx, key, object, next);
}

fn remove_finalizer(tx: Tx<'_, '_>, key: &str, object: &Arc<Object>, finalizer: &str) {
    let kept = meta_strings(&object.value(), "finalizers")
        .into_iter()
        .filter(|f| f != finalizer);
    let kept: Vec<Value> = kept.map(Value::from).collect();
    let mut next = object.to_value();
    set_or_remove(&mut next, "finalizers", kept);
    store(tx, key, object, next);
}

fn set_or_remove(object: &mut Value, field: &str, list: Vec<Value>) {
    let metadata = metadata_mut(object);
    if list.is_empty() {
        metadata.remove(field);
    } else {
        metadata.insert(field.to_owned(), list.into());
    }
}

/// Writes a state, or removes the object if nothing holds it any more.
pub(super) fn store(tx: Tx<'_, '_>, key: &str, live: &Arc<Object>, next: Value) {
    let resource = live.resource;
    let released = strategy_of(live).is_some_and(|strategy| generic::is_released(strategy, &next));
    if released {
        tx.delete(key, |revision| {
            Object::at_revision(resource, live.to_value(), revision)
        });
    } else if next != *live.value() {
        tx.put(key, |revision| {
            Object::at_revision(resource, next, revision)
        });
    }
}

fn strategy_of(object: &Object) -> Option<&'static dyn Strategy> {
    let resource = object.resource;
    registry::find(resource.group, resource.version, resource.plural)
}
