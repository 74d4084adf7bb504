//! A request on its way through the stages, and what is known of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, header};
use jiff::{SignedDuration, Timestamp};

use super::httplog::Line;
use super::inflight::Place;
use super::refusal::Refusal;
use super::{DEFAULT_REQUEST_TIMEOUT, Pipeline};
use crate::authentication::{self, credentials, impersonation};
use crate::authorization::Attributes;
use crate::clock;
use crate::fault::effect::Planned;
use crate::fault::firing::Firing;
use crate::fault::frames::{Ending, WatchFault, shape};
use crate::handlers::aside::Aside;
use crate::handlers::cluster::{Cluster, Ends};
use crate::handlers::documents::Documents;
use crate::handlers::routes::{self, Route};
use crate::handlers::{self, Context};
use crate::journal::record::{KeptBody, Record};
use crate::journal::stream::watched;
use crate::object::frame::Frames;
use crate::registry::is_served_elsewhere;
use crate::request::Request;
use crate::request::info::RequestInfo;
use crate::request::negotiation::negotiate_error;
use crate::request::query::{self, Query};
use crate::request::text::decode_path;
use crate::response::headers::{self, Flow};
use crate::response::{Fate, Response, Warnings};
use crate::status::Status;
use crate::storage::Stale;

/// Owns a request; when it goes, the journal has it, whether it was answered or the client left first.
pub(super) struct Exchange<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) request: Request,
    pub(super) query: Query,
    /// Empty until the path is taken apart.
    pub(super) info: RequestInfo,
    pub(super) warnings: Warnings,
    /// What goes wrong with it from here on.
    pub(super) effects: Vec<Planned>,
    /// Whether what the record names as faults has come to anything.
    pub(super) firings: Vec<Firing>,
    /// What the journal is to have. Nobody is its user until the request is authenticated.
    pub(super) record: Record,
    /// What was read of the body.
    body: Bytes,
    /// How long it may take.
    timeout: Duration,
    audit_id: Option<HeaderValue>,
    /// Who is not known belongs to none yet.
    flow: Option<&'a Flow>,
    line: Option<Line>,
    /// Among those that are handled at a time.
    place: Place,
    /// It was asked who it comes from, and nobody has proven to be anybody.
    is_unproven: bool,
    aside: &'a Aside,
}

/// What goes wrong while a request is handled.
#[derive(Default)]
pub(super) struct Handling {
    pub(super) stale: Option<Stale>,
    pub(super) expire_continue: bool,
    pub(super) watch: Vec<WatchFault>,
}

impl<'a> Exchange<'a> {
    pub(super) fn begin(pipeline: &'a Pipeline, request: Request, aside: &'a Aside) -> Self {
        let cluster = &pipeline.cluster;
        let (now, revision) = (cluster.clock.now(), cluster.storage.revision());
        let audit_id = audit_id(pipeline, &request);
        let mut record = pipeline.recorder.begin(now, revision);
        if let Some(id) = audit_id.as_ref().filter(|_| pipeline.recorder.is_audited()) {
            record.audit_id = String::from_utf8_lossy(id.as_bytes()).into_owned();
        }
        Exchange {
            line: Line::start(&request),
            record,
            query: Query::parse(request.raw_query()),
            audit_id,
            pipeline,
            request,
            info: RequestInfo::default(),
            warnings: Warnings::default(),
            effects: Vec::new(),
            firings: Vec::new(),
            body: Bytes::new(),
            timeout: DEFAULT_REQUEST_TIMEOUT,
            flow: None,
            place: None,
            is_unproven: false,
            aside,
        }
    }

    pub(super) fn read_target(&mut self) -> Result<(), Refusal> {
        let path = decode_path(self.request.path());
        self.info = RequestInfo::new(&self.request.method, path, &self.query)
            .map_err(|_| Refusal::undetermined(&self.request))?;
        self.timeout = timeout(&self.info, &self.query)?;
        Ok(())
    }

    /// Where nobody needs a token, a browser would be the administrator for every page it shows.
    pub(super) fn check_origin(&self) -> Result<(), Refusal> {
        if !self.pipeline.authenticator.is_open() {
            return Ok(());
        }
        let checked = self.pipeline.check_origin(&self.request);
        Ok(checked.map_err(|why| Status::scripted(403, "Forbidden", &why))?)
    }

