//! Field ownership and server-side apply: `metadata.managedFields`.
//!
//! Every stored object remembers which manager set which of its fields. [`create`] and [`update`] keep that record for
//! plain writes; [`apply`] also goes by it. Everything here is pure: time and names come in as arguments, objects in
//! their canonical form.
//!
//! A field is a path of [`path::Element`]s, a manager's fields are a [`set::Set`], and what counts as one field is for
//! the schema to say: maps and structs are owned member by member, sets and keyed lists item by item, everything atomic
//! as one. [`typed`] walks values that way, and [`compare`] two of them. The entries themselves are the business of [`managed_fields`].
//!
//! A create owns what it sets; an update owns what it changes, and takes that from everyone else; neither ever fails.
//! An apply owns all its configuration says, whoever else does, and fails where someone else's value would have to go.
//! Fields it leaves out that it applied before go, unless someone else owns them too.
//!
//! Whoever calls these writes in this order: [`create`] on the decoded and defaulted object, before the strategy sets
//! fields of its own; [`update`] on the object a PUT or a patch made; or else [`apply`], then defaulting. After the
//! strategy has restored the fields that are the server's, [`keep_times`] makes a write of mere times none at all.
//!
//! The algorithm is that of `sigs.k8s.io/structured-merge-diff` v6 and of `k8s.io/apimachinery/pkg/util/managedfields`.

mod applier;
mod cap;
mod compare;
mod config;
mod conflicts;
mod entries;
mod fields;
mod last_applied;
mod managed_fields;
mod merge;
pub(crate) mod part;
mod path;
mod set;
mod timestamps;
mod typed;
#[cfg(feature = "cel")]
mod unowned;
mod update;
mod versions;

#[cfg(test)]
mod apply_tests;
#[cfg(test)]
mod every_kind_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod update_tests;

use crate::kinds::StructRef;
use crate::status::Cause;

pub(crate) use applier::apply;
pub(crate) use managed_fields::Sent;
pub(crate) use timestamps::keep_times;
#[cfg(feature = "cel")]
pub(crate) use unowned::merge_unowned;
pub(crate) use update::{create, update};
pub(crate) use versions::InVersion;

/// Who writes, through what, and when.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    /// Whether a version is one of the same kind in another group. What managers wrote in such a one cannot be converted:
    /// upstream forgets them as soon as somebody else writes.
    pub(crate) is_foreign: &'a dyn Fn(&str) -> bool,
    /// What the object looks like in another version that somebody wrote it in.
    pub(crate) in_version: InVersion<'a>,
    /// `fieldManager`, or else the first part of the User-Agent.
    pub(crate) manager: &'a str,
    /// The version of the resource: `v1`, `apps/v1`.
    pub(crate) api_version: &'a str,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    /// RFC 3339.
    pub(crate) now: &'a str,
}

/// Paths of named fields, such as those a strategy resets: `[["status"], ["spec", "finalizers"]]`.
pub(crate) type Paths<'a> = &'a [Vec<String>];

/// What an apply has to know of the kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppliedKind<'a> {
    /// `Endpoints`.
    pub(crate) name: &'a str,
    pub(crate) schema: &'a StructRef,
    /// What the strategy of the resource resets, and so no one can own.
    pub(crate) reset: Paths<'a>,
}

/// Why a configuration cannot be applied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ApplyError {
    /// 409: others own fields with other values.
    Conflict { message: String, causes: Vec<Cause> },
    /// 500 without a reason: the configuration is not of the kind's schema.
    Typed(String),
    /// 400.
    BadRequest(String),
}
