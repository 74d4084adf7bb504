//! Where the server listens, under which names the server is known, and whose pages may ask it.

use std::net::SocketAddr;

use super::FakeApiServerBuilder;

impl FakeApiServerBuilder {
    /// Listens on this address; port 0 means any free one. Default: `127.0.0.1:0`.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().bind(([0, 0, 0, 0], 0)).start_blocking();
    /// assert!(server.address().ip().is_unspecified());
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn bind(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Answers requests for this host name too, which may start with the wildcard `*.`.
    ///
    /// A server without tokens, and the [control surface](Self::control) of any, answers only to addresses and to names
    /// that no public server has: without a dot, below `localhost` or `internal`, `kubernetes.default.svc`. Any other could
    /// be pointed at this machine by a page in a browser, which would then be the administrator. The names of the
    /// certificate need not be allowed again.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().bind(([0, 0, 0, 0], 0)).allow_host("fake.test").start_blocking();
    /// ```
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Answers requests that a browser sends for pages of this origin too, such as `http://localhost:5173`.
    ///
    /// Without it a server without tokens, and the [control surface](Self::control) of any, turns away what pages of
    /// another origin than its own send. No CORS headers are sent: a page reads the answers only through a proxy of its own
    /// origin, or on a WebSocket.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().allow_origin("http://localhost:5173").start_blocking();
    /// let error = FakeApiServer::builder().allow_origin("localhost:5173").try_start_blocking().unwrap_err();
    /// assert!(error.is_invalid_input());
    /// ```
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }
}
