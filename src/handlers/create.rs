//! POST to a collection.

use std::sync::Arc;

use serde_json::Value;

use super::{Context, admission, body, pools};
use crate::handlers::cluster::{Cluster, key};
use crate::ids::NAME_ATTEMPTS;
use crate::object::{Object, meta_str, metadata_mut};
use crate::patch::apply::{self, Writer};
use crate::registry::validation::owner::dedup_owner_references;
use crate::registry::{Strategy, generic};
use crate::request::options::WriteOptions;
use crate::response::{Presenter, Response, Warnings};
use crate::status::Status;
use crate::storage::Transaction;

/// A creation about to happen.
pub(crate) struct Create<'a> {
    pub(crate) strategy: &'static dyn Strategy,
    pub(crate) namespace: &'a str,
    pub(crate) manager: &'a str,
    pub(crate) dry_run: bool,
}

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let (format, bytes) = body::read(ctx).await?;
    let options = WriteOptions::parse(ctx.query, "CreateOptions")?;
    let strategy = ctx.target.strategy;
    let mut object = body::decode(
        format,
        &bytes,
        strategy,
        options.field_validation,
        ctx.warnings,
    )?
    .object;
    generic::wipe_system_fields(&mut object);
    match_namespace(&ctx.target.namespace, &mut object)?;
    let manager = ctx.manager(&options);
    let create = Create {
        strategy,
        namespace: &ctx.target.namespace,
        manager: &manager,
        dry_run: options.dry_run,
    };
    let created = create.run(ctx.cluster, object, ctx.warnings)?;
    answer(&ctx.presenter(negotiated)?, &created)
}

/// The answer to whatever created an object.
pub(super) fn answer(presenter: &Presenter<'_>, created: &Object) -> Result<Response, Status> {
    let response = presenter.object(201, created);
    created.drop_value();
    response
}

/// The namespace of an object is that of the path.
pub(super) fn match_namespace(requested: &str, object: &mut Value) -> Result<(), Status> {
    let found = meta_str(object, "namespace");
    if found == requested {
        return Ok(());
    }
    if !found.is_empty() && !requested.is_empty() {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    set_namespace(object, requested);
    Ok(())
}

fn set_namespace(object: &mut Value, namespace: &str) {
    let metadata = metadata_mut(object);
    if namespace.is_empty() {
        metadata.remove("namespace");
    } else {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
}

impl Create<'_> {
    /// Creates the object, in one transaction.
    pub(crate) fn run(
        &self,
        cluster: &Cluster,
        mut object: Value,
        warnings: &mut Warnings,
    ) -> Result<Arc<Object>, Status> {
        warnings.extend(dedup_owner_references(&mut object));
        let now = cluster.timestamp();
        let resource = self.strategy.resource();
        let writer = Writer {
            manager: self.manager,
            api_version: &resource.api_version(),
            subresource: "",
            now: &now,
        };
        apply::create(
            &mut object,
            &resource.schema,
            &writer,
            self.strategy.reset_fields(),
        );
        cluster.storage.write(|tx| {
            admission::check_create(cluster, tx, self.strategy, self.namespace, &object)?;
            self.strategy.prepare_for_create(&mut object);
            generic::fill_system_fields(&mut object, cluster.ids.uid(), &now);
            self.insert(cluster, tx, object, warnings)
        })
    }

    /// Tries names until one is free, if the name is to be made up.
    fn insert(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        object: Value,
        warnings: &mut Warnings,
    ) -> Result<Arc<Object>, Status> {
        let base = meta_str(&object, "generateName").to_owned();
        if base.is_empty() {
            return self.insert_named(cluster, tx, object, warnings);
        }
        if !meta_str(&object, "name").is_empty() {
            return self
                .insert_named(cluster, tx, object, warnings)
                .map_err(name_taken);
        }
        let mut attempt = 1;
        loop {
            let mut named = object.clone();
            metadata_mut(&mut named).insert("name".to_owned(), cluster.ids.name(&base).into());
            match self.insert_named(cluster, tx, named, warnings) {
                Err(status) if status.reason == "AlreadyExists" && attempt < NAME_ATTEMPTS => {
                    attempt += 1
                }
                result => return result.map_err(name_taken),
            }
        }
    }

    fn insert_named(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        mut object: Value,
        warnings: &mut Warnings,
    ) -> Result<Arc<Object>, Status> {
        pools::allocate(
            &cluster.ids,
            tx,
            self.strategy,
            &mut object,
            None,
            self.dry_run,
        )?;
        generic::before_create(self.strategy, &mut object)?;
        warnings.extend(self.strategy.warnings(&object));
        self.store(tx, object)
    }

    /// The store's own checks, then the write.
    fn store(
        &self,
        tx: &mut Transaction<'_, Object>,
        object: Value,
    ) -> Result<Arc<Object>, Status> {
        let resource = self.strategy.resource();
        let name = meta_str(&object, "name");
        let key = key(resource, self.namespace, name);
        if !self.dry_run
            && meta_str(&object, "resourceVersion")
                .parse::<u64>()
                .is_ok_and(|v| v > 0)
        {
            return Err(Status::raw(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        if let Some(existing) = tx.get(&key) {
            let taken = if existing.is_terminating() {
                Status::already_exists_terminating
            } else {
                Status::already_exists
            };
            return Err(taken(resource.plural, resource.group, name));
        }
        if self.dry_run {
            return Ok(Arc::new(Object::new(resource, object)));
        }
        Ok(tx.put(&key, |revision| {
            Object::at_revision(resource, object, revision)
        }))
    }
}

fn name_taken(status: Status) -> Status {
    if status.reason == "AlreadyExists" {
        status.generated_name_conflict()
    } else {
        status
    }
}