    pub(super) fn authenticate(&mut self) -> Result<(), Refusal> {
        let headers = &self.request.headers;
        self.warnings.extend(credentials::warning(headers));
        self.is_unproven = true;
        let accounts = self.pipeline.cluster.accounts();
        let authenticator = &self.pipeline.authenticator;
        let peer = self.request.peer.as_deref();
        let user = authenticator.authenticate(headers, peer, &accounts)?;
        self.is_unproven = authentication::is_anonymous(&user);
        self.record.user = Some(user);
        Ok(())
    }

    pub(super) fn impersonate(&mut self) -> Result<(), Refusal> {
        let (headers, pipeline) = (&self.request.headers, self.pipeline);
        // Hardly any request wants to be somebody else's, and until it is, nobody's.
        if impersonation::is_wanted(headers)
            && let Some(user) = self.record.user.take()
        {
            let (attributes, authorizer) = (Attributes::of(&self.info), &pipeline.authorizer);
            let other = impersonation::impersonate(headers, &user, &attributes, authorizer)?;
            if other.is_some() && pipeline.recorder.is_audited() {
                self.record.impersonator = Some(user.clone());
            }
            self.record.user = Some(other.map_or(user, Arc::new));
        }
        Ok(())
    }

    /// From here on it belongs to a flow, and is somebody's.
    pub(super) fn classify(&mut self) {
        self.flow = Some(&self.pipeline.flow);
        if let Some(line) = &mut self.line {
            line.set_user(self.record.user());
        }
    }

    /// Waits for nobody: where there is no place, the client has to come again.
    pub(super) fn take_place(&mut self) -> Result<(), Refusal> {
        if is_long_running(&self.info) {
            return Ok(());
        }
        let user = self.record.user.as_deref();
        let place = self.pipeline.places.take(self.info.verb(), user);
        self.place = place.map_err(|full| Refusal::Answer(Box::new(full)))?;
        Ok(())
    }

    pub(super) fn authorize(&mut self) -> Result<(), Refusal> {
        let authorizer = &self.pipeline.authorizer;
        let Some(user) = self
            .record
            .user
            .as_ref()
            .filter(|_| !authorizer.allows_everything())
        else {
            return Ok(());
        };
        let decision = authorizer.authorize(user, &Attributes::of(&self.info));
        // Upstream marks what its authorizer says.
        decision.map_err(|status| {
            let denied = self.error(&status);
            Refusal::Answer(Box::new(
                denied.header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ))
        })
    }

    /// Hands the request to its handler, which has so much time and no more.
    pub(super) async fn handle(&mut self) -> Result<Response, Refusal> {
        if is_long_running(&self.info) {
            return self.go_wrong_around().await;
        }
        let (clock, timeout) = (&self.pipeline.cluster.clock, self.timeout);
        let length = SignedDuration::try_from(timeout).unwrap_or_default();
        let started = self.record.time;
        let deadline = || clock::add(started, length);
        tokio::select! {
            biased;
            () = std::future::ready(()), if timeout < DEFAULT_REQUEST_TIMEOUT && clock.now() >= deadline() => {
                Err(Refusal::timed_out())
            }
            answer = self.go_wrong_around() => answer,
            () = async { clock.sleep_until(deadline()).await } => Err(Refusal::timed_out()),
        }
    }

    /// Leads the request where its path points.
    pub(super) async fn route(&mut self, handling: Handling) -> Result<Response, Refusal> {
        let Exchange {
            pipeline,
            request,
            query,
            info,
            warnings,
            body,
            record,
            aside,
            ..
        } = self;
        let cluster = &pipeline.cluster;
        let catalog = cluster.catalog();
        let target = match routes::route(&info.path, &catalog) {
            Route::Resource(target) => target,
            Route::Document(document) => {
                let now = cluster.clock.now();
                let documents = pipeline.documents.of(&catalog, || {
                    Documents::new(&catalog, &cluster.version, &pipeline.address, now)
                });
                return Ok(documents.answer(&document, request, &info.path, query, now)?);
            }
            Route::NoResource => return Err(Status::no_route().into()),
            Route::NotFound if is_served_elsewhere(&**cluster, &info.path) => {
                return Ok(Response::text(503, "service unavailable\n"));
            }
            Route::NotFound => return Ok(Response::text(404, "404 page not found\n")),
        };
        let (user, stream) = (record.user.clone().unwrap_or_default(), &mut record.stream);
        let mut troubles = handling.watch;
        let mut through = |frames: Frames, over| {
            let troubles = std::mem::take(&mut troubles);
            watched(stream, troubled(frames, troubles, cluster, over))
        };
        let mut ctx = Context {
            cluster,
            authenticator: &pipeline.authenticator,
            authorizer: &pipeline.authorizer,
            max_body: pipeline.max_body,
            request,
            query,
            info,
            user: &user,
            target: &target,
            warnings,
            stale: handling.stale.or(pipeline.stale),
            expire_continue: handling.expire_continue,
            through: &mut through,
            kept: body,
            aside,
        };
        let answer = handlers::handle(&mut ctx).await;
        aside.end_turn();
        Ok(answer?)
    }

