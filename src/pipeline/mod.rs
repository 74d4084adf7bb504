//! The path of a request, a stage a line, in the order of the real apiserver.

mod faults;
mod httplog;
mod refusal;

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderValue, header};
use jiff::SignedDuration;

use self::refusal::Refusal;
use crate::authentication::{Authenticator, UserInfo, credentials, impersonation};
use crate::authorization::{Attributes, Authorizer};
use crate::clock;
use crate::control::Control;
use crate::fault::outage::Switch;
use crate::fault::stage::Faults;
use crate::fault::stale::Stale;
use crate::fault::watch::WatchFault;
use crate::handlers::cluster::Cluster;
use crate::handlers::documents::Documents;
use crate::handlers::routes::{self, Route};
use crate::handlers::{self, Context};
use crate::journal::recorder::Recorder;
use crate::journal::visit::{Kept, Seen, Visit};
use crate::request::info::RequestInfo;
use crate::request::negotiation::negotiate_error;
use crate::request::query::Query;
use crate::request::text::decode_path;
use crate::request::{Request, query};
use crate::response::headers::{Flow, Written};
use crate::response::{Response, Warnings, headers};
use crate::status::Status;

/// How long a request may take; a shorter `?timeout` counts.
pub(crate) const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// What it takes to answer a request.
#[derive(Clone)]
pub(crate) struct Pipeline {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) max_body: usize,
    pub(crate) faults: Arc<Faults>,
    /// Without it no rule is ever looked at.
    pub(crate) fault_stage: bool,
    /// Begins an outage, once there is a port to close.
    pub(crate) outages: Switch,
    pub(crate) recorder: Arc<Recorder>,
    /// Where the server can be scripted over HTTP, if it can.
    pub(crate) control: Option<Arc<Control>>,
    /// What all reads show instead of the newest state, where no fault says otherwise.
    pub(crate) stale: Option<Stale>,
    /// Where the server can be reached, as `/api` tells it.
    pub(crate) address: String,
    pub(crate) documents: Arc<OnceLock<Documents>>,
    pub(crate) flow: Flow,
    pub(crate) written: Arc<Written>,
}

/// What faults do to the handling of a request.
#[derive(Default)]
struct Disturbance {
    stale: Option<Stale>,
    watch: Vec<WatchFault>,
    expire_continue: bool,
}

/// A request after the checks that need no handler.
struct Admitted<'a> {
    request: &'a mut Request,
    query: &'a Query,
    info: &'a RequestInfo,
    user: &'a UserInfo,
    warnings: &'a mut Warnings,
    kept: &'a mut Kept,
}

impl Pipeline {
    /// The same server at another address, where reads show an older state.
    pub(crate) fn replica(&self, address: String, stale: Stale) -> Pipeline {
        Pipeline {
            address,
            stale: Some(stale),
            documents: Arc::default(),
            ..self.clone()
        }
    }

    /// Answers one request, with an entry in the journal and a line in the log.
    pub(crate) async fn serve(&self, mut request: Request) -> Response {
        if let Some(control) = self
            .control
            .as_ref()
            .filter(|_| Control::owns(request.path()))
        {
            return control.answer(&mut request).await;
        }
        let mut line = httplog::Line::start(&request);
        let mut visit = Visit::new(&self.recorder, &self.cluster, request);
        let response = self
            .answer(&mut visit.request, &mut visit.seen, &mut line)
            .await;
        if let Some(line) = line {
            line.write(response.status);
        }
        response
    }

    /// What the HTTP library made of bytes that are no request.
    pub(crate) fn unparsed(&self, code: Option<u16>, complaint: String) {
        self.recorder.unparsed(&self.cluster, code, complaint);
    }

    async fn answer(
        &self,
        request: &mut Request,
        seen: &mut Seen,
        line: &mut Option<httplog::Line>,
    ) -> Response {
        let query = Query::parse(request.raw_query());
        let audit_id = self.audit_id(request);
        let mut warnings = Warnings::default();
        let mut flow: Option<&Flow> = None;
        let response = match self
            .stages(request, &query, seen, &mut warnings, &mut flow, line)
            .await
        {
            Ok(response) => response,
            Err(Refusal::Status(status)) => {
                Response::status(&status, negotiate_error(request, &query))
            }
            Err(Refusal::Denied(status)) => {
                Response::status(&status, negotiate_error(request, &query))
                    .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            }
            Err(Refusal::Panicked(text)) => {
                flow = None;
                Response::text(500, format!("{text}\n"))
            }
            Err(Refusal::Scripted(response)) => *response,
            Err(Refusal::ScriptedStatus(status, extra_headers)) => {
                let response = Response::status(&status, negotiate_error(request, &query));
                let response = match &*status.reason {
                    "Forbidden" => response.header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                    _ => response,
                };
                Response {
                    extra_headers,
                    ..response
                }
            }
            Err(Refusal::Silent) => return self.silence().await,
            Err(Refusal::Broken(fate)) => {
                let mut response = Response::empty(500);
                response.fate = fate;
                seen.answered(&response, self.cluster.clock.now());
                return response;
            }
            Err(Refusal::Raw(response)) => {
                let now = self.cluster.clock.now();
                seen.answered(&response, now);
                let mut response = *response;
                if let Some(audit_id) = audit_id {
                    response.headers.set(headers::AUDIT_ID.clone(), audit_id);
                }
                return headers::order(response, &self.written, now);
            }
        };
        let now = self.cluster.clock.now();
        seen.answered(&response, now);
        // Who is not known belongs to no flow yet.
        let flow = flow.filter(|_| response.status != 401);
        let response =
            headers::complete(response, request, audit_id, &warnings, flow, &self.written);
        headers::order(response, &self.written, now)
    }

