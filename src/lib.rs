#![doc = include_str!("../README.md")]

mod admission;
mod authentication;
mod authorization;
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
mod patch;
mod pipeline;
mod registry;
mod request;
mod response;
mod schema;
mod server;
mod status;
mod storage;

pub use codec::script::Error as ScriptError;
pub use control::snapshot::Snapshot;
pub use error::Error;
pub use fault::{Fault, FaultGuard, FaultRequest, Outage, Per};
pub use journal::{
    Coverage, Entry, Journal, NotVerified, Outcome, Requests, StreamEnd, Times, WatchLog,
};
pub use request::when::Patch;
pub use server::{FakeApiServer, FakeApiServerBuilder, OutageGuard, Replica};
pub use storage::Stale;
