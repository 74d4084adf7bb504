//! The rules of one kind, as far as they are programmed.

use std::sync::Arc;

use serde_json::Value;

pub(crate) use super::context::{Access, Ask, Lister, WriteContext};
use super::declared;
use super::deletion::{self, Deletion};
use crate::kinds::Kind;
use crate::object::Object;
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

/// Stands for the time at which a cluster began.
pub(crate) const AT_START: &str = "0001-01-01T00:00:00Z";

/// Where an object has the numbers that its scale shows.
pub(crate) struct ScalePaths {
    pub(crate) replicas: Vec<String>,
    pub(crate) status_replicas: Vec<String>,
    /// How messages call the first of them, if there is no scale without it.
    pub(crate) is_required: Option<String>,
}

impl Default for ScalePaths {
    /// `spec.replicas` and `status.replicas`; where there is none, it is 0.
    fn default() -> Self {
        let below = |part: &str| vec![part.to_owned(), "replicas".to_owned()];
        ScalePaths {
            replicas: below("spec"),
            status_replicas: below("status"),
            is_required: None,
        }
    }
}

/// What differs from kind to kind beyond what its page says. The defaults are those of a plain kind.
pub(crate) trait Strategy: Sync {
    /// Fills in what a version's defaults say; runs on every decoded object.
    fn set_defaults(&self, _object: &mut Value) {}

    /// The objects that every cluster has from the start, for a kind whose page says `initial`: complete but for what
    /// identifies them. Times in them are [`AT_START`]. `collected` tells whether somebody collects the rules of roles from
    /// those of others.
    fn initial(&self, _kind: &Kind, _collected: bool) -> Vec<Value> {
        Vec::new()
    }

    /// Who owns the fields of those objects.
    fn initial_manager(&self) -> &'static str {
        "kube-apiserver"
    }

    /// Whether who writes may write this, beyond what a request is authorized for. Runs before anything else is checked.
    fn permit(
        &self,
        _write: &WriteContext<'_>,
        _object: &Value,
        _old: Option<&Value>,
    ) -> Result<(), Status> {
        Ok(())
    }

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

    /// Warnings about a new object as it was sent, before anything of it is set.
    fn warnings_before_prepare(&self, _object: &Value) -> Vec<String> {
        Vec::new()
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

    /// The same about one that takes the place of an old one.
    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<String> {
        self.warnings(write, object)
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

    /// A warning to who deletes one.
    fn delete_warning(&self, _options: &DeleteOptions) -> Option<&'static str> {
        None
    }

    /// An annotation that stands for a field of upstream's internal type, which shows where that is shown: as metadata alone.
    fn hidden_annotation(&self) -> Option<&'static str> {
        None
    }

    /// Where an object has the numbers that its scale shows.
    fn scale_paths(&self, _kind: &Kind) -> ScalePaths {
        ScalePaths::default()
    }

    /// The selector of the pods of an object, as its scale shows it.
    fn scale_selector(&self, _kind: &Kind, _object: &Value) -> String {
        String::new()
    }

    /// What the server itself says in the status of an object that does not say it yet, and as whom; for kinds whose page
    /// says that there is something.
    fn settled(
        &self,
        _object: &Value,
        _lister: &dyn Lister,
        _now: &str,
    ) -> Option<(&'static str, Value)> {
        None
    }

    /// What the server itself makes of an object next, at once when it was written, until there is nothing left to do; for
    /// kinds whose page says that the server follows.
    fn followed(&self, _object: &Value, _lister: &dyn Lister, _now: &str) -> Option<Value> {
        None
    }

    /// The objects that must go before this one can, and were not told to go yet; for the same kinds.
    fn doomed(&self, _object: &Value, _lister: &dyn Lister) -> Vec<Arc<Object>> {
        Vec::new()
    }

    /// The names of the objects that may get what this one had, now that it is gone or gave something up; for the same kinds.
    fn rivals(&self, _name: &str, _lister: &dyn Lister) -> Vec<String> {
        Vec::new()
    }

    /// Whether a controller says that, who is not there where none are.
    fn settles_by_controller(&self) -> bool {
        false
    }

    /// The group and kind of what goes with this object, under the same name.
    fn deleted_along(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// What the controllers of a cluster make along with a new object of this name, and again if it goes: group, kind and
    /// object.
    /// `authority` is the bundle of certificates to trust the server by.
    fn created_along(
        &self,
        _name: &str,
        _authority: &str,
    ) -> Vec<(&'static str, &'static str, Value)> {
        Vec::new()
    }

    /// What the field label of this path selects by, where it is not just the field that is there.
    fn field(&self, _object: &Value, _path: &[&str]) -> Option<String> {
        None
    }

    /// What the rows of a list come by before their names, where it is something.
    fn row_rank(&self) -> Option<fn(&Value) -> i64> {
        None
    }

    /// The cell of a column that the page of the kind leaves to its code. `age` tells how long ago a time was.
    fn cell(&self, _column: &str, _object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        Value::Null
    }

    /// The conditions of the row of an object, if it has any.
    fn row_conditions(&self, _object: &Value) -> Value {
        Value::Null
    }
}

/// A kind about which there is nothing to know but its page.
pub(super) struct Plain;

impl Strategy for Plain {}
