//! What a request asks for: its target taken apart, its parameters decoded, the formats it accepts.
//!
//! Each part is parsed once, early; afterwards the type knows.

pub(crate) mod info;
pub(crate) mod negotiation;
pub(crate) mod options;
pub(crate) mod query;
pub(crate) mod selector;

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, Version};

use crate::status::Status;

/// The largest request body, in bytes.
pub(crate) const DEFAULT_MAX_BODY: usize = 3 * 1024 * 1024;

/// A request as the listener hands it over.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The request target's path, still percent-encoded.
    pub(crate) path: String,
    /// What follows the question mark.
    pub(crate) raw_query: String,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// Takes the connection over, if the client asked for an upgrade.
    pub(crate) upgrade: Option<Upgrade>,
}

/// The body of a request, read when a handler asks for it.
pub(crate) struct Body(pub(crate) Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>);

/// The client broke its own body off.
#[derive(Debug)]
pub(crate) struct BodyError;

/// Becomes the raw connection once the answer `101 Switching Protocols` is out.
pub(crate) struct Upgrade(
    pub(crate) Pin<Box<dyn Future<Output = Option<Box<dyn Connection>>> + Send + Sync>>,
);

/// A raw connection, both ways.
pub(crate) trait Connection:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin
{
}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Connection for T {}

impl Request {
    /// The first header of this name, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
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

impl Body {
    /// The whole body, if it is not larger than allowed.
    pub(crate) async fn read(&mut self, limit: usize) -> Result<Bytes, Status> {
        use futures_util::StreamExt as _;
        let mut whole: Vec<u8> = Vec::new();
        let mut first: Option<Bytes> = None;
        while let Some(chunk) = self.0.next().await {
            let chunk = chunk.map_err(|BodyError| Status::raw("malformed chunked encoding"))?;
            if whole.len() + first.as_ref().map_or(0, Bytes::len) + chunk.len() > limit {
                return Err(Status::request_entity_too_large(format!(
                    "limit is {limit}"
                )));
            }
            match first.take() {
                None if whole.is_empty() => first = Some(chunk),
                held => {
                    whole.extend_from_slice(&held.unwrap_or_default());
                    whole.extend_from_slice(&chunk);
                }
            }
        }
        Ok(first.unwrap_or_else(|| whole.into()))
    }
}
