//! Between warp and the pipeline. No other file names warp.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use warp::path::FullPath;
use warp::reply::Reply as _;
use warp::{Buf, Filter};

use crate::pipeline::Pipeline;
use crate::request::{Body, BodyError, Connection, Request, Upgrade};
use crate::response;

/// Larger bodies are sent in chunks on HTTP/1.1 unless their handler knew better, as Go's server does, in bytes.
const CHUNKED_ABOVE: usize = 2048;
/// With more than this left of a request's body, Go's server gives the connection up, in bytes.
const WORTH_READING: u64 = 256 * 1024;

/// The version of HTTP a request came in.
#[derive(Clone, Copy)]
struct Arrived(Version);

/// What serves the requests of one connection.
pub(super) fn service(
    pipeline: Arc<Pipeline>,
) -> impl hyper::service::Service<
    http::Request<Incoming>,
    Response = warp::reply::Response,
    Error = Infallible,
    Future: Send,
> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let route = warp::any()
        .map(move || pipeline.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::ext::optional::<Arrived>())
        .and(warp::body::stream())
        .then(answer);
    let inner = TowerToHyperService::new(warp::service(route));
    service_fn(move |mut request: http::Request<Incoming>| {
        let version = request.version();
        request.extensions_mut().insert(Arrived(version));
        inner.call(request)
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "warp hands over each part of a request on its own"
)]
async fn answer(
    pipeline: Arc<Pipeline>,
    method: Method,
    path: FullPath,
    raw_query: String,
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
    arrived: Option<Arrived>,
    body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static,
) -> warp::reply::Response {
    let version = arrived.map_or(Version::HTTP_11, |arrived| arrived.0);
    let unread = Arc::new(Unread::new(&headers));
    let request = Request {
        method,
        path: path.as_str().to_owned(),
        raw_query,
        headers,
        body: unread.clone().count(body),
        upgrade: upgrade.map(into_upgrade),
    };
    let mut answer = pipeline.serve(request).await;
    let framing = framing(&answer, version);
    if let Framing::Counted(length) = framing {
        answer = answer.header("content-length", length.to_string());
    }
    if unread.is_too_much() {
        answer = answer.header("connection", "close");
    }
    reply(answer, framing)
}

/// How much of a request's body nobody has asked for yet, in bytes.
struct Unread(AtomicU64);

impl Unread {
    fn new(headers: &HeaderMap) -> Self {
        let length = headers.get("content-length").and_then(|v| v.to_str().ok());
        Unread(AtomicU64::new(
            length.and_then(|v| v.parse().ok()).unwrap_or(0),
        ))
    }

    /// The body, counted down as it is read; one that breaks off leaves nothing to go on with.
    fn count(
        self: Arc<Self>,
        body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static,
    ) -> Body {
        Body(Box::pin(body.map(move |chunk| match chunk {
            Ok(chunk) => {
                let chunk = collect(chunk);
                let left = self.0.load(Ordering::Relaxed);
                self.0
                    .store(left.saturating_sub(chunk.len() as u64), Ordering::Relaxed);
                Ok(chunk)
            }
            Err(_) => {
                self.0.store(u64::MAX, Ordering::Relaxed);
                Err(BodyError)
            }
        })))
    }

    fn is_too_much(&self) -> bool {
        self.0.load(Ordering::Relaxed) > WORTH_READING
    }
}

fn collect(mut chunk: impl Buf) -> Bytes {
    chunk.copy_to_bytes(chunk.remaining())
}

fn into_upgrade(upgrade: OnUpgrade) -> Upgrade {
    Upgrade(Box::pin(async move {
        let connection = upgrade.await.ok()?;
        Some(Box::new(TokioIo::new(connection)) as Box<dyn Connection>)
    }))
}

/// An answer as warp sends it.
fn reply(answer: response::Response, framing: Framing) -> warp::reply::Response {
    let mut reply = match answer.body {
        response::Body::Empty => warp::reply::Response::new(Bytes::new().into()),
        response::Body::Full(body) if framing == Framing::Chunked => {
            let whole = futures_util::stream::once(std::future::ready(Ok::<_, Infallible>(body)));
            warp::reply::stream(whole).into_response()
        }
        response::Body::Full(body) => warp::reply::Response::new(body.into()),
        response::Body::Stream(frames) => {
            warp::reply::stream(frames.map(Ok::<_, Infallible>)).into_response()
        }
        response::Body::Upgraded(upgrade, run) => {
            tokio::spawn(async move {
                if let Some(connection) = upgrade.0.await {
                    run(connection).await;
                }
            });
            warp::reply::Response::new(Bytes::new().into())
        }
    };
    *reply.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) =
            HeaderValue::from_str(&value).or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
        {
            reply
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
    }
    reply
}

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq)]
enum Framing {
    /// By a length, which is the last of the headers.
    Counted(usize),
    /// By a length that the handler has set among its headers, or by nothing at all.
    Given,
    Chunked,
}

fn framing(answer: &response::Response, version: Version) -> Framing {
    let given = answer
        .headers
        .iter()
        .any(|(name, _)| *name == "content-length");
    match &answer.body {
        _ if given => Framing::Given,
        response::Body::Empty if answer.status == 304 => Framing::Given,
        response::Body::Empty => Framing::Counted(0),
        response::Body::Full(body) if body.len() > CHUNKED_ABOVE && version == Version::HTTP_11 => {
            Framing::Chunked
        }
        response::Body::Full(body) => Framing::Counted(body.len()),
        response::Body::Stream(_) | response::Body::Upgraded(..) => Framing::Given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: Bytes, version: Version) -> Framing {
        framing(&response::Response::new(200, "text/plain", body), version)
    }

    #[test]
    fn a_long_body_is_sent_in_chunks_unless_its_handler_counted_it() {
        let long = || Bytes::from(vec![b'x'; CHUNKED_ABOVE + 1]);
        assert!(framed(Bytes::new(), Version::HTTP_11) == Framing::Counted(0));
        assert!(framed(long(), Version::HTTP_11) == Framing::Chunked);
        assert!(framed(long(), Version::HTTP_2) == Framing::Counted(CHUNKED_ABOVE + 1));
        let counted =
            response::Response::new(200, "text/plain", long()).header("content-length", "2049");
        assert!(framing(&counted, Version::HTTP_11) == Framing::Given);
    }

    #[tokio::test]
    async fn a_large_body_nobody_read_ends_the_connection() {
        let mut headers = HeaderMap::new();
        headers.insert("content-length", HeaderValue::from(300 * 1024));
        let unread = Arc::new(Unread::new(&headers));
        assert!(unread.is_too_much());
        let chunk = Ok::<_, warp::Error>(Bytes::from(vec![0; 100 * 1024]));
        let mut body = unread.clone().count(futures_util::stream::iter([chunk]));
        assert!(body.0.next().await.is_some());
        assert!(!unread.is_too_much());
    }
}
