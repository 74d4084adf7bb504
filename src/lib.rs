#![doc = include_str!("../README.md")]

mod admission;
mod authentication;
mod authorization;
#[cfg(feature = "cel")]
mod cel;
mod clock;
mod codec;
mod control;
mod controllers;
#[cfg(any(doc, doctest))]
pub mod docs;
mod error;
mod fault;
#[cfg(feature = "fixture")]
pub mod fixture;
mod handlers;
mod ids;
mod journal;
mod kinds;
mod listener;
mod names;
mod object;
mod outbound;
mod patch;
mod pipeline;
mod registry;
mod request;
mod response;
mod schema;
mod server;
mod status;
mod storage;
pub mod sweep;

pub use control::snapshot::Snapshot;
pub use error::Error;
pub use fault::{Fault, Outage, Per};
pub use journal::{Coverage, Entry, Requests, Times};
pub use kinds::Verb;
pub use request::when::Patch;
#[cfg(feature = "tls")]
pub use server::{Admission, Webhook};
pub use server::{Auth, FakeApiServer, FakeApiServerBuilder, Limits};
pub use storage::Stale;
pub use sweep::Sweep;

/// What a server hands out: guards to hold, objects and answers to look at.
///
/// Methods return them; their names are seldom written.
pub mod handles {
    pub use crate::fault::{FaultGuard, FaultRequest};
    pub use crate::journal::{Answer, Body, Journal, Outcome, Request, StreamEnd, WatchLog};
    pub use crate::server::{Expectation, Objects, OutageGuard, Replica};
}
