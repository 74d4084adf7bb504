//! Where webhooks are that are Services.

use super::FakeApiServerBuilder;

impl FakeApiServerBuilder {
    /// Says where the Service of a webhook is: whoever would be called there is called at the host and port of this URL.
    /// Its certificate may be for that host, or for `NAME.NAMESPACE.svc`.
    ///
    /// A Service that no rule is about cannot be reached, as no network of pods stands behind the server.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder()
    ///     .webhook_service("shop", "hooks", "https://127.0.0.1:9443")
    ///     .start_blocking();
    /// ```
    pub fn webhook_service(
        mut self,
        namespace: impl Into<String>,
        name: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        let rule = (namespace.into(), name.into(), url.into());
        self.webhook_services.push(rule);
        self
    }
}
