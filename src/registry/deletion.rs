//! What a deletion does: upstream's `rest.BeforeDelete`.

use serde_json::{Value, json};

use super::context::WriteContext;
use crate::codec::time;
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
    /// It is seen in this state, and goes.
    MarkAndRemove(Value),
    /// It was told to go before, and stays as it is.
    Pending,
}

/// Upstream's `BeforeDelete` and the choice of finalizers: preconditions, then what becomes of the object.
pub(crate) fn before_delete(
    write: &WriteContext<'_>,
    object: &Value,
    options: &DeleteOptions,
) -> Result<Deletion, Status> {
    check_preconditions(write.kind, object, options)?;
    let present = meta_strings(object, "finalizers");
    let finalizers = finalizers_for_deletion(&present, options, write.kind.policy.orphans);
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

/// How long an object is given to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grace {
    pub(crate) seconds: i64,
}

/// The same for objects that end by themselves when they are told to, and may be given time for it.
pub(crate) fn before_graceful_delete(
    write: &WriteContext<'_>,
    object: &Value,
    options: &DeleteOptions,
    grace: &Grace,
) -> Result<Deletion, Status> {
    check_preconditions(write.kind, object, options)?;
    let metadata = &object["metadata"];
    let given = metadata["deletionGracePeriodSeconds"].as_i64();
    let (time, seconds) = match (metadata["deletionTimestamp"].as_str(), given) {
        (None, _) => (later(write.now, grace.seconds), grace.seconds),
        // It was to go at once, and did not: its finalizers hold it, or nothing does.
        (Some(_), None | Some(0)) => return before_delete(write, object, options),
        (Some(time), Some(given)) => {
            let wanted = options
                .grace_period_seconds
                .map(|s| if s < 0 { 1 } else { s });
            match wanted.filter(|wanted| *wanted < given) {
                Some(wanted) => shorten(write.now, time, given, wanted),
                None => return Ok(Deletion::Pending),
            }
        }
    };
    let mut next = object.clone();
    let present = meta_strings(object, "finalizers");
    let finalizers = finalizers_for_deletion(&present, options, write.kind.policy.orphans);
    let metadata = metadata_mut(&mut next);
    if !metadata.contains_key("deletionTimestamp")
        && let Some(generation) = metadata.get("generation").and_then(Value::as_i64)
    {
        metadata.insert("generation".to_owned(), json!(generation + 1));
    }
    metadata.insert("deletionTimestamp".to_owned(), time.into());
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(seconds));
    let is_held = !finalizers.is_empty();
    match is_held {
        true => metadata.insert("finalizers".to_owned(), finalizers.into()),
        false => metadata.remove("finalizers"),
    };
    Ok(match is_held || seconds > 0 {
        true => Deletion::Mark(next),
        false => Deletion::MarkAndRemove(next),
    })
}

/// A time so many seconds after another.
fn later(time: &str, seconds: i64) -> String {
    let shifted = time::parse(time).ok().and_then(|time| {
        let span = jiff::SignedDuration::from_secs(seconds);
        time.checked_add(span).ok()
    });
    shifted.map_or_else(|| time.to_owned(), time::format)
}

/// The end of a grace period that becomes shorter, which is not in the past; and how long it is now.
fn shorten(now: &str, time: &str, given: i64, wanted: i64) -> (String, i64) {
    let moved = later(time, wanted - given);
    if moved.as_str() >= now {
        return (moved, wanted);
    }
    (now.to_owned(), if wanted == 0 { 0 } else { 1 })
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
/// `orphans` tells what becomes of the dependents where nobody says.
pub(crate) fn finalizers_for_deletion(
    present: &[String],
    options: &DeleteOptions,
    orphans: bool,
) -> Vec<String> {
    let has = |finalizer: &str| present.iter().any(|f| f == finalizer);
    let orphan = match (options.orphan_dependents, options.propagation) {
        (Some(orphan), _) => orphan,
        (None, Some(policy)) => policy == Propagation::Orphan,
        (None, None) => has(ORPHAN_FINALIZER) || (orphans && !has(FOREGROUND_FINALIZER)),
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
