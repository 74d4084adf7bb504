//! What a handler left of a request's body: an answer may come before the whole of it was read.
//!
//! Go's server reads a little of it and drops it before it answers, so that the next request on the connection begins
//! where the client says it does. With more than that to come, it tells the client that the connection ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, header};
use tokio::sync::oneshot;

use crate::request::{Body, BodyError};

/// With more than this left of a body, Go's server gives the connection up, in bytes.
const WORTH_READING: u64 = 256 * 1024;

/// The pieces of a body as they come.
type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// A body that was handed to a handler, and comes back when that one drops it.
pub(super) struct Leftover {
    back: oneshot::Receiver<Rest>,
    /// The client sends nothing before it is told to go on, and that it is told with the first read.
    is_held_back: bool,
}

/// How long a body is, if that was said.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// How a body was left.
enum Rest {
    Ended,
    /// It is shorter than it says, or not chunked as it should be.
    Broken,
    /// What comes of it, and how much, if its length was said.
    More(Chunks, Option<u64>),
}

impl Leftover {
    /// A body for a handler, and the way to what that leaves of it.
    pub(super) fn of(
        headers: &HeaderMap,
        length: Option<u64>,
        chunks: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
    ) -> (Body, Self) {
        let (owner, back) = oneshot::channel();
        let lent = Lent {
            rest: Rest::More(Box::pin(chunks), length),
            owner: Some(owner),
        };
        let leftover = Leftover {
            back,
            is_held_back: headers.contains_key(header::EXPECT),
        };
        (Body::new(lent).of_length(length), leftover)
    }

    /// Reads what is left and drops it, if that is little; whether another request may follow on the connection.
    pub(super) async fn drain(mut self) -> bool {
        // A handler that still has it goes on reading, behind the answer.
        let Ok(rest) = self.back.try_recv() else {
            return false;
        };
        let (mut chunks, length) = match rest {
            Rest::Ended => return true,
            Rest::More(chunks, length) if !self.is_held_back => (chunks, length),
            Rest::More(..) | Rest::Broken => return false,
        };
        if length.is_some_and(|length| length >= WORTH_READING) {
            return false;
        }
        let mut read = 0;
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else {
                return false;
            };
            read += chunk.len() as u64;
            if read > WORTH_READING {
                return false;
            }
        }
        true
    }
}

/// A body that goes back to its owner when it is dropped.
struct Lent {
    rest: Rest,
    owner: Option<oneshot::Sender<Rest>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Rest::More(chunks, left) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let chunk = ready!(chunks.as_mut().poll_next(cx));
        match &chunk {
            None => self.rest = Rest::Ended,
            Some(Err(_)) => self.rest = Rest::Broken,
            Some(Ok(chunk)) => *left = left.map(|left| left.saturating_sub(chunk.len() as u64)),
        }
        Poll::Ready(chunk)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let rest = std::mem::replace(&mut self.rest, Rest::Ended);
        if let Some(owner) = self.owner.take() {
            // Nobody waits for it once the client is gone.
            let _ = owner.send(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const KIB: usize = 1024;

    /// Reads so many of the pieces, of so many KiB each; whether another request may follow.
    async fn goes_on(headers: &[(&'static str, &str)], pieces: &[usize], read: usize) -> bool {
        let map = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (http::HeaderName::from_static(name), value)
        });
        let map = map.collect();
        let pieces = pieces.iter().map(|size| Ok(vec![0; size * KIB].into()));
        let chunks = futures_util::stream::iter(pieces.collect::<Vec<_>>());
        let (mut body, leftover) = Leftover::of(&map, length(&map), chunks);
        for _ in 0..read {
            body.next().await;
        }
        drop(body);
        leftover.drain().await
    }

    #[tokio::test]
    async fn a_little_that_is_left_is_dropped_and_much_ends_the_connection() {
        let length = |kib: usize| (kib * KIB).to_string();
        for (kib, read, expected) in [
            (0, 0, true),
            (1, 0, true),
            (255, 0, true),
            (256, 0, false),
            (300, 0, false),
            (300, 1, true),
            (300, 3, true),
        ] {
            let length = length(kib);
            let pieces = [kib / 2, kib - kib / 2];
            let counted = goes_on(&[("content-length", &length)], &pieces, read).await;
            assert_eq!(counted, expected, "{kib} KiB, {read} read");
        }
        assert!(goes_on(&[], &[200, 56], 0).await);
        assert!(!goes_on(&[], &[200, 57], 0).await);
        assert!(goes_on(&[], &[200, 57], 1).await);
    }

    #[tokio::test]
    async fn what_was_not_asked_for_does_not_come() {
        let expects = [("expect", "100-continue"), ("content-length", "1024")];
        assert!(!goes_on(&expects, &[1], 0).await);
        assert!(goes_on(&expects, &[1], 2).await);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_the_last() {
        let chunks = || futures_util::stream::iter([Err(BodyError::Broken)]);
        let (body, leftover) = Leftover::of(&HeaderMap::new(), None, chunks());
        drop(body);
        assert!(!leftover.drain().await);
        let (mut body, leftover) = Leftover::of(&HeaderMap::new(), None, chunks());
        assert!(body.next().await.is_some());
        drop(body);
        assert!(!leftover.drain().await);
    }
}
