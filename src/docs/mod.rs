//! Guides, a page each.

#[doc = include_str!("control.md")]
pub mod control {}

#[doc = include_str!("faults.md")]
pub mod faults {}

#[doc = include_str!("kinds.md")]
pub mod kinds {}

#[cfg(feature = "fixture")]
#[doc = include_str!("recording.md")]
pub mod recording {}
