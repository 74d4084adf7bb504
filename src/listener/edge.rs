//! Between warp and the pipeline. No other file names warp.

use std::borrow::Cow;
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
use parking_lot::Mutex;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use warp::reply::Reply as _;
use warp::{Buf, Filter};

use super::malformed;
use super::wire::{Cut, Wire};
use crate::pipeline::Pipeline;
use crate::request::{self, BodyError, Connection, Request, Upgrade};
use crate::response::{Body, ByteStream, Fate, Response};

/// Larger bodies are sent in chunks on HTTP/1.1 unless their handler knew better, as Go's server does, in bytes.
const CHUNKED_ABOVE: usize = 2048;
/// With more than this left of a request's body, Go's server gives the connection up, in bytes.
const WORTH_READING: u64 = 256 * 1024;

/// A request without its body. Warp's filters would copy the headers, and make much of things: no query is a rejection
/// to them.
struct Arrived {
    method: Method,
    target: Uri,
    version: Version,
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
    wire: Arc<Wire>,
}

/// A request on its way through warp, for the one who answers it to take.
#[derive(Clone)]
struct Passing(Arc<Mutex<Option<Arrived>>>);

impl Passing {
    fn new(request: &mut http::Request<Incoming>, wire: Arc<Wire>) -> Self {
        let arrived = Arrived {
            method: request.method().clone(),
            target: request.uri().clone(),
            version: request.version(),
            headers: std::mem::take(request.headers_mut()),
            upgrade: request.extensions_mut().remove(),
            wire,
        };
        Passing(Arc::new(Mutex::new(Some(arrived))))
    }
}

/// What serves the requests of one connection.
pub(super) fn service(
    pipeline: Arc<Pipeline>,
    wire: Arc<Wire>,
) -> impl hyper::service::Service<
    http::Request<Incoming>,
    Response = warp::reply::Response,
    Error = Infallible,
    Future: Send,
> {
    let route = warp::any()
        .map(move || pipeline.clone())
        .and(warp::ext::get::<Passing>())
        .and(warp::body::stream())
        .then(answer);
    let inner = TowerToHyperService::new(warp::service(route));
    service_fn(move |mut request: http::Request<Incoming>| {
        let passing = Passing::new(&mut request, wire.clone());
        request.extensions_mut().insert(passing);
        inner.call(request)
    })
}

