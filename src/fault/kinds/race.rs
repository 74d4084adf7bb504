//! Lost races, made real: someone else writes just before the request, so that the refusal is the server's own and a
//! retry that reads again succeeds.

use crate::Fault;
use crate::fault::effect::{Effect, Handler, Race};
use crate::fault::kind::{Act, FaultKind};

/// What can be raced for.
const VERBS: &[&str] = &["get", "create", "update", "patch", "delete"];

pub(super) const KINDS: &[FaultKind] = &[
    FaultKind::new(
        "lostRace",
        "another writer updates first",
        "Another writer changes the object first.",
        Act::Effect(|_, _| Effect::Handler(Handler::Race(Race::Update))),
    )
    .only("a race", VERBS),
    FaultKind::new(
        "deletedFirst",
        "another writer deletes first",
        "Another writer deletes the object first.",
        Act::Effect(|_, _| Effect::Handler(Handler::Race(Race::Delete))),
    )
    .only("a race", VERBS),
    FaultKind::new(
        "createdFirst",
        "another writer creates first",
        "Another writer creates the object first.",
        Act::Effect(|_, _| Effect::Handler(Handler::Race(Race::Create))),
    )
    .only("a race", VERBS),
];

impl Fault {
    /// Another writer changes the object just before: an update that carries a resourceVersion gets the server's own
    /// 409 Conflict.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::lost_race().verb("update").first(2);
    /// ```
    pub fn lost_race() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "lostRace") })
    }

    /// Another writer deletes the object just before: a get or a patch gets the server's own 404.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::deleted_first().verb("patch").first(1);
    /// ```
    pub fn deleted_first() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "deletedFirst") })
    }

    /// Another writer creates the object just before: a create gets the server's own 409 AlreadyExists.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::created_first().verb("create").first(1);
    /// ```
    pub fn created_first() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "createdFirst") })
    }
}
