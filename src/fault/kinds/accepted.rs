//! A success that differs: 202 Accepted.

use crate::Fault;
use crate::fault::effect::{After, Effect};
use crate::fault::kind::{Act, FaultKind};

/// The verbs with a documented 202.
const DOCUMENTED: &[&str] = &["create", "delete"];

pub(super) const KINDS: &[FaultKind] = &[FaultKind::new(
    "accepted",
    "202 Accepted",
    "A create or delete is handled, and answered with 202 Accepted.",
    Act::Effect(|_, _| Effect::Answer(After::Accepted)),
)
.only("a 202", DOCUMENTED)
.unless(|_, facts| {
    let verb = facts.info.verb;
    (!DOCUMENTED.contains(&verb)).then(|| {
        format!(
            "the verb was {verb:?}; 202 is documented for {} only",
            DOCUMENTED.join(" and ")
        )
    })
})];

impl Fault {
    /// The request is handled, and a success is answered with 202 Accepted, with the same body: what the API documents for
    /// create and delete besides 200 and 201, and what a real server sends for a delete that has only begun. Never acts on
    /// other verbs; errors stay what they are.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::accepted().verb("delete").resource("endpoints");
    /// ```
    pub fn accepted() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "accepted") })
    }
}
