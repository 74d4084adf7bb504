//! POST to a collection.

use bytes::Bytes;
use serde_json::Value;

use super::aside::LARGE_BODY;
use super::write::{Author, Proposal, Propose, Write, Written};
use super::{Context, authorize_create, body, conversion};
use crate::kinds::verb::Verb;
use crate::object::{meta_str, metadata_mut};
use crate::patch::apply;
use crate::registry::WriteContext;
use crate::registry::generic;
use crate::registry::validation::owner::dedup_owner_references;
use crate::request::negotiation::BodyFormat;
use crate::request::options::{FieldValidation, Given, WriteOptions};
use crate::response::{Response, Warnings};
use crate::status::Status;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let (format, bytes) = body::read(ctx).await?;
    let options = WriteOptions::parse(ctx.query, "CreateOptions")?;
    let create = Create {
        format,
        bytes,
        validation: options.field_validation,
    };
    let written = ctx.write(Verb::Create, &options, &create).await?;
    ctx.answer(negotiated, &written)
}

/// A new object.
struct Create {
    format: BodyFormat,
    bytes: Bytes,
    validation: FieldValidation,
}

impl Propose for Create {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        _live: Option<&Value>,
        warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let decoded = body::decode(
            self.format,
            &self.bytes,
            write.kind,
            &write.cluster.catalog(),
            self.validation,
            warnings,
        )?;
        let mut object = decoded.object;
        generic::wipe_system_fields(&mut object);
        match_namespace(write.namespace, &mut object)?;
        own_new(write, context, &mut object, warnings);
        Ok(Proposal::Create(object))
    }
}

/// Gives the fields of a new object to whoever creates it.
pub(super) fn own_new(
    write: &Write<'_>,
    context: &WriteContext<'_>,
    object: &mut Value,
    warnings: &mut Warnings,
) {
    warnings.extend(dedup_owner_references(object));
    let reset = write.kind.resets(write.subresource);
    write.with_writer(context.now, |writer| {
        apply::create(object, &write.kind.schema, writer, reset);
    });
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
    let metadata = metadata_mut(object);
    if requested.is_empty() {
        metadata.remove("namespace");
    } else {
        metadata.insert("namespace".to_owned(), requested.into());
    }
    Ok(())
}

impl Context<'_> {
    /// Writes to the target of the request.
    pub(super) async fn write(
        &mut self,
        verb: Verb,
        options: &WriteOptions,
        intent: &dyn Propose,
    ) -> Result<Written, Status> {
        let manager = self.manager(options);
        let mut warnings = Warnings::default();
        let (authorizer, user, info) = (self.authorizer, self.user, self.info);
        let may_create = || authorize_create(authorizer, user, info);
        let write = Write {
            cluster: self.cluster,
            kind: &self.target.kind,
            subresource: &self.target.subresource,
            namespace: &self.target.namespace,
            name: &self.target.name,
            author: Author::Client {
                verb,
                user,
                access: authorizer,
                manager: &manager,
                may_create: &may_create,
                options: Some(Given::Write(options)),
            },
            dry_run: options.dry_run,
        };
        // It is read and written whole, however small the change.
        let live = self
            .cluster
            .storage
            .view()
            .get(&write.key(write.name))
            .cloned();
        if live.is_some_and(|live| live.line().len() >= LARGE_BODY) {
            self.aside.turn().await;
        }
        let written = write.run(intent, &mut warnings).await;
        self.warnings.append(warnings);
        let (cluster, kind) = (self.cluster, &self.target.kind);
        Ok(match written? {
            Written::Created(object) => {
                Written::Created(conversion::shown(cluster, &object, kind).await?)
            }
            Written::Updated(object) => {
                Written::Updated(conversion::shown(cluster, &object, kind).await?)
            }
            Written::Deleted(object) => {
                Written::Deleted(conversion::shown(cluster, &object, kind).await?)
            }
        })
    }

    /// The answer to what wrote an object.
    pub(super) fn answer(
        &self,
        negotiated: crate::request::negotiation::Negotiated,
        written: &Written,
    ) -> Result<Response, Status> {
        let presenter = self.presenter(negotiated)?;
        match written {
            Written::Created(object) => presenter.object(201, object),
            Written::Updated(object) | Written::Deleted(object) => presenter.object(200, object),
        }
    }
}
