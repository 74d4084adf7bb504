//! NamespaceLifecycle: what is in a namespace needs one that is there, and nothing new comes into one that is going.

use std::sync::Arc;

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::object::Object;
use crate::status::{Cause, Status};

/// The namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

pub(super) struct NamespaceLifecycle;

impl Plugin for NamespaceLifecycle {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        match write.operation {
            Operation::Delete => check_delete(write),
            Operation::Update | Operation::Connect => find_namespace(write).map(drop),
            Operation::Create => match find_namespace(write)? {
                Some(found) if found.is_terminating() => Err(terminating(write, object.as_deref())),
                _ => Ok(()),
            },
        }
    }
}

/// Some namespaces stay.
fn check_delete(write: &Attributes<'_>) -> Result<(), Status> {
    let is_namespace = write.is_about("", "Namespace");
    if is_namespace && IMMORTAL.contains(&write.name) {
        let why = "this namespace may not be deleted";
        return Err(Status::forbidden("namespaces", "", write.name, why));
    }
    Ok(())
}

/// The namespace of an object, if it has to have one. Without the name of it, there are others to complain.
fn find_namespace(write: &Attributes<'_>) -> Result<Option<Arc<Object>>, Status> {
    if !write.kind.namespaced || write.namespace.is_empty() {
        return Ok(None);
    }
    let found = write.lister.get("", "Namespace", "", write.namespace);
    found
        .map(Some)
        .ok_or_else(|| Status::not_found("namespaces", "", write.namespace))
}

fn terminating(write: &Attributes<'_>, object: Option<&Value>) -> Status {
    let namespace = write.namespace;
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let mut status = write.forbidden(object, &why);
    status.details.get_or_insert_default().causes.push(Cause {
        reason: "NamespaceTerminating".to_owned(),
        message: format!("namespace {namespace} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    status
}
