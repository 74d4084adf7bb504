//! The one way to change an object, whoever asks for it: upstream's `GuaranteedUpdate`.
//!
//! ```text
//! propose -> mutating admission -> prepare, allocate, validate -> validating admission -> commit
//! ```
//!
//! The verbs differ in what they propose. What they propose comes from a state that was read without a lock, so the
//! commit is refused if that state is no longer the newest, and everything begins again from the one that is. Only
//! admission may wait for somebody; where nobody is waited for and nobody else writes, one attempt is enough.

mod edit;
pub(crate) mod place;

pub(crate) use edit::Edit;

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use serde_json::Value;

use crate::admission::{self, Attributes, Operation};
use crate::handlers::cluster::{Cluster, key};
use crate::ids::NAME_ATTEMPTS;
use crate::kinds::KindRef;
use crate::kinds::verb::Verb;
use crate::object::{Object, meta_str, metadata_mut, set_resource_version};
use crate::patch::apply::{self, Writer};
use crate::registry::deletion::Deletion;
use crate::registry::generic;
use crate::registry::{self, Strategy, WriteContext};
use crate::request::options::DeleteOptions;
use crate::request::query::parse_uint;
use crate::response::Warnings;
use crate::schema::convert;
use crate::status::Status;
use crate::status::field::FieldError;
use crate::storage::{Commit, Moved, Op, Revision};

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
        let shown = old.as_deref().map(|old| self.in_asked_version(old));
        let proposal = intent.propose(self, &attempt.context, shown.as_deref(), told)?;
        let proposal = attempt.in_stored_version(proposal);
        match (proposal, live, old) {
            (Proposal::Create(object), ..) => attempt.create(object, told).await,
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

    /// A stored object as the version asked for has it.
    fn in_asked_version<'b>(&self, stored: &'b Value) -> Cow<'b, Value> {
        if self.kind.is_stored() {
            return Cow::Borrowed(stored);
        }
        let mut value = stored.clone();
        convert::from_stored(&mut value, &self.kind.schema);
        value["apiVersion"] = self.kind.api_version().into();
        Cow::Owned(value)
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

/// One way through the path.
struct Attempt<'a> {
    write: &'a Write<'a>,
    context: WriteContext<'a>,
    stored: &'a KindRef,
    strategy: &'static dyn Strategy,
}

