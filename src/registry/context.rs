//! What the rules of a kind are told.

use std::sync::Arc;

use crate::ids::Ids;
use crate::kinds::Kind;
use crate::object::Object;

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

    /// Whether an object has claimed this, see [`Strategy::claims`](super::Strategy::claims).
    fn is_claimed(&self, claim: &str) -> bool;
}
