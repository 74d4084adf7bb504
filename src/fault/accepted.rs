//! A success that differs: 202 Accepted.

use super::catalogue::{FaultKind, plain};
use super::effect::Effect;
use super::rule::Fault;

pub(super) const KINDS: &[FaultKind] = &[plain(
    "accepted",
    "A create or delete is handled, and answered with 202 Accepted.",
    |_| Fault::accepted(),
)];

/// The verbs with a documented 202.
const DOCUMENTED: [&str; 2] = ["create", "delete"];

/// Why a request cannot be answered so.
pub(super) fn mismatch(verb: &str) -> Option<String> {
    (!DOCUMENTED.contains(&verb)).then(|| {
        format!(
            "the verb was {verb:?}; 202 is documented for {} only",
            DOCUMENTED.join(" and ")
        )
    })
}

impl Fault {
    /// The request is handled, and a success is answered with 202 Accepted, with the same body: what the API documents for
    /// create and delete besides 200 and 201, and what a real server sends for a delete that has only begun. Never acts on
    /// other verbs; errors stay what they are.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::accepted().verb("delete").resource("endpoints");
    /// ```
    pub fn accepted() -> Self {
        Fault::new(Effect::Accepted)
    }
}
