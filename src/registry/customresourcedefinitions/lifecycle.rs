//! What the server makes of a definition after it was written, as upstream's controllers for naming, establishing, approval
//! and finalizing do, one step after the other.

use std::sync::Arc;

use serde_json::{Value, json};

use super::conditions::{Condition, ESTABLISHED, NAMES_ACCEPTED, TERMINATING, is_true};
use super::{approval, ca_bundle, names};
use crate::object::{Object, is_terminating, meta_strings, metadata_mut};
use crate::registry::context::WriteContext;
use crate::registry::deletion::{self, Deletion};
use crate::registry::strategy::Lister;
use crate::registry::validation::read::{list_at, text_at};
use crate::request::options::DeleteOptions;
use crate::status::Status;

/// Holds a definition until its objects are gone.
const CLEANUP_FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The next step, if there is one.
pub(super) fn next(crd: &Value, lister: &dyn Lister, now: &str) -> Option<Value> {
    finalize(crd, lister, now)
        .or_else(|| names::name(crd, lister, now))
        .or_else(|| say(crd, approval::condition(crd)?, now))
        .or_else(|| establish(crd, now))
}

fn say(crd: &Value, condition: Condition, now: &str) -> Option<Value> {
    if condition.is_in(crd) {
        return None;
    }
    let mut next = crd.clone();
    condition.set(&mut next, now);
    Some(next)
}

fn establish(crd: &Value, now: &str) -> Option<Value> {
    if !is_true(crd, NAMES_ACCEPTED) || is_true(crd, ESTABLISHED) {
        return None;
    }
    let client = &crd["spec"]["conversion"]["webhook"]["clientConfig"];
    let condition = match ca_bundle::error(text_at(client, "caBundle")).is_none() {
        true => Condition::new(
            ESTABLISHED,
            "True",
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
        false => Condition::new(
            ESTABLISHED,
            "False",
            "InvalidCABundle",
            "The conversion webhook CABundle is invalid",
        ),
    };
    say(crd, condition, now)
}

/// Whether the definition goes once its objects are gone.
fn is_finalizing(crd: &Value) -> bool {
    is_terminating(crd)
        && meta_strings(crd, "finalizers")
            .iter()
            .any(|f| f == CLEANUP_FINALIZER)
}

/// Those in the place of which custom objects would be kept.
fn overlaps(crd: &Value) -> bool {
    let spec = &crd["spec"];
    let resource = (text_at(spec, "group"), text_at(&spec["names"], "plural"));
    resource == ("apiregistration.k8s.io", "apiservices")
        || resource == ("apiextensions.k8s.io", "customresourcedefinitions")
}

fn finalize(crd: &Value, lister: &dyn Lister, now: &str) -> Option<Value> {
    if !is_finalizing(crd) {
        return None;
    }
    let condition =
        |status, reason, message: &str| Condition::new(TERMINATING, status, reason, message);
    let underway = condition(
        "True",
        "InstanceDeletionInProgress",
        "CustomResource deletion is in progress",
    );
    if !underway.is_in(crd) {
        return say(crd, underway, now);
    }
    let done = if overlaps(crd) {
        let message = "instances overlap with built-in resources in storage";
        condition("False", "OverlappingBuiltInResource", message)
    } else if !is_true(crd, ESTABLISHED) {
        condition(
            "False",
            "NeverEstablished",
            "resource was never established",
        )
    } else if instances(crd, lister).is_empty() {
        condition(
            "False",
            "InstanceDeletionCompleted",
            "removed all instances",
        )
    } else {
        return None;
    };
    let mut next = crd.clone();
    done.set(&mut next, now);
    let mut finalizers = meta_strings(crd, "finalizers");
    finalizers.retain(|finalizer| finalizer != CLEANUP_FINALIZER);
    match finalizers.is_empty() {
        true => metadata_mut(&mut next).remove("finalizers"),
        false => metadata_mut(&mut next).insert("finalizers".to_owned(), json!(finalizers)),
    };
    Some(next)
}

/// The objects of the kind.
fn instances(crd: &Value, lister: &dyn Lister) -> Vec<Arc<Object>> {
    let kind = text_at(&crd["status"]["acceptedNames"], "kind");
    lister.list(text_at(&crd["spec"], "group"), kind, "")
}

/// The objects of the kind that are to go before the definition does.
pub(super) fn doomed(crd: &Value, lister: &dyn Lister) -> Vec<Arc<Object>> {
    if !is_finalizing(crd) || overlaps(crd) || !is_true(crd, ESTABLISHED) {
        return Vec::new();
    }
    let mut doomed = instances(crd, lister);
    doomed.retain(|object| !object.is_terminating());
    doomed
}

/// A deletion is put off until the objects of the kind are gone.
pub(super) fn before_delete(
    write: &WriteContext<'_>,
    crd: &Value,
    options: &DeleteOptions,
) -> Result<Deletion, Status> {
    check_preconditions(write, crd, options)?;
    if is_terminating(crd) {
        return deletion::before_delete(write, crd, options);
    }
    let mut next = crd.clone();
    let mut finalizers = meta_strings(crd, "finalizers");
    if !finalizers
        .iter()
        .any(|finalizer| finalizer == CLEANUP_FINALIZER)
    {
        finalizers.push(CLEANUP_FINALIZER.to_owned());
    }
    let metadata = metadata_mut(&mut next);
    metadata.insert("deletionTimestamp".to_owned(), write.now.into());
    metadata.insert("finalizers".to_owned(), json!(finalizers));
    let pending = Condition::new(
        TERMINATING,
        "True",
        "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    );
    pending.set(&mut next, write.now);
    Ok(Deletion::Mark(next))
}

fn check_preconditions(
    write: &WriteContext<'_>,
    crd: &Value,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let wanted = &options.preconditions;
    let checks = [
        ("UID", "uid", &wanted.uid),
        (
            "ResourceVersion",
            "resourceVersion",
            &wanted.resource_version,
        ),
    ];
    for (what, field, wanted) in checks {
        let found = text_at(&crd["metadata"], field);
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
            let why = format!(
                "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
            );
            let (kind, name) = (write.kind, text_at(&crd["metadata"], "name"));
            return Err(Status::conflict(&kind.plural, &kind.group, name, &why));
        }
    }
    Ok(())
}

/// The version that objects are stored in.
pub(super) fn storage_version(crd: &Value) -> Option<&str> {
    let versions = list_at(&crd["spec"], "versions");
    let stored = versions.iter().find(|version| version["storage"] == true);
    stored.map(|version| text_at(version, "name"))
}
