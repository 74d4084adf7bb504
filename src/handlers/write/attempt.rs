//! One way through the path, from what was proposed to the commit.

use std::sync::Arc;

use serde_json::Value;

use super::{Author, Proposal, Stop, Write, Written};
use crate::admission::{self, Asked, Attributes, Operation};
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
use crate::storage::Revision;

/// One way through the path.
pub(super) struct Attempt<'a> {
    pub(super) write: &'a Write<'a>,
    pub(super) asked: Option<&'a Asked<'a>>,
    pub(super) context: WriteContext<'a>,
    pub(super) stored: &'a KindRef,
    pub(super) strategy: &'static dyn Strategy,
}

impl Attempt<'_> {
    pub(super) fn in_stored_version(&self, proposal: Proposal) -> Proposal {
        let asked = self.write.kind;
        if asked.is_stored() || asked.custom.is_some() {
            return proposal;
        }
        let stored = |mut object: Value| {
            convert::to_stored(&mut object, asked, self.stored);
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
        self.admit(Operation::Create, Some(&mut object), None, told)
            .await?;
        self.strategy.permit(&self.context, &object, None)?;
        if !self.is_post() {
            parse_object_version(&object)?;
        }
        told.extend(self.strategy.warnings_before_prepare(&object));
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
        let told = &mut Warnings::default();
        self.admit(Operation::Create, Some(&mut object), None, told)
            .await?;
        self.begin(&mut object);
        let key = self.write.key(self.write.name);
        Ok(Written::Created(self.put(&key, None, object).await?))
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
        // Nothing is taken from any pool where a part of an object creates it.
        if self.write.subresource.is_empty() {
            self.strategy.allocate(&self.context, &mut object, None)?;
        }
        generic::before_create(&self.context, self.strategy, &mut object)?;
        told.extend(self.strategy.warnings(&self.context, &object));
        if let Author::Client {
            may_create, verb, ..
        } = self.write.author
            && verb != Verb::Create
        {
            may_create()?;
        }
        let attributes = self.attributes(Operation::Create, None);
        admission::validate(&attributes, Some(&object), told).await?;
        told.extend(admission::warnings(&attributes, &object));
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
        let created = match self.put(&key, None, object).await {
            Err(Stop::Moved) => {
                self.check_free(&key)?;
                return Err(Stop::Moved);
            }
            created => created?,
        };
        Ok(Written::Created(created))
    }

    /// Whether nothing is there yet. A creation ends if something is; what may update it begins again.
    fn check_free(&self, key: &str) -> Result<(), Stop> {
        let Some(existing) = self.write.find(key) else {
            return Ok(());
        };
        if !self.is_post() {
            return Err(Stop::Moved);
        }
        let taken = if existing.is_terminating() {
            Status::already_exists_terminating
        } else {
            Status::already_exists
        };
        let kind = self.write.kind;
        Err(taken(&kind.plural, &kind.group, existing.name()).into())
    }

    pub(super) async fn update(
        &self,
        mut object: Value,
        live: &Arc<Object>,
        old: &Value,
        told: &mut Warnings,
    ) -> Result<Written, Stop> {
        self.admit(Operation::Update, Some(&mut object), Some(old), told)
            .await?;
        self.strategy.permit(&self.context, &object, Some(old))?;
        let stored = meta_str(old, "resourceVersion");
        self.check_version(&object, stored)?;
        set_resource_version(&mut object, stored.parse().map(Revision).ok());
        self.strategy
            .allocate(&self.context, &mut object, Some(old))?;
        generic::before_update(&self.context, self.strategy, &mut object, old)?;
        let strategy = self.strategy;
        told.extend(strategy.update_warnings(&self.context, &object, old));
        let attributes = self.attributes(Operation::Update, Some(old));
        admission::validate(&attributes, Some(&object), told).await?;
        told.extend(admission::warnings(&attributes, &object));
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
        let key = self.write.key(live.name());
        let next = self.put(&key, Some(live), object).await?;
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
        told: &mut Warnings,
    ) -> Result<Written, Stop> {
        let deletion = self.strategy.before_delete(&self.context, old, options)?;
        self.admit(Operation::Delete, None, Some(old), told).await?;
        let attributes = self.attributes(Operation::Delete, Some(old));
        admission::outside(&attributes, None, told).await?;
        match deletion {
            Deletion::Remove(Some(next)) if self.write.dry_run => {
                Ok(Written::Updated(Arc::new(self.unstored(next))))
            }
            Deletion::Remove(_) if self.write.dry_run => Ok(Written::Deleted(live.clone())),
            Deletion::Remove(_) => Ok(Written::Deleted(self.remove(live).await?)),
            Deletion::Pending => Ok(Written::Updated(live.clone())),
            Deletion::MarkAndRemove(next) if self.write.dry_run => {
                Ok(Written::Updated(Arc::new(self.unstored(next))))
            }
            Deletion::MarkAndRemove(next) => {
                let key = self.write.key(live.name());
                let marked = self.put(&key, Some(live), next).await?;
                Ok(Written::Deleted(self.remove(&marked).await?))
            }
            Deletion::Mark(next) if next == *old => Ok(Written::Updated(live.clone())),
            Deletion::Mark(next) if self.write.dry_run => {
                Ok(Written::Updated(Arc::new(self.unstored(next))))
            }
            Deletion::Mark(next) => {
                let key = self.write.key(live.name());
                let marked = self.put(&key, Some(live), next).await?;
                Ok(Written::Updated(marked))
            }
        }
    }

    async fn admit(
        &self,
        operation: Operation,
        object: Option<&mut Value>,
        old: Option<&Value>,
        told: &mut Warnings,
    ) -> Result<(), Status> {
        admission::mutate(&self.attributes(operation, old), object, told).await
    }

    /// What is asked of the plugins.
    fn attributes<'b>(&'b self, operation: Operation, old: Option<&'b Value>) -> Attributes<'b> {
        let write = self.write;
        Attributes {
            operation,
            kind: write.kind,
            namespace: write.namespace,
            name: match write.author {
                // Who deletes all names none.
                Author::Client {
                    verb: Verb::DeleteCollection,
                    ..
                } => "",
                _ => write.name,
            },
            sent: None,
            subresource: write.subresource,
            user: self.context.user,
            access: self.context.access,
            old,
            dry_run: write.dry_run,
            lister: write.cluster,
            chance: &*write.cluster.ids,
            ledger: write.cluster,
            asked: self.asked,
        }
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
