//! The rules of one resource.

use std::sync::Arc;

use serde_json::Value;

use super::generic::{self, Deletion};
use super::resource::Resource;
use crate::object::{Object, meta_str};
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

/// What a write sees of the rest of the cluster.
pub(crate) struct Surroundings<'a> {
    /// The stored objects of the same resource, in all namespaces.
    pub(crate) peers: &'a dyn Fn() -> Vec<Arc<Object>>,
    /// A number below the given one, which must not be 0.
    pub(crate) chance: &'a dyn Fn(usize) -> usize,
    pub(crate) dry_run: bool,
}

/// What differs from resource to resource. The defaults are those of a plain kind.
pub(crate) trait Strategy: Sync {
    fn resource(&self) -> &'static Resource;

    /// Fills in what a version's defaults say; runs on every decoded object.
    fn set_defaults(&self, _object: &mut Value) {}

    /// Takes what the object needs from the pools of the cluster, on creations and (with `old`) updates. Runs first, as
    /// upstream's `BeginCreate` and `BeginUpdate`, so that its errors come before those of validation.
    fn allocate(
        &self,
        _object: &mut Value,
        _old: Option<&Value>,
        _around: &Surroundings<'_>,
    ) -> Result<(), Status> {
        Ok(())
    }

    /// Sets what the server decides on a creation, whatever the client sent.
    fn prepare_for_create(&self, _object: &mut Value) {}

    fn validate(&self, object: &Value) -> Vec<FieldError>;

    /// Whether [`validate`](Self::validate) finds whatever the check of metadata for all kinds finds, which then can be
    /// left out. Upstream goes through it twice.
    fn validates_metadata(&self) -> bool {
        false
    }

    /// Puts back what this kind of update may not change.
    fn prepare_for_update(&self, _object: &mut Value, _old: &Value) {}

    fn validate_update(&self, object: &Value, old: &Value) -> Vec<FieldError>;

    /// Warnings about a valid object that is about to be written.
    fn warnings(&self, _object: &Value) -> Vec<String> {
        Vec::new()
    }

    /// Runs last, on valid objects.
    fn canonicalize(&self, _object: &mut Value) {}

    /// Fields this way of writing resets, and so cannot own.
    fn reset_fields(&self) -> &'static [&'static [&'static str]] {
        &[]
    }

    /// Whether PUT creates what is missing.
    fn allow_create_on_update(&self) -> bool {
        false
    }

    /// Whether an update may go without a resourceVersion.
    fn allow_unconditional_update(&self) -> bool {
        true
    }

    /// Whether a deletion answers with the object rather than with a Status.
    fn returns_deleted_object(&self) -> bool {
        false
    }

    /// Whether a terminating object without finalizers goes for good.
    fn may_be_removed(&self, _object: &Value) -> bool {
        true
    }

    /// What a deletion does to an object that is there.
    fn before_delete(
        &self,
        object: &Value,
        options: &DeleteOptions,
        now: &str,
    ) -> Result<Deletion, Status> {
        generic::before_delete(self.resource(), object, options, now)
    }

    /// The resource whose object of the same name goes with this one.
    fn deleted_along(&self) -> Option<&'static dyn Strategy> {
        None
    }

    /// A warning on every request for this resource, from the minor version it is deprecated in.
    fn deprecation(&self) -> Option<(u32, &'static str)> {
        None
    }

    /// All field labels, for a resource that has more than `metadata.name` and `metadata.namespace`.
    fn selectable_fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// The value of one of the [`Strategy::selectable_fields`].
    fn field(&self, _object: &Value, _label: &str) -> String {
        String::new()
    }

    /// The cells of a Table row between Name and Age.
    fn cells(&self, _object: &Value) -> Vec<Value> {
        Vec::new()
    }

    /// The cells of a Table row, for a resource that has not just [`Strategy::cells`] between Name and Age. `age` tells
    /// how long ago a time was.
    fn row(&self, object: &Value, age: &dyn Fn(&str) -> String) -> Vec<Value> {
        let mut row = vec![meta_str(object, "name").into()];
        row.extend(self.cells(object));
        row.push(age(meta_str(object, "creationTimestamp")).into());
        row
    }

    /// The rules of writing through a subresource.
    fn subresource(&self, _name: &str) -> Option<&'static dyn Strategy> {
        None
    }
}
