//! A second address of the same store, which lags behind.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{FakeApiServer, Reach};
use crate::listener::Running;
use crate::storage::Stale;

/// Another address of a server, where gets, lists and watches show an older state. Writes go through to the one store.
/// Made by [`FakeApiServer::replica`]; dropping it closes the address.
///
/// It runs where its server runs: on the test's runtime, which clients must not block (see [`FakeApiServer::start`]), or on
/// the server's own. Once that has ended, which for [`FakeApiServer::start_blocking`] is when the server is dropped, a
/// replica answers nobody.
///
/// ```
/// use fake_apiserver::{FakeApiServer, Stale};
///
/// let server = FakeApiServer::start_blocking();
/// let replica = server.replica(Stale::At(server.revision()));
/// assert_ne!(replica.url(), server.url());
/// ```
#[must_use = "dropping the replica closes its address"]
pub struct Replica {
    reach: Reach,
    running: Running,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl Replica {
    /// The base URL.
    ///
    /// ```
    /// # use fake_apiserver::{FakeApiServer, Stale};
    /// let server = FakeApiServer::start_blocking();
    /// assert!(server.replica(Stale::Behind(1)).url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn url(&self) -> String {
        self.reach.url()
    }

    /// The address it listens on.
    ///
    /// ```
    /// # use fake_apiserver::{FakeApiServer, Stale};
    /// let server = FakeApiServer::start_blocking();
    /// assert_ne!(server.replica(Stale::Behind(1)).address(), server.address());
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.running.gate().address()
    }

    /// A kubeconfig for this address, as text.
    ///
    /// ```
    /// # use fake_apiserver::{FakeApiServer, Stale};
    /// let server = FakeApiServer::start_blocking();
    /// let replica = server.replica(Stale::Behind(1));
    /// assert!(replica.kubeconfig().contains(&replica.url()));
    /// ```
    pub fn kubeconfig(&self) -> String {
        self.reach.kubeconfig()
    }
}

impl FakeApiServer {
    /// Opens a second address of this server, which shows its objects as they were: a replica that lags behind, as
    /// there are several apiservers on a real cluster, each with a cache. All else is the same, faults too; a
    /// [stale fault](crate::Fault::lagging) that acts on a request goes before the replica's own view.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Stale};
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let replica = server.replica(Stale::Behind(2));
    /// println!("point a client at {}", replica.url());
    /// ```
    ///
    /// # Panics
    ///
    /// If no port can be had.
    #[track_caller]
    pub fn replica(&self, stale: Stale) -> Replica {
        let _runtime = self.inner.runtime.enter();
        let listener = self.inner.running.as_ref().map(Running::beside);
        let listener = match listener {
            Some(Ok(listener)) => listener,
            Some(Err(error)) => panic!("the replica gets no port: {error}"),
            None => panic!("the server was shut down"),
        };
        let address = listener.address();
        let pipeline = self.inner.pipeline.replica(address.to_string(), stale);
        Replica {
            reach: Reach {
                address,
                ..self.inner.reach.clone()
            },
            running: listener.serve(Arc::new(pipeline)),
        }
    }
}
