//! Faults on demand: what goes wrong, for which requests, how often.
//!
//! A [`Fault`] says all three. **When** is a [match](crate::request::when::When) on what the apiserver knows of a
//! request: verb, resource, name, user, attempt. **How often** is a [`Schedule`](schedule::Schedule). **What goes wrong**
//! is a [kind](kind::FaultKind) and what it was told.
//!
//! The stage stands where upstream's priority and fairness stands: after authentication, before authorization. It
//! decides once, before a request is handled, and hands a [`Plan`](stage::Plan) to the stages that follow: a list of
//! [effects](effect::Effect), each of which belongs to one stage; each stage looks for its own. Rules are asked in the
//! order they were installed, and the first that acts wins, unless it says to carry on.
//!
//! An [`Outage`] is no rule: it is about connections, before there is a request. The listener's gate follows it.
//!
//! To add a kind: a file in `kinds` (or a row in one) with its name, its words and its constructor, and its line in the
//! table there. Scripts, their schema, titles, refusals and the check of the guide read that table. Only a kind that does
//! what none did before adds to the [vocabulary of effects](effect), and to the stage that follows it.

pub(crate) mod answer;
mod argument;
mod check;
mod custom;
pub(crate) mod effect;
pub(crate) mod firing;
pub(crate) mod frames;
pub(crate) mod guard;
pub(crate) mod installed;
mod kind;
mod kinds;
pub(crate) mod outage;
pub(crate) mod rule;
pub(crate) mod schedule;
pub(crate) mod script;
pub(crate) mod stage;

pub use custom::FaultRequest;
pub use guard::FaultGuard;
pub use outage::Outage;
pub use rule::Fault;
pub use schedule::Per;
