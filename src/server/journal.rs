//! What a test asks a server about the past: its journal, what must have come, what its clients have met.

use std::panic::Location;
use std::sync::Arc;

use super::FakeApiServer;
use crate::error::Error;
use crate::handlers::cluster::Cluster;
use crate::journal::recorder::Recorder;
use crate::journal::verify::Verifier;
use crate::journal::{Coverage, Journal, Requests, Times};

impl FakeApiServer {
    /// Every request and its answer up to now, in order of arrival.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// println!("{}", server.journal());
    /// ```
    pub fn journal(&self) -> Journal {
        journal(&self.inner.recorder, &self.inner.cluster)
    }

    /// Forgets every entry, and what was verified and dropped; attempts count from 1 again. Coverage stays.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.clear_journal();
    /// assert!(server.journal().is_empty());
    /// ```
    pub fn clear_journal(&self) {
        self.inner.recorder.clear();
    }

    /// Demands that such requests come this often while the guard is held, a number or a range; looked at when it is
    /// dropped. The same said afterwards is [`verify`](Self::verify).
    ///
    /// ```should_panic
    /// use fake_apiserver::{FakeApiServer, Requests, Verb};
    /// let server = FakeApiServer::start_blocking();
    /// let updates = server.expect(Requests::new().verb(Verb::Update), 1..=3);
    /// // … the client under test runs, and never updates …
    /// drop(updates); // panics
    /// ```
    ///
    /// # Panics
    ///
    /// If no request can match: an unknown resource, a verb the resource does not have.
    #[track_caller]
    pub fn expect(&self, requests: Requests, times: impl Into<Times>) -> Expectation {
        let times = times.into();
        let requests = match requests.clone().checked(&self.inner.cluster.catalog()) {
            Ok(requests) => requests,
            Err(problem) => panic!("no request can match ({requests}): {problem}"),
        };
        Expectation {
            recorder: self.inner.recorder.clone(),
            cluster: self.inner.cluster.clone(),
            from: self.inner.recorder.newest_index(),
            requests,
            times,
            caller: Location::caller(),
            is_open: true,
        }
    }

    /// Demands that such requests came this often: a number, or a range of them.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests, Verb};
    /// let server = FakeApiServer::start_blocking();
    /// // … the client under test must not delete, and may list once …
    /// server.verify(Requests::new().verb(Verb::Delete), 0);
    /// server.verify(Requests::new().verb(Verb::List).resource("endpoints"), ..=1);
    /// ```
    ///
    /// # Panics
    ///
    /// If they did not, with what came, what came close, the journal, and the seed.
    #[track_caller]
    pub fn verify(&self, requests: Requests, times: impl Into<Times>) {
        if let Err(error) = self.try_verify(requests, times) {
            panic!("{error}");
        }
    }

    /// The same without a panic.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests, Verb};
    /// let server = FakeApiServer::start_blocking();
    /// assert!(server.try_verify(Requests::new().verb(Verb::Update), 1).unwrap_err().is_unverified());
    /// ```
    ///
    /// # Errors
    ///
    /// If they did not come this often, or the journal no longer knows.
    #[track_caller]
    pub fn try_verify(&self, requests: Requests, times: impl Into<Times>) -> Result<(), Error> {
        self.verifier().count(&requests, times.into())
    }

    /// Demands that such requests came one after the other; others may have come in between.
    ///
    /// ```should_panic
    /// use fake_apiserver::{FakeApiServer, Requests, Verb};
    /// let server = FakeApiServer::start_blocking();
    /// // After a conflict, the client must read before it writes again.
    /// server.verify_order([
    ///     Requests::new().verb(Verb::Update).code(409),
    ///     Requests::new().verb(Verb::Get),
    ///     Requests::new().verb(Verb::Update).code(200),
    /// ]);
    /// ```
    ///
    /// # Panics
    ///
    /// If they did not, as [`FakeApiServer::verify`].
    #[track_caller]
    pub fn verify_order(&self, steps: impl IntoIterator<Item = Requests>) {
        if let Err(error) = self.try_verify_order(steps) {
            panic!("{error}");
        }
    }

    /// The same without a panic.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests};
    /// let server = FakeApiServer::start_blocking();
    /// assert!(server.try_verify_order([Requests::new().verb("get")]).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If they did not come in this order.
    pub fn try_verify_order(&self, steps: impl IntoIterator<Item = Requests>) -> Result<(), Error> {
        let steps: Vec<Requests> = steps.into_iter().collect();
        self.verifier().order(&steps)
    }

    /// Demands that nothing came but what was verified so far.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.verify_no_more();
    /// ```
    ///
    /// # Panics
    ///
    /// If more came, naming it, as [`FakeApiServer::verify`].
    #[track_caller]
    pub fn verify_no_more(&self) {
        if let Err(error) = self.try_verify_no_more() {
            panic!("{error}");
        }
    }

    /// The same without a panic.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.try_verify_no_more().is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// If more came, or the journal no longer knows.
    pub fn try_verify_no_more(&self) -> Result<(), Error> {
        self.verifier().no_more()
    }

    /// Which answers the clients of this server have met, since it started.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.coverage().count("update endpoints", 409), 0);
    /// ```
    pub fn coverage(&self) -> Coverage {
        Coverage::new(self.inner.recorder.coverage())
    }

    fn verifier(&self) -> Verifier {
        Verifier::new(&self.inner.recorder, self.journal())
    }
}

/// Requests that must come while it is held. Made by [`FakeApiServer::expect`].
///
/// Dropping it panics if they did not come as often as they should, unless the thread is panicking already; the message
/// names the line that expected them.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Requests, Verb};
/// let server = FakeApiServer::start_blocking();
/// let no_writes = server.expect(Requests::new().verbs([Verb::Create, Verb::Update, Verb::Delete]), 0);
/// // … the client under test reads …
/// no_writes.verify();
/// ```
#[must_use = "dropping it at once demands that the requests have come already; hold it while the client runs"]
pub struct Expectation {
    recorder: Arc<Recorder>,
    cluster: Arc<Cluster>,
    /// What came up to this one does not count.
    from: u64,
    requests: Requests,
    times: Times,
    caller: &'static Location<'static>,
    /// Nobody has looked yet.
    is_open: bool,
}

impl std::fmt::Debug for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expectation")
            .field("requests", &self.requests.to_string())
            .field("times", &self.times.to_string())
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

impl Expectation {
    /// Looks now, and for the last time.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests};
    /// let server = FakeApiServer::start_blocking();
    /// server.expect(Requests::new(), ..).verify();
    /// ```
    ///
    /// # Panics
    ///
    /// If the requests did not come as often as they should, as [`FakeApiServer::verify`].
    #[track_caller]
    pub fn verify(mut self) {
        self.is_open = false;
        if let Err(error) = self.check() {
            panic!("{error}");
        }
    }

    fn check(&self) -> Result<(), Error> {
        let journal = journal(&self.recorder, &self.cluster).after(self.from);
        let verifier = Verifier::new(&self.recorder, journal);
        verifier.count(&self.requests, self.times)
    }
}

impl Drop for Expectation {
    fn drop(&mut self) {
        if !self.is_open || std::thread::panicking() {
            return;
        }
        if let Err(error) = self.check() {
            panic!("what was expected at {} did not come: {error}", self.caller);
        }
    }
}

fn journal(recorder: &Recorder, cluster: &Cluster) -> Journal {
    let (objects, catalog) = (&cluster.storage, &cluster.catalog());
    Journal::new(recorder, objects, catalog, cluster.ids.seed())
}
