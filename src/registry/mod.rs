//! placeholder
pub(crate) mod resource;
pub(crate) mod validation;
