//! PATCH of an object or of one of its subresources: the four kinds of patch, each in one transaction.

use bytes::Bytes;
use http::header;
use serde_json::Value;

use super::create::match_namespace;
use super::update::{check_name, checked_key};
use super::write::{Proposal, Propose, Write};
use super::{Context, body};
use crate::codec::json::Node;
use crate::codec::quote::quote;
use crate::codec::yaml;
use crate::kinds::Kind;
use crate::kinds::verb::Verb;
use crate::object::meta_str;
use crate::patch::apply::{self, AppliedKind, ApplyError, Sent, Writer};
use crate::patch::{self, PatchType, Patched};
use crate::registry::validation::owner::dedup_owner_references;
use crate::registry::{self, WriteContext};
use crate::request::Request;
use crate::request::negotiation::mentions;
use crate::request::options::{FieldValidation, WriteOptions};
use crate::response::{Response, Warnings};
use crate::schema;
use crate::status::Status;
use crate::status::field::FieldError;

/// The media types of patches, in the order the server lists them.
const MEDIA_TYPES: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// A patch as it was asked for.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Changes the object by itself.
    Change(PatchType),
    /// Server-side apply.
    Apply { force: bool },
}

/// The router's look at the media type: one of those listed must be known, to the letter.
pub(super) fn check_route(request: &Request, kind: &Kind) -> Result<(), Status> {
    let header = request.header(header::CONTENT_TYPE).unwrap_or_default();
    // The handler of custom objects sees for itself what it is sent.
    if kind.custom.is_some() || mentions(header, &MEDIA_TYPES) {
        Ok(())
    } else {
        Err(Status::unsupported_media_type_route())
    }
}

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let (options, patch) = prepare(ctx).await?;
    let written = ctx.write(Verb::Patch, &options, &patch).await?;
    ctx.answer(negotiated, &written)
}

/// Reads what is to be written.
pub(super) async fn prepare(ctx: &mut Context<'_>) -> Result<(WriteOptions, Patch), Status> {
    let form = form(ctx)?;
    let bytes = ctx.read_body().await?;
    let options = options(ctx, form)?;
    checked_key(ctx.target)?;
    // A few words make megabytes where copies are copied.
    if form == Form::Change(PatchType::Json) && memchr::memmem::find(&bytes, b"copy").is_some() {
        ctx.aside.turn().await;
    }
    let patch = Patch {
        form,
        bytes,
        validation: options.field_validation,
    };
    Ok((options, patch))
}

fn form(ctx: &Context<'_>) -> Result<Form, Status> {
    let header = ctx.request.header(header::CONTENT_TYPE).unwrap_or_default();
    match header.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => Ok(Form::Change(PatchType::Json)),
        "application/merge-patch+json" => Ok(Form::Change(PatchType::Merge)),
        "application/strategic-merge-patch+json" if ctx.target.kind.custom.is_none() => {
            Ok(Form::Change(PatchType::StrategicMerge))
        }
        "application/apply-patch+yaml" => Ok(Form::Apply {
            force: ctx.query.flag("force") == Some(true),
        }),
        // No struct says how the lists of a custom object merge.
        _ if ctx.target.kind.custom.is_some() => {
            let merging = MEDIA_TYPES
                .into_iter()
                .filter(|ty| !ty.contains("strategic"));
            Err(Status::unsupported_media_type(&merging.collect::<Vec<_>>()))
        }
        _ => Err(Status::unsupported_media_type(&MEDIA_TYPES)),
    }
}

fn options(ctx: &Context<'_>, form: Form) -> Result<WriteOptions, Status> {
    let mut errors = Vec::new();
    match form {
        Form::Apply { .. } if ctx.query.get("fieldManager").unwrap_or_default().is_empty() => {
            errors.push(FieldError::required(
                "fieldManager",
                "is required for apply patch",
            ));
        }
        Form::Change(_) if ctx.query.get("force").is_some() => {
            errors.push(FieldError::forbidden(
                "force",
                "may not be specified for non-apply patch",
            ));
        }
        _ => {}
    }
    let options = WriteOptions::collect(ctx.query, &mut errors);
    if errors.is_empty() {
        Ok(options)
    } else {
        Err(Status::invalid("PatchOptions", "meta.k8s.io", "", &errors))
    }
}

/// A patch about to happen.
pub(super) struct Patch {
    form: Form,
    bytes: Bytes,
    validation: FieldValidation,
}

impl Propose for Patch {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let proposal = write.with_writer(context.now, |writer| match (self.form, live) {
            (Form::Change(patch_type), Some(live)) => self
                .changed(write, patch_type, live, writer, warnings)
                .map(Proposal::Update),
            (Form::Apply { force }, Some(live)) => self
                .applied(write, Some(live), writer, force, warnings)
                .map(Proposal::Update),
            (Form::Apply { force }, None)
                if write.subresource.is_empty() || write.creates_on_update() =>
            {
                let object = self.applied(write, None, writer, force, warnings)?;
                Ok(Proposal::Create(object))
            }
            (_, None) => Err(write.not_found()),
        });
        proposal.unwrap_or(Ok(Proposal::Nothing))
    }
}

