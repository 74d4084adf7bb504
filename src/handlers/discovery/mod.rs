//! How a client learns what is served: the legacy tree ([`legacy`]: a list of versions, a list of groups, a list of
//! resources for each version) and the one-request form that newer clients ask for first ([`aggregated`]).
//!
//! Both are views of the catalog, nothing more. The members of each document stand in the order of the Go struct, as the
//! real server writes them.

pub(crate) mod aggregated;
pub(crate) mod legacy;
