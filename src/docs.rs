//! Guides, a page each.

#[doc = include_str!("docs/control.md")]
pub mod control {}

#[doc = include_str!("docs/faults.md")]
pub mod faults {}

#[cfg(feature = "fixture")]
#[doc = include_str!("docs/recording.md")]
pub mod recording {}
