//! The rules of one kind, as far as they are programmed.

use std::sync::Arc;

use serde_json::Value;

use super::generic::{self, Deletion};
use crate::ids::Ids;
use crate::kinds::Kind;
use crate::object::Object;
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

/// What the rules of a kind know of a write beside the object.
pub(crate) struct WriteContext<'a> {
    /// In the version that is stored, as all the objects here are.
    pub(crate) kind: &'a Kind,
    /// In the version that was asked for.
    pub(crate) asked: &'a Kind,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    pub(crate) dry_run: bool,
    /// RFC 3339.
    pub(crate) now: &'a str,
    pub(crate) chance: &'a dyn Chance,
    pub(crate) lister: &'a dyn Lister,
}

/// Where what is left to chance comes from.
pub(crate) trait Chance: Sync {
    /// A number below `end`, which must not be 0.
    fn below(&self, end: usize) -> usize;
}

impl Chance for Ids {
    fn below(&self, end: usize) -> usize {
        Ids::below(self, end)
    }
}

/// A look at what is stored.
pub(crate) trait Lister: Sync {
    /// The object of this group, kind, namespace (empty for none) and name.
    fn get(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Arc<Object>>;

    /// Whether an object has claimed this, see [`Strategy::claims`].
    fn is_claimed(&self, claim: &str) -> bool;
}

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
        generic::reset(write, object, None);
    }

    /// Puts back what this kind of update may not change.
    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        generic::reset(write, object, Some(old));
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        generic::validate_declared(write, object)
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
        generic::validate_declared_update(write, object, old)
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
        generic::before_delete(write, object, options)
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
