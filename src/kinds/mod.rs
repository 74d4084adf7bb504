//! The kinds of objects there are: what is declared of each, as data.
//!
//! A kind knows no server and no store. What upstream programs for a kind, rather than declares, stands in
//! [`registry`](crate::registry).

mod kind;
pub(crate) mod verb;

pub use verb::Verb;

pub(crate) use kind::{Cell, Column, Kind, KindRef, Stored, Subresource, Wire};
