//! What there is to know of a resource before any object of it exists.

use std::borrow::Cow;

use super::Struct;

/// A resource as discovery describes it, and how its objects are kept and shown.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) list_kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    /// Sorted, as discovery lists them.
    pub(crate) verbs: &'static [&'static str],
    pub(crate) subresources: &'static [Subresource],
    /// Between `/registry/` and the object's own part of the storage key.
    pub(crate) storage_prefix: &'static str,
    pub(crate) storage_version_hash: &'static str,
    pub(crate) schema: &'static Struct,
    /// The columns of its Table, Age included.
    pub(crate) columns: &'static [Column],
}

/// `status`, `finalize`, ...: a part of an object with verbs of its own.
#[derive(Debug)]
pub(crate) struct Subresource {
    pub(crate) name: &'static str,
    pub(crate) verbs: &'static [&'static str],
}

/// One column of a Table.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) ty: &'static str,
    pub(crate) format: &'static str,
    pub(crate) description: &'static str,
    pub(crate) priority: u32,
}

impl Resource {
    /// How long [`Resource::api_version`] is.
    pub(crate) fn api_version_len(&self) -> usize {
        if self.group.is_empty() {
            self.version.len()
        } else {
            self.group.len() + 1 + self.version.len()
        }
    }

    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> Cow<'static, str> {
        if self.group.is_empty() {
            self.version.into()
        } else {
            format!("{}/{}", self.group, self.version).into()
        }
    }
}
