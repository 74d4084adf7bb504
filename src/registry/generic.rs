//! The order of rules every resource shares: upstream's `rest.BeforeCreate`, `BeforeUpdate` and `BeforeDelete`.

use serde_json::{Value, json};

use super::strategy::{Strategy, WriteContext};
use super::validation::{core, meta};
use crate::kinds::{Kind, NameFormat};
use crate::names::{NameRule, name_is_dns_label, name_is_dns_subdomain, name_is_path_segment};
use crate::object::{is_terminating, meta_str, meta_strings, metadata, metadata_mut};
use crate::request::options::{DeleteOptions, Propagation};
use crate::schema::rules;
use crate::status::Status;
use crate::status::field::FieldError;

/// The finalizer of a deletion that leaves the dependents alone.
pub(crate) const ORPHAN_FINALIZER: &str = "orphan";
/// The finalizer of a deletion that waits for the dependents.
pub(crate) const FOREGROUND_FINALIZER: &str = "foregroundDeletion";

/// What a client may not set on a creation; the server sets it afterwards.
const WIPED: [&str; 5] = [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// Removes the fields only the server sets.
pub(crate) fn wipe_system_fields(object: &mut Value) {
    let metadata = metadata_mut(object);
    for field in WIPED {
        metadata.remove(field);
    }
}

/// Gives a new object its identity.
pub(crate) fn fill_system_fields(object: &mut Value, uid: String, now: &str) {
    let metadata = metadata_mut(object);
    metadata.remove("selfLink");
    metadata.insert("uid".to_owned(), uid.into());
    metadata.insert("creationTimestamp".to_owned(), now.into());
}

/// Takes out the fields that are written otherwise, or on an update puts those of the old object in their place; and
/// takes out what the server does not have.
pub(crate) fn reset(write: &WriteContext<'_>, object: &mut Value, old: Option<&Value>) {
    rules::drop_off(object, old, &write.kind.schema);
    for path in write.kind.resets(write.subresource) {
        let Some((last, parents)) = path.split_last() else {
            continue;
        };
        let before = old.and_then(|old| path.iter().try_fold(old, |at, name| at.get(name)));
        let parent = parents
            .iter()
            .try_fold(&mut *object, |at, name| at.get_mut(name));
        let Some(parent) = parent.and_then(Value::as_object_mut) else {
            continue;
        };
        match before {
            Some(before) => parent.insert(last.clone(), before.clone()),
            None => parent.remove(last),
        };
    }
}

/// What the page of the kind says of its objects, and what is true of all metadata.
pub(crate) fn validate_declared(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let name_rule: NameRule = match write.kind.name_format {
        NameFormat::DnsSubdomain => name_is_dns_subdomain,
        NameFormat::DnsLabel => name_is_dns_label,
        NameFormat::PathSegment => name_is_path_segment,
    };
    let mut errors = core::validate_object_meta(object, write.kind.namespaced, name_rule);
    errors.extend(rules::validate(object, None, &write.kind.schema));
    errors
}

/// The same of an object that takes the place of an old one.
pub(crate) fn validate_declared_update(
    write: &WriteContext<'_>,
    object: &Value,
    old: &Value,
) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(object, old);
    errors.extend(rules::validate(object, Some(old), &write.kind.schema));
    errors
}

/// Upstream's `BeforeCreate`, once the object has its name: validation of all it is now.
pub(crate) fn before_create(
    write: &WriteContext<'_>,
    strategy: &dyn Strategy,
    object: &mut Value,
) -> Result<(), Status> {
    let mut errors = strategy.validate(write, object);
    if errors.is_empty() && !strategy.validates_metadata() {
        errors = meta::validate_create_generic(object, write.kind.namespaced);
    }
    refuse_invalid(write, object, &errors)?;
    strategy.canonicalize(object);
    Ok(())
}

/// Upstream's `BeforeUpdate`: what an update cannot change is put back, then validation.
pub(crate) fn before_update(
    write: &WriteContext<'_>,
    strategy: &dyn Strategy,
    object: &mut Value,
    old: &Value,
) -> Result<(), Status> {
    strategy.prepare_for_update(write, object, old);
    restore_metadata(object, old);
    let mut errors = meta::validate_update_generic(object, old, write.kind.namespaced);
    errors.extend(strategy.validate_update(write, object, old));
    refuse_invalid(write, object, &errors)?;
    strategy.canonicalize(object);
    Ok(())
}

fn refuse_invalid(
    write: &WriteContext<'_>,
    object: &Value,
    errors: &[FieldError],
) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    let (kind, name) = (write.kind, meta_str(object, "name"));
    Err(Status::invalid(&kind.kind, &kind.group, name, errors))
}

fn restore_metadata(object: &mut Value, old: &Value) {
    let empty = serde_json::Map::new();
    let old = metadata(old).unwrap_or(&empty);
    let new = metadata_mut(object);
    let mut put_back = |field: &str| {
        match old.get(field) {
            Some(value) => new.insert(field.to_owned(), value.clone()),
            None => new.remove(field),
        };
    };
    put_back("creationTimestamp");
    put_back("generation");
    if old.contains_key("deletionTimestamp") {
        put_back("deletionTimestamp");
    }
    new.remove("selfLink");
    for field in ["uid", "deletionGracePeriodSeconds", "namespace"] {
        if let (false, Some(value)) = (new.contains_key(field), old.get(field)) {
            new.insert(field.to_owned(), value.clone());
        }
    }
}

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

/// Whether an update leaves nothing that holds a terminating object.
pub(crate) fn is_released(strategy: &dyn Strategy, object: &Value) -> bool {
    is_terminating(object)
        && meta_strings(object, "finalizers").is_empty()
        && strategy.may_be_removed(object)
}
