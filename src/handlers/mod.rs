//! One verb, one file: what happens once a request is known, allowed and routed.
//!
//! Each file has two halves. `handle` is the request's side: negotiation, parameters and body, in the order the real
//! server checks them. The function named after the verb is the cluster's side: it works on decoded objects, runs in one
//! storage transaction, and also serves seeding and the controllers.

mod answer;
pub(crate) mod aside;
pub(crate) mod body;
pub(crate) mod bootstrap;
pub(crate) mod cluster;
mod connect;
pub(crate) mod conversion;
mod create;
pub(crate) mod definitions;
mod delete;
mod delete_collection;
pub(crate) mod discovery;
pub(crate) mod documents;
mod get;
pub(crate) mod health;
mod list;
pub(crate) mod openapi;
mod outside;
mod patch;
pub(crate) mod race;
pub(crate) mod routes;
mod scale;
pub(crate) mod seed;
mod selection;
#[cfg(test)]
mod served;
mod update;
pub(crate) mod version;
mod watch;
pub(crate) mod write;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, header};
use jiff::Timestamp;

use self::aside::{Aside, LARGE_BODY, LARGE_COLLECTION, LONG_TARGET};
use crate::authentication::Authenticator;
use crate::authorization::{Attributes, Authorizer};
use crate::handlers::cluster::Cluster;
use crate::kinds::verb::Verb;
use crate::kinds::{Kind, KindRef, Service};
use crate::object::frame::Frames;
use crate::request::Request;
use crate::request::info::RequestInfo;
use crate::request::negotiation::{self, Negotiated};
use crate::request::options::{WriteOptions, manager_from_user_agent};
use crate::request::query::Query;
use crate::request::text::Text;
use crate::request::user::UserInfo;
use crate::response::{IncludeObject, Presenter, Response, Warnings};
use crate::status::Status;
use crate::storage::{Revision, Stale};

/// A request for a resource, on its way through a handler.
pub(crate) struct Context<'a> {
    pub(crate) cluster: &'a Arc<Cluster>,
    pub(crate) authenticator: &'a Authenticator,
    pub(crate) authorizer: &'a Authorizer,
    pub(crate) max_body: usize,
    pub(crate) request: &'a mut Request,
    pub(crate) query: &'a Query,
    pub(crate) info: &'a RequestInfo,
    pub(crate) user: &'a UserInfo,
    pub(crate) target: &'a Target,
    pub(crate) warnings: &'a mut Warnings,
    /// Reads show an older state.
    pub(crate) stale: Option<Stale>,
    /// What the frames of a watch pass on their way out.
    pub(crate) through: Through<'a>,
    /// What was read of the body, for who looks later.
    pub(crate) kept: &'a mut Bytes,
    /// The page that a list goes on from is forgotten.
    pub(crate) expire_continue: bool,
    /// Where what takes long goes.
    pub(crate) aside: &'a Aside,
}

/// Takes the frames of a watch, and when it ends by itself if it does; what comes back is what is written.
pub(crate) type Through<'a> = &'a mut (dyn FnMut(Frames, Option<Timestamp>) -> Frames + Send);

/// The store as one request sees it: the newest state, or an older one.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) stale: Option<Stale>,
}

impl Sight<'_> {
    /// The newest revision to be seen; of those that were not compacted yet.
    pub(crate) fn horizon(&self) -> Revision {
        let storage = &self.cluster.storage;
        let newest = storage.revision();
        self.stale
            .map_or(newest, |stale| stale.horizon(newest).max(storage.oldest()))
    }
}

/// What a routed path points at.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) kind: KindRef,
    /// Empty: all namespaces, or a resource without them.
    pub(crate) namespace: Text,
    /// The path has a place for a namespace, be it an empty one.
    pub(crate) in_namespace: bool,
    /// Empty: the collection.
    pub(crate) name: Text,
    /// Empty: the object itself.
    pub(crate) subresource: Text,
    /// Reached through one of the deprecated `/watch/` paths.
    pub(crate) watch_path: bool,
}

