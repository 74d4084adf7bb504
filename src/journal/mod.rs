//! What was asked and what was answered, in order of arrival.
//!
//! The journal sees both ends of the pipeline and changes nothing. A [`Record`](record::Record) goes with each request:
//! the stages leave in it what they find out, and the [`Recorder`](recorder::Recorder) gets it when the request ends,
//! however it ends. So a request costs one copy of its head and one short lock; everything else (what it was about, attempts in
//! words, reasons, labels, JSON) is worked out when somebody looks.
//!
//! Three things are built on it: the [`Journal`] itself, a snapshot to look at; [verification](verify), which counts
//! what a [`Requests`] matches by the very code that matches faults; and [`Coverage`], whose counters are kept apart, so
//! that what the bounded journal forgets is still covered.

mod audit;
pub(crate) mod coverage;
mod entry;
mod head;
pub(crate) mod record;
pub(crate) mod recorder;
mod requests;
mod show;
mod snapshot;
pub(crate) mod stream;
mod times;
pub(crate) mod verify;

pub(crate) use audit::Audit;
pub use coverage::Coverage;
pub use entry::{Answer, Body, Entry, Request};
pub use record::Outcome;
pub use requests::Requests;
pub use snapshot::Journal;
pub use stream::{StreamEnd, WatchLog};
pub use times::Times;