    /// A Status in the format negotiated for errors.
    pub(super) fn error(&self, status: &Status) -> Response {
        Response::status(status, negotiate_error(&self.request, &self.query))
    }

    /// The answer with all that is not its own, as far as there is one.
    pub(super) async fn finish(&mut self, answer: Result<Response, Refusal>) -> Response {
        let response = match answer {
            Ok(response) => self.complete(response),
            Err(Refusal::Answer(response)) => self.complete(*response),
            Err(Refusal::Status(status)) if status.is_panic() => {
                // The outermost filter says so, which knows nothing of those below.
                self.flow = None;
                self.complete(Response::text(500, format!("{}\n", status.message)))
            }
            Err(Refusal::Status(status)) => self.complete(self.error(&status)),
            Err(Refusal::Outer(response)) => self.complete_outer(*response),
            Err(Refusal::Silent) => silence(&self.pipeline.cluster).await,
        };
        if let Some(line) = &self.line {
            line.write(response.status);
        }
        response
    }

    fn complete(&mut self, mut response: Response) -> Response {
        let (written, now) = (&self.pipeline.written, self.pipeline.cluster.clock.now());
        // Upstream's mitigation of denials of service.
        if self.is_unproven && response.fate == Fate::Send {
            response.fate = Fate::LastOfMany;
        }
        self.record.answered(&response, now);
        // Who is not known belongs to no flow yet.
        let flow = self.flow.filter(|_| response.status != 401);
        let (request, audit_id) = (&self.request, self.audit_id.take());
        let warnings = &self.warnings;
        headers::complete(&mut response, request, audit_id, warnings, flow, written);
        headers::order(&mut response, written, now);
        response
    }

    fn complete_outer(&mut self, mut response: Response) -> Response {
        let (written, now) = (&self.pipeline.written, self.pipeline.cluster.clock.now());
        self.record.answered(&response, now);
        if let Some(audit_id) = self.audit_id.take().filter(|_| !response.hijacked) {
            response.headers.set(headers::AUDIT_ID.clone(), audit_id);
        }
        headers::order(&mut response, written, now);
        response
    }
}

/// No answer until the client gives up, or the server stops.
async fn silence(cluster: &Cluster) -> Response {
    Ends::of(cluster).come().await;
    Response {
        fate: Fate::Close,
        ..Response::empty(500)
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        let cluster = &self.pipeline.cluster;
        let record = &mut self.record;
        record.request_body = KeptBody::of_request(&self.body);
        self.effects.clear();
        for (title, firing) in record.faults.iter_mut().zip(self.firings.drain(..)) {
            if firing.was_in_vain() {
                title.push_str(" (no effect)");
            }
        }
        if record.is_pending() {
            record.abandoned(cluster.clock.now());
        }
        record.after = cluster.storage.revision();
        let recorder = &self.pipeline.recorder;
        recorder.end(record, &mut self.request, &self.info, &cluster.catalog());
    }
}

/// The frames of a watch with what goes wrong in it.
fn troubled(
    frames: Frames,
    troubles: Vec<WatchFault>,
    cluster: &Cluster,
    over: Option<Timestamp>,
) -> Frames {
    if troubles.is_empty() {
        return frames;
    }
    let mut ends = Ends::of(cluster);
    let ending = Ending {
        over,
        stopped: async move { ends.come().await },
    };
    shape(frames, troubles, cluster.clock.clone(), ending)
}

fn audit_id(pipeline: &Pipeline, request: &Request) -> Option<HeaderValue> {
    let sent = request.headers.get(&headers::AUDIT_ID);
    match sent.filter(|id| !id.is_empty()) {
        Some(id) => String::from_utf8_lossy(id.as_bytes()).parse().ok(),
        None => HeaderValue::from_bytes(&pipeline.cluster.ids.audit_id()).ok(),
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
