//! The admission plugin every cluster has: NamespaceLifecycle.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::handlers::cluster::{Cluster, key};
use crate::object::{Object, meta_str};
use crate::registry::{Namespaces, Strategy, generic};
use crate::status::{Cause, Status};
use crate::storage::Transaction;

/// The namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

/// A creation needs a namespace that exists and is not being deleted.
pub(crate) fn check_create(
    cluster: &Cluster,
    tx: &mut Transaction<'_, Object>,
    strategy: &dyn Strategy,
    namespace: &str,
    object: &Value,
) -> Result<(), Status> {
    match find_namespace(cluster, tx, strategy, namespace)? {
        Some(found) if found.is_terminating() => Err(terminating(strategy, namespace, object)),
        _ => Ok(()),
    }
}

/// What is written to needs a namespace that exists, be it on its way out.
pub(crate) fn check_update(
    cluster: &Cluster,
    tx: &mut Transaction<'_, Object>,
    strategy: &dyn Strategy,
    namespace: &str,
) -> Result<(), Status> {
    find_namespace(cluster, tx, strategy, namespace).map(|_| ())
}

/// The namespace of an object, if it has to have one. Without the name of it, there are others to complain.
fn find_namespace(
    cluster: &Cluster,
    tx: &mut Transaction<'_, Object>,
    strategy: &dyn Strategy,
    namespace: &str,
) -> Result<Option<Arc<Object>>, Status> {
    if !strategy.resource().namespaced || namespace.is_empty() {
        return Ok(None);
    }
    match tx.get(&key(Namespaces.resource(), "", namespace)) {
        Some(found) => Ok(Some(found.clone())),
        None if cluster.implicit_namespaces => {
            create_namespace(cluster, tx, namespace).map(|()| None)
        }
        None => Err(Status::not_found("namespaces", "", namespace)),
    }
}

fn terminating(strategy: &dyn Strategy, namespace: &str, object: &Value) -> Status {
    let name = match (meta_str(object, "name"), meta_str(object, "generateName")) {
        ("", "") => "Unknown",
        ("", generate) => generate,
        (name, _) => name,
    };
    let resource = strategy.resource();
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let mut status = Status::forbidden(resource.plural, resource.group, name, &why);
    status.details.get_or_insert_default().causes.push(Cause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    status
}

/// Some namespaces stay.
pub(crate) fn check_delete(strategy: &dyn Strategy, name: &str) -> Result<(), Status> {
    if strategy.resource().plural == "namespaces"
        && strategy.resource().group.is_empty()
        && IMMORTAL.contains(&name)
    {
        return Err(Status::forbidden(
            "namespaces",
            "",
            name,
            "this namespace may not be deleted",
        ));
    }
    Ok(())
}

/// Makes a namespace as if someone had created it.
pub(crate) fn create_namespace(
    cluster: &Cluster,
    tx: &mut Transaction<'_, Object>,
    name: &str,
) -> Result<(), Status> {
    let mut object = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}});
    Namespaces.set_defaults(&mut object);
    Namespaces.prepare_for_create(&mut object);
    generic::fill_system_fields(&mut object, cluster.ids.uid(), &cluster.timestamp());
    generic::before_create(&Namespaces, &mut object)?;
    let resource = Namespaces.resource();
    tx.put(&key(resource, "", name), |revision| {
        Object::at_revision(resource, object, revision)
    });
    Ok(())
}
