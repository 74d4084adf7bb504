//! Compaction at the worst moment.

use super::catalogue::{FaultKind, plain};
use super::effect::Effect;
use super::rule::Fault;

pub(super) const KINDS: &[FaultKind] = &[plain(
    "compactedFirst",
    "The history is compacted just before the request is handled.",
    |_| Fault::compacted_first(),
)];

impl Fault {
    /// The history is compacted just before the request is handled: a watch or a list from an older version gets the
    /// server's own 410, and so does the next page of a list from before the last write.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::compacted_first().verb("watch").first(1);
    /// ```
    pub fn compacted_first() -> Self {
        Fault::new(Effect::Compact)
    }
}
