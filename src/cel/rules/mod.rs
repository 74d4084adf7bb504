//! The rules of custom resources: `x-kubernetes-validations`.
//!
//! Whoever validates a CustomResourceDefinition asks [`check`] what is wrong with the rules of a schema;
//! whoever serves the resource makes one [`Validator`] of each version's schema and validates objects with it.
//! Schemas are the `openAPIV3Schema` of a v1 definition, as JSON.

mod check;
mod compile;
mod correlate;
mod cost;
mod data;
mod decl;
mod evaluate;
mod field_path;
mod node;
mod validate;

pub(crate) use check::check;
pub(crate) use validate::Validator;
