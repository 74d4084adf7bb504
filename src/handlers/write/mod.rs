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
mod commit;
mod edit;
pub(crate) mod follow;
mod ledger;
mod ownership;
pub(crate) mod place;
pub(crate) mod settle;

use attempt::Attempt;
pub(crate) use edit::Edit;

use std::sync::Arc;

use futures_util::FutureExt as _;
use serde_json::Value;

use crate::admission::Asked;
use crate::handlers::cluster::{Cluster, key};
use crate::handlers::conversion;
use crate::kinds::KindRef;
use crate::kinds::verb::Verb;
use crate::object::Object;
use crate::registry::{self, Access, WriteContext};
use crate::request::options::{DeleteOptions, Given};
use crate::request::user::UserInfo;
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
        user: &'a UserInfo,
        access: &'a dyn Access,
        manager: &'a str,
        /// Whether a PUT or a patch may create what is missing.
        may_create: &'a (dyn Fn() -> Result<(), Status> + Sync),
        /// What the request says beside the object; without it nobody from outside is asked about the write.
        options: Option<Given<'a>>,
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

impl Written {
    /// The object as it is now, or was at last.
    fn object(&self) -> &Object {
        let (Written::Created(object) | Written::Updated(object) | Written::Deleted(object)) = self;
        object
    }
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
        let written = self.run_alone(intent, warnings).await?;
        if self.kind.policy.follows && !self.dry_run {
            follow::follow(self.cluster, &self.stored(), written.object().name()).await;
        }
        if let Some((kind, name)) = self.terminating_definition(&written) {
            follow::follow(self.cluster, &kind, &name).await;
        }
        Ok(written)
    }

    /// The definition that waits for the end of what was written: its kind and its name.
    fn terminating_definition(&self, written: &Written) -> Option<(KindRef, String)> {
        let custom = self.kind.custom.as_ref()?;
        if self.dry_run || !written.object().is_terminating() {
            return None;
        }
        let definition = self.find(&custom.family.key)?;
        let (kind, name) = (&definition.kind, &custom.family.name);
        definition
            .is_terminating()
            .then(|| (kind.clone(), name.clone()))
    }

    /// The same without what the server makes of it afterwards.
    async fn run_alone(
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
        self.cluster.settle(self.kind);
        let live = match self.name {
            "" => None,
            name => self.find(&self.key(name)),
        };
        let seen = match &live {
            Some(live) => Some(conversion::shown(self.cluster, live, self.kind).await?),
            None => None,
        };
        let old = seen.as_ref().map(|seen| match self.kind.custom {
            Some(_) => seen.value_in(self.kind),
            None => seen.value(),
        });
        let now = self.cluster.timestamp();
        let stored = &self.stored();
        let asked = self.asked();
        let mut attempt = Attempt {
            write: self,
            asked: asked.as_ref(),
            context: self.context(stored, &now),
            stored,
            strategy: registry::strategy(self.kind),
        };
        let shown = seen.as_ref().map(|seen| seen.value_in(self.kind));
        let proposal = intent.propose(self, &attempt.context, shown.as_deref(), told)?;
        let proposal = attempt.in_stored_version(proposal);
        if matches!(
            proposal,
            Proposal::Create(_) | Proposal::Bare(_) | Proposal::Update(_)
        ) {
            place::implicit_namespace(self)?;
        }
        let written = match (proposal, live, old) {
            (Proposal::Create(object), ..) => {
                attempt.context.subresource = "";
                attempt.create(object, told).await
            }
            (Proposal::Bare(object), ..) => attempt.create_unchecked(object).await,
            (Proposal::Place(object), live, old) => {
                attempt.place(object, live, old.as_deref()).await
            }
            (_, None, _) | (_, _, None) => Err(self.not_found().into()),
            (Proposal::Update(object), Some(live), Some(old)) => {
                attempt.update(object, &live, &old, told).await
            }
            (Proposal::Delete(options), Some(live), Some(old)) => {
                attempt.delete(&options, &live, &old, told).await
            }
            (Proposal::Nothing, Some(live), _) => Ok(Written::Updated(live)),
        };
        if let (Ok(Written::Created(created)), false) = (&written, self.dry_run) {
            place::along(self.cluster, created);
        }
        written
    }

    /// What those are told who are asked from outside, if the write is of somebody from outside too.
    fn asked(&self) -> Option<Asked<'_>> {
        let Author::Client {
            options: Some(options),
            ..
        } = self.author
        else {
            return None;
        };
        let cluster = self.cluster;
        Some(Asked {
            options: Some(options),
            catalog: cluster.catalog(),
            acting: cluster.acting.now(&cluster.storage, cluster),
            client: &cluster.outbound,
        })
    }

    /// The kind in the version that is kept of it.
    fn stored(&self) -> KindRef {
        // Custom objects are checked in the version that a client speaks.
        if self.kind.is_stored() || self.kind.custom.is_some() {
            return self.kind.clone();
        }
        let found = self
            .cluster
            .catalog()
            .find_stored(&self.kind.stored.group, &self.kind.kind);
        found.unwrap_or_else(|| self.kind.clone())
    }

    fn context<'b>(&'b self, stored: &'b KindRef, now: &'b str) -> WriteContext<'b> {
        WriteContext {
            kind: stored,
            asked: self.kind,
            subresource: self.subresource,
            dry_run: self.dry_run,
            user: self.user(),
            access: match self.author {
                Author::Client { access, .. } => Some(access),
                Author::Server => None,
            },
            now,
            chance: &*self.cluster.ids,
            lister: self.cluster,
        }
    }

    /// Who asks; none for the server itself.
    fn user(&self) -> Option<&UserInfo> {
        match self.author {
            Author::Client { user, .. } => Some(user),
            Author::Server => None,
        }
    }

    /// Whether an update of what is missing creates it. A status creates the whole object, other parts do not.
    pub(crate) fn creates_on_update(&self) -> bool {
        self.kind.policy.create_on_update && matches!(self.subresource, "" | "status")
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
