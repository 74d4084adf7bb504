//! The path of a request, a stage a line, in the order of the real apiserver.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::SignedDuration;

use crate::authentication::{Authenticator, UserInfo, impersonation};
use crate::authorization::{Attributes, Authorizer};
use crate::clock;
use crate::cluster::{Cluster, key};
use crate::fault::answer::{Answer, Written};
use crate::fault::connection::Connection;
use crate::fault::effect::Loss;
use crate::fault::race::Race;
use crate::fault::stage::{Facts, Faults, Plan};
use crate::fault::stale::Stale;
use crate::fault::watch::WatchFault;
use crate::handlers::{self, Context};
use crate::httplog;
use crate::registry;
use crate::request::info::RequestInfo;
use crate::request::negotiation::negotiate_error;
use crate::request::query::Query;
use crate::request::{Request, query};
use crate::response::{Fate, Response, Warnings, headers};
use crate::routes::{self, Documents, Route};
use crate::status::Status;

/// How long a request may take; a shorter `?timeout` counts.
pub(crate) const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// What it takes to answer a request.
pub(crate) struct Pipeline {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) authenticator: Authenticator,
    pub(crate) authorizer: Authorizer,
    pub(crate) max_body: usize,
    pub(crate) faults: Arc<Faults>,
    /// Where the server can be reached, as `/api` tells it.
    pub(crate) address: String,
    pub(crate) documents: OnceLock<Documents>,
    /// The identities of the flow schema and the priority level that every answer names.
    pub(crate) flow: [String; 2],
}

/// A request after the checks that need no handler.
struct Admitted {
    info: RequestInfo,
    user: Arc<UserInfo>,
}

impl Pipeline {
    /// Answers one request, with a line in the log.
    pub(crate) async fn serve(&self, mut request: Request) -> Response {
        let mut line = httplog::Line::start(&request);
        let response = self.answer(&mut request, &mut line).await;
        if let Some(line) = line {
            line.write(response.status);
        }
        response
    }

    async fn answer(&self, request: &mut Request, line: &mut Option<httplog::Line>) -> Response {
        let query = Query::parse(&request.raw_query);
        let audit_id = self.audit_id(request);
        let mut warnings = Warnings::default();
        let mut flow = None;
        let response = match self
            .stages(request, &query, &mut warnings, &mut flow, line)
            .await
        {
            Ok(response) => response,
            Err(Refusal::Status(status)) => {
                Response::status(&status, negotiate_error(request, &query))
            }
            Err(Refusal::Denied(status)) => {
                Response::status(&status, negotiate_error(request, &query))
                    .header("x-content-type-options", "nosniff")
            }
            Err(Refusal::Scripted(response)) => *response,
            Err(Refusal::Broken(fate)) => {
                let mut response = Response::empty(500);
                response.fate = fate;
                return response;
            }
            Err(Refusal::Raw(response)) => {
                let response = response.header("audit-id", audit_id);
                return headers::order(response, self.cluster.clock.now());
            }
        };
        let response = headers::complete(response, request, audit_id, &warnings, flow);
        headers::order(response, self.cluster.clock.now())
    }

