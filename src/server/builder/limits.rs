//! How much a server takes and keeps.

use crate::handlers::cluster::DEFAULT_WATCH_BACKLOG;
use crate::journal::recorder::{DEFAULT_JOURNAL_LIMIT, DEFAULT_JOURNAL_SIZE};
use crate::listener;
use crate::request::DEFAULT_MAX_BODY;
use crate::storage::{History, MAX_FIRST_REVISION, Revision};

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
    pub(super) history: History,
    pub(super) watch_backlog: usize,
    /// How many requests that read, and that write, are handled at a time.
    pub(super) reading: Option<usize>,
    pub(super) writing: Option<usize>,
    pub(super) journal: usize,
    pub(super) journal_bytes: usize,
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
                body: DEFAULT_MAX_BODY,
                intake: listener::DEFAULT_INTAKE,
            },
            history: History::default(),
            watch_backlog: DEFAULT_WATCH_BACKLOG,
            reading: None,
            writing: None,
            journal: DEFAULT_JOURNAL_LIMIT,
            journal_bytes: DEFAULT_JOURNAL_SIZE,
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
        self.listener.body = bytes;
        self
    }

    /// How much memory requests may take together that have not come in whole, in bytes: beyond it a body waits for others
    /// to come in, one that does not go on for a second meanwhile is refused with 429, and a connection with a long head
    /// is closed. Requests of up to 32 KiB do not count. Default: 16 MiB.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().unfinished(8 * 1024 * 1024)).start_blocking();
    /// ```
    pub fn unfinished(mut self, bytes: usize) -> Self {
        self.listener.intake = bytes;
        self
    }

    /// How many requests that only read may be handled at a time; those beyond are refused with 429, but for those of
    /// `system:masters`. Watches do not count. Default: any number.
    ///
    /// It is kube-apiserver's `--max-requests-inflight` where priority and fairness are off.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let limits = Limits::new().requests_in_flight(400).mutating_requests_in_flight(200);
    /// let server = FakeApiServer::builder().limits(limits).start_blocking();
    /// ```
    pub fn requests_in_flight(mut self, requests: usize) -> Self {
        self.reading = Some(requests);
        self
    }

    /// The same for all other requests: `--max-mutating-requests-inflight`.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let limits = Limits::new().mutating_requests_in_flight(1);
    /// let server = FakeApiServer::builder().limits(limits).start_blocking();
    /// ```
    pub fn mutating_requests_in_flight(mut self, requests: usize) -> Self {
        self.writing = Some(requests);
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
        self.history.events = events;
        self
    }

    /// How much memory the events may hold that are kept, in bytes, before the oldest are compacted: the states of objects
    /// that have been replaced or deleted. The newest event is kept whatever its size. Default: 48 MiB.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().event_bytes(1024 * 1024)).start_blocking();
    /// ```
    pub fn event_bytes(mut self, bytes: usize) -> Self {
        self.history.size = bytes;
        self
    }

    /// How many events may wait for a watcher that does not read. If it takes more than a second for those that were sent
    /// and more than this wait by then, its watch is closed, as an apiserver does. Default: 1,000.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().watch_backlog(100)).start_blocking();
    /// ```
    pub fn watch_backlog(mut self, events: usize) -> Self {
        self.watch_backlog = events;
        self
    }

    /// The revision the server starts at, which the `resourceVersion` of the first object follows. Real clusters get
    /// beyond 2^31, and a client that reads a `resourceVersion` into 32 bits meets it there. Default: 1.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().first_revision(1 << 31)).start_blocking();
    /// assert!(server.revision() > 1 << 31);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0, which is no revision, or above 2^62.
    #[track_caller]
    pub fn first_revision(mut self, revision: u64) -> Self {
        if !(1..=MAX_FIRST_REVISION).contains(&revision) {
            panic!("{revision} is no revision to start at: that is from 1 to {MAX_FIRST_REVISION}");
        }
        self.history.first = Revision(revision);
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

    /// How much memory the requests in the journal may take, with their heads and bodies, in bytes, before the oldest
    /// make room. The newest is kept whatever its size. Default: 16 MiB.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let server = FakeApiServer::builder().limits(Limits::new().journal_bytes(1024 * 1024)).start_blocking();
    /// ```
    pub fn journal_bytes(mut self, bytes: usize) -> Self {
        self.journal_bytes = bytes;
        self
    }
}
