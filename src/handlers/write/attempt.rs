//! One way through the path, from what was proposed to the commit.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::{Author, Proposal, Stop, Write, Written};
use crate::admission::{self, Attributes, Operation};
use crate::ids::NAME_ATTEMPTS;
use crate::kinds::KindRef;
use crate::kinds::Verb;
use crate::object::{Object, meta_str, metadata_mut, set_resource_version};
use crate::patch::apply;
use crate::registry::deletion::Deletion;
use crate::registry::generic;
use crate::registry::{Strategy, WriteContext};
use crate::request::options::DeleteOptions;
use crate::request::query::parse_uint;
use crate::response::Warnings;
use crate::schema::convert;
use crate::status::Status;
use crate::status::field::FieldError;
use crate::storage::{Commit, Moved, Op, Revision};

/// One way through the path.
pub(super) struct Attempt<'a> {
    pub(super) write: &'a Write<'a>,
    pub(super) context: WriteContext<'a>,
    pub(super) stored: &'a KindRef,
    pub(super) strategy: &'static dyn Strategy,
}

impl Attempt<'_> {
    pub(super) fn in_stored_version(&self, proposal: Proposal) -> Proposal {
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
            Proposal::Bare(object) => Proposal::Bare(stored(object)),
            Proposal::Place(object) => Proposal::Place(stored(object)),
            Proposal::Delete(_) | Proposal::Nothing => proposal,
        }
    }

    pub(super) async fn create(
        &self,
        mut object: Value,
        told: &mut Warnings,
    ) -> Result<Written, Stop> {
        self.admit(Operation::Create, Some(&mut object)).await?;
        if !self.is_post() {
            parse_object_version(&object)?;
        }
        self.begin(&mut object);
        let base = meta_str(&object, "generateName");
        if base.is_empty() {
            return self.insert(object, told).await;
        }
        if meta_str(&object, "name").is_empty() {
            return self.insert_with_a_name(object, told).await;
        }
        self.insert(object, told).await.map_err(name_taken)
    }

    /// Sets what the server decides of a new object, and gives it its identity.
    fn begin(&self, object: &mut Value) {
        self.strategy.prepare_for_create(&self.context, object);
        let uid = self.write.cluster.ids.uid();
        generic::fill_system_fields(object, uid, self.context.now);
    }

    /// Leaves an object behind as it is, for whoever comes next to find.
    pub(super) async fn create_unchecked(&self, mut object: Value) -> Result<Written, Stop> {
        self.admit(Operation::Create, Some(&mut object)).await?;
        self.begin(&mut object);
        let key = self.write.key(self.write.name);
        Ok(Written::Created(self.put(&key, None, object)?))
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
        let key = self.write.key(meta_str(&object, "name"));
        if self.is_post()
            && !self.write.dry_run
            && parse_object_version(&object).is_ok_and(|v| v > 0)
        {
            let why = "resourceVersion should not be set on objects to be created";
            return Err(Status::raw(why).into());
        }
        if self.write.dry_run {
            self.check_free(&key)?;
            return Ok(Written::Created(Arc::new(self.unstored(object))));
        }
        let created = self.put(&key, None, object).or_else(|moved| {
            self.check_free(&key)?;
            Err(Stop::from(moved))
        })?;
        created.drop_value();
        Ok(Written::Created(created))
    }

    /// Whether nothing is there yet.
    fn check_free(&self, key: &str) -> Result<(), Status> {
        let Some(existing) = self.write.find(key) else {
            return Ok(());
        };
        let taken = if existing.is_terminating() {
            Status::already_exists_terminating
        } else {
            Status::already_exists
        };
        let kind = self.write.kind;
        Err(taken(&kind.plural, &kind.group, existing.name()))
    }

    pub(super) async fn update(
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

    pub(super) async fn delete(
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

    pub(super) fn put(
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
