#![doc = include_str!("../README.md")]

mod authentication;
mod authorization;
mod builder;
mod clock;
mod cluster;
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
mod httplog;
mod ids;
mod journal;
mod kubeconfig;
mod listener;
mod names;
mod object;
mod patch;
mod pipeline;
mod registry;
mod request;
mod response;
mod routes;
mod schema;
mod script;
mod seed;
mod server;
mod snapshot;
mod status;
mod storage;
mod version;

pub use builder::FakeApiServerBuilder;
pub use error::Error;
pub use fault::{Fault, FaultGuard, FaultRequest, Outage, Patch, Per, Stale};
pub use journal::{
    Coverage, Entry, Journal, NotVerified, Outcome, Requests, StreamEnd, Times, WatchLog,
};
pub use script::Error as ScriptError;
pub use server::{FakeApiServer, OutageGuard, Replica};
pub use snapshot::Snapshot;
