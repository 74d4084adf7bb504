//! What is answered at once and not kept: reviews, and what is posted to a subresource of another kind, such as a
//! Binding to a pod.
//!
//! A kind of answer is a file and a line of [`ANSWERS`].

mod access_reviews;
mod binding;
mod component_statuses;
mod evictions;
mod rules_review;
mod token_request;
mod token_review;

use std::sync::Arc;

use serde_json::Value;

use super::create::match_namespace;
use super::selection::Selection;
use super::{Context, body, list, outside};
use crate::kinds::{Kind, KindRef};
use crate::object::Object;
use crate::patch::apply::{self, Writer};
use crate::registry::generic;
use crate::request::options::{ListOptions, WriteOptions};
use crate::response::{List, Response};
use crate::status::Status;
use crate::storage::Revision;

/// What becomes of a posted object.
pub(super) trait Answer: Sync {
    /// The object as it is answered.
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a>;
}

/// The answer, which may be waited for: what is answered may have to be written first.
pub(super) type Answered<'a> =
    std::pin::Pin<Box<dyn Future<Output = Result<Value, Status>> + Send + 'a>>;

/// One posting.
pub(super) struct Call<'a, 'b> {
    pub(super) ctx: &'a mut Context<'b>,
    /// Decoded and defaulted.
    pub(super) object: Value,
    pub(super) options: WriteOptions,
}

impl Call<'_, '_> {
    /// Takes out what only the server sets, and gives the fields of the object to who sends it, as is done to whatever is
    /// created.
    fn own(&mut self, kind: &Kind) {
        generic::wipe_system_fields(&mut self.object);
        self.own_as_it_is(kind);
    }

    fn own_as_it_is(&mut self, kind: &Kind) {
        let manager = self.ctx.manager(&self.options);
        let writer = Writer {
            is_foreign: &|_| false,
            in_version: &|_, _| None,
            manager: &manager,
            api_version: &kind.api_version(),
            subresource: &self.ctx.target.subresource,
            now: &self.ctx.cluster.timestamp(),
        };
        apply::create(&mut self.object, &kind.schema, &writer, &[]);
    }

    /// The kind of what was sent.
    fn kind(&self) -> Result<KindRef, Status> {
        let text = |field: &str| self.object[field].as_str().unwrap_or_default();
        let catalog = &self.ctx.cluster.catalog();
        let found = catalog.find_kind(text("apiVersion"), text("kind"));
        found.ok_or_else(|| Status::internal_error("the kind of this is not known"))
    }
}

/// By group and kind of the body.
static ANSWERS: &[(&str, &str, &dyn Answer)] = &[
    ("", "Binding", &binding::Bindings),
    (
        "authentication.k8s.io",
        "SelfSubjectReview",
        &token_review::SelfSubjectReview,
    ),
    (
        "authentication.k8s.io",
        "TokenRequest",
        &token_request::TokenRequest,
    ),
    (
        "authentication.k8s.io",
        "TokenReview",
        &token_review::TokenReview,
    ),
    (
        "authorization.k8s.io",
        "LocalSubjectAccessReview",
        &access_reviews::LocalSubjectAccessReview,
    ),
    (
        "authorization.k8s.io",
        "SelfSubjectAccessReview",
        &access_reviews::SelfSubjectAccessReview,
    ),
    (
        "authorization.k8s.io",
        "SelfSubjectRulesReview",
        &rules_review::SelfSubjectRulesReview,
    ),
    (
        "authorization.k8s.io",
        "SubjectAccessReview",
        &access_reviews::SubjectAccessReview,
    ),
    ("policy", "Eviction", &evictions::Evictions),
];

type All = fn() -> Vec<Value>;

/// The kinds of which nothing is kept and yet something is there to be read: group, kind, all there is.
static SHOWN: &[(&str, &str, All)] = &[("", "ComponentStatus", component_statuses::all)];

/// Reads one object, or all, of a kind of which nothing is kept.
pub(super) fn show(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let (kind, name) = (&ctx.target.kind, &*ctx.target.name);
    let mut all = SHOWN.iter();
    let found = all.find(|(group, name, _)| *group == kind.group && *name == kind.kind);
    let (.., all) = found.ok_or_else(|| not_supported(kind))?;
    let mut objects = all()
        .into_iter()
        .map(|object| Object::new(kind, object, Vec::new()));
    if !name.is_empty() {
        let object = objects.find(|object| object.name() == name);
        // Upstream takes the singular for the resource.
        let object = object.ok_or_else(|| Status::not_found(&kind.singular, &kind.group, name))?;
        return ctx.presenter(negotiated)?.object(200, &object);
    }
    let options = ListOptions::parse(ctx.query)?;
    list::check_fields(kind, &options.fields)?;
    if options.watch {
        return Err(Status::method_not_supported(
            &kind.plural,
            &kind.group,
            "watch",
        ));
    }
    let selection = Selection::new(kind, "", &options);
    let items = objects.filter(|object| selection.matches(object));
    let list = List {
        items: items.map(Arc::new).collect(),
        revision: Revision::default(),
        continue_token: None,
        remaining: None,
    };
    ctx.presenter(negotiated)?.list(&list)
}

/// Answers a POST of this kind.
pub(super) async fn handle(ctx: &mut Context<'_>, kind: &KindRef) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let (format, bytes) = body::read(ctx).await?;
    let options = WriteOptions::parse(ctx.query, "CreateOptions")?;
    let validation = options.field_validation;
    let received = body::decode(
        format,
        &bytes,
        kind,
        &ctx.cluster.catalog(),
        validation,
        ctx.warnings,
    )?;
    let mut object = received.object;
    match_namespace(&ctx.target.namespace, &mut object)?;
    let answer = find(kind).ok_or_else(|| not_supported(kind))?;
    outside::ask(ctx, kind, &options, &mut object).await?;
    let mut call = Call {
        ctx: &mut *ctx,
        object,
        options,
    };
    let answered = match answer.answer(&mut call).await {
        // There is nothing to show of what was done.
        Err(status) if status.code < 400 => return Ok(Response::status(&status, negotiated)),
        answered => answered?,
    };
    let shown = Object::new(kind, answered, Vec::new());
    ctx.presenter(negotiated)?.object(201, &shown)
}

/// Whether a kind is answered.
#[cfg(test)]
pub(super) fn is_answered(kind: &Kind) -> bool {
    let is_shown =
        |(group, name, _): &(&str, &str, All)| *group == kind.group && *name == kind.kind;
    find(kind).is_some() || SHOWN.iter().any(is_shown)
}

fn find(kind: &Kind) -> Option<&'static dyn Answer> {
    let mut all = ANSWERS.iter();
    let found = all.find(|(group, name, _)| *group == kind.group && *name == kind.kind);
    found.map(|(_, _, answer)| *answer)
}

fn not_supported(kind: &Kind) -> Status {
    Status::internal_error(&format!(
        "this fake apiserver does not answer objects of kind {}",
        kind.kind
    ))
}
