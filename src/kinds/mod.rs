//! The kinds of objects there are: what is declared of each, as data.
//!
//! A kind knows no server and no store. What upstream programs for a kind, rather than declares, stands in
//! [`registry`](crate::registry).

mod catalog;
mod kind;
pub(crate) mod verb;

pub(crate) use catalog::Catalog;
pub(crate) use kind::{Cell, Column, Kind, KindRef, Policy, Stored, Subresource, Wire};