impl Target {
    /// What is in a namespace cannot be written to, or read alone, without the name of it.
    fn check_namespace(&self) -> Result<(), Status> {
        if self.kind.namespaced && self.namespace.is_empty() {
            return Err(Status::bad_request("Namespace parameter required."));
        }
        Ok(())
    }

    /// The refusal of a method: where none leads anywhere, there is no such path.
    fn no_verb(&self) -> Status {
        let methods = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ];
        match methods.iter().any(|method| self.verb(method).is_some()) {
            true => Status::method_not_allowed(),
            false => Status::no_route(),
        }
    }

    /// The verb a method stands for here, if the route has that method.
    fn verb(&self, method: &Method) -> Option<Verb> {
        let item = !self.name.is_empty() || !self.subresource.is_empty();
        let across = self.kind.namespaced && !self.in_namespace;
        let verb = match method.as_str() {
            "GET" if self.watch_path => Verb::Watch,
            _ if self.watch_path => return None,
            "GET" if item => Verb::Get,
            "GET" => Verb::List,
            _ if across => return None,
            "POST" if !item || !self.subresource.is_empty() => Verb::Create,
            "PUT" if item => Verb::Update,
            "PATCH" if item => Verb::Patch,
            "DELETE" if item => Verb::Delete,
            "DELETE" => Verb::DeleteCollection,
            _ => return None,
        };
        self.kind
            .verbs(&self.subresource)
            .contains(&verb)
            .then_some(verb)
    }
}

impl Target {
    /// Whether the last handler of all answers: of custom objects in namespaces there are only lists without one.
    fn is_nowhere(&self, method: &Method) -> bool {
        let reads = self.watch_path || matches!(*method, Method::GET | Method::HEAD);
        let across = self.kind.namespaced && !self.in_namespace;
        self.kind.custom.is_some() && across && !reads
    }

    /// The verb a method stands for where no router looks at the path: upstream's `crdHandler`.
    fn verb_of_custom(&self, method: &Method) -> Result<Verb, Status> {
        let (kind, named) = (&self.kind, !self.name.is_empty());
        let verb = match method.as_str() {
            _ if self.watch_path => Some(Verb::Watch),
            "GET" | "HEAD" if named => Some(Verb::Get),
            "GET" | "HEAD" => Some(Verb::List),
            "POST" => Some(Verb::Create),
            "PUT" => Some(Verb::Update),
            "PATCH" => Some(Verb::Patch),
            "DELETE" if named => Some(Verb::Delete),
            "DELETE" => Some(Verb::DeleteCollection),
            _ => None,
        };
        let part = &self.subresource;
        if !part.is_empty() && kind.subresource(part).is_none() {
            return Err(Status::not_found(&kind.plural, &kind.group, &self.name));
        }
        if let Some(verb) = verb.filter(|verb| kind.verbs(part).contains(verb)) {
            let needs_name = matches!(verb, Verb::Update | Verb::Patch);
            return match needs_name && !named {
                true => Err(Status::bad_request("name must be provided")),
                false => Ok(verb),
            };
        }
        let verb = verb.map_or("", Verb::as_str);
        Err(Status::method_not_supported(
            &kind.plural,
            &kind.group,
            verb,
        ))
    }
}

