//! What can go wrong at a point, a row each: its word in ids, what it is about, and the faults it is made of.

use super::seen::Seen;
use crate::Fault;

/// A kind of trouble.
pub(crate) struct Trouble {
    /// In the ids of points: `applied-then-reset`.
    pub(crate) id: &'static str,
    /// The words that choose it besides its id.
    pub(crate) group: Group,
    /// What goes wrong, as a clause.
    pub(crate) about: &'static str,
    /// The lower, the sooner it is tried when time is short.
    pub(crate) rank: u8,
    /// What it can be done to.
    pub(crate) fits: fn(&Seen) -> bool,
    pub(crate) faults: fn(&Setting) -> Vec<Fault>,
    pub(crate) then: Then,
}

/// The classes of trouble, which `--faults` goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Transient,
    Ambiguous,
    Conflict,
    Permanent,
    Watch,
    Stale,
    Restart,
    Unobserved,
}

/// What happens besides the faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    /// One request is met, and the client goes on.
    Once,
    /// It, and all of its like after it.
    Lasting,
    /// The client is killed, and started again.
    Restart,
    /// An object is deleted and made anew while nobody looks.
    Recreate,
    /// It takes its time to act.
    Later,
}

/// What the faults are made with.
pub(crate) struct Setting {
    /// After how many events.
    pub(crate) events: u64,
    /// The revision the run began at.
    pub(crate) start: u64,
}

impl Group {
    pub(crate) const ALL: [Group; 8] = [
        Group::Transient,
        Group::Ambiguous,
        Group::Conflict,
        Group::Permanent,
        Group::Watch,
        Group::Stale,
        Group::Restart,
        Group::Unobserved,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Group::Transient => "transient",
            Group::Ambiguous => "ambiguous",
            Group::Conflict => "conflict",
            Group::Permanent => "permanent",
            Group::Watch => "watch",
            Group::Stale => "stale",
            Group::Restart => "restart",
            Group::Unobserved => "unobserved",
        }
    }
}

impl Trouble {
    /// Whether it happens at an event of a watch, and so at several places of one request.
    pub(crate) fn is_of_events(&self) -> bool {
        matches!(self.group, Group::Watch | Group::Unobserved)
            && !matches!(self.id, "watch-refused" | "late-bookmark")
    }

    /// Whether the event itself is what it happens to, so that there has to be one.
    pub(crate) fn is_about_an_event(&self) -> bool {
        matches!(self.id, "watch-dropped" | "watch-delayed" | "recreated")
    }
}
