//! A webhook of the test's own: HTTPS on a free port of 127.0.0.1, with a certificate made for it.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{MAX_ANSWER, MAX_CALLS};

/// Makes an answer of what was posted. It may block, and ask the server itself.
pub(crate) type Respond = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// One that is served until it is dropped.
pub(crate) struct Hook {
    /// `https://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// Its certificate, in PEM.
    pub(crate) bundle: String,
    task: AbortHandle,
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hook {
    /// Serves a closure on this runtime.
    pub(crate) fn serve(runtime: &Handle, respond: Respond) -> Result<Self, String> {
        let (acceptor, bundle) = identity().map_err(|error| error.to_string())?;
        let _inside = runtime.enter();
        let (listener, port) = listen().map_err(|error| error.to_string())?;
        let task = runtime.spawn(accept(listener, acceptor, respond));
        Ok(Hook {
            url: format!("https://127.0.0.1:{port}"),
            bundle,
            task: task.abort_handle(),
        })
    }
}

fn identity() -> Result<(TlsAcceptor, String), Box<dyn std::error::Error>> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from(key))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), made.cert.pem()))
}

fn listen() -> std::io::Result<(TcpListener, u16)> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((TcpListener::from_std(listener)?, port))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, respond: Respond) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MAX_CALLS {
            connections.join_next().await;
        }
        if let Ok((stream, _)) = listener.accept().await {
            // An answer would wait for the acknowledgement of the handshake's last message.
            let _ = stream.set_nodelay(true);
            connections.spawn(serve(stream, acceptor.clone(), respond.clone()));
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, respond: Respond) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let answer = service_fn(|request: hyper::Request<Incoming>| {
        let respond = respond.clone();
        async move { Ok::<_, Infallible>(answer(request, respond).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
    if let Err(error) = served {
        tracing::debug!("a webhook's connection: {error}");
    }
}

async fn answer(request: hyper::Request<Incoming>, respond: Respond) -> Response<Full<Bytes>> {
    let refuse = |status, why: String| {
        let mut response = Response::new(Full::new(Bytes::from(why)));
        *response.status_mut() = status;
        response
    };
    let body = Limited::new(request.into_body(), MAX_ANSWER)
        .collect()
        .await;
    let review: Result<Value, String> = match body {
        Ok(body) => serde_json::from_slice(&body.to_bytes()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let review = match review {
        Ok(review) => review,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
    };
    // It may wait for a client that blocks.
    let answer = tokio::task::spawn_blocking(move || respond(&review).to_string()).await;
    match answer {
        Ok(answer) => {
            let mut response = Response::new(Full::new(Bytes::from(answer)));
            let json = http::HeaderValue::from_static("application/json");
            response
                .headers_mut()
                .insert(http::header::CONTENT_TYPE, json);
            response
        }
        Err(_) => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the webhook's closure panicked".to_owned(),
        ),
    }
}
