//! What the rules of a kind are told.

use std::sync::Arc;

use serde_json::Value;

use crate::ids::Ids;
use crate::kinds::Kind;
use crate::object::Object;
use crate::request::user::UserInfo;

/// What the rules of a kind know of a write beside the object.
pub(crate) struct WriteContext<'a> {
    /// In the version that is stored, as all the objects here are.
    pub(crate) kind: &'a Kind,
    /// In the version that was asked for.
    pub(crate) asked: &'a Kind,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    pub(crate) dry_run: bool,
    /// Who asks; none for the server itself.
    pub(crate) user: Option<&'a UserInfo>,
    /// What the user may do; none for the server itself.
    pub(crate) access: Option<&'a dyn Access>,
    /// RFC 3339.
    pub(crate) now: &'a str,
    pub(crate) chance: &'a dyn Chance,
    pub(crate) lister: &'a dyn Lister,
}

/// Where what is left to chance comes from.
pub(crate) trait Chance: Sync {
    /// A number below `end`, which must not be 0.
    fn below(&self, end: usize) -> usize;

    /// A name that begins so.
    fn name(&self, base: &str) -> String;

    /// A name that nothing else has.
    fn unique(&self) -> String;
}

impl Chance for Ids {
    fn below(&self, end: usize) -> usize {
        Ids::below(self, end)
    }

    fn name(&self, base: &str) -> String {
        Ids::name(self, base)
    }

    fn unique(&self) -> String {
        self.uid()
    }
}

/// What is asked of the authorizer about an object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    /// Empty for the whole cluster.
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    /// Instead of a resource, where it is not empty.
    pub(crate) path: &'a str,
}

/// What users may do.
pub(crate) trait Access: Sync {
    fn allows(&self, user: &UserInfo, ask: &Ask<'_>) -> bool;

    /// Why a user may not give these rights away in a namespace: the text of upstream's `ConfirmNoEscalation`, if they do
    /// not have all of them.
    fn escalation(&self, user: &UserInfo, namespace: &str, rules: &[Value]) -> Option<String>;
}

/// A look at what is stored.
pub(crate) trait Lister: Sync {
    /// The object of this group, kind, namespace (empty for none) and name.
    fn get(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Arc<Object>>;

    /// The objects of this group and kind in a namespace (empty for all there are), in the order of their keys.
    fn list(&self, group: &str, kind: &str, namespace: &str) -> Vec<Arc<Object>>;

    /// Whether an object has claimed this, see [`Strategy::claims`](super::Strategy::claims).
    fn is_claimed(&self, claim: &str) -> bool;
}
