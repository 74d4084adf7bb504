//! The rules of one kind, as far as they are programmed.

use serde_json::Value;

pub(crate) use super::context::{Lister, WriteContext};
use super::declared;
use super::deletion::{self, Deletion};
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

/// What differs from kind to kind beyond what its page says. The defaults are those of a plain kind.
pub(crate) trait Strategy: Sync {
    /// Fills in what a version's defaults say; runs on every decoded object.
    fn set_defaults(&self, _object: &mut Value) {}

    /// Takes what the object needs from the pools of the cluster, on creations and (with `old`) updates. Runs first, as
    /// upstream's `BeginCreate` and `BeginUpdate`, so that its errors come before those of validation. What was chosen is
    /// the object's as soon as the object is stored, see [`claims`](Self::claims).
    fn allocate(
        &self,
        _write: &WriteContext<'_>,
        _object: &mut Value,
        _old: Option<&Value>,
    ) -> Result<(), Status> {
        Ok(())
    }

    /// What no other object may have while this one is stored, such as an address. If another was faster, the write begins
    /// anew, and so does the choice.
    fn claims(&self, _object: &Value) -> Vec<Box<str>> {
        Vec::new()
    }

    /// Sets what the server decides on a creation, whatever the client sent.
    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        declared::reset(write, object, None);
    }

    /// Puts back what this kind of update may not change.
    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        declared::validate(write, object)
    }

    /// Whether [`validate`](Self::validate) finds whatever the check of metadata for all kinds finds, which then can be
    /// left out. Upstream goes through it twice.
    fn validates_metadata(&self) -> bool {
        false
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        declared::validate_update(write, object, old)
    }

    /// Whether [`validate_update`](Self::validate_update) finds whatever the check of changed metadata for all kinds finds.
    fn validates_metadata_update(&self) -> bool {
        true
    }

    /// Warnings about a valid object that is about to be written.
    fn warnings(&self, _write: &WriteContext<'_>, _object: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Runs last, on valid objects.
    fn canonicalize(&self, _object: &mut Value) {}

    /// Whether a terminating object without finalizers goes for good.
    fn may_be_removed(&self, _object: &Value) -> bool {
        true
    }

    /// What a deletion does to an object that is there.
    fn before_delete(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        deletion::before_delete(write, object, options)
    }

    /// The group and kind of what goes with this object, under the same name.
    fn deleted_along(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// What the field label of this path selects by, where it is not just the field that is there.
    fn field(&self, _object: &Value, _path: &[&str]) -> Option<String> {
        None
    }

    /// The cell of a column that the page of the kind leaves to its code. `age` tells how long ago a time was.
    fn cell(&self, _column: &str, _object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        Value::Null
    }
}

/// A kind about which there is nothing to know but its page.
pub(super) struct Plain;

impl Strategy for Plain {}
