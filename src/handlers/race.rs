//! Another writer, who comes just before a request.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cluster::{Cluster, key};
use super::{Target, admission};
use crate::object::{Object, meta_str, metadata_mut};
use crate::registry::generic;
use crate::request::options::DeleteOptions;

/// The annotation another writer leaves.
const ANNOTATION: &str = "fake-apiserver/raced-at";

/// Changes the object, if it is there.
pub(crate) fn update(cluster: &Cluster, target: &Target, name: &str) {
    let resource = target.strategy.resource();
    let key = key(resource, &target.namespace, name);
    cluster.storage.write(|tx| {
        let Some(live) = tx.get(&key).cloned() else {
            return;
        };
        let mut next = live.to_value();
        let annotations = metadata_mut(&mut next)
            .entry("annotations")
            .or_insert_with(|| json!({}));
        annotations[ANNOTATION] = meta_str(&live.value(), "resourceVersion").into();
        tx.put(&key, |revision| {
            Object::at_revision(resource, next, revision)
        });
    });
}

/// Deletes the object, if it is there.
pub(crate) fn delete(cluster: &Cluster, target: &Target, name: &str) {
    let options = DeleteOptions::default();
    let (strategy, namespace) = (target.strategy, target.namespace.as_str());
    // What is not there cannot be deleted first.
    let _ = cluster
        .storage
        .write(|tx| super::delete::delete(cluster, tx, strategy, namespace, name, &options));
}

/// Creates the object, if it is not there.
pub(crate) fn create(cluster: &Cluster, target: &Target, name: &str) {
    let resource = target.strategy.resource();
    let key = key(resource, &target.namespace, name);
    let mut object: Value = json!({"kind": resource.kind, "apiVersion": resource.api_version(), "metadata": {"name": name}});
    if resource.namespaced {
        metadata_mut(&mut object).insert("namespace".to_owned(), target.namespace.as_str().into());
    }
    target.strategy.set_defaults(&mut object);
    cluster.storage.write(|tx| {
        if tx.get(&key).is_some()
            || admission::check_create(cluster, tx, target.strategy, &target.namespace, &object)
                .is_err()
        {
            return;
        }
        target.strategy.prepare_for_create(&mut object);
        generic::fill_system_fields(&mut object, cluster.ids.uid(), &cluster.timestamp());
        let _: Arc<Object> = tx.put(&key, |revision| {
            Object::at_revision(resource, object, revision)
        });
    });
}
