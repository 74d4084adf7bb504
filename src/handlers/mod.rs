//! One verb, one file: what happens once a request is known, allowed and routed.
//!
//! Each file has two halves. `handle` is the request's side: negotiation, parameters and body, in the order the real
//! server checks them. The function named after the verb is the cluster's side: it works on decoded objects, runs in one
//! storage transaction, and also serves seeding and the controllers.

pub(crate) mod body;
pub(crate) mod cluster;
mod create;
mod delete;
mod delete_collection;
pub(crate) mod discovery;
pub(crate) mod documents;
mod get;
pub(crate) mod health;
mod list;
pub(crate) mod openapi;
mod patch;
pub(crate) mod race;
pub(crate) mod routes;
pub(crate) mod seed;
mod selection;
mod update;
pub(crate) mod version;
mod watch;
pub(crate) mod write;

use std::sync::Arc;

use bytes::Bytes;
use http::header;
use jiff::Timestamp;

use crate::authorization::{Attributes, Authorizer};
use crate::handlers::cluster::Cluster;
use crate::kinds::verb::Verb;
use crate::kinds::{Kind, KindRef};
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

    /// The verb a method stands for here, if the route has that method.
    fn verb(&self, method: &http::Method) -> Option<Verb> {
        let item = !self.name.is_empty() || !self.subresource.is_empty();
        let across = self.kind.namespaced && !self.in_namespace;
        let verb = match method.as_str() {
            "GET" if self.watch_path => Verb::Watch,
            _ if self.watch_path => return None,
            "GET" if item => Verb::Get,
            "GET" => Verb::List,
            _ if across => return None,
            "POST" if !item => Verb::Create,
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

/// Answers a routed request: the router's own checks, then the verb.
pub(crate) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let verb = ctx
        .target
        .verb(&ctx.request.method)
        .ok_or_else(Status::method_not_allowed)?;
    if verb == Verb::Patch {
        patch::check_route(ctx.request)?;
    }
    let streams = matches!(verb, Verb::List | Verb::Watch);
    negotiation::check_route(ctx.request, streams)?;
    if let Some(text) = deprecation(ctx.cluster, &ctx.target.kind) {
        ctx.warnings.add(text);
    }
    if !ctx.target.subresource.is_empty() && ctx.target.name.is_empty() {
        return Err(Status::bad_request("name must be provided"));
    }
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
        negotiation::negotiate(self.request, self.query)
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
        Ok(body)
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
