//! PUT to an object or to one of its subresources, and what it has in common with a patch.

use std::sync::Arc;

use serde_json::Value;

use super::{Context, Target, admission, body, create, delete, pools};
use crate::handlers::cluster::{Cluster, check_key, key};
use crate::names::is_path_segment_name;
use crate::object::{Object, meta_str, set_resource_version};
use crate::patch::apply::{self, Sent, Writer};
use crate::registry::validation::owner::dedup_owner_references;
use crate::registry::{Strategy, generic};
use crate::request::negotiation::body_format;
use crate::request::options::WriteOptions;
use crate::request::query::parse_uint;
use crate::response::Response;
use crate::response::Warnings;
use crate::status::Status;
use crate::storage::{Revision, Transaction};

/// An update about to happen.
pub(crate) struct Update<'a> {
    pub(crate) strategy: &'static dyn Strategy,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) manager: &'a str,
    pub(crate) dry_run: bool,
}

/// What an update did.
pub(crate) enum Updated {
    Changed(Arc<Object>),
    Created(Arc<Object>),
}

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let bytes = ctx.read_body().await?;
    let options = WriteOptions::parse(ctx.query, "UpdateOptions")?;
    let format = body_format(ctx.request)?;
    let target = ctx.target;
    let strategy = target.writing_strategy();
    let decoded = body::decode(
        format,
        &bytes,
        strategy,
        options.field_validation,
        ctx.warnings,
    )?;
    let body::Decoded { mut object, sent } = decoded;
    create::match_namespace(&target.namespace, &mut object)?;
    check_name(&object, &target.name)?;
    checked_key(target)?;
    let manager = ctx.manager(&options);
    let update = Update {
        strategy,
        namespace: &target.namespace,
        name: &target.name,
        subresource: &target.subresource,
        manager: &manager,
        dry_run: options.dry_run,
    };
    let mut warnings = std::mem::take(ctx.warnings);
    let result = ctx.cluster.storage.write(|tx| {
        let may_create = || ctx.authorize_create();
        update.replace(ctx.cluster, tx, object, &sent, &may_create, &mut warnings)
    });
    *ctx.warnings = warnings;
    let result = result?;
    let presenter = ctx.presenter(negotiated)?;
    match result {
        Updated::Changed(object) => presenter.object(200, &object),
        Updated::Created(object) => create::answer(&presenter, &object),
    }
}

/// The name in the body is that of the path.
pub(crate) fn check_name(object: &Value, name: &str) -> Result<(), Status> {
    match meta_str(object, "name") {
        "" => Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        found if found != name => Err(Status::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({name})"
        ))),
        _ => Ok(()),
    }
}

/// The storage key of a target. What would not be one of its own is refused: a name as a parameter, a namespace by the
/// store.
pub(super) fn checked_key(target: &Target) -> Result<String, Status> {
    let name = &target.name;
    target.check_namespace()?;
    if let Some(error) = is_path_segment_name(name).first() {
        return Err(Status::bad_request(format!(
            "Name parameter invalid: {}: {error}",
            crate::codec::quote::quote(name)
        )));
    }
    let key = key(target.strategy.resource(), &target.namespace, name);
    check_key(&key)?;
    Ok(key)
}

