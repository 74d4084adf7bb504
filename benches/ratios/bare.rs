//! The other side: a warp server with the same accept loop and the same limits, whose answers are made before it starts.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use warp::Filter as _;
use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use warp::reply::{Reply as _, Response};

use crate::client::{Answer, Head};

/// How many events a watcher may be behind.
const BEHIND: usize = 16;

/// A running server; it stops when dropped.
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    task: AbortHandle,
}

/// An answer made once: what ours said to the same request.
#[derive(Clone)]
struct Fixed {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    chunked: bool,
}

impl Bare {
    /// Answers every request the same, without reading it.
    pub(crate) fn answering(answer: &Answer) -> io::Result<Bare> {
        let fixed = Fixed::new(answer);
        Bare::serve(TowerToHyperService::new(warp::service(
            warp::any().map(move || fixed.reply()),
        )))
    }

    /// Answers every request the same once its body is read.
    pub(crate) fn reading(answer: &Answer) -> io::Result<Bare> {
        let fixed = Fixed::new(answer);
        Bare::serve(TowerToHyperService::new(warp::service(
            warp::body::bytes().map(move |_| fixed.reply()),
        )))
    }

    /// A GET is a watch, of which every PUT makes an event.
    pub(crate) fn watched(put: &Answer, watch: &Head, event: Bytes) -> io::Result<Bare> {
        let put = Fixed::new(put);
        let headers = headers(watch);
        let sender = broadcast::Sender::new(BEHIND);
        let source = sender.clone();
        let watch = warp::get().map(move || {
            let events = stream::unfold(source.subscribe(), async |mut events| {
                Some((events.recv().await, events))
            });
            let mut response = warp::reply::stream(events).into_response();
            response.headers_mut().extend(headers.clone());
            response
        });
        let write = warp::put().and(warp::body::bytes()).map(move |_| {
            let _ = sender.send(event.clone());
            put.reply()
        });
        Bare::serve(TowerToHyperService::new(warp::service(
            watch.or(write).unify(),
        )))
    }

    fn serve<S: Serves>(service: S) -> io::Result<Bare> {
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        let address = socket.local_addr()?;
        let task = tokio::spawn(accept(socket, service)).abort_handle();
        Ok(Bare { address, task })
    }
}

/// What hyper asks of a warp filter.
trait Serves:
    Service<http::Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static
{
}
impl<S> Serves for S where
    S: Service<http::Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static
{
}

async fn accept(socket: TcpListener, service: impl Serves) {
    let server = Arc::new(server());
    while let Ok((stream, _)) = socket.accept().await {
        let _ = stream.set_nodelay(true);
        let (server, service) = (server.clone(), service.clone());
        tokio::spawn(async move {
            let _ = server
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// What warp serves with, with the settings of the server under test.
fn server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new()).title_case_headers(true);
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(90))
        .max_buf_size(1024 * 1024);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(1024 * 1024)
        .keep_alive_interval(Duration::from_secs(30));
    server
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fixed {
    fn new(answer: &Answer) -> Self {
        Fixed {
            status: StatusCode::from_u16(answer.head.status).unwrap_or_default(),
            headers: headers(&answer.head),
            body: answer.body.clone().into(),
            chunked: answer.head.is_chunked(),
        }
    }

    fn reply(&self) -> Response {
        let body = self.body.clone();
        let mut response = if self.chunked {
            warp::reply::stream(stream::once(std::future::ready(Ok::<_, Infallible>(body))))
                .into_response()
        } else {
            Response::new(body.into())
        };
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// The headers that hyper does not write by itself.
fn headers(head: &Head) -> HeaderMap {
    let own = ["date", "content-length", "transfer-encoding"];
    head.headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        })
        .collect()
}
