//! What a deletion does: upstream's `rest.BeforeDelete`.

use serde_json::{Value, json};

use super::context::WriteContext;
use crate::kinds::Kind;
use crate::object::{meta_str, meta_strings, metadata_mut};
use crate::request::options::{DeleteOptions, Propagation};
use crate::status::Status;

/// The finalizer of a deletion that leaves the dependents alone.
pub(crate) const ORPHAN_FINALIZER: &str = "orphan";
/// The finalizer of a deletion that waits for the dependents.
pub(crate) const FOREGROUND_FINALIZER: &str = "foregroundDeletion";

/// What a deletion does to an object.
#[derive(Debug, PartialEq)]
pub(crate) enum Deletion {
    /// It goes. Without the finalizers that only said how, if it had some.
    Remove(Option<Value>),
    /// It stays, in this state, until its finalizers are gone.
    Mark(Value),
}

/// Upstream's `BeforeDelete` and the choice of finalizers: preconditions, then what becomes of the object.
pub(crate) fn before_delete(
    write: &WriteContext<'_>,
    object: &Value,
    options: &DeleteOptions,
) -> Result<Deletion, Status> {
    check_preconditions(write.kind, object, options)?;
    let present = meta_strings(object, "finalizers");
    let finalizers = finalizers_for_deletion(&present, options);
    if present.is_empty() && finalizers.is_empty() {
        return Ok(Deletion::Remove(None));
    }
    let mut next = object.clone();
    if finalizers.is_empty() {
        metadata_mut(&mut next).remove("finalizers");
        return Ok(Deletion::Remove(Some(next)));
    }
    metadata_mut(&mut next).insert("finalizers".to_owned(), finalizers.into());
    mark_as_deleting(&mut next, write.now);
    Ok(Deletion::Mark(next))
}

fn check_preconditions(kind: &Kind, object: &Value, options: &DeleteOptions) -> Result<(), Status> {
    let checks = [
        (
            "UID",
            "uid",
            &options.preconditions.uid,
            "deleted and then recreated",
        ),
        (
            "ResourceVersion",
            "resourceVersion",
            &options.preconditions.resource_version,
            "modified",
        ),
    ];
    for (what, field, wanted, happened) in checks {
        let found = meta_str(object, field);
        if let Some(wanted) = wanted.as_deref().filter(|w| *w != found) {
            let why = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). \
                 The object might have been {happened}"
            );
            return Err(Status::conflict(
                &kind.kind,
                &kind.group,
                meta_str(object, "name"),
                &why,
            ));
        }
    }
    Ok(())
}

/// Which finalizers a deletion leaves: the garbage collector's two follow the propagation policy.
pub(crate) fn finalizers_for_deletion(present: &[String], options: &DeleteOptions) -> Vec<String> {
    let has = |finalizer: &str| present.iter().any(|f| f == finalizer);
    let orphan = match (options.orphan_dependents, options.propagation) {
        (Some(orphan), _) => orphan,
        (None, Some(policy)) => policy == Propagation::Orphan,
        (None, None) => has(ORPHAN_FINALIZER),
    };
    let foreground = match (options.orphan_dependents, options.propagation) {
        (Some(_), _) => false,
        (None, Some(policy)) => policy == Propagation::Foreground,
        (None, None) => has(FOREGROUND_FINALIZER) && !orphan,
    };
    let others = present
        .iter()
        .filter(|f| *f != ORPHAN_FINALIZER && *f != FOREGROUND_FINALIZER)
        .cloned();
    if orphan == has(ORPHAN_FINALIZER) && foreground == has(FOREGROUND_FINALIZER) {
        return present.to_vec();
    }
    let chosen = [
        (orphan, ORPHAN_FINALIZER),
        (foreground, FOREGROUND_FINALIZER),
    ];
    others
        .chain(
            chosen
                .into_iter()
                .filter(|(wanted, _)| *wanted)
                .map(|(_, f)| f.to_owned()),
        )
        .collect()
}

/// Starts the wait for finalizers. A second time changes nothing.
fn mark_as_deleting(object: &mut Value, now: &str) {
    let metadata = metadata_mut(object);
    if !metadata.contains_key("deletionGracePeriodSeconds")
        && let Some(generation) = metadata
            .get("generation")
            .and_then(Value::as_i64)
            .filter(|g| *g > 0)
    {
        metadata.insert("generation".to_owned(), json!(generation + 1));
    }
    metadata
        .entry("deletionTimestamp")
        .or_insert_with(|| now.into());
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(0));
}