impl Update<'_> {
    /// Replaces the object, or creates it where that is allowed.
    pub(crate) fn replace(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        mut object: Value,
        sent: &Sent,
        may_create: &dyn Fn() -> Result<(), Status>,
        warnings: &mut Warnings,
    ) -> Result<Updated, Status> {
        let resource = self.strategy.resource();
        warnings.extend(dedup_owner_references(&mut object));
        let key = key(resource, self.namespace, self.name);
        let live = tx.get(&key).cloned();
        if live.is_none() && !self.strategy.allow_create_on_update() {
            return Err(self.not_found());
        }
        self.check_uid(&key, &object, live.as_deref())?;
        let Some(live) = live else {
            return self
                .create_missing(cluster, tx, object, may_create, warnings)
                .map(Updated::Created);
        };
        let now = cluster.timestamp();
        let api_version = resource.api_version();
        let writer = Writer {
            manager: self.manager,
            api_version: &api_version,
            subresource: self.subresource,
            now: &now,
        };
        apply::update(
            &live.value(),
            &mut object,
            sent,
            &resource.schema,
            &writer,
            self.strategy.reset_fields(),
        );
        self.finish(cluster, tx, &key, object, &live, warnings)
            .map(Updated::Changed)
    }

    /// The end of every update: versions, validation, and the write if anything changed.
    pub(crate) fn finish(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        key: &str,
        mut object: Value,
        live: &Arc<Object>,
        warnings: &mut Warnings,
    ) -> Result<Arc<Object>, Status> {
        let resource = self.strategy.resource();
        admission::check_update(cluster, tx, self.strategy, self.namespace)?;
        let old = live.value();
        let stored = meta_str(&old, "resourceVersion");
        self.check_version(&object, stored)?;
        set_resource_version(&mut object, stored.parse().map(Revision).ok());
        pools::allocate(
            &cluster.ids,
            tx,
            self.strategy,
            &mut object,
            Some(&old),
            self.dry_run,
        )?;
        generic::before_update(self.strategy, &mut object, &old)?;
        warnings.extend(self.strategy.warnings(&object));
        apply::keep_times(&old, &mut object);
        if generic::is_released(self.strategy, &object) {
            if !self.dry_run {
                tx.delete(key, |revision| {
                    Object::at_revision(resource, Value::clone(&old), revision)
                });
                delete::delete_along(cluster, tx, self.strategy, self.namespace, self.name);
            }
            return Ok(Arc::new(Object::new(resource, object)));
        }
        if object == *old {
            return Ok(live.clone());
        }
        if self.dry_run {
            return Ok(Arc::new(Object::new(resource, object)));
        }
        let next = tx.put(key, |revision| {
            Object::at_revision(resource, object, revision)
        });
        live.drop_value();
        Ok(next)
    }

    pub(crate) fn not_found(&self) -> Status {
        let resource = self.strategy.resource();
        Status::not_found(resource.plural, resource.group, self.name)
    }

    /// A uid in the body must be the stored object's.
    fn check_uid(&self, key: &str, object: &Value, live: Option<&Object>) -> Result<(), Status> {
        let wanted = meta_str(object, "uid");
        if wanted.is_empty() {
            return Ok(());
        }
        let live = live.map(Object::value);
        let found = live.as_deref().map_or("", |live| meta_str(live, "uid"));
        if wanted == found {
            return Ok(());
        }
        let resource = self.strategy.resource();
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry{key}, ResourceVersion: 0, AdditionalErrorMsg: \
             Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
        );
        Err(Status::conflict(
            resource.plural,
            resource.group,
            self.name,
            &why,
        ))
    }

    fn check_version(&self, object: &Value, live: &str) -> Result<(), Status> {
        let resource = self.strategy.resource();
        match parse_object_version(object)? {
            0 if self.strategy.allow_unconditional_update() => Ok(()),
            0 => {
                let detail = "must be specified for an update";
                let error = crate::status::field::FieldError::invalid(
                    "metadata.resourceVersion",
                    &0.into(),
                    detail,
                );
                Err(Status::invalid(
                    resource.plural,
                    resource.group,
                    self.name,
                    &[error],
                ))
            }
            version if live.parse() == Ok(version) => Ok(()),
            _ => Err(Status::modified(resource.plural, resource.group, self.name)),
        }
    }

    fn create_missing(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        mut object: Value,
        may_create: &dyn Fn() -> Result<(), Status>,
        warnings: &mut Warnings,
    ) -> Result<Arc<Object>, Status> {
        let resource = self.strategy.resource();
        let now = cluster.timestamp();
        let api_version = resource.api_version();
        let writer = Writer {
            manager: self.manager,
            api_version: &api_version,
            subresource: self.subresource,
            now: &now,
        };
        apply::create(
            &mut object,
            &resource.schema,
            &writer,
            self.strategy.reset_fields(),
        );
        admission::check_create(cluster, tx, self.strategy, self.namespace, &object)?;
        self.insert_missing(cluster, tx, object, may_create, warnings)
    }

    /// The rest of an update that creates, once field ownership is settled and the namespace is there.
    pub(crate) fn insert_missing(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        mut object: Value,
        may_create: &dyn Fn() -> Result<(), Status>,
        warnings: &mut Warnings,
    ) -> Result<Arc<Object>, Status> {
        let resource = self.strategy.resource();
        parse_object_version(&object)?;
        self.strategy.prepare_for_create(&mut object);
        generic::fill_system_fields(&mut object, cluster.ids.uid(), &cluster.timestamp());
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
        may_create()?;
        if self.dry_run {
            return Ok(Arc::new(Object::new(resource, object)));
        }
        let key = key(resource, self.namespace, self.name);
        Ok(tx.put(&key, |revision| {
            Object::at_revision(resource, object, revision)
        }))
    }
}

/// The version an object claims, 0 for none; the error is a bare 500, as upstream's.
fn parse_object_version(object: &Value) -> Result<u64, Status> {
    match meta_str(object, "resourceVersion") {
        "" => Ok(0),
        text => parse_uint(text).map_err(Status::raw),
    }
}
