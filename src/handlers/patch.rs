//! PATCH of an object or of one of its subresources: the four kinds of patch, each in one transaction.

use bytes::Bytes;
use http::header;
use serde_json::Value;

use super::update::{Update, Updated, check_name, checked_key};
use super::{Context, admission, body, create};
use crate::codec::json::Node;
use crate::codec::quote::quote;
use crate::codec::yaml;
use crate::handlers::cluster::{Cluster, key};
use crate::object::{Object, meta_str};
use crate::patch::apply::{self, ApplyError, Kind, Sent, Writer};
use crate::patch::{self, PatchType, Patched};
use crate::registry::generic;
use crate::registry::validation::owner::dedup_owner_references;
use crate::request::Request;
use crate::request::negotiation::mentions;
use crate::request::options::{FieldValidation, WriteOptions};
use crate::response::Response;
use crate::response::Warnings;
use crate::schema;
use crate::status::Status;
use crate::status::field::FieldError;
use crate::storage::Transaction;

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
pub(super) fn check_route(request: &Request) -> Result<(), Status> {
    let header = request.header(header::CONTENT_TYPE).unwrap_or_default();
    if mentions(header, &MEDIA_TYPES) {
        Ok(())
    } else {
        Err(Status::unsupported_media_type_route())
    }
}

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let form = form(ctx)?;
    let bytes = ctx.read_body().await?;
    let options = options(ctx, form)?;
    checked_key(ctx.target)?;
    let manager = ctx.manager(&options);
    let target = ctx.target;
    let update = Update {
        strategy: target.writing_strategy(),
        namespace: &target.namespace,
        name: &target.name,
        subresource: &target.subresource,
        manager: &manager,
        dry_run: options.dry_run,
    };
    let patch = Patch {
        update,
        form,
        bytes,
        validation: options.field_validation,
    };
    let mut warnings = std::mem::take(ctx.warnings);
    let result = ctx.cluster.storage.write(|tx| {
        let may_create = || ctx.authorize_create();
        patch.run(ctx.cluster, tx, &may_create, &mut warnings)
    });
    *ctx.warnings = warnings;
    let result = result?;
    let presenter = ctx.presenter(negotiated)?;
    match result {
        Updated::Changed(object) => presenter.object(200, &object),
        Updated::Created(object) => create::answer(&presenter, &object),
    }
}

fn form(ctx: &Context<'_>) -> Result<Form, Status> {
    let header = ctx.request.header(header::CONTENT_TYPE).unwrap_or_default();
    match header.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => Ok(Form::Change(PatchType::Json)),
        "application/merge-patch+json" => Ok(Form::Change(PatchType::Merge)),
        "application/strategic-merge-patch+json" => Ok(Form::Change(PatchType::StrategicMerge)),
        "application/apply-patch+yaml" => Ok(Form::Apply {
            force: ctx.query.flag("force") == Some(true),
        }),
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
struct Patch<'a> {
    update: Update<'a>,
    form: Form,
    bytes: Bytes,
    validation: FieldValidation,
}

impl Patch<'_> {
    fn run(
        &self,
        cluster: &Cluster,
        tx: &mut Transaction<'_, Object>,
        may_create: &dyn Fn() -> Result<(), Status>,
        warnings: &mut Warnings,
    ) -> Result<Updated, Status> {
        let (update, resource) = (&self.update, self.update.strategy.resource());
        let key = key(resource, update.namespace, update.name);
        let live = tx.get(&key).cloned();
        let now = cluster.timestamp();
        let api_version = resource.api_version();
        let writer = Writer {
            manager: update.manager,
            api_version: &api_version,
            subresource: update.subresource,
            now: &now,
        };
        match (self.form, live) {
            (Form::Change(patch_type), Some(live)) => {
                let object = self.changed(patch_type, &live.value(), &writer, warnings)?;
                update
                    .finish(cluster, tx, &key, object, &live, warnings)
                    .map(Updated::Changed)
            }
            (Form::Change(_), None) => Err(update.not_found()),
            (Form::Apply { .. }, None) if !update.subresource.is_empty() => Err(update.not_found()),
            (Form::Apply { force }, Some(live)) => {
                let object = self.applied(Some(&live.value()), &writer, force, warnings)?;
                update
                    .finish(cluster, tx, &key, object, &live, warnings)
                    .map(Updated::Changed)
            }
            (Form::Apply { force }, None) => {
                let mut object = self.applied(None, &writer, force, warnings)?;
                admission::check_create(cluster, tx, update.strategy, update.namespace, &object)?;
                generic::wipe_system_fields(&mut object);
                update
                    .insert_missing(cluster, tx, object, may_create, warnings)
                    .map(Updated::Created)
            }
        }
    }

    /// The object a JSON, merge or strategic merge patch makes.
    fn changed(
        &self,
        patch_type: PatchType,
        live: &Value,
        writer: &Writer<'_>,
        warnings: &mut Warnings,
    ) -> Result<Value, Status> {
        let strategy = self.update.strategy;
        let kind_schema = &strategy.resource().schema;
        let patched = patch::apply(patch_type, live, &self.bytes, kind_schema, self.validation)?;
        let sent = Sent::of(&patched.next);
        let mut object = self.decode(patched, patch_type, warnings)?;
        self.settle(&mut object)?;
        warnings.extend(dedup_owner_references(&mut object).map(|text| {
            text.replacen(
                "duplicate entries;",
                "duplicate entries after mutating admission happens;",
                1,
            )
        }));
        apply::update(
            live,
            &mut object,
            &sent,
            kind_schema,
            writer,
            strategy.reset_fields(),
        );
        Ok(object)
    }

    fn decode(
        &self,
        patched: Patched,
        patch_type: PatchType,
        warnings: &mut Warnings,
    ) -> Result<Value, Status> {
        let strategy = self.update.strategy;
        let strategic = patch_type == PatchType::StrategicMerge;
        if !strategic && let Err(error) = body::check_type(&patched.next, strategy) {
            return Err(patched.invalid(error).into());
        }
        let untyped = !strategic && is_untyped(&patched.next);
        let node = if untyped {
            Node::Null
        } else {
            patched.next.clone()
        };
        let decoded = match schema::decode(node, &strategy.resource().schema) {
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
        live: Option<&Value>,
        writer: &Writer<'_>,
        force: bool,
        warnings: &mut Warnings,
    ) -> Result<Value, Status> {
        let strategy = self.update.strategy;
        let resource = strategy.resource();
        let config = self.config()?;
        let kind = Kind {
            name: resource.kind,
            schema: &resource.schema,
            reset: strategy.reset_fields(),
        };
        let mut object =
            apply::apply(live, &config.node, &kind, writer, force).map_err(apply_status)?;
        self.check_duplicates(config.duplicates, warnings)?;
        if live.is_none() {
            self.check_no_uid(&object)?;
        }
        self.settle(&mut object)?;
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

    /// What every patched object goes through before it is an update like any other.
    fn settle(&self, object: &mut Value) -> Result<(), Status> {
        create::match_namespace(self.update.namespace, object)?;
        check_name(object, self.update.name)?;
        body::set_type(object, self.update.strategy);
        self.update.strategy.set_defaults(object);
        Ok(())
    }

    fn check_no_uid(&self, object: &Value) -> Result<(), Status> {
        let uid = meta_str(object, "uid");
        if uid.is_empty() {
            return Ok(());
        }
        let resource = self.update.strategy.resource();
        let why = format!(
            "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        );
        Err(Status::conflict(
            resource.plural,
            resource.group,
            self.update.name,
            &why,
        ))
    }
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
