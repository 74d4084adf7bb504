//! Guides, a page each.

#[doc = include_str!("docs/faults.md")]
pub mod faults {}