/// Answers a routed request: the router's own checks, then the verb.
pub(crate) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let method = &ctx.request.method;
    if ctx.target.is_nowhere(method) {
        return Ok(Response::text(404, "404 page not found\n"));
    }
    let verb = match &ctx.target.kind.custom {
        Some(_) => ctx.target.verb_of_custom(method)?,
        None => ctx
            .target
            .verb(method)
            .ok_or_else(|| ctx.target.no_verb())?,
    };
    if verb == Verb::Patch {
        patch::check_route(ctx.request, &ctx.target.kind)?;
    }
    let writes = matches!(verb, Verb::Create | Verb::Update | Verb::Patch);
    if ctx.target.kind.policy.unsupported && writes {
        let kind = &ctx.target.kind.kind;
        let why = format!("this fake apiserver does not support {kind} objects");
        return Err(Status::internal_error(&why));
    }
    ctx.cluster.settle(&ctx.target.kind);
    let streams = matches!(verb, Verb::List | Verb::Watch);
    if ctx.target.kind.custom.is_none() {
        negotiation::check_route(ctx.request, streams)?;
    }
    if let Some(text) = deprecation(ctx.cluster, &ctx.target.kind) {
        ctx.warnings.add(text);
    }
    if !ctx.target.subresource.is_empty() && ctx.target.name.is_empty() {
        return Err(Status::bad_request("name must be provided"));
    }
    if let Some(subresource) = ctx.target.kind.subresource(&ctx.target.subresource) {
        match ctx.cluster.catalog().body_of(subresource) {
            Some(body) if verb == Verb::Create => return answer::handle(ctx, &body.clone()).await,
            Some(body) => return scale::handle(ctx, verb, &body.clone()).await,
            None if subresource.of.is_some() || connect::leads_elsewhere(&subresource.name) => {
                return connect::handle(ctx).await;
            }
            _ => {}
        }
    }
    if ctx.target.kind.service == Service::Virtual && verb != Verb::Create {
        return answer::show(ctx);
    }
    if ctx.target.kind.service == Service::Virtual {
        let body = ctx.target.kind.clone();
        return answer::handle(ctx, &body).await;
    }
    write::settle::settle(ctx.cluster, &ctx.target.kind, verb);
    match verb {
        Verb::Get => get::handle(ctx).await,
        Verb::List | Verb::Watch => list::handle(ctx).await,
        Verb::Create => create::handle(ctx).await,
        Verb::Patch => patch::handle(ctx).await,
        Verb::Update => update::handle(ctx).await,
        Verb::Delete => delete::handle(ctx).await,
        Verb::DeleteCollection => delete_collection::handle(ctx).await,
    }
}

/// The warning that goes with a kind in the version played.
pub(crate) fn deprecation(cluster: &Cluster, kind: &Kind) -> Option<Arc<str>> {
    let (since, text) = kind.deprecation.as_ref()?;
    (cluster.version.minor >= *since).then(|| text.clone())
}

impl Context<'_> {
    /// What this request may see of the store.
    fn sight(&self) -> Sight<'_> {
        Sight {
            cluster: self.cluster,
            stale: self.stale,
        }
    }

    fn negotiate(&self) -> Result<Negotiated, Status> {
        negotiation::negotiate(self.request, self.query, self.target.kind.wire)
    }

    fn presenter(&self, negotiated: Negotiated) -> Result<Presenter, Status> {
        // Only a Table shows more or less of its objects, and how old they are.
        let (include_object, now) = match negotiated.transform {
            negotiation::Transform::Table(_) => {
                (IncludeObject::parse(self.query)?, self.cluster.clock.now())
            }
            _ => (IncludeObject::Metadata, Timestamp::UNIX_EPOCH),
        };
        Ok(Presenter {
            kind: self.target.kind.clone(),
            negotiated,
            include_object,
            now,
        })
    }

    async fn read_body(&mut self) -> Result<Bytes, Status> {
        let body = body::read_all(&mut self.request.body, self.max_body).await?;
        self.kept.clone_from(&body);
        if body.len() >= LARGE_BODY {
            self.aside.turn().await;
        }
        Ok(body)
    }

    /// Before so many objects are gone through, each of which is so much work.
    async fn before_objects(&mut self, count: usize, work: usize) {
        // A selector of many terms asks each object many questions.
        let terms = 1 + self.request.target_length() / LONG_TARGET;
        if count.saturating_mul(terms).saturating_mul(work) >= LARGE_COLLECTION {
            self.aside.turn().await;
        }
    }

    /// Who writes, for `managedFields`.
    fn manager(&self, options: &WriteOptions) -> String {
        if options.field_manager.is_empty() {
            manager_from_user_agent(self.request.header(header::USER_AGENT).unwrap_or_default())
        } else {
            options.field_manager.clone()
        }
    }
}

/// Whether the user may also create, which a PUT to a missing object takes.
fn authorize_create(
    authorizer: &Authorizer,
    user: &UserInfo,
    info: &RequestInfo,
) -> Result<(), Status> {
    let attributes = Attributes {
        verb: "create",
        ..Attributes::of(info)
    };
    authorizer.authorize(user, &attributes)
}
