//! Structural schemas: what a CustomResourceDefinition says of its objects, and the walks over it.
//!
//! [`Structural::of`] reads the `openAPIV3Schema` of a version once. [`prune()`], [`default()`] and [`coerce_metadata`]
//! are what the real server does to an object on its way in and out; [`validate()`] is what it has against one, in its
//! words. Upstream these are `apiextensions-apiserver/pkg/apiserver/{schema,validation}` over kube-openapi's validator,
//! and the errors of the latter show through: their texts, their order and their oddities are kept.
//!
//! Where upstream ranges over a Go map, here the keys come in their order. A walk is as deep as the schema and as long
//! as the object; neither is deeper than a JSON document may be.

mod correlate;
mod default_checks;
mod defaulting;
mod list_type;
mod metadata;
#[cfg(test)]
mod property_tests;
mod prune;
mod shown;
#[cfg(test)]
mod tests;
mod validate;

pub(crate) use default_checks::{DefaultChecks, check_defaults, prune_defaults};
pub(crate) use defaulting::{default, prune_nulls};
pub(crate) use list_type::{validate_list_types, validate_list_types_update};
pub(crate) use metadata::{Coercion, coerce_metadata, validate_embedded};
pub(crate) use prune::prune;
pub(crate) use validate::validate;
