//! The order of rules every resource shares: upstream's `rest.BeforeCreate` and `BeforeUpdate`.

use serde_json::Value;

use super::strategy::{Strategy, WriteContext};
use super::validation::meta;
use crate::kinds::Wire;
use crate::object::{is_terminating, meta_str, meta_strings, metadata, metadata_mut};
use crate::schema;
use crate::status::Status;
use crate::status::field::FieldError;

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
    canonicalize(write, strategy, object);
    Ok(())
}

/// Upstream's `BeforeUpdate`: what an update cannot change is put back, then validation.
pub(crate) fn before_update(
    write: &WriteContext<'_>,
    strategy: &dyn Strategy,
    object: &mut Value,
    old: &Value,
) -> Result<(), Status> {
    keep_generation(object, old);
    strategy.prepare_for_update(write, object, old);
    restore_metadata(object, old);
    let own = strategy.validate_update(write, object, old);
    // Upstream goes through the metadata twice, and tells twice what is wrong with it.
    let namespaced = write.kind.namespaced;
    let mut errors = match own.is_empty() && strategy.validates_metadata_update() {
        true => meta::validate_create_generic(object, namespaced),
        false => meta::validate_update_generic(object, old, namespaced),
    };
    errors.extend(own);
    refuse_invalid(write, object, &errors)?;
    canonicalize(write, strategy, object);
    Ok(())
}

/// What an object is once it is kept.
fn canonicalize(write: &WriteContext<'_>, strategy: &dyn Strategy, object: &mut Value) {
    strategy.canonicalize(object);
    if write.kind.wire == Wire::GoStruct {
        schema::keep(object, &write.kind.schema);
    }
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
    // A custom object is what it says it is, even where that is wrong.
    let called = match kind.wire {
        Wire::Unstructured => object["kind"].as_str().unwrap_or(&kind.kind),
        Wire::GoStruct => &kind.kind,
    };
    Err(Status::invalid(called, &kind.group, name, errors))
}

/// Only the strategy counts generations.
fn keep_generation(object: &mut Value, old: &Value) {
    let metadata = metadata_mut(object);
    match old["metadata"].get("generation") {
        Some(generation) => metadata.insert("generation".to_owned(), generation.clone()),
        None => metadata.remove("generation"),
    };
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

/// Whether an update leaves nothing that holds a terminating object.
pub(crate) fn is_released(strategy: &dyn Strategy, object: &Value) -> bool {
    is_terminating(object)
        && meta_strings(object, "finalizers").is_empty()
        && strategy.may_be_removed(object)
}
