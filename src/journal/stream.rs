//! What became of the stream of a watch.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use parking_lot::Mutex;

use crate::object::frame::{Frame, Frames};

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

    fn frame(&self, frame: &Frame) {
        match frame {
            Frame::Bookmark { .. } => {
                self.bookmarks.fetch_add(1, Ordering::AcqRel);
            }
            Frame::Error(_) => self.failed.store(true, Ordering::Release),
            // What cannot be read was to be an event.
            Frame::Event { .. } | Frame::Half(_) | Frame::Malformed => {
                self.events.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    fn ended(&self) {
        *self.end.lock() = match self.failed.load(Ordering::Acquire) {
            true => StreamEnd::Error,
            false => StreamEnd::Ended,
        };
    }
}

/// The same frames, counted as they go out in a log that is kept for who looks.
pub(crate) fn watched(kept: &mut Option<Arc<StreamLog>>, frames: Frames) -> Frames {
    counted(frames, kept.insert(Arc::default()).clone())
}

fn counted(frames: Frames, log: Arc<StreamLog>) -> Frames {
    Box::pin(Counted { frames, log })
}

struct Counted {
    frames: Frames,
    log: Arc<StreamLog>,
}

impl Stream for Counted {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        let frame = ready!(self.frames.as_mut().poll_next(cx));
        match &frame {
            Some(frame) => self.log.frame(frame),
            None => self.log.ended(),
        }
        Poll::Ready(frame)
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
    use crate::status::Status;
    use crate::storage::Revision;

    const BOOKMARK: Frame = Frame::Bookmark {
        revision: Revision(7),
        ends_initial_events: false,
    };

    fn stream(frames: Vec<Frame>, log: &Arc<StreamLog>) -> Frames {
        counted(Box::pin(futures_util::stream::iter(frames)), log.clone())
    }

    #[tokio::test]
    async fn events_and_bookmarks_are_counted_apart() {
        let log = Arc::new(StreamLog::default());
        let mut frames = stream(vec![Frame::Malformed, BOOKMARK], &log);
        frames.next().await;
        assert_eq!((log.now().events, log.now().end), (1, StreamEnd::Open));
        while frames.next().await.is_some() {}
        let all = log.now();
        assert_eq!(
            (all.events, all.bookmarks, all.end),
            (1, 1, StreamEnd::Ended)
        );
    }

    #[tokio::test]
    async fn an_error_ends_a_stream_in_its_own_way() {
        let log = Arc::new(StreamLog::default());
        let mut frames = stream(vec![Frame::error(Status::unauthorized())], &log);
        while frames.next().await.is_some() {}
        drop(frames);
        assert_eq!(log.now().end, StreamEnd::Error);
        assert_eq!(log.now().events, 0);
    }

    #[test]
    fn a_stream_nobody_reads_to_its_end_is_gone() {
        let log = Arc::new(StreamLog::default());
        drop(stream(Vec::new(), &log));
        assert_eq!(log.now().end, StreamEnd::Gone);
    }
}
