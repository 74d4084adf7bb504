//! The socket's side: accepting connections, speaking HTTP on them, and letting them go.
//!
//! The accept loop is our own, because it is where connections are counted, encrypted, and cut. What a request is made
//! of is taken apart in [`edge`], the only file that knows warp.

mod edge;
mod farewell;
pub(crate) mod gate;
mod intake;
mod leftover;
mod malformed;
mod protocol;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::gate::{Gate, Stop};
pub(crate) use self::intake::DEFAULT_INTAKE;
use self::intake::Intake;
use self::protocol::{Protocol, Serving};
use self::wire::{Cut, Wire, WireStream};
use crate::pipeline::Pipeline;

/// How many connections are open at a time; more wait to be accepted.
pub(crate) const DEFAULT_MAX_CONNECTIONS: usize = 10_000;
/// How long a client may take over the start of an encrypted connection.
#[cfg(feature = "tls")]
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many headers a request on HTTP/1.1 may have. Go's server only counts their bytes, but hyper makes room for all of
/// them with every request, and for no more than this without asking for memory.
pub(crate) const DEFAULT_MAX_HEADERS: usize = 100;
/// How long open connections get to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(2);

/// A bound socket, ready to serve.
pub(crate) struct Listener {
    gate: Arc<Gate>,
    options: Options,
}

/// What all listeners of one server have in common.
#[derive(Clone)]
struct Options {
    limits: Limits,
    #[cfg(feature = "tls")]
    tls: Option<tls::Acceptor>,
}

/// What clients may not exceed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many connections are open at a time.
    pub(crate) connections: usize,
    /// How many headers a request has.
    pub(crate) headers: usize,
    /// How long a body is, in bytes.
    pub(crate) body: usize,
    /// How much is held of requests that have not come in whole, in bytes.
    pub(crate) intake: usize,
}

/// Stops a running listener when dropped: the port is free at once, connections end as soon as the runtime gets to them.
pub(crate) struct Running {
    gate: Arc<Gate>,
    options: Options,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Binds the address; must be called within a tokio runtime.
    pub(crate) fn bind(address: SocketAddr, limits: Limits) -> std::io::Result<Self> {
        let options = Options {
            limits,
            #[cfg(feature = "tls")]
            tls: None,
        };
        let gate = Arc::new(Gate::bind(address)?);
        Ok(Listener { gate, options })
    }

    #[cfg(feature = "tls")]
    pub(crate) fn with_tls(mut self, acceptor: tls::Acceptor) -> Self {
        self.options.tls = Some(acceptor);
        self
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.gate.address()
    }

    pub(crate) fn gate(&self) -> Arc<Gate> {
        self.gate.clone()
    }

    /// Serves on the current runtime until stopped.
    pub(crate) fn serve(self, pipeline: Arc<Pipeline>) -> Running {
        let (gate, options) = (self.gate.clone(), self.options.clone());
        let task = tokio::spawn(self.run(pipeline));
        Running {
            gate,
            options,
            task,
        }
    }

    async fn run(self, pipeline: Arc<Pipeline>) {
        let limits = self.options.limits;
        let permits = Arc::new(Semaphore::new(limits.connections));
        let mut connections = JoinSet::new();
        let speaker = Arc::new(Speaker {
            protocol: Protocol::new(limits.headers),
            intake: Arc::new(Intake::new(limits.intake, limits.body)),
            #[cfg(feature = "tls")]
            tls: self.options.tls.clone(),
        });
        let mut moves = self.gate.moves();
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return;
            };
            let Some(stream) = self.gate.accept(&mut moves).await else {
                break;
            };
            while connections.try_join_next().is_some() {}
            // Out of file descriptors, most likely: others will close.
            let Ok(stream) = stream else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (stream, wire) = WireStream::new(stream, self.gate.told(), speaker.intake.clone());
            let (pipeline, speaker) = (pipeline.clone(), speaker.clone());
            connections.spawn(async move {
                let _permit = permit;
                speaker.speak(stream, wire, pipeline).await;
            });
        }
        if self.gate.told().to(Stop::Gracefully).await == Stop::Gracefully {
            let drained = async { while connections.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(DRAIN, drained).await;
        }
    }
}

