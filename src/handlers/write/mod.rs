//! The one way to change an object, whoever asks for it: upstream's `GuaranteedUpdate`.
//!
//! ```text
//! propose -> mutating admission -> prepare, allocate, validate -> validating admission -> commit
//! ```
//!
//! The verbs differ in what they propose. What they propose comes from a state that was read without a lock, so the
//! commit is refused if that state is no longer the newest, and everything begins again from the one that is. Only
//! admission may wait for somebody; where nobody is waited for and nobody else writes, one attempt is enough.

mod attempt;
mod edit;
pub(crate) mod place;

use attempt::Attempt;
pub(crate) use edit::Edit;

use std::sync::Arc;

use futures_util::FutureExt as _;
use serde_json::Value;

use crate::handlers::cluster::{Cluster, key};
use crate::kinds::KindRef;
use crate::kinds::verb::Verb;
use crate::object::Object;
use crate::patch::apply::Writer;
use crate::registry::{self, WriteContext};
use crate::request::options::DeleteOptions;
use crate::response::Warnings;
use crate::status::Status;
use crate::storage::Moved;

/// How often a write begins again. Each time somebody else's write has succeeded.
const MAX_ATTEMPTS: usize = 1000;

/// A write about to happen: to what, by whom.
pub(crate) struct Write<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) kind: &'a KindRef,
    /// Empty for the object itself.
    pub(crate) subresource: &'a str,
    pub(crate) namespace: &'a str,
    /// Empty for an object that is yet to be created.
    pub(crate) name: &'a str,
    pub(crate) author: Author<'a>,
    pub(crate) dry_run: bool,
}

/// Who writes.
#[derive(Clone, Copy)]
pub(crate) enum Author<'a> {
    /// A client, who then owns fields.
    Client {
        verb: Verb,
        manager: &'a str,
        /// Whether a PUT or a patch may create what is missing.
        may_create: &'a (dyn Fn() -> Result<(), Status> + Sync),
    },
    /// The server itself: a controller, somebody who wins a race, the test.
    Server,
}

/// What a verb makes of the state it finds.
pub(crate) trait Propose: Sync {
    /// Tells what is to become of the object, from what is there now. It runs again if that changes meanwhile, and may
    /// leave warnings, of which the last time's count.
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        warnings: &mut Warnings,
    ) -> Result<Proposal, Status>;
}

pub(crate) enum Proposal {
    Create(Value),
    Update(Value),
    Delete(DeleteOptions),
    /// A new object that only its name is known of, and that nobody checks.
    Bare(Value),
    /// As it is, with all it says about itself, whatever is there now.
    Place(Value),
    /// The object stays as it is.
    Nothing,
}

/// What a write did.
pub(crate) enum Written {
    Created(Arc<Object>),
    /// Or left as it was.
    Updated(Arc<Object>),
    /// This was its last state, of the version that its deletion made.
    Deleted(Arc<Object>),
}

/// Why an attempt came to nothing.
enum Stop {
    /// Somebody else was faster.
    Moved,
    Refused(Status),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Stop::Refused(status)
    }
}

impl From<Moved> for Stop {
    fn from(Moved: Moved) -> Self {
        Stop::Moved
    }
}

