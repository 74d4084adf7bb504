//! `continue` tokens that expire between pages.

use crate::Fault;
use crate::fault::effect::{Effect, View};
use crate::fault::kind::{Act, FaultKind};
use crate::request::continue_token;
use crate::request::facts::Facts;

pub(super) const KINDS: &[FaultKind] = &[FaultKind::new(
    "continueExpires",
    "continue token expired",
    "The continue token of a list has expired: 410, with the token by which the rest can be read.",
    Act::Effect(|_, _| Effect::View(View::ContinueExpires)),
)
.only("a continue token", &["list"])
.unless(|_, facts| mismatch(facts))];

/// Why a request goes on from no page that could expire.
fn mismatch(facts: &Facts<'_>) -> Option<String> {
    let verb = facts.info.verb;
    if verb != "list" {
        return Some(format!("the verb was {verb:?}; only a list has pages"));
    }
    let token = facts.query.get("continue").unwrap_or_default();
    (!continue_token::can_expire(token))
        .then(|| "the request had no continue token of a consistent list".to_owned())
}

impl Fault {
    /// The `continue` token of the request has expired: 410, with the token by which the rest can be read inconsistently,
    /// as the server sends it once the version of the first page was compacted. Acts on requests for a further page of a
    /// consistent list, and on no others.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::continue_expires().resource("endpoints").first(1);
    /// ```
    pub fn continue_expires() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "continueExpires") })
    }
}
