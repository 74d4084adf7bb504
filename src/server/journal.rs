//! What a test asks a server about the past: its journal, what must have come, what its clients have met.

use super::FakeApiServer;
use crate::journal::verify::Verifier;
use crate::journal::{Coverage, Journal, NotVerified, Requests, Times};

impl FakeApiServer {
    /// Every request and its answer up to now, in order of arrival.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// println!("{}", server.journal());
    /// ```
    pub fn journal(&self) -> Journal {
        let cluster = &self.inner.cluster;
        Journal::new(
            &self.inner.recorder,
            &cluster.storage,
            &cluster.catalog,
            cluster.ids.seed(),
        )
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

    /// Demands that such requests came this often: a number, or [`Times`].
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Requests, Times};
    /// let server = FakeApiServer::start_blocking();
    /// // … the client under test must not delete, and may list once …
    /// server.verify(Requests::new().verb("delete"), 0);
    /// server.verify(Requests::new().verb("list").resource("endpoints"), Times::at_most(1));
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
    /// use fake_apiserver::{FakeApiServer, Requests};
    /// let server = FakeApiServer::start_blocking();
    /// assert!(server.try_verify(Requests::new().verb("update"), 1).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If they did not come this often, or the journal no longer knows.
    pub fn try_verify(
        &self,
        requests: Requests,
        times: impl Into<Times>,
    ) -> Result<(), NotVerified> {
        self.verifier().count(&requests, times.into())
    }

    /// Demands that such requests came one after the other; others may have come in between.
    ///
    /// ```should_panic
    /// use fake_apiserver::{FakeApiServer, Requests};
    /// let server = FakeApiServer::start_blocking();
    /// // After a conflict, the client must read before it writes again.
    /// server.verify_order([
    ///     Requests::new().verb("update").code(409),
    ///     Requests::new().verb("get"),
    ///     Requests::new().verb("update").code(200),
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
    pub fn try_verify_order(
        &self,
        steps: impl IntoIterator<Item = Requests>,
    ) -> Result<(), NotVerified> {
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
    pub fn try_verify_no_more(&self) -> Result<(), NotVerified> {
        self.verifier().no_more()
    }

    /// Which answers the clients of this server have met, since it started.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(!server.coverage().covered("update endpoints", 409));
    /// ```
    pub fn coverage(&self) -> Coverage {
        Coverage::new(self.inner.recorder.coverage())
    }

    fn verifier(&self) -> Verifier {
        let seed = self.inner.cluster.ids.seed();
        Verifier::new(&self.inner.recorder, self.journal(), seed)
    }
}
