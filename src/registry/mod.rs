//! placeholder
pub(crate) mod resource;
