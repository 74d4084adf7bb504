//! What goes wrong, by the stage at which it does: the whole vocabulary, which all kinds of fault are spelled in.

use std::time::Duration;

use super::answer::Answer;
use super::firing::Firing;
use super::frames::WatchFault;
use super::outage::Outage;
use crate::storage::Stale;

/// What a rule wants to go wrong with a request, and the place to say that it did.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) effect: Effect,
    pub(crate) firing: Firing,
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Before the request is handled, or instead.
    Before(Before),
    /// Behind the back of its handler.
    Handler(Handler),
    /// What its handler sees of the store.
    View(View),
    /// On the way out.
    Answer(After),
    /// Between the frames of a watch.
    Stream(WatchFault),
}

/// What happens before a request is handled.
#[derive(Clone, Debug)]
pub(crate) enum Before {
    Wait(Duration),
    /// The request is not handled.
    Instead(Instead),
    /// Nor is it, as the server goes down.
    Outage(Outage),
}

/// What happens behind the back of a handler.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Handler {
    /// Somebody else writes first.
    Race(Race),
    /// The history is compacted first.
    Compact,
}

/// What another writer does to the object a request is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Race {
    Update,
    Delete,
    Create,
}

/// What a handler sees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View {
    Stale(Stale),
    /// The page that a list goes on from is forgotten.
    ContinueExpires,
}

/// What happens to the answer of a handler.
#[derive(Clone, Debug)]
pub(crate) enum After {
    Wait(Duration),
    /// It is lost.
    Instead(Instead),
    /// A success becomes a 202.
    Accepted,
    /// Its body comes a few bytes at a time.
    Drip {
        bytes: usize,
        every: Duration,
    },
    Break(Break),
}

/// What comes in the place of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    Answer(Answer),
    /// An RST.
    Reset,
    /// The end of the connection.
    Close,
    /// These bytes, and the end of the connection.
    Garbage(Vec<u8>),
    /// Nothing, until the client gives up.
    Silence,
}

/// How a connection ends once an answer is on it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    /// An RST after this many bytes of the body.
    Reset(usize),
    /// The end after this many bytes of the body.
    Close(usize),
    /// The end after the whole answer.
    Last,
}
