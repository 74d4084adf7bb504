//! What a request asks for: its target taken apart, its parameters decoded, the formats it accepts.
//!
//! Each part is parsed once, early; afterwards the type knows.

mod content_type;
pub(crate) mod continue_token;
pub(crate) mod facts;
pub(crate) mod info;
pub(crate) mod negotiation;
pub(crate) mod options;
pub(crate) mod peer;
pub(crate) mod query;
pub(crate) mod selector;
pub(crate) mod text;
pub(crate) mod user;
pub(crate) mod when;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::header::AsHeaderName;
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};

use peer::Peer;

/// The largest request body, in bytes.
pub(crate) const DEFAULT_MAX_BODY: usize = 3 * 1024 * 1024;

/// A request as the listener hands it over.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Takes the connection over, if the client asked for an upgrade.
    pub(crate) upgrade: Option<Upgrade>,
    /// Which request on its connection this is, from 1.
    pub(crate) ordinal: u64,
    /// Who is at the other end, if it has shown a certificate.
    pub(crate) peer: Option<Arc<Peer>>,
}

/// The body of a request, read when a handler asks for it.
pub(crate) struct Body {
    chunks: Option<Chunks>,
    length: Option<u64>,
}

/// The pieces of a body as they come.
type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// Why a body did not come whole.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// The client broke it off, or it is not framed as it should be.
    Broken,
    /// It came to a halt while others waited for the room it takes.
    Halted,
}

/// Becomes the raw connection once the answer `101 Switching Protocols` is out.
pub(crate) struct Upgrade(pub(crate) Pin<Box<dyn Handover>>);

/// Waits for a raw connection.
pub(crate) trait Handover:
    Future<Output = Option<Box<dyn Connection>>> + Send + Sync
{
}
impl<T: Future<Output = Option<Box<dyn Connection>>> + Send + Sync> Handover for T {}

/// A raw connection, both ways.
pub(crate) trait Connection:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin
{
}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Connection for T {}

impl Body {
    pub(crate) fn new(
        chunks: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
    ) -> Self {
        Body {
            chunks: Some(Box::pin(chunks)),
            length: None,
        }
    }

    /// The same, with what is said of its length.
    pub(crate) fn of_length(self, length: Option<u64>) -> Self {
        Body { length, ..self }
    }

    pub(crate) fn empty() -> Self {
        Body {
            chunks: None,
            length: None,
        }
    }

    /// How long it says it is, in bytes.
    pub(crate) fn length(&self) -> Option<usize> {
        self.length?.try_into().ok()
    }

    /// Whether there is one.
    pub(crate) fn is_to_come(&self) -> bool {
        self.chunks.is_some()
    }
}

impl Stream for Body {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.chunks {
            Some(chunks) => chunks.as_mut().poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

impl Request {
    /// The path of the request target, still percent-encoded.
    pub(crate) fn path(&self) -> &str {
        self.target.path()
    }

    /// The host it was meant for, where the target names one.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.target.authority().map(Authority::as_str)
    }

    /// What follows the question mark.
    pub(crate) fn raw_query(&self) -> &str {
        self.target.query().unwrap_or_default()
    }

    /// How long the target is, in bytes.
    pub(crate) fn target_length(&self) -> usize {
        self.path().len() + self.raw_query().len()
    }

    /// The first header of this name, if it is text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Path and query as they were sent.
    pub(crate) fn path_and_query(&self) -> String {
        match self.raw_query() {
            "" => self.path().to_owned(),
            query => format!("{}?{query}", self.path()),
        }
    }
}

/// The first header of this name, if it is text.
pub(crate) fn header(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}