    async fn stages<'a>(
        &'a self,
        request: &mut Request,
        query: &Query,
        warnings: &mut Warnings,
        flow: &mut Option<&'a [String; 2]>,
        line: &mut Option<httplog::Line>,
    ) -> Result<Response, Refusal> {
        let path = routes::decode_path(&request.path);
        let info = RequestInfo::new(&request.method, &path, query)
            .map_err(|_| Refusal::undetermined(request))?;
        let timeout = timeout(&info, query)?;
        let user = self.authenticator.authenticate(&request.headers)?;
        warnings.0.extend(
            crate::authentication::credentials::warning(&request.headers).map(str::to_owned),
        );
        let user = self.impersonate(request, user, &info)?;
        *flow = Some(&self.flow);
        if let Some(line) = line {
            line.set_user(&user.name);
        }
        let mut plan = self.plan(request, query, &info, &user, &path);
        self.interfere(&mut plan, &info).await?;
        self.authorizer
            .authorize(&user, &attributes(&info))
            .map_err(Refusal::Denied)?;
        let admitted = Admitted { info, user };
        let deadline = clock::add(
            self.cluster.clock.now(),
            SignedDuration::try_from(timeout).unwrap_or_default(),
        );
        let answer = self.planned(request, query, &path, &admitted, warnings, plan);
        if matches!(admitted.info.verb, "watch") {
            return answer.await;
        }
        tokio::select! {
            biased;
            () = std::future::ready(()), if timeout < DEFAULT_REQUEST_TIMEOUT && self.cluster.clock.now() >= deadline => {
                Err(Refusal::timed_out())
            }
            answer = answer => answer,
            () = self.cluster.clock.sleep_until(deadline) => Err(Refusal::timed_out()),
            () = async { tokio::time::sleep(DEFAULT_REQUEST_TIMEOUT).await } => Err(Refusal::timed_out()),
        }
    }

    /// What the rules make of this request.
    fn plan(
        &self,
        request: &Request,
        query: &Query,
        info: &RequestInfo,
        user: &UserInfo,
        path: &str,
    ) -> Plan {
        if self.faults.is_empty() {
            return Plan::default();
        }
        let label = |key: &str| self.stored_label(path, key);
        let (now, ids) = (self.cluster.clock.now(), &self.cluster.ids);
        self.faults.plan(&Facts {
            request,
            query,
            info,
            user,
            label: &label,
            now,
            ids,
        })
    }

    /// A label of the stored object a path points at.
    fn stored_label(&self, path: &str, label: &str) -> Option<String> {
        let Route::Resource(target) = routes::route(path) else {
            return None;
        };
        let key = key(target.strategy.resource(), &target.namespace, &target.name);
        let view = self.cluster.storage.view();
        view.get(&key)?
            .labels()?
            .get(label)?
            .as_str()
            .map(str::to_owned)
    }

    /// The faults that come before the request is handled, or instead.
    async fn interfere(&self, plan: &mut Plan, info: &RequestInfo) -> Result<(), Refusal> {
        self.pause(plan.delay).await;
        if let Some(answer) = plan.answer.take() {
            return Err(scripted(&answer, info));
        }
        match plan
            .connection
            .take_if(|connection| !connection.needs_an_answer())
        {
            Some(connection) => Err(Refusal::Broken(fate(connection).await)),
            None => Ok(()),
        }
    }

    /// The request as the plan wants it: raced, handled, its answer delayed, broken or lost.
    async fn planned(
        &self,
        request: &mut Request,
        query: &Query,
        path: &str,
        admitted: &Admitted,
        warnings: &mut Warnings,
        plan: Plan,
    ) -> Result<Response, Refusal> {
        let Plan {
            delay_answer,
            connection,
            race,
            lose_answer,
            drip,
            watch,
            stale,
            ..
        } = plan;
        if let Some(race) = race {
            self.race(race, request, path).await;
        }
        let sight = (stale, watch);
        let answer = self
            .route(request, query, path, admitted, warnings, sight)
            .await;
        self.pause(delay_answer).await;
        match lose_answer {
            Some(Loss::Answer(answer)) => return Err(scripted(&answer, &admitted.info)),
            Some(Loss::Connection(connection)) => {
                return Err(Refusal::Broken(fate(connection).await));
            }
            None => {}
        }
        let mut response = answer?;
        if let Some(drip) = drip {
            response.body = drip.slow(response.body, self.cluster.clone());
        }
        if let Some(connection) = connection {
            match fate(connection).await {
                // A good answer, but the last on its connection.
                Fate::Send => response = response.header("connection", "close"),
                broken => response.fate = broken,
            }
        }
        Ok(response)
    }

    async fn pause(&self, length: Duration) {
        if !length.is_zero() {
            let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
            let until = clock::add(self.cluster.clock.now(), length);
            self.cluster.clock.sleep_until(until).await;
        }
    }

    async fn race(&self, race: Race, request: &mut Request, path: &str) {
        if let Route::Resource(target) = routes::route(path) {
            let kind = target.strategy.resource().schema;
            let name = match target.name.as_str() {
                "" => handlers::body::peek_name(request, kind, self.max_body).await,
                name => name.to_owned(),
            };
            race.run(&self.cluster, &target, &name);
        }
    }

    fn impersonate(
        &self,
        request: &Request,
        user: Arc<UserInfo>,
        info: &RequestInfo,
    ) -> Result<Arc<UserInfo>, Refusal> {
        let attributes = attributes(info);
        let other =
            impersonation::impersonate(&request.headers, &user, &attributes, &self.authorizer)?;
        Ok(other.map_or(user, Arc::new))
    }

    async fn route(
        &self,
        request: &mut Request,
        query: &Query,
        path: &str,
        admitted: &Admitted,
        warnings: &mut Warnings,
        (stale, watch_faults): (Option<Stale>, Vec<WatchFault>),
    ) -> Result<Response, Refusal> {
        match routes::route(path) {
            Route::Resource(target) => {
                let mut ctx = Context {
                    cluster: &self.cluster,
                    authorizer: &self.authorizer,
                    max_body: self.max_body,
                    request,
                    query,
                    info: &admitted.info,
                    user: &admitted.user,
                    target: &target,
                    warnings,
                    stale,
                    watch_faults,
                };
                Ok(handlers::handle(&mut ctx).await?)
            }
            Route::Document(document) => {
                let now = self.cluster.clock.now();
                let documents = self
                    .documents
                    .get_or_init(|| Documents::new(&self.cluster.version, &self.address, now));
                Ok(documents.answer(&document, request, query, now)?)
            }
            Route::NoResource => Err(Status::no_route().into()),
            Route::NotFound => Ok(Response::text(404, "404 page not found\n")),
        }
    }

    fn audit_id(&self, request: &Request) -> String {
        match request.headers.get("audit-id").filter(|id| !id.is_empty()) {
            Some(id) => String::from_utf8_lossy(id.as_bytes()).into_owned(),
            None => self.cluster.ids.audit_id(),
        }
    }
}