impl Write<'_> {
    pub(crate) async fn run(
        &self,
        intent: &dyn Propose,
        warnings: &mut Warnings,
    ) -> Result<Written, Status> {
        for _ in 0..MAX_ATTEMPTS {
            let mut told = Warnings::default();
            let result = self.attempt(intent, &mut told).await;
            let result = match result {
                Err(Stop::Moved) => continue,
                Err(Stop::Refused(status)) => Err(status),
                Ok(written) => Ok(written),
            };
            warnings.append(told);
            return result;
        }
        let why = format!("the object changed {MAX_ATTEMPTS} times while it was being written");
        Err(Status::internal_error(&why))
    }

    /// The same for who cannot wait, where nobody has to be waited for.
    pub(crate) fn run_now(
        &self,
        intent: &dyn Propose,
        warnings: &mut Warnings,
    ) -> Result<Written, Status> {
        let waited = || {
            Err(Status::internal_error(
                "this write would have to be waited for",
            ))
        };
        self.run(intent, warnings)
            .now_or_never()
            .unwrap_or_else(waited)
    }

    async fn attempt(&self, intent: &dyn Propose, told: &mut Warnings) -> Result<Written, Stop> {
        let live = match self.name {
            "" => None,
            name => self.find(&self.key(name)),
        };
        let old = live.as_ref().map(|live| live.value());
        let now = self.cluster.timestamp();
        let stored = self.stored();
        let attempt = Attempt {
            write: self,
            context: self.context(stored, &now),
            stored,
            strategy: registry::strategy(self.kind),
        };
        let shown = live.as_ref().map(|live| live.value_in(self.kind));
        let proposal = intent.propose(self, &attempt.context, shown.as_deref(), told)?;
        let proposal = attempt.in_stored_version(proposal);
        if matches!(
            proposal,
            Proposal::Create(_) | Proposal::Bare(_) | Proposal::Update(_)
        ) {
            place::implicit_namespace(self)?;
        }
        match (proposal, live, old) {
            (Proposal::Create(object), ..) => attempt.create(object, told).await,
            (Proposal::Bare(object), ..) => attempt.create_unchecked(object).await,
            (Proposal::Place(object), live, old) => attempt.place(object, live, old.as_deref()),
            (_, None, _) | (_, _, None) => Err(self.not_found().into()),
            (Proposal::Update(object), Some(live), Some(old)) => {
                attempt.update(object, &live, &old, told).await
            }
            (Proposal::Delete(options), Some(live), Some(old)) => {
                attempt.delete(&options, &live, &old).await
            }
            (Proposal::Nothing, Some(live), _) => Ok(Written::Updated(live)),
        }
    }

    /// The kind in the version that is kept of it.
    fn stored(&self) -> &KindRef {
        if self.kind.is_stored() {
            return self.kind;
        }
        let found = self
            .cluster
            .catalog
            .find_stored(&self.kind.stored.group, &self.kind.kind);
        found.unwrap_or(self.kind)
    }

    fn context<'b>(&'b self, stored: &'b KindRef, now: &'b str) -> WriteContext<'b> {
        WriteContext {
            kind: stored,
            asked: self.kind,
            subresource: self.subresource,
            dry_run: self.dry_run,
            now,
            chance: &*self.cluster.ids,
            lister: self.cluster,
        }
    }

    /// Who writes, for `managedFields`; `None` for who owns nothing.
    pub(crate) fn with_writer<R>(
        &self,
        now: &str,
        run: impl FnOnce(&Writer<'_>) -> R,
    ) -> Option<R> {
        let Author::Client { manager, .. } = self.author else {
            return None;
        };
        let is_foreign = |version: &str| {
            let other = self.cluster.catalog.find_kind(version, &self.kind.kind);
            other.is_some_and(|other| other.group != self.kind.group)
        };
        Some(run(&Writer {
            is_foreign: &is_foreign,
            manager,
            api_version: &self.kind.api_version(),
            subresource: self.subresource,
            now,
        }))
    }

    pub(crate) fn not_found(&self) -> Status {
        Status::not_found(&self.kind.plural, &self.kind.group, self.name)
    }

    pub(crate) fn key(&self, name: &str) -> String {
        key(self.kind, self.namespace, name)
    }

    fn find(&self, key: &str) -> Option<Arc<Object>> {
        self.cluster.storage.view().get(key).cloned()
    }
}

/// A deletion of the object that is there.
impl Propose for DeleteOptions {
    fn propose(
        &self,
        _write: &Write<'_>,
        _context: &WriteContext<'_>,
        _live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        Ok(Proposal::Delete(self.clone()))
    }
}
