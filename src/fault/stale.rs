//! Stale views: reads served by a replica that lags behind.

use super::catalogue::{FaultKind, Scripted, Takes, required};
use super::effect::Effect;
use super::rule::Fault;
use crate::storage::Revision;

pub(super) const KINDS: &[FaultKind] = &[
    FaultKind {
        name: "lagging",
        about: "Gets, lists and watches show what was there this many revisions ago.",
        parameters: &[required(
            "revisions",
            Takes::Number(0, u64::MAX),
            "How many.",
        )],
        make: |a| Fault::lagging(a.number("revisions").unwrap_or_default()),
    },
    FaultKind {
        name: "frozenAt",
        about: "Gets, lists and watches show what was there at this revision, and nothing after it.",
        parameters: &[required(
            "revision",
            Takes::Number(1, u64::MAX),
            "The resourceVersion.",
        )],
        make: |a| Fault::frozen_at(a.number("revision").unwrap_or_default()),
    },
];

/// What reads show instead of the newest state; of what was compacted, the oldest state there is.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Stale};
///
/// let server = FakeApiServer::start_blocking();
/// let replica = server.replica(Stale::Behind(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stale {
    /// The state of this many revisions ago.
    Behind(u64),
    /// The state of one revision, and nothing after it.
    At(u64),
}

impl Stale {
    /// The fault as scripts write it.
    pub(super) fn script(self) -> Scripted {
        match self {
            Stale::Behind(revisions) => Scripted::new("lagging").with("revisions", revisions),
            Stale::At(revision) => Scripted::new("frozenAt").with("revision", revision),
        }
    }

    /// The newest revision this view shows.
    pub(crate) fn horizon(self, newest: Revision) -> Revision {
        match self {
            Stale::Behind(revisions) => Revision(newest.0.saturating_sub(revisions)),
            Stale::At(revision) => Revision(revision).min(newest),
        }
    }
}

impl Fault {
    /// Gets, lists and watches show what was there this many revisions ago.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::lagging(2).resource("endpoints");
    /// ```
    pub fn lagging(revisions: u64) -> Self {
        Fault::new(Effect::Stale(Stale::Behind(revisions)))
    }

    /// Gets, lists and watches show what was there at this revision, and nothing after it.
    ///
    /// ```
    /// # let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let fault = fake_apiserver::Fault::frozen_at(server.revision()).user_agent("replica/");
    /// ```
    pub fn frozen_at(revision: u64) -> Self {
        Fault::new(Effect::Stale(Stale::At(revision)))
    }
}
