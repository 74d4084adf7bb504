//! One exchange: dial, encrypt, ask, read.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT,
};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{AlertDescription, Error};

use super::service::Place;
use super::{Answer, MAX_ANSWER, Request, verify};

const JSON: &str = "application/json";
/// What a server and this client agree on to speak HTTP/2.
const HTTP2: &[u8] = b"h2";
/// How many bytes of an answer tell whether it is one in plain HTTP.
const HEAD: usize = 5;

type Stream = TlsStream<Watched>;

pub(super) async fn send(request: Request<'_>) -> Result<Answer, String> {
    let stream = dial(request.place).await?;
    let stream = encrypt(stream, request.place, request.trusted).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
    let response = match is_http2 {
        true => over_http2(stream, request).await,
        false => over_http1(stream, request).await,
    };
    let (parts, body) = response?;
    let text = |name| {
        let value: Option<&http::HeaderValue> = parts.headers.get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let is_packed =
        text(CONTENT_ENCODING).is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
    Ok(Answer {
        status: parts.status.as_u16(),
        content_type: text(CONTENT_TYPE).map(str::to_owned),
        body: match is_packed {
            true => unpack(&body)?,
            false => body,
        },
    })
}

/// Tries each address of a host; the error is that of the first.
async fn dial(place: &Place) -> Result<TcpStream, String> {
    let port: u16 = place.port.parse().map_err(|_| {
        let port = &place.port;
        format!("dial tcp: address {port}: invalid port")
    })?;
    let host = &*place.host;
    let found = lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    let mut first = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // What is slower without it is slower still.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => {
                let why = format!("dial tcp {address}: connect: {}", go_error(&error));
                first.get_or_insert(why);
            }
        }
    }
    Err(first.unwrap_or_else(|| format!("dial tcp: lookup {host}: no such host")))
}

/// An error of the system in Go's words.
fn go_error(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset by peer",
        io::ErrorKind::HostUnreachable => "no route to host",
        io::ErrorKind::NetworkUnreachable => "network is unreachable",
        io::ErrorKind::BrokenPipe => "broken pipe",
        _ => {
            let text = error.to_string().to_lowercase();
            let text = text.split(" (os error").next().unwrap_or_default();
            return text.to_owned();
        }
    };
    known.to_owned()
}

async fn encrypt(stream: TcpStream, place: &Place, trusted: &[Vec<u8>]) -> Result<Stream, String> {
    let config = verify::config(place, trusted)?;
    let name = place.names.first().map_or("", String::as_str).to_owned();
    let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let local = stream.local_addr().ok();
    let peer = stream.peer_addr().ok();
    let head = Arc::new(Mutex::new(Vec::new()));
    let watched = Watched {
        stream,
        head: head.clone(),
    };
    let encrypted = TlsConnector::from(Arc::new(config)).connect(name, watched);
    encrypted.await.map_err(|error| {
        let reason = error.get_ref().and_then(|inner| inner.downcast_ref());
        match reason {
            Some(reason) => tls_error(reason, &head.lock()),
            None => read_error(&error, local, peer),
        }
    })
}

fn tls_error(error: &Error, head: &[u8]) -> String {
    match error {
        Error::General(why) => format!("tls: failed to verify certificate: {why}"),
        Error::InvalidMessage(_) if head == b"HTTP/" => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        Error::InvalidMessage(_) => {
            "tls: first record does not look like a TLS handshake".to_owned()
        }
        Error::AlertReceived(alert) => format!("remote error: tls: {}", alert_text(*alert)),
        other => format!("tls: {other}"),
    }
}

fn alert_text(alert: AlertDescription) -> String {
    let known = match alert {
        AlertDescription::HandshakeFailure => "handshake failure",
        AlertDescription::BadCertificate => "bad certificate",
        AlertDescription::CertificateRequired => "certificate required",
        AlertDescription::UnrecognisedName => "unrecognized name",
        AlertDescription::ProtocolVersion => "protocol version not supported",
        AlertDescription::InternalError => "internal error",
        AlertDescription::UnknownCA => "unknown certificate authority",
        AlertDescription::NoApplicationProtocol => "no application protocol",
        other => return format!("{other:?}"),
    };
    known.to_owned()
}

