//! Stale views: reads served by a replica that lags behind.

use crate::Fault;
use crate::fault::argument::{Argument, Parameter, Takes, required};
use crate::fault::effect::{Effect, View};
use crate::fault::kind::{Act, FaultKind};
use crate::storage::Stale;

const REVISIONS: Parameter = required("revisions", Takes::Number(0, u64::MAX), "How many.");
const REVISION: Parameter = required(
    "revision",
    Takes::Number(1, u64::MAX),
    "The resourceVersion.",
);
/// What shows a view.
const VERBS: &[&str] = &["get", "list", "watch"];

pub(super) const KINDS: &[FaultKind] = &[
    FaultKind::new(
        "lagging",
        "stale view",
        "Gets, lists and watches show what was there this many revisions ago.",
        Act::Effect(|a, _| {
            let revisions = a.number("revisions").unwrap_or_default();
            Effect::View(View::Stale(Stale::Behind(revisions)))
        }),
    )
    .told(&[REVISIONS])
    .only("a stale view", VERBS),
    FaultKind::new(
        "frozenAt",
        "stale view",
        "Gets, lists and watches show what was there at this revision, and nothing after it.",
        Act::Effect(|a, _| {
            let revision = a.number("revision").unwrap_or_default();
            Effect::View(View::Stale(Stale::At(revision)))
        }),
    )
    .told(&[REVISION])
    .only("a stale view", VERBS),
];

impl Fault {
    /// Gets, lists and watches show what was there this many revisions ago.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::lagging(2).resource("endpoints");
    /// ```
    pub fn lagging(revisions: u64) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "lagging") })
            .with("revisions", Argument::Number(revisions))
    }

    /// Gets, lists and watches show what was there at this revision, and nothing after it.
    ///
    /// ```
    /// # let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let fault = fake_apiserver::Fault::frozen_at(server.revision()).user_agent("replica/");
    /// ```
    pub fn frozen_at(revision: u64) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "frozenAt") })
            .with("revision", Argument::Number(revision))
    }
}
