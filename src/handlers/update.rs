//! PUT to an object or to one of its subresources.

use bytes::Bytes;
use serde_json::Value;

use super::create::{match_namespace, own_new};
use super::write::{Proposal, Propose, Write};
use super::{Context, Target, body};
use crate::handlers::cluster::{check_key, key};
use crate::kinds::Kind;
use crate::kinds::verb::Verb;
use crate::names::is_path_segment_name;
use crate::object::meta_str;
use crate::registry::WriteContext;
use crate::registry::validation::owner::dedup_owner_references;
use crate::request::negotiation::{BodyFormat, body_format};
use crate::request::options::{FieldValidation, WriteOptions};
use crate::response::{Response, Warnings};
use crate::status::Status;

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let (options, replace) = prepare(ctx).await?;
    let written = ctx.write(Verb::Update, &options, &replace).await?;
    ctx.answer(negotiated, &written)
}

/// Reads what is to be written.
pub(super) async fn prepare<'a>(
    ctx: &mut Context<'a>,
) -> Result<(WriteOptions, Replace<'a>), Status> {
    let bytes = ctx.read_body().await?;
    let options = WriteOptions::parse(ctx.query, "UpdateOptions")?;
    let replace = Replace {
        target: ctx.target,
        format: body_format(ctx.request)?,
        bytes,
        validation: options.field_validation,
    };
    Ok((options, replace))
}

/// An object that takes the place of the one that is there, or is created where that is allowed.
pub(super) struct Replace<'a> {
    target: &'a Target,
    format: BodyFormat,
    bytes: Bytes,
    validation: FieldValidation,
}

impl Replace<'_> {
    /// Whether the body says to be of this kind, or nothing that could be read.
    pub(super) fn says(&self, kind: &Kind) -> bool {
        let Ok(parsed) = body::parse(self.format, &self.bytes, &kind.schema) else {
            return true;
        };
        body::TypeMeta::of(&parsed.node).map_or(true, |found| {
            let is_version =
                found.api_version.is_empty() || *found.api_version == kind.api_version();
            found.kind.is_empty() || found.kind == kind.kind && is_version
        })
    }
}

impl Propose for Replace<'_> {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
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
        let body::Received { mut object, sent } = decoded;
        match_namespace(write.namespace, &mut object)?;
        check_name(&object, write.name)?;
        let key = checked_key(self.target)?;
        warnings.extend(dedup_owner_references(&mut object));
        if live.is_none() && !write.creates_on_update() {
            return Err(write.not_found());
        }
        // A dry run does not get to where keys begin so.
        let root = if write.dry_run { "" } else { "/registry" };
        check_uid(self.target, &[root, &*key].concat(), &object, live)?;
        let Some(live) = live else {
            own_new(write, context, &mut object, warnings);
            return Ok(Proposal::Create(object));
        };
        Ok(write.replacing(live, object, &sent, context.now))
    }
}

/// The name in the body is that of the path.
pub(super) fn check_name(object: &Value, name: &str) -> Result<(), Status> {
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
    let key = key(&target.kind, &target.namespace, name);
    check_key(&key)?;
    Ok(key)
}

/// A uid in the body must be the stored object's.
fn check_uid(
    target: &Target,
    key: &str,
    object: &Value,
    live: Option<&Value>,
) -> Result<(), Status> {
    let wanted = meta_str(object, "uid");
    let found = live.map_or("", |live| meta_str(live, "uid"));
    if wanted.is_empty() || wanted == found {
        return Ok(());
    }
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}"
    );
    let (plural, group) = (&target.kind.plural, &target.kind.group);
    Err(Status::conflict(plural, group, &target.name, &why))
}
