//! How much a server takes and keeps.

use crate::journal::recorder::DEFAULT_JOURNAL_LIMIT;
use crate::listener;
use crate::request::DEFAULT_MAX_BODY;
use crate::storage::DEFAULT_EVENT_LOG_LIMIT;

/// How much a server takes and keeps: for [`FakeApiServerBuilder::limits`](crate::FakeApiServerBuilder::limits).
///
/// ```
/// use fake_apiserver::{FakeApiServer, Limits};
///
/// // History is short, so that a client meets `410 Expired`.
/// let server = FakeApiServer::builder().limits(Limits::new().events(10)).start_blocking();
/// ```
#[derive(Clone, Debug)]
#[must_use = "this says how much there may be; give it to FakeApiServerBuilder::limits"]
pub struct Limits {
    pub(super) listener: listener::Limits,
    pub(super) body: usize,
    pub(super) events: usize,
    pub(super) journal: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits::new()
    }
}

impl Limits {
    /// The default ones, which a test hardly reaches.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new()).start_blocking();
    /// assert_eq!(server.journal().dropped(), 0);
    /// ```
    pub fn new() -> Self {
        Limits {
            listener: listener::Limits {
                connections: listener::DEFAULT_MAX_CONNECTIONS,
                headers: listener::DEFAULT_MAX_HEADERS,
            },
            body: DEFAULT_MAX_BODY,
            events: DEFAULT_EVENT_LOG_LIMIT,
            journal: DEFAULT_JOURNAL_LIMIT,
        }
    }

    /// How many connections may be open at a time; more wait. Default: 10,000.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// // Does the client share its connection, or open one for each request?
    /// let server = FakeApiServer::builder().limits(Limits::new().connections(1)).start_blocking();
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0: nobody could connect.
    #[track_caller]
    pub fn connections(mut self, connections: usize) -> Self {
        if connections == 0 {
            panic!("a server that takes no connection could not be reached");
        }
        self.listener.connections = connections;
        self
    }

    /// How many headers a request on HTTP/1.1 may have; one with more is refused with 431. Default: 100.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// // A user in hundreds of groups takes as many `Impersonate-Group` headers.
    /// let server = FakeApiServer::builder().limits(Limits::new().headers(1_000)).start_blocking();
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0: every request has one.
    #[track_caller]
    pub fn headers(mut self, headers: usize) -> Self {
        if headers == 0 {
            panic!("a server that takes no header would refuse every request");
        }
        self.listener.headers = headers;
        self
    }

    /// The largest body of a request, in bytes; a larger one is refused with 413. Default: 3 MiB.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().body(64 * 1024)).start_blocking();
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0: nothing could be written.
    #[track_caller]
    pub fn body(mut self, bytes: usize) -> Self {
        if bytes == 0 {
            panic!("a server that takes no body would refuse every write");
        }
        self.body = bytes;
        self
    }

    /// How many events are kept for watches to resume from, before the oldest are compacted. Default: 100,000.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().events(50)).start_blocking();
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0: no watch would ever see an event.
    #[track_caller]
    pub fn events(mut self, events: usize) -> Self {
        if events == 0 {
            panic!("an event log of 0 events would leave nothing for any watch");
        }
        self.events = events;
        self
    }

    /// How many requests the journal keeps before the oldest make room; 0 turns it off. Default: 1,000. Of each, up to
    /// 16 KiB of either body are kept.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits, Requests};
    /// let server = FakeApiServer::builder().limits(Limits::new().journal(0)).start_blocking();
    /// let error = server.try_verify(Requests::new(), 0).unwrap_err();
    /// assert!(error.to_string().starts_with("nothing can be verified: the journal is off"));
    /// ```
    pub fn journal(mut self, entries: usize) -> Self {
        self.journal = entries;
        self
    }
}
