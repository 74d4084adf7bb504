//! Lost races, made real: someone else writes just before the request, so that the refusal is the server's own and a
//! retry that reads again succeeds.

use super::catalogue::{FaultKind, Scripted, plain};
use super::effect::Effect;
use super::rule::Fault;
pub(super) const KINDS: &[FaultKind] = &[
    plain(
        "lostRace",
        "Another writer changes the object first.",
        |_| Fault::lost_race(),
    ),
    plain(
        "deletedFirst",
        "Another writer deletes the object first.",
        |_| Fault::deleted_first(),
    ),
    plain(
        "createdFirst",
        "Another writer creates the object first.",
        |_| Fault::created_first(),
    ),
];

/// What the other writer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Race {
    Update,
    Delete,
    Create,
}

impl Race {
    /// The fault as scripts write it.
    pub(super) fn script(self) -> Scripted {
        Scripted::new(match self {
            Race::Update => "lostRace",
            Race::Delete => "deletedFirst",
            Race::Create => "createdFirst",
        })
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Race::Update => "another writer updates first",
            Race::Delete => "another writer deletes first",
            Race::Create => "another writer creates first",
        }
    }
}

impl Fault {
    /// Another writer changes the object just before: an update that carries a resourceVersion gets the server's own
    /// 409 Conflict.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::lost_race().verb("update").first(2);
    /// ```
    pub fn lost_race() -> Self {
        Fault::new(Effect::Race(Race::Update))
    }

    /// Another writer deletes the object just before: a get or a patch gets the server's own 404.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::deleted_first().verb("patch").first(1);
    /// ```
    pub fn deleted_first() -> Self {
        Fault::new(Effect::Race(Race::Delete))
    }

    /// Another writer creates the object just before: a create gets the server's own 409 AlreadyExists.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::created_first().verb("create").first(1);
    /// ```
    pub fn created_first() -> Self {
        Fault::new(Effect::Race(Race::Create))
    }
}
