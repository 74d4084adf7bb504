//! `continue` tokens that expire between pages.

use super::catalogue::{FaultKind, plain};
use super::effect::Effect;
use super::rule::Fault;
use crate::handlers::continue_token;
use crate::request::query::Query;

pub(super) const KINDS: &[FaultKind] = &[plain(
    "continueExpires",
    "The continue token of a list has expired: 410, with the token by which the rest can be read.",
    |_| Fault::continue_expires(),
)];

/// Why a request goes on from no page that could expire.
pub(super) fn mismatch(verb: &str, query: &Query) -> Option<String> {
    if verb != "list" {
        return Some(format!("the verb was {verb:?}; only a list has pages"));
    }
    let token = query.get("continue").unwrap_or_default();
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
        Fault::new(Effect::ContinueExpires)
    }
}
