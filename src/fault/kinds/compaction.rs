//! Compaction at the worst moment.

use crate::Fault;
use crate::fault::effect::{Effect, Handler};
use crate::fault::kind::{Act, FaultKind};

pub(super) const KINDS: &[FaultKind] = &[FaultKind::new(
    "compactedFirst",
    "compacted first",
    "The history is compacted just before the request is handled.",
    Act::Effect(|_, _| Effect::Handler(Handler::Compact)),
)];

impl Fault {
    /// The history is compacted just before the request is handled: a watch or a list from an older version gets the
    /// server's own 410, and so does the next page of a list from before the last write.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::compacted_first().verb("watch").first(1);
    /// ```
    pub fn compacted_first() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "compactedFirst") })
    }
}
