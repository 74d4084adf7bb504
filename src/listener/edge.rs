//! Between warp and the pipeline. No other file names warp.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use warp::reply::Reply as _;
use warp::{Buf, Filter};

use crate::pipeline::Pipeline;
use crate::request::{Body, BodyError, Connection, Request, Upgrade};
use crate::response;

/// Larger bodies are sent in chunks on HTTP/1.1, as Go's server does, in bytes.
const CHUNKED_ABOVE: usize = 2048;

/// What warp's filters do not tell of a request, or make much of: no query is a rejection to them.
#[derive(Clone)]
struct Arrived {
    version: Version,
    target: Uri,
}

/// What serves the requests of one connection.
pub(super) fn service(
    pipeline: Arc<Pipeline>,
) -> impl hyper::service::Service<
    http::Request<Incoming>,
    Response = warp::reply::Response,
    Error = Infallible,
    Future: Send,
> {
    let route = warp::any()
        .map(move || pipeline.clone())
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::ext::get::<Arrived>())
        .and(warp::body::stream())
        .then(answer);
    let inner = TowerToHyperService::new(warp::service(route));
    service_fn(move |mut request: http::Request<Incoming>| {
        let arrived = Arrived {
            version: request.version(),
            target: request.uri().clone(),
        };
        request.extensions_mut().insert(arrived);
        inner.call(request)
    })
}

async fn answer(
    pipeline: Arc<Pipeline>,
    method: Method,
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
    arrived: Arrived,
    body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static,
) -> warp::reply::Response {
    let Arrived { version, target } = arrived;
    let request = Request {
        method,
        path: target.path().to_owned(),
        raw_query: target.query().unwrap_or_default().to_owned(),
        headers,
        body: Body(Box::pin(
            body.map(|chunk| chunk.map(collect).map_err(|_| BodyError)),
        )),
        upgrade: upgrade.map(into_upgrade),
    };
    reply(pipeline.serve(request).await, version)
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
fn reply(answer: response::Response, version: Version) -> warp::reply::Response {
    let mut reply = match answer.body {
        response::Body::Empty => warp::reply::Response::new(Bytes::new().into()),
        response::Body::Full(body) if body.len() > CHUNKED_ABOVE && version == Version::HTTP_11 => {
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
    reply.headers_mut().reserve(answer.headers.len() + 1);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_maybe_shared(into_bytes(value)) {
            reply
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
    }
    reply
}

fn into_bytes(text: Cow<'static, str>) -> Bytes {
    match text {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    }
}
