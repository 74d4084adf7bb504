//! What a request asks for: its target taken apart, its parameters decoded, the formats it accepts.
//!
//! Each part is parsed once, early; afterwards the type knows.

mod content_type;
pub(crate) mod info;
pub(crate) mod negotiation;
pub(crate) mod options;
pub(crate) mod query;
pub(crate) mod selector;

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method};

/// The largest request body, in bytes.
pub(crate) const DEFAULT_MAX_BODY: usize = 3 * 1024 * 1024;

/// A request as the listener hands it over.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The request target's path, still percent-encoded.
    pub(crate) path: String,
    /// What follows the question mark.
    pub(crate) raw_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Takes the connection over, if the client asked for an upgrade.
    pub(crate) upgrade: Option<Upgrade>,
    /// Which request on its connection this is, from 1.
    pub(crate) ordinal: u64,
}

/// The body of a request, read when a handler asks for it.
pub(crate) struct Body(pub(crate) Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>);

/// The client broke its own body off.
#[derive(Debug)]
pub(crate) struct BodyError;

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

impl Request {
    /// The first header of this name, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Path and query as they were sent.
    pub(crate) fn target(&self) -> String {
        if self.raw_query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.raw_query)
        }
    }
}

/// The first header of this name, if it is text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    std::str::from_utf8(headers.get(name)?.as_bytes()).ok()
}