async fn answer(
    pipeline: Arc<Pipeline>,
    passing: Passing,
    body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static,
) -> warp::reply::Response {
    let arrived = passing.0.lock().take();
    let Some(arrived) = arrived else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (target, version) = (&arrived.target, arrived.version);
    let refusal = malformed::refusal(&arrived.method, target, version, &arrived.headers);
    let unread = Arc::new(Unread::new(&arrived.headers));
    let request = Request {
        method: arrived.method,
        path: arrived.target.path().to_owned(),
        raw_query: arrived.target.query().unwrap_or_default().to_owned(),
        headers: arrived.headers,
        body: unread.clone().count(body),
        upgrade: arrived.upgrade.map(into_upgrade),
        ordinal: arrived.wire.count_request(),
    };
    let mut answer = match refusal {
        Some(refusal) => {
            pipeline.unparsed(Some(refusal.status), "malformed request".to_owned());
            refusal
        }
        None => pipeline.serve(request).await,
    };
    let framing = framing(&answer, arrived.version);
    if let Framing::Counted(length) = framing {
        answer = answer.header("content-length", length.to_string());
    }
    match answer.fate {
        // HTTP/2 has no such header, but a way to say it.
        Fate::Last if arrived.version == Version::HTTP_2 => arrived.wire.finish(),
        Fate::Last => answer = answer.header("connection", "close"),
        _ if unread.is_too_much() => answer = answer.header("connection", "close"),
        _ => {}
    }
    reply(answer, framing, &arrived.wire)
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
    ) -> request::Body {
        request::Body(Box::pin(body.map(move |chunk| match chunk {
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
fn reply(answer: Response, framing: Framing, wire: &Arc<Wire>) -> warp::reply::Response {
    let Response {
        status,
        headers,
        extra_headers,
        body,
        fate,
        ..
    } = answer;
    let limit = match fate {
        Fate::Send | Fate::Last => None,
        Fate::Reset => return cut(wire, Cut::Reset),
        Fate::Close => return cut(wire, Cut::Close),
        Fate::Garbage(bytes) => return cut(wire, Cut::Garbage(bytes)),
        Fate::ResetAfter(bytes) => Some((bytes, Cut::Reset)),
        Fate::CloseAfter(bytes) => Some((bytes, Cut::Close)),
    };
    let mut reply = match (body, limit) {
        (body, Some((bytes, how))) => broken(body, bytes, how, wire.clone()),
        (Body::Empty, None) => warp::reply::Response::new(Bytes::new().into()),
        (Body::Full(body), None) if framing == Framing::Chunked => {
            let whole = futures_util::stream::once(std::future::ready(Ok::<_, Infallible>(body)));
            warp::reply::stream(whole).into_response()
        }
        (Body::Full(body), None) => warp::reply::Response::new(body.into()),
        (Body::Stream(frames), None) => {
            warp::reply::stream(frames.map(Ok::<_, Infallible>)).into_response()
        }
        (Body::Upgraded(upgrade, run), None) => {
            let wire = wire.clone();
            tokio::spawn(async move {
                if let Some(connection) = upgrade.0.await {
                    wire.unless_cut(run(connection)).await;
                }
            });
            warp::reply::Response::new(Bytes::new().into())
        }
    };
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let sent = reply.headers_mut();
    sent.reserve(headers.len() + 1);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_maybe_shared(into_bytes(value)) {
            sent.append(HeaderName::from_static(name), value);
        }
    }
    // What was scripted stands instead of what the server says; twice the same name is two headers.
    for name in extra_headers
        .iter()
        .filter_map(|(name, _)| name.parse::<HeaderName>().ok())
    {
        sent.remove(name);
    }
    for (name, value) in extra_headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            sent.append(name, value);
        }
    }
    reply
}

/// Nothing of this answer is sent: the first byte of it finds the connection cut.
fn cut(wire: &Wire, how: Cut) -> warp::reply::Response {
    wire.cut(how);
    warp::reply::Response::new(Bytes::new().into())
}

/// The first bytes of a body; then the connection is cut.
fn broken(body: Body, bytes: usize, how: Cut, wire: Arc<Wire>) -> warp::reply::Response {
    let mut whole: ByteStream = match body {
        Body::Full(body) => Box::pin(futures_util::stream::once(std::future::ready(body))),
        Body::Stream(frames) => frames,
        Body::Empty | Body::Upgraded(..) => Box::pin(futures_util::stream::empty()),
    };
    // From before the first byte on, so that no flush goes uncounted.
    let mut flushes = wire.flushes();
    let first_part = async_stream::stream! {
        let mut left = bytes;
        while left > 0 {
            let Some(chunk) = whole.next().await else { break };
            let part = chunk.slice(..chunk.len().min(left));
            left -= part.len();
            yield Ok(part);
        }
        flushes.next().await;
        wire.cut(how);
        yield Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    };
    warp::reply::stream(first_part).into_response()
}

fn into_bytes(text: Cow<'static, str>) -> Bytes {
    match text {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    }
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

fn framing(answer: &Response, version: Version) -> Framing {
    let given = answer
        .headers
        .iter()
        .any(|(name, _)| *name == "content-length");
    match &answer.body {
        _ if given => Framing::Given,
        Body::Empty if answer.status == 304 => Framing::Given,
        Body::Empty => Framing::Counted(0),
        Body::Full(body) if body.len() > CHUNKED_ABOVE && version == Version::HTTP_11 => {
            Framing::Chunked
        }
        Body::Full(body) => Framing::Counted(body.len()),
        Body::Stream(_) | Body::Upgraded(..) => Framing::Given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: Bytes, version: Version) -> Framing {
        framing(&Response::new(200, "text/plain", body), version)
    }

    #[test]
    fn a_long_body_is_sent_in_chunks_unless_its_handler_counted_it() {
        let long = || Bytes::from(vec![b'x'; CHUNKED_ABOVE + 1]);
        assert!(framed(Bytes::new(), Version::HTTP_11) == Framing::Counted(0));
        assert!(framed(long(), Version::HTTP_11) == Framing::Chunked);
        assert!(framed(long(), Version::HTTP_2) == Framing::Counted(CHUNKED_ABOVE + 1));
        let counted = Response::new(200, "text/plain", long()).header("content-length", "2049");
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