/// How the connections of one listener are spoken on.
struct Speaker {
    protocol: Protocol,
    intake: Arc<Intake>,
    #[cfg(feature = "tls")]
    tls: Option<tls::Acceptor>,
}

impl Speaker {
    async fn speak(&self, stream: WireStream, wire: Arc<Wire>, pipeline: Arc<Pipeline>) {
        // What it takes to serve a client is made for those who send something.
        if stream.is_spoken_to().await {
            Box::pin(self.serve(stream, wire, pipeline)).await;
        }
    }

    async fn serve(&self, stream: WireStream, wire: Arc<Wire>, pipeline: Arc<Pipeline>) {
        let protocol = &self.protocol;
        let service =
            |peer| edge::service(pipeline.clone(), wire.clone(), self.intake.clone(), peer);
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
            let Some(Ok(Some(stream))) = wire.unless_cut(handshake).await else {
                return;
            };
            let service = service(tls::peer(&stream));
            if !tls::speaks_http2(&stream) {
                return connection(protocol.http1(stream, service), wire, &pipeline).await;
            }
            // Its frames are no heads, and have bounds of their own.
            let _busy = wire.busy();
            return connection(protocol.http2(stream, service), wire, &pipeline).await;
        }
        let serving = protocol.http1(stream, service(None));
        connection(serving, wire, &pipeline).await;
    }
}

/// Speaks HTTP on one connection, until it ends or is told to.
async fn connection<S: Serving>(serving: S, wire: Arc<Wire>, pipeline: &Pipeline) {
    let mut told = wire.told();
    tokio::pin!(serving);
    let mut how = tokio::select! {
        biased;
        how = told.to(Stop::Gracefully) => how,
        () = wire.finished(), if S::FINISHES => Stop::No,
        served = serving.as_mut() => return note(pipeline, served),
    };
    if how <= Stop::Gracefully {
        serving.as_mut().finish();
        // Told to by one of its own requests, the others on it have all the time they need.
        let patience = async {
            match how {
                Stop::No => std::future::pending().await,
                _ => tokio::time::sleep(DRAIN).await,
            }
        };
        how = tokio::select! {
            biased;
            how = told.to(Stop::Now) => how,
            served = serving.as_mut() => return note(pipeline, served),
            () = patience => Stop::Now,
        };
    }
    if how == Stop::Cut {
        wire.cut(Cut::Reset);
    }
}

/// Tells the journal of bytes that could not be read as a request.
fn note(pipeline: &Pipeline, served: hyper::Result<()>) {
    if let Err(error) = served
        && error.is_parse()
    {
        pipeline.unparsed(parse_code(&error), error.to_string());
    }
}

/// What hyper has answered on its own; it does not say.
fn parse_code(error: &hyper::Error) -> Option<u16> {
    match error {
        error if error.is_parse_version_h2() => None,
        error if error.is_parse_too_large() && error.to_string() == "URI too long" => Some(414),
        error if error.is_parse_too_large() => Some(431),
        _ => Some(400),
    }
}

impl Running {
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Binds a port beside this one, with the same options.
    pub(crate) fn beside(&self) -> std::io::Result<Listener> {
        let address = SocketAddr::new(self.gate.address().ip(), 0);
        let gate = Arc::new(Gate::bind(address)?);
        let options = self.options.clone();
        Ok(Listener { gate, options })
    }

    /// Stops accepting, lets requests in flight finish, then ends.
    pub(crate) async fn stop(mut self) {
        self.gate.close(Stop::Gracefully);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gate.close(Stop::Now);
        self.task.abort();
    }
}
