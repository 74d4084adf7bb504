//! What became of the stream of a watch.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use parking_lot::Mutex;

use crate::response::ByteStream;

/// How the stream of a watch stands.
///
/// ```
/// assert_eq!(fake_apiserver::handles::StreamEnd::Open.as_str(), "open");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamEnd {
    /// It goes on.
    #[default]
    Open,
    /// The server ended it: its time was up, a fault ended it, or the server stopped.
    Ended,
    /// The server ended it with an ERROR event.
    Error,
    /// The client left, or the connection was cut.
    Gone,
}

impl StreamEnd {
    /// The word for it: `open`, `ended`, `error` or `gone`.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::handles::StreamEnd::Gone.as_str(), "gone");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            StreamEnd::Open => "open",
            StreamEnd::Ended => "ended",
            StreamEnd::Error => "error",
            StreamEnd::Gone => "gone",
        }
    }
}

/// What a watch has sent so far, and how it ended.
///
/// ```
/// let log = fake_apiserver::handles::WatchLog::default();
/// assert_eq!((log.events, log.bookmarks, log.end), (0, 0, fake_apiserver::handles::StreamEnd::Open));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchLog {
    /// ADDED, MODIFIED and DELETED.
    pub events: u64,
    /// BOOKMARK.
    pub bookmarks: u64,
    /// How it ended, if it did.
    pub end: StreamEnd,
}

/// The counters of one stream, shared by who writes it and who looks.
#[derive(Debug, Default)]
pub(crate) struct StreamLog {
    events: AtomicU64,
    bookmarks: AtomicU64,
    failed: AtomicBool,
    end: Mutex<StreamEnd>,
}

impl StreamLog {
    pub(crate) fn now(&self) -> WatchLog {
        WatchLog {
            end: *self.end.lock(),
            events: self.events.load(Ordering::Acquire),
            bookmarks: self.bookmarks.load(Ordering::Acquire),
        }
    }

    fn line(&self, line: &[u8]) {
        if line.starts_with(b"{\"type\":\"BOOKMARK\"") {
            self.bookmarks.fetch_add(1, Ordering::AcqRel);
        } else if line.starts_with(b"{\"type\":\"ERROR\"") {
            self.failed.store(true, Ordering::Release);
        } else {
            self.events.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn ended(&self) {
        *self.end.lock() = match self.failed.load(Ordering::Acquire) {
            true => StreamEnd::Error,
            false => StreamEnd::Ended,
        };
    }
}

/// The same lines, counted as they go out.
pub(crate) fn counted(lines: ByteStream, log: Arc<StreamLog>) -> ByteStream {
    Box::pin(Counted { lines, log })
}

struct Counted {
    lines: ByteStream,
    log: Arc<StreamLog>,
}

impl Stream for Counted {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let line = ready!(self.lines.as_mut().poll_next(cx));
        match &line {
            Some(line) => self.log.line(line),
            None => self.log.ended(),
        }
        Poll::Ready(line)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut end = self.log.end.lock();
        if *end == StreamEnd::Open {
            *end = StreamEnd::Gone;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    fn stream(lines: &'static [&'static str], log: &Arc<StreamLog>) -> ByteStream {
        let lines =
            futures_util::stream::iter(lines.iter().map(|l| Bytes::from_static(l.as_bytes())));
        counted(Box::pin(lines), log.clone())
    }

    #[tokio::test]
    async fn events_and_bookmarks_are_counted_apart() {
        let log = Arc::new(StreamLog::default());
        let mut lines = stream(&[r#"{"type":"ADDED""#, r#"{"type":"BOOKMARK""#], &log);
        lines.next().await;
        assert_eq!((log.now().events, log.now().end), (1, StreamEnd::Open));
        while lines.next().await.is_some() {}
        let all = log.now();
        assert_eq!(
            (all.events, all.bookmarks, all.end),
            (1, 1, StreamEnd::Ended)
        );
    }

    #[tokio::test]
    async fn an_error_ends_a_stream_in_its_own_way() {
        let log = Arc::new(StreamLog::default());
        let mut lines = stream(&[r#"{"type":"ERROR""#], &log);
        while lines.next().await.is_some() {}
        drop(lines);
        assert_eq!(log.now().end, StreamEnd::Error);
        assert_eq!(log.now().events, 0);
    }

    #[test]
    fn a_stream_nobody_reads_to_its_end_is_gone() {
        let log = Arc::new(StreamLog::default());
        drop(stream(&[], &log));
        assert_eq!(log.now().end, StreamEnd::Gone);
    }
}