fn read_error(error: &io::Error, local: Option<SocketAddr>, peer: Option<SocketAddr>) -> String {
    match (error.kind(), local, peer) {
        (io::ErrorKind::UnexpectedEof, ..) => "EOF".to_owned(),
        (_, Some(local), Some(peer)) => {
            format!("read tcp {local}->{peer}: read: {}", go_error(error))
        }
        _ => go_error(error),
    }
}

type Whole = (http::response::Parts, Vec<u8>);

async fn over_http1(stream: Stream, request: Request<'_>) -> Result<Whole, String> {
    // Go writes them so.
    let handshake = hyper::client::conn::http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|e| http_error(&e))?;
    let asked = made(&request, false)?;
    let exchange = async move { read_whole(sender.send_request(asked).await).await };
    along(connection, exchange).await
}

async fn over_http2(stream: Stream, request: Request<'_>) -> Result<Whole, String> {
    let io = TokioIo::new(stream);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (mut sender, connection) = handshake.await.map_err(|e| http_error(&e))?;
    let asked = made(&request, true)?;
    let exchange = async move { read_whole(sender.send_request(asked).await).await };
    along(connection, exchange).await
}

/// Lets a connection do its work until the exchange is over.
async fn along(
    connection: impl Future<Output = Result<(), hyper::Error>>,
    exchange: impl Future<Output = Result<Whole, String>>,
) -> Result<Whole, String> {
    let mut exchange = pin!(exchange);
    tokio::select! {
        biased;
        done = &mut exchange => return done,
        _over = connection => {}
    }
    // What the connection had left to say is there by now.
    exchange.await
}

fn made(request: &Request<'_>, is_http2: bool) -> Result<hyper::Request<Full<Bytes>>, String> {
    let Request {
        url,
        target,
        agent,
        body,
        ..
    } = request;
    let uri = match is_http2 {
        true => format!("https://{}{target}", url.host),
        false => target.clone(),
    };
    let mut asked = hyper::Request::post(uri);
    if !is_http2 {
        asked = asked.header(HOST, &url.host);
    }
    let asked = asked
        .header(USER_AGENT, *agent)
        .header(CONTENT_LENGTH, body.len())
        .header(ACCEPT, "application/json, */*")
        .header(CONTENT_TYPE, JSON)
        .header(ACCEPT_ENCODING, "gzip");
    asked
        .body(Full::new(Bytes::copy_from_slice(body)))
        .map_err(|error| error.to_string())
}

async fn read_whole(
    response: Result<hyper::Response<Incoming>, hyper::Error>,
) -> Result<Whole, String> {
    let (parts, body) = response.map_err(|e| http_error(&e))?.into_parts();
    let whole = Limited::new(body, MAX_ANSWER).collect().await;
    let whole = whole.map_err(|error| match error.downcast_ref::<hyper::Error>() {
        _ if error.is::<LengthLimitError>() => too_large(),
        Some(error) => {
            let why = http_error(error);
            let why = if why == "EOF" {
                "unexpected EOF".to_owned()
            } else {
                why
            };
            format!(
                "unexpected error when reading response body. Please retry. Original error: {why}"
            )
        }
        None => error.to_string(),
    })?;
    Ok((parts, whole.to_bytes().to_vec()))
}

fn too_large() -> String {
    format!("the answer has more than {MAX_ANSWER} bytes, which is all that is read of one here")
}

fn http_error(error: &hyper::Error) -> String {
    let source = std::error::Error::source(error);
    let source = source.and_then(|source| source.downcast_ref::<io::Error>());
    match source {
        _ if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            "EOF".to_owned()
        }
        Some(source) if source.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        Some(source) => go_error(source),
        None => format!("net/http: HTTP/1.x transport connection broken: {error}"),
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    use std::io::Read as _;

    let mut body = Vec::new();
    let most = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX);
    let read = GzDecoder::new(packed)
        .take(most.saturating_add(1))
        .read_to_end(&mut body);
    match read {
        Err(_) => Err("gzip: invalid header".to_owned()),
        Ok(_) if body.len() > MAX_ANSWER => Err(too_large()),
        Ok(_) => Ok(body),
    }
}

/// A connection of which the first bytes that come are remembered: they tell what answers there, if it is no TLS.
struct Watched {
    stream: TcpStream,
    head: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let mut head = self.head.lock();
        if head.len() < HEAD {
            let new = buffer.filled().iter().skip(before);
            let room = HEAD - head.len();
            head.extend(new.take(room));
        }
        drop(head);
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