impl Patch {
    /// The object a JSON, merge or strategic merge patch makes.
    fn changed(
        &self,
        write: &Write<'_>,
        patch_type: PatchType,
        live: &Value,
        writer: &Writer<'_>,
        warnings: &mut Warnings,
    ) -> Result<Value, Status> {
        let kind_schema = &write.kind.schema;
        let patched = patch::apply(patch_type, live, &self.bytes, kind_schema, self.validation)?;
        let sent = Sent::of(&patched.next);
        let mut object = self.decode(write, patched, patch_type, warnings)?;
        settle(write, &mut object)?;
        warnings.extend(dedup_owner_references(&mut object).map(|text| {
            text.replacen(
                "duplicate entries;",
                "duplicate entries after mutating admission happens;",
                1,
            )
        }));
        let reset = write.kind.resets(write.subresource);
        apply::update(live, &mut object, &sent, kind_schema, writer, reset);
        Ok(object)
    }

    fn decode(
        &self,
        write: &Write<'_>,
        patched: Patched,
        patch_type: PatchType,
        warnings: &mut Warnings,
    ) -> Result<Value, Status> {
        let strategic = patch_type == PatchType::StrategicMerge;
        if !strategic
            && write.kind.custom.is_none()
            && let Err(error) =
                body::check_type(&patched.next, write.kind, &write.cluster.catalog())
        {
            return Err(patched.invalid(error).into());
        }
        let untyped = !strategic && is_untyped(&patched.next);
        let node = if untyped {
            Node::Null
        } else {
            patched.next.clone()
        };
        let decoded = match schema::read(node, write.kind) {
            Ok(decoded) => decoded,
            Err(error) => return Err(patched.invalid(error).into()),
        };
        let strict = if untyped {
            all_unknown(&patched.next)
        } else {
            decoded.strict
        };
        warnings.extend(patched.settle(strict, self.validation)?);
        Ok(decoded.value)
    }

    /// The object a server-side apply makes.
    fn applied(
        &self,
        write: &Write<'_>,
        live: Option<&Value>,
        writer: &Writer<'_>,
        force: bool,
        warnings: &mut Warnings,
    ) -> Result<Value, Status> {
        let config = self.config()?;
        let kind = AppliedKind {
            name: &write.kind.kind,
            schema: &write.kind.schema,
            reset: write.kind.resets(write.subresource),
        };
        let mut object =
            apply::apply(live, &config.node, &kind, writer, force).map_err(apply_status)?;
        self.check_duplicates(config.duplicates, warnings)?;
        if live.is_none() {
            check_no_uid(write, &object)?;
        }
        settle(write, &mut object)?;
        Ok(object)
    }

    /// The configuration of an apply: YAML, of which JSON is a part.
    fn config(&self) -> Result<yaml::Document, Status> {
        let document = yaml::parse(&self.bytes).map_err(|e| {
            Status::bad_request(format!(
                "error decoding YAML: error converting YAML to JSON: {e}"
            ))
        })?;
        if !matches!(document.node, Node::Object(_) | Node::Null) {
            let kind = document.node.go_kind();
            return Err(Status::bad_request(format!(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into \
                 Go value of type map[string]interface {{}}"
            )));
        }
        Ok(document)
    }

    /// Looked at only after the configuration has been applied.
    fn check_duplicates(
        &self,
        duplicates: Vec<String>,
        warnings: &mut Warnings,
    ) -> Result<(), Status> {
        match self.validation {
            FieldValidation::Strict if !duplicates.is_empty() => Err(Status::bad_request(format!(
                "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {}",
                duplicates.join("\n  ")
            ))),
            FieldValidation::Warn => {
                warnings.extend(duplicates);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What every patched object goes through before it is an update like any other.
fn settle(write: &Write<'_>, object: &mut Value) -> Result<(), Status> {
    match_namespace(write.namespace, object)?;
    check_name(object, write.name)?;
    if write.kind.custom.is_none() {
        body::set_type(object, write.kind);
    }
    registry::set_defaults(write.kind, object);
    Ok(())
}

fn check_no_uid(write: &Write<'_>, object: &Value) -> Result<(), Status> {
    let uid = meta_str(object, "uid");
    if uid.is_empty() {
        return Ok(());
    }
    let why = format!(
        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
    );
    let (plural, group) = (&write.kind.plural, &write.kind.group);
    Err(Status::conflict(plural, group, write.name, &why))
}

/// Without kind and apiVersion the real server decodes into nothing it knows.
fn is_untyped(node: &Node) -> bool {
    let blank = |key| {
        matches!(node.get(key), None | Some(Node::Null))
            || node.get(key) == Some(&Node::String(String::new()))
    };
    blank("kind") && blank("apiVersion")
}

fn all_unknown(node: &Node) -> Vec<String> {
    match node {
        Node::Object(members) => members
            .iter()
            .map(|(key, _)| format!("unknown field {}", quote(key)))
            .collect(),
        _ => Vec::new(),
    }
}

fn apply_status(error: ApplyError) -> Status {
    match error {
        ApplyError::Conflict { message, causes } => Status::apply_conflict(message, causes),
        ApplyError::Typed(message) => Status::raw(message),
        ApplyError::BadRequest(message) => Status::bad_request(message),
    }
}
