//! The path of a request, a stage a line, in the order of the real apiserver.

mod after;
mod exchange;
mod faults;
mod httplog;
mod inflight;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, header};

use self::exchange::Exchange;
pub(crate) use self::inflight::Places;
use self::refusal::Refusal;
use crate::authentication::Authenticator;
use crate::authentication::origin::Origins;
use crate::authorization::Authorizer;
use crate::control::Control;
use crate::fault::outage::Port;
use crate::fault::stage::Faults;
use crate::handlers::aside::{self, Aside, LARGE_BODY, LARGE_COLLECTION, LONG_TARGET, Turns};
use crate::handlers::cluster::Cluster;
use crate::handlers::documents::Current;
use crate::journal::recorder::Recorder;
use crate::request::Request;
use crate::response::Response;
use crate::response::headers::{Flow, Recurring};
use crate::storage::Stale;

/// How long a request may take; a shorter `?timeout` counts.
pub(crate) const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// What it takes to answer a request.
#[derive(Clone)]
pub(crate) struct Pipeline {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) origins: Arc<Origins>,
    pub(crate) max_body: usize,
    /// How many requests are handled at a time.
    pub(crate) places: Places,
    pub(crate) faults: Arc<Faults>,
    /// Where outages begin.
    pub(crate) port: Arc<dyn Port>,
    pub(crate) recorder: Arc<Recorder>,
    /// Where the server can be scripted over HTTP, if it can.
    pub(crate) control: Option<Arc<Control>>,
    /// What all reads show instead of the newest state, where no fault says otherwise.
    pub(crate) stale: Option<Stale>,
    /// Where the server can be reached, as `/api` tells it.
    pub(crate) address: String,
    pub(crate) documents: Arc<Current>,
    pub(crate) flow: Flow,
    pub(crate) written: Arc<Recurring>,
    pub(crate) turns: Turns,
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
    pub(crate) async fn serve(&self, request: Request) -> Response {
        if !self.may_take_long(&request) {
            return self.answer(request, &Aside::default()).await;
        }
        let pipeline = self.clone();
        aside::run(&self.turns, |aside| async move {
            pipeline.answer(request, &aside).await
        })
        .await
    }

    /// Whether it could be that others should not wait for it; how long it takes is only known later.
    fn may_take_long(&self, request: &Request) -> bool {
        has_large_body(request)
            || request.method == Method::PATCH
            || request.target_length() >= LONG_TARGET
            || self
                .cluster
                .storage
                .is_larger_than(LARGE_COLLECTION, LARGE_BODY)
    }

    async fn answer(&self, mut request: Request, aside: &Aside) -> Response {
        if has_large_body(&request) {
            aside.step().await;
        }
        if let Some(control) = self
            .control
            .as_ref()
            .filter(|_| Control::owns(request.path()))
        {
            return match self.check_origin(&request) {
                Ok(()) => control.answer(&mut request).await,
                Err(why) => Control::turn_away(why),
            };
        }
        let mut exchange = Exchange::begin(self, request, aside);
        let answer = stages(&mut exchange).await;
        exchange.finish(answer).await
    }

    fn check_origin(&self, request: &Request) -> Result<(), String> {
        let checked = self.origins.check(&request.headers, request.authority());
        checked.map_err(|why| format!("{why}; allow_host and allow_origin let more in"))
    }

    /// What the HTTP library made of bytes that are no request.
    pub(crate) fn unparsed(&self, code: Option<u16>, complaint: String) {
        let now = (self.cluster.clock.now(), self.cluster.storage.revision());
        self.recorder.unparsed(now, code, complaint);
    }
}

/// Whether a body is larger than most, or may be for all that is known of it.
fn has_large_body(request: &Request) -> bool {
    let length = request.header(header::CONTENT_LENGTH);
    let length = length.and_then(|text| text.parse::<usize>().ok());
    length.map_or(request.body.is_to_come(), |length| length >= LARGE_BODY)
}

async fn stages(exchange: &mut Exchange<'_>) -> Result<Response, Refusal> {
    exchange.read_target()?;
    exchange.check_origin()?;
    exchange.authenticate()?;
    exchange.impersonate()?;
    exchange.classify();
    exchange.take_place()?;
    exchange.ask_faults().await;
    exchange.go_wrong_before().await?;
    exchange.authorize()?;
    exchange.handle().await
}
