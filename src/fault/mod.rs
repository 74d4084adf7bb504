//! Faults on demand: what goes wrong, for which requests, how often.
//!
//! A [`Fault`] says all three. **When** is a [match](when::When) on what the apiserver knows of a request: verb,
//! resource, name, user, attempt. **How often** is a [`Schedule`](schedule::Schedule). **What goes wrong** is an
//! [`Effect`](effect::Effect), one kind a file.
//!
//! The stage stands where upstream's priority and fairness stands: after authentication, before authorization. It
//! decides once, before a request is handled, and hands a [`Plan`] to the stages that follow; each looks at its own part.
//! Rules are asked in the order they were installed, and the first that acts wins, unless it says to carry on.
//!
//! An [`Outage`] is no rule: it is about connections, before there is a request. The listener's gate follows it.
//!
//! To add a kind: a file here with its type and its constructors, a variant of [`Effect`](effect::Effect), and the one
//! place that follows it.

mod accepted;
pub(crate) mod answer;
mod catalogue;
mod check;
mod compaction;
pub(crate) mod connection;
pub(crate) mod custom;
pub(crate) mod effect;
pub(crate) mod guard;
pub(crate) mod latency;
pub(crate) mod outage;
mod paging;
pub(crate) mod race;
pub(crate) mod rule;
pub(crate) mod schedule;
mod schema;
pub(crate) mod script;
pub(crate) mod stage;
pub(crate) mod stale;
mod statuses;
pub(crate) mod watch;
mod watch_list;
mod watches;
pub(crate) mod when;
mod written;

pub use custom::FaultRequest;
pub use guard::FaultGuard;
pub use outage::Outage;
pub use rule::Fault;
pub use schedule::Per;
pub use stale::Stale;
pub use when::Patch;
