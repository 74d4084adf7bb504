//! A server without streaming lists.

use super::answer::{Answer, Kind};
use super::catalogue::{FaultKind, plain};
use super::effect::Effect;
use super::rule::Fault;
use crate::request::query::Query;

pub(super) const KINDS: &[FaultKind] = &[plain(
    "sendInitialEventsRefused",
    "422 for a watch with sendInitialEvents, as where WatchList is off.",
    |_| Fault::send_initial_events_refused(),
)];

/// Why a request asks for no streaming list.
pub(super) fn mismatch(verb: &str, query: &Query) -> Option<String> {
    let asks = verb == "watch" && query.flag("sendInitialEvents").is_some();
    (!asks).then(|| "the request was no watch with sendInitialEvents".to_owned())
}

impl Fault {
    /// 422 for a watch with `sendInitialEvents`, as a server answers whose WatchList feature is off (that of 1.33, and
    /// many an aggregated API): the client has to fall back to a list and a watch. Acts on such watches only.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::send_initial_events_refused();
    /// ```
    pub fn send_initial_events_refused() -> Self {
        Fault::new(Effect::Answer(Answer::new(Kind::WatchListDisabled)))
    }
}
