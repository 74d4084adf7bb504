//! The path of a request, a stage a line, in the order of the real apiserver.

mod exchange;
mod faults;
mod httplog;
mod refusal;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use self::exchange::Exchange;
use self::refusal::Refusal;
use crate::authentication::Authenticator;
use crate::authorization::Authorizer;
use crate::control::Control;
use crate::fault::outage::Port;
use crate::fault::stage::Faults;
use crate::handlers::cluster::Cluster;
use crate::handlers::documents::Documents;
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
    pub(crate) max_body: usize,
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
    pub(crate) documents: Arc<OnceLock<Documents>>,
    pub(crate) flow: Flow,
    pub(crate) written: Arc<Recurring>,
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
        let mut exchange = Exchange::begin(self, request);
        let answer = stages(&mut exchange).await;
        exchange.finish(answer).await
    }

    /// What the HTTP library made of bytes that are no request.
    pub(crate) fn unparsed(&self, code: Option<u16>, complaint: String) {
        let now = (self.cluster.clock.now(), self.cluster.storage.revision());
        self.recorder.unparsed(now, code, complaint);
    }
}

async fn stages(exchange: &mut Exchange<'_>) -> Result<Response, Refusal> {
    exchange.read_target()?;
    exchange.authenticate()?;
    exchange.impersonate()?;
    exchange.classify();
    exchange.ask_faults().await;
    exchange.go_wrong_before().await?;
    exchange.authorize()?;
    exchange.handle().await
}