/// Why a request got no further.
enum Refusal {
    Status(Status),
    /// What a fault says instead.
    Scripted(Box<Response>),
    /// A 403 of the authorizer, which upstream marks.
    Denied(Status),
    /// No answer, or not a whole one.
    Broken(Fate),
    /// An answer from outside the API, which gets no more headers than it has.
    Raw(Box<Response>),
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Refusal::Status(status)
    }
}

impl Refusal {
    fn undetermined(request: &Request) -> Self {
        let target = escape_html(&request.target());
        let text = format!(
            "Internal Server Error: \"{target}\": failed to create RequestInfo: unable to determine kind and namespace \
             from url, {target}\n"
        );
        Refusal::Raw(Box::new(Response::text(500, text)))
    }

    /// The deadline's answer comes from a filter that knows no kinds.
    fn timed_out() -> Self {
        const BODY: &str = "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete within the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}";
        let response = Response::new(504, "text/plain; charset=utf-8", BODY)
            .header("cache-control", "no-cache, private");
        Refusal::Raw(Box::new(response))
    }
}

fn scripted(answer: &Answer, info: &RequestInfo) -> Refusal {
    let strategy = registry::find(&info.api_group, &info.api_version, &info.resource);
    let kind = strategy.map_or("", |strategy| strategy.resource().kind);
    match answer.write(info, kind) {
        Written::Status(status) => Refusal::Status(status),
        Written::Response(response) => Refusal::Scripted(Box::new(response)),
    }
}

/// What the listener is to do; a hang lasts until the client is gone.
async fn fate(connection: Connection) -> Fate {
    match connection {
        Connection::Reset => Fate::Reset,
        Connection::Empty => Fate::Close,
        Connection::Garbage(bytes) => Fate::Garbage(bytes),
        Connection::Hang => std::future::pending().await,
        Connection::ResetAfter(bytes) => Fate::ResetAfter(bytes),
        Connection::TruncateAfter(bytes) => Fate::CloseAfter(bytes),
        Connection::CloseAfterAnswer => Fate::Send,
    }
}

fn attributes(info: &RequestInfo) -> Attributes<'_> {
    Attributes {
        verb: info.verb,
        api_group: &info.api_group,
        api_version: &info.api_version,
        resource: &info.resource,
        subresource: &info.subresource,
        namespace: &info.namespace,
        name: &info.name,
        path: &info.path,
        is_resource_request: info.is_resource,
    }
}

/// `?timeout`: a Go duration, at most the server's own. Watches have their own.
fn timeout(info: &RequestInfo, query: &Query) -> Result<Duration, Status> {
    let text = query.get("timeout").unwrap_or_default();
    if text.is_empty() || info.verb == "watch" {
        return Ok(DEFAULT_REQUEST_TIMEOUT);
    }
    let asked = query::parse_duration(text).map_err(|e| {
        Status::bad_request(format!(
            "invalid timeout specified in the request URL - {e}"
        ))
    })?;
    Ok(asked
        .filter(|d| !d.is_zero())
        .map_or(DEFAULT_REQUEST_TIMEOUT, |d| d.min(DEFAULT_REQUEST_TIMEOUT)))
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
