//! A server without streaming lists.

use super::answers::WORDING;
use crate::Fault;
use crate::fault::answer::Said;
use crate::fault::kind::{Act, FaultKind};
use crate::request::facts::Facts;
use crate::status::Status;

pub(super) const KINDS: &[FaultKind] = &[FaultKind::new(
    "sendInitialEventsRefused",
    "WatchListDisabled",
    "422 for a watch with sendInitialEvents, as where WatchList is off.",
    Act::Answer(|_, _| Said::Handler(Status::watch_list_disabled())),
)
.told(WORDING)
.only("a streaming list refused", &["watch"])
.unless(|_, facts| mismatch(facts))];

/// Why a request asks for no streaming list.
fn mismatch(facts: &Facts<'_>) -> Option<String> {
    let asks = facts.info.verb == "watch" && facts.query.flag("sendInitialEvents").is_some();
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
        Fault::new(const { FaultKind::named(KINDS, "sendInitialEventsRefused") })
    }
}