impl Attempt<'_> {
    fn in_stored_version(&self, proposal: Proposal) -> Proposal {
        let asked = self.write.kind;
        if asked.is_stored() {
            return proposal;
        }
        let stored = |mut object: Value| {
            convert::to_stored(&mut object, &asked.schema, &self.stored.schema);
            object["apiVersion"] = self.stored.api_version().into();
            object
        };
        match proposal {
            Proposal::Create(object) => Proposal::Create(stored(object)),
            Proposal::Update(object) => Proposal::Update(stored(object)),
            Proposal::Place(object) => Proposal::Place(stored(object)),
            Proposal::Delete(_) | Proposal::Nothing => proposal,
        }
    }

    async fn create(&self, mut object: Value, told: &mut Warnings) -> Result<Written, Stop> {
        self.admit(Operation::Create, Some(&mut object)).await?;
        if !self.is_post() {
            parse_object_version(&object)?;
        }
        self.strategy.prepare_for_create(&self.context, &mut object);
        let uid = self.write.cluster.ids.uid();
        generic::fill_system_fields(&mut object, uid, self.context.now);
        let base = meta_str(&object, "generateName");
        if base.is_empty() {
            return self.insert(object, told).await;
        }
        if meta_str(&object, "name").is_empty() {
            return self.insert_with_a_name(object, told).await;
        }
        self.insert(object, told).await.map_err(name_taken)
    }

    /// Tries names until one is free.
    async fn insert_with_a_name(
        &self,
        object: Value,
        told: &mut Warnings,
    ) -> Result<Written, Stop> {
        let base = meta_str(&object, "generateName");
        let mut attempt = 1;
        loop {
            let mut named = object.clone();
            let name = self.write.cluster.ids.name(base);
            metadata_mut(&mut named).insert("name".to_owned(), name.into());
            match self.insert(named, told).await {
                Err(Stop::Refused(status))
                    if status.reason == "AlreadyExists" && attempt < NAME_ATTEMPTS =>
                {
                    attempt += 1;
                }
                result => return result.map_err(name_taken),
            }
        }
    }

    async fn insert(&self, mut object: Value, told: &mut Warnings) -> Result<Written, Stop> {
        self.strategy.allocate(&self.context, &mut object, None)?;
        generic::before_create(&self.context, self.strategy, &mut object)?;
        told.extend(self.strategy.warnings(&self.context, &object));
        if let Author::Client {
            may_create, verb, ..
        } = self.write.author
            && verb != Verb::Create
        {
            may_create()?;
        }
        let name = meta_str(&object, "name");
        let key = self.write.key(name);
        if self.is_post()
            && !self.write.dry_run
            && parse_object_version(&object).is_ok_and(|v| v > 0)
        {
            let why = "resourceVersion should not be set on objects to be created";
            return Err(Status::raw(why).into());
        }
        if let Some(existing) = self.write.find(&key) {
            return Err(self.exists(&existing, name).into());
        }
        if self.write.dry_run {
            return Ok(Written::Created(Arc::new(self.unstored(object))));
        }
        let created = self.put(&key, None, object)?;
        created.drop_value();
        Ok(Written::Created(created))
    }

    fn exists(&self, existing: &Object, name: &str) -> Status {
        let taken = if existing.is_terminating() {
            Status::already_exists_terminating
        } else {
            Status::already_exists
        };
        taken(&self.write.kind.plural, &self.write.kind.group, name)
    }

    async fn update(
        &self,
        mut object: Value,
        live: &Arc<Object>,
        old: &Value,
        told: &mut Warnings,
    ) -> Result<Written, Stop> {
        self.admit(Operation::Update, Some(&mut object)).await?;
        let stored = meta_str(old, "resourceVersion");
        self.check_version(&object, stored)?;
        set_resource_version(&mut object, stored.parse().map(Revision).ok());
        self.strategy
            .allocate(&self.context, &mut object, Some(old))?;
        generic::before_update(&self.context, self.strategy, &mut object, old)?;
        told.extend(self.strategy.warnings(&self.context, &object));
        apply::keep_times(old, &mut object);
        if generic::is_released(self.strategy, &object) {
            if !self.write.dry_run {
                self.remove(live).await?;
            }
            return Ok(Written::Updated(Arc::new(self.unstored(object))));
        }
        if object == *old {
            return Ok(Written::Updated(live.clone()));
        }
        if self.write.dry_run {
            return Ok(Written::Updated(Arc::new(self.unstored(object))));
        }
        let next = self.put(&self.write.key(live.name()), Some(live), object)?;
        live.drop_value();
        Ok(Written::Updated(next))
    }

    fn check_version(&self, object: &Value, live: &str) -> Result<(), Status> {
        let kind = self.write.kind;
        match parse_object_version(object)? {
            0 if kind.policy.unconditional_update => Ok(()),
            0 => {
                let detail = "must be specified for an update";
                let error = FieldError::invalid("metadata.resourceVersion", &0.into(), detail);
                let (plural, group) = (&kind.plural, &kind.group);
                Err(Status::invalid(plural, group, self.write.name, &[error]))
            }
            version if live.parse() == Ok(version) => Ok(()),
            _ => Err(Status::modified(&kind.plural, &kind.group, self.write.name)),
        }
    }

    async fn delete(
        &self,
        options: &DeleteOptions,
        live: &Arc<Object>,
        old: &Value,
    ) -> Result<Written, Stop> {
        let deletion = self.strategy.before_delete(&self.context, old, options)?;
        self.admit(Operation::Delete, None).await?;
        match deletion {
            Deletion::Remove(Some(next)) if self.write.dry_run => {
                Ok(Written::Updated(Arc::new(self.unstored(next))))
            }
            Deletion::Remove(_) if self.write.dry_run => Ok(Written::Deleted(live.clone())),
            Deletion::Remove(_) => Ok(Written::Deleted(self.remove(live).await?)),
            Deletion::Mark(next) if next == *old => Ok(Written::Updated(live.clone())),
            Deletion::Mark(next) if self.write.dry_run => {
                Ok(Written::Updated(Arc::new(self.unstored(next))))
            }
            Deletion::Mark(next) => {
                let marked = self.put(&self.write.key(live.name()), Some(live), next)?;
                Ok(Written::Updated(marked))
            }
        }
    }

    async fn admit(&self, operation: Operation, object: Option<&mut Value>) -> Result<(), Status> {
        let write = self.write;
        if operation != Operation::Delete {
            place::implicit_namespace(write)?;
        }
        let attributes = Attributes {
            operation,
            kind: write.kind,
            namespace: write.namespace,
            name: write.name,
            lister: write.cluster,
        };
        admission::mutate(&attributes, object).await
    }

    /// Whether it is a creation and nothing else.
    fn is_post(&self) -> bool {
        let post = Verb::Create;
        !matches!(self.write.author, Author::Client { verb, .. } if verb != post)
    }

    /// The object as it would be, for who asked for no more than that.
    fn unstored(&self, object: Value) -> Object {
        Object::new(self.stored, object, Vec::new())
    }

    fn put(
        &self,
        key: &str,
        live: Option<&Arc<Object>>,
        object: Value,
    ) -> Result<Arc<Object>, Moved> {
        let write = self.write;
        let claims = self.strategy.claims(&object);
        let within = (write.kind.namespaced && !write.namespace.is_empty())
            .then(|| write.cluster.namespace_key(write.namespace));
        let commit = Commit {
            key,
            expected: live,
            op: Op::Put,
            within: within.as_deref(),
        };
        write.cluster.storage.commit(&commit, |revision| {
            let mut object = object;
            set_resource_version(&mut object, Some(revision));
            Object::new(self.stored, object, claims)
        })
    }

    async fn remove(&self, live: &Arc<Object>) -> Result<Arc<Object>, Moved> {
        let key = self.write.key(live.name());
        let commit = Commit {
            key: &key,
            expected: Some(live),
            op: Op::Delete,
            within: None,
        };
        let storage = &self.write.cluster.storage;
        let last = storage.commit(&commit, |revision| live.at_revision(revision))?;
        self.remove_along().await;
        Ok(last)
    }

    /// Deletes what goes with an object that is gone, if it is there.
    fn remove_along(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let write = self.write;
        let other = self.strategy.deleted_along();
        let other = other.and_then(|(group, kind)| write.cluster.catalog.find_stored(group, kind));
        Box::pin(async move {
            let Some(kind) = other else { return };
            let along = Write {
                kind,
                subresource: "",
                author: Author::Server,
                ..*write
            };
            // Nothing but its absence can stop a deletion without preconditions.
            let _ = along
                .run(&DeleteOptions::default(), &mut Warnings::default())
                .await;
        })
    }
}

fn name_taken(stop: Stop) -> Stop {
    match stop {
        Stop::Refused(status) if status.reason == "AlreadyExists" => {
            Stop::Refused(status.generated_name_conflict())
        }
        other => other,
    }
}

/// The version an object claims, 0 for none; the error is a bare 500, as upstream's.
fn parse_object_version(object: &Value) -> Result<u64, Status> {
    match meta_str(object, "resourceVersion") {
        "" => Ok(0),
        text => parse_uint(text).map_err(Status::raw),
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
