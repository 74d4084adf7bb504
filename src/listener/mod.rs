//! The socket's side: accepting connections, speaking HTTP on them, and letting them go.
//!
//! The accept loop is our own, because it is where connections are counted, encrypted, and cut. What a request is made
//! of is taken apart in [`edge`], the only file that knows warp.

mod edge;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::wire::{Wire, WireStream};
use crate::pipeline::Pipeline;
use crate::request::Connection;

/// How many connections are open at a time; more wait to be accepted.
pub(crate) const DEFAULT_MAX_CONNECTIONS: usize = 10_000;
/// How long a client may take over the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take over the start of an encrypted connection.
#[cfg(feature = "tls")]
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many headers a request on HTTP/1.1 may have. Go's server only counts their bytes, but hyper makes room for all of
/// them with every request, and for no more than this without asking for memory.
pub(crate) const DEFAULT_MAX_HEADERS: usize = 100;
/// The longest head of a request, in bytes: that of Go's server.
const MAX_HEADER_BYTES: usize = 1024 * 1024;
/// How long open connections get to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(2);

/// A bound socket, ready to serve.
pub(crate) struct Listener {
    socket: Arc<Mutex<Option<TcpListener>>>,
    address: SocketAddr,
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
}

/// Stops a running listener when dropped: the port is free at once, connections end as soon as the runtime gets to them.
pub(crate) struct Running {
    socket: Arc<Mutex<Option<TcpListener>>>,
    stop: watch::Sender<Stop>,
    task: tokio::task::JoinHandle<()>,
}

/// How to stop, in rising urgency.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Stop {
    No,
    /// Let requests in flight finish.
    Gracefully,
    Now,
}

impl Listener {
    /// Binds the address; must be called within a tokio runtime.
    pub(crate) fn bind(address: SocketAddr, limits: Limits) -> std::io::Result<Self> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        let address = socket.local_addr()?;
        Ok(Listener {
            socket: Arc::new(Mutex::new(Some(socket))),
            address,
            limits,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    #[cfg(feature = "tls")]
    pub(crate) fn with_tls(mut self, acceptor: tls::Acceptor) -> Self {
        self.tls = Some(acceptor);
        self
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves on the current runtime until stopped.
    pub(crate) fn serve(self, pipeline: Arc<Pipeline>) -> Running {
        let (stop, stopped) = watch::channel(Stop::No);
        let socket = self.socket.clone();
        let task = tokio::spawn(self.run(pipeline, stopped));
        Running { socket, stop, task }
    }

    async fn run(self, pipeline: Arc<Pipeline>, mut stopped: watch::Receiver<Stop>) {
        let permits = Arc::new(Semaphore::new(self.limits.connections));
        let mut connections = JoinSet::new();
        let server = Arc::new(server(self.limits.headers));
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return;
            };
            let stream = tokio::select! {
                () = told(&mut stopped, Stop::Gracefully) => break,
                stream = self.accept() => stream,
            };
            while connections.try_join_next().is_some() {}
            let stream = match stream {
                Some(Ok(stream)) => stream,
                // Out of file descriptors, most likely: others will close.
                Some(Err(_)) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
                None => break,
            };
            let _ = stream.set_nodelay(true);
            let (pipeline, server, stopped) = (pipeline.clone(), server.clone(), stopped.clone());
            #[cfg(feature = "tls")]
            let tls = self.tls.clone();
            connections.spawn(async move {
                let _permit = permit;
                let (stream, wire) = WireStream::new(stream);
                #[cfg(feature = "tls")]
                if let Some(tls) = tls {
                    if let Ok(Some(stream)) =
                        tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await
                    {
                        connection(stream, wire, &server, pipeline, stopped).await;
                    }
                    return;
                }
                connection(stream, wire, &server, pipeline, stopped).await;
            });
        }
        let graceful = *stopped.borrow() == Stop::Gracefully;
        if graceful {
            let drained = async { while connections.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(DRAIN, drained).await;
        }
    }

    /// The next connection, or nothing once the socket is closed.
    async fn accept(&self) -> Option<std::io::Result<TcpStream>> {
        std::future::poll_fn(|cx| match self.socket.lock().as_ref() {
            None => Poll::Ready(None),
            Some(socket) => socket
                .poll_accept(cx)
                .map(|result| Some(result.map(|(stream, _)| stream))),
        })
        .await
    }
}

/// The HTTP server, with its limits.
fn server(max_headers: usize) -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new()).title_case_headers(true);
    server
        .http1()
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES);
    if max_headers != DEFAULT_MAX_HEADERS {
        server.http1().max_headers(max_headers);
    }
    #[cfg(feature = "tls")]
    server
        .http2()
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .max_header_list_size(1024 * 1024)
        .keep_alive_interval(Duration::from_secs(30));
    server
}

/// Speaks HTTP on one connection, until it ends or the server stops.
async fn connection(
    stream: impl Connection + 'static,
    wire: Arc<Wire>,
    server: &auto::Builder<TokioExecutor>,
    pipeline: Arc<Pipeline>,
    mut stopped: watch::Receiver<Stop>,
) {
    let serving =
        server.serve_connection_with_upgrades(TokioIo::new(stream), edge::service(pipeline, wire));
    tokio::pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        () = told(&mut stopped, Stop::Gracefully) => {}
    }
    if *stopped.borrow() == Stop::Gracefully {
        serving.as_mut().graceful_shutdown();
        tokio::select! {
            _ = serving => {}
            () = told(&mut stopped, Stop::Now) => {}
        }
    }
}

/// Waits until the server is told to stop at least this urgently.
async fn told(stopped: &mut watch::Receiver<Stop>, how: Stop) {
    let _ = stopped.wait_for(|stop| *stop >= how).await;
}

impl Running {
    /// Stops accepting, lets requests in flight finish, then ends.
    pub(crate) async fn stop(mut self) {
        self.socket.lock().take();
        self.stop.send_replace(Stop::Gracefully);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.socket.lock().take();
        self.stop.send_replace(Stop::Now);
        self.task.abort();
    }
}
