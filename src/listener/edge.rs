//! Between warp and the pipeline. No other file names warp.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use hyper::body::{Body as _, Incoming};
use hyper::service::{Service, service_fn};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tower_service::Service as _;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use warp::reply::Reply as _;
use warp::{Buf, Filter};

use super::intake::Intake;
use super::leftover::{Leftover, length};
use super::malformed;
use super::wire::{Busy, Cut, Wire};
use crate::pipeline::Pipeline;
use crate::request::peer::Peer;
use crate::request::{self, BodyError, Connection, Request, Upgrade};
use crate::response::head::Shape;
use crate::response::{Body, ByteStream, Fate, Response};

/// Larger bodies are sent in chunks on HTTP/1.1 unless their handler knew better, as Go's server does, in bytes.
const CHUNKED_ABOVE: usize = 2048;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// An answer on its way to the socket.
pub(super) type Reply = warp::reply::Response;

/// What answers the requests of a connection.
pub(super) trait Answers:
    Service<http::Request<Incoming>, Response = Reply, Error = Infallible, Future: Send + 'static>
{
}
impl<S> Answers for S where
    S: Service<
            http::Request<Incoming>,
            Response = Reply,
            Error = Infallible,
            Future: Send + 'static,
        >
{
}

/// A request without its body, for whoever takes it first. Warp's filters would copy the headers, and make much of
/// things: no query is a rejection to them.
struct Arrived {
    head: Mutex<Option<Head>>,
    version: Version,
    line: Arc<Line>,
}

/// What the requests of one connection have in common.
struct Line {
    pipeline: Arc<Pipeline>,
    wire: Arc<Wire>,
    intake: Arc<Intake>,
    peer: Option<Arc<Peer>>,
    shape: Shape,
}

/// What is taken of it.
struct Head {
    method: Method,
    target: Uri,
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
    has_body: bool,
}

/// What serves the requests of one connection.
pub(super) fn service(
    pipeline: Arc<Pipeline>,
    wire: Arc<Wire>,
    intake: Arc<Intake>,
    peer: Option<Arc<Peer>>,
) -> impl Answers {
    let line = Arc::new(Line {
        pipeline,
        wire,
        intake,
        peer,
        shape: Shape::default(),
    });
    service_fn(move |mut request: http::Request<Incoming>| {
        let arrived = Arc::new(Arrived::new(&mut request, line.clone()));
        let route = warp::body::stream().then(move |body| answer(arrived.clone(), body));
        warp::service(route).call(request)
    })
}

async fn answer(
    arrived: Arc<Arrived>,
    body: impl Stream<Item = Result<impl Buf + 'static, warp::Error>> + Send + 'static,
) -> Reply {
    let Line {
        pipeline,
        wire,
        intake,
        peer,
        shape,
    } = &*arrived.line;
    let busy = wire.busy();
    let head = arrived.head.lock().take();
    let Some(head) = head else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = body.map_ok(collect).map_err(|_| BodyError::Broken);
    let (body, leftover) = match (head.has_body, arrived.version) {
        (false, _) => (request::Body::empty(), None),
        // What is left on a stream of its own is in nobody's way.
        (true, Version::HTTP_2) => {
            let length = length(&head.headers);
            let body = intake.clone().body(length, body);
            (request::Body::new(body).of_length(length), None)
        }
        (true, _) => {
            let length = length(&head.headers);
            let body = intake.clone().body(length, body);
            let (body, leftover) = Leftover::of(&head.headers, length, body);
            (body, Some(leftover))
        }
    };
    let refusal = malformed::refusal(&head.method, &head.target, arrived.version, &head.headers);
    let request = Request {
        method: head.method,
        target: head.target,
        headers: head.headers,
        body,
        upgrade: head.upgrade.map(into_upgrade),
        ordinal: wire.count_request(),
        peer: peer.clone(),
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
        answer.headers.add(header::CONTENT_LENGTH, length.into());
    }
    let goes_on = match leftover {
        Some(leftover) if answer.fate != Fate::Reset => leftover.drain().await,
        _ => true,
    };
    if !goes_on {
        wire.linger();
    }
    match answer.fate {
        // HTTP/2 has no such header, but a way to say it.
        Fate::Last | Fate::LastOfMany if arrived.version == Version::HTTP_2 => wire.finish(),
        Fate::Last => answer.headers.set(header::CONNECTION, CLOSE),
        _ if !goes_on => answer.headers.set(header::CONNECTION, CLOSE),
        _ => {}
    }
    reply(answer, framing, shape, wire, busy)
}

impl Arrived {
    fn new(request: &mut http::Request<Incoming>, line: Arc<Line>) -> Self {
        let head = Head {
            has_body: !request.body().is_end_stream(),
            method: std::mem::take(request.method_mut()),
            target: std::mem::take(request.uri_mut()),
            headers: std::mem::take(request.headers_mut()),
            upgrade: request.extensions_mut().remove(),
        };
        Arrived {
            head: Mutex::new(Some(head)),
            version: request.version(),
            line,
        }
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
fn reply(
    answer: Response,
    framing: Framing,
    shape: &Shape,
    wire: &Arc<Wire>,
    busy: Busy,
) -> warp::reply::Response {
    let Response {
        status,
        headers,
        extra_headers,
        body,
        fate,
        ..
    } = answer;
    let limit = match fate {
        Fate::Send | Fate::Last | Fate::LastOfMany => None,
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
        (Body::Pieces(pieces), None) => {
            let pieces = futures_util::stream::iter(pieces.map(Ok::<_, Infallible>));
            warp::reply::stream(pieces).into_response()
        }
        (Body::Stream(frames), None) => {
            warp::reply::stream(frames.map(Ok::<_, Infallible>)).into_response()
        }
        (Body::Upgraded(upgrade, run), None) => {
            let wire = wire.clone();
            tokio::spawn(async move {
                if let Some(connection) = upgrade.0.await {
                    wire.unless_cut(run(connection)).await;
                    drop(busy);
                }
            });
            warp::reply::Response::new(Bytes::new().into())
        }
    };
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let sent = reply.headers_mut();
    *sent = headers.into_map(shape);
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
        Body::Pieces(pieces) => Box::pin(futures_util::stream::iter(pieces)),
        Body::Stream(frames) => frames,
        Body::Empty | Body::Upgraded(..) => Box::pin(futures_util::stream::empty()),
    };
    // From before the first byte on, so that no flush goes uncounted.
    let mut flushes = wire.flushes();
    let first_part = async_stream::stream! {
        let mut left = bytes;
        while left > 0 {
            // What is shorter than that ends as it should.
            let Some(chunk) = whole.next().await else { return };
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
    let given = answer.headers.get(&header::CONTENT_LENGTH).is_some();
    match &answer.body {
        _ if given => Framing::Given,
        Body::Empty if answer.status == 304 => Framing::Given,
        Body::Empty => Framing::Counted(0),
        Body::Full(body) if body.len() > CHUNKED_ABOVE && version == Version::HTTP_11 => {
            Framing::Chunked
        }
        Body::Pieces(_) if version == Version::HTTP_11 => Framing::Chunked,
        Body::Full(body) => Framing::Counted(body.len()),
        Body::Pieces(pieces) => Framing::Counted(pieces.len()),
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
        let counted =
            Response::new(200, "text/plain", long()).header(header::CONTENT_LENGTH, "2049");
        assert!(framing(&counted, Version::HTTP_11) == Framing::Given);
    }
}