    async fn stages<'a>(
        &'a self,
        request: &mut Request,
        query: &Query,
        seen: &mut Seen,
        warnings: &mut Warnings,
        flow: &mut Option<&'a Flow>,
        line: &mut Option<httplog::Line>,
    ) -> Result<Response, Refusal> {
        let path = decode_path(request.path());
        seen.info = RequestInfo::new(&request.method, path, query)
            .map_err(|_| Refusal::undetermined(request))?;
        let info = &seen.info;
        let timeout = timeout(info, query)?;
        warnings.extend(credentials::warning(&request.headers));
        let user = self.authenticator.authenticate(&request.headers)?;
        let user = &self.impersonate(request, user, info)?;
        seen.user = Some(user.clone());
        *flow = Some(&self.flow);
        if let Some(line) = line {
            line.set_user(&user.name);
        }
        let mut plan = self.plan(request, query, info, user).await;
        if let Some(plan) = plan.as_mut().filter(|plan| !plan.fired.is_empty()) {
            seen.faults = std::mem::take(&mut plan.fired);
            seen.show(&self.recorder, request);
        }
        let (info, started) = (&seen.info, seen.started);
        let kept = &mut seen.kept;
        if let Some(plan) = &mut plan {
            self.interfere(plan, request, info, user, warnings).await?;
        }
        if !self.authorizer.allows_everything() {
            let decision = self.authorizer.authorize(user, &attributes(info));
            decision.map_err(Refusal::Denied)?;
        }
        let admitted = Admitted {
            request,
            query,
            info,
            user,
            warnings,
            kept,
        };
        let clock = &self.cluster.clock;
        let deadline = || {
            let length = SignedDuration::try_from(timeout).unwrap_or_default();
            clock::add(started, length)
        };
        let answer = self.planned(admitted, plan);
        if is_long_running(info) {
            return answer.await;
        }
        tokio::select! {
            biased;
            () = std::future::ready(()), if timeout < DEFAULT_REQUEST_TIMEOUT && clock.now() >= deadline() => {
                Err(Refusal::timed_out())
            }
            answer = answer => answer,
            () = async { clock.sleep_until(deadline()).await } => Err(Refusal::timed_out()),
            () = async { tokio::time::sleep(DEFAULT_REQUEST_TIMEOUT).await } => Err(Refusal::timed_out()),
        }
    }

    fn impersonate(
        &self,
        request: &Request,
        user: Arc<UserInfo>,
        info: &RequestInfo,
    ) -> Result<Arc<UserInfo>, Refusal> {
        // Hardly any request wants to be somebody else's.
        if !impersonation::is_wanted(&request.headers) {
            return Ok(user);
        }
        let (headers, attributes) = (&request.headers, attributes(info));
        let other = impersonation::impersonate(headers, &user, &attributes, &self.authorizer)?;
        Ok(other.map_or(user, Arc::new))
    }

    async fn route(
        &self,
        admitted: &mut Admitted<'_>,
        disturbance: Disturbance,
    ) -> Result<Response, Refusal> {
        let (request, query) = (&mut *admitted.request, admitted.query);
        match routes::route(&admitted.info.path, &self.cluster.catalog) {
            Route::Resource(target) => {
                let mut ctx = Context {
                    cluster: &self.cluster,
                    authorizer: &self.authorizer,
                    max_body: self.max_body,
                    request,
                    query,
                    info: admitted.info,
                    user: admitted.user,
                    target: &target,
                    warnings: admitted.warnings,
                    stale: disturbance.stale,
                    watch_faults: disturbance.watch,
                    expire_continue: disturbance.expire_continue,
                    kept: admitted.kept,
                };
                Ok(handlers::handle(&mut ctx).await?)
            }
            Route::Document(document) => {
                let now = self.cluster.clock.now();
                let documents = self
                    .documents
                    .get_or_init(|| Documents::new(&self.cluster.version, &self.address, now));
                Ok(documents.answer(&document, request, &admitted.info.path, query, now)?)
            }
            Route::NoResource => Err(Status::no_route().into()),
            Route::NotFound => Ok(Response::text(404, "404 page not found\n")),
        }
    }

    fn audit_id(&self, request: &Request) -> Option<HeaderValue> {
        let sent = request.headers.get(&headers::AUDIT_ID);
        match sent.filter(|id| !id.is_empty()) {
            Some(id) => String::from_utf8_lossy(id.as_bytes()).parse().ok(),
            None => HeaderValue::from_bytes(&self.cluster.ids.audit_id()).ok(),
        }
    }
}

fn attributes(info: &RequestInfo) -> Attributes<'_> {
    Attributes {
        verb: info.verb(),
        api_group: info.api_group(),
        api_version: info.api_version(),
        resource: info.resource(),
        subresource: info.subresource(),
        namespace: info.namespace(),
        name: info.name(),
        path: &info.path,
        is_resource_request: info.is_resource,
    }
}

/// What may take longer than any other request.
fn is_long_running(info: &RequestInfo) -> bool {
    matches!(info.verb, "watch" | "proxy")
        || info.is_resource
            && matches!(
                info.subresource(),
                "attach" | "exec" | "log" | "portforward" | "proxy"
            )
}

/// `?timeout`: a Go duration, at most the server's own. What is long-running has no such limit.
fn timeout(info: &RequestInfo, query: &Query) -> Result<Duration, Status> {
    let text = query.get("timeout").unwrap_or_default();
    if text.is_empty() || is_long_running(info) {
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
