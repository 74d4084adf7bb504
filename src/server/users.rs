//! Users that a test adds to a running server, who are known by a certificate.

use super::FakeApiServer;

impl FakeApiServer {
    /// Adds a user, who belongs to these groups, and returns a kubeconfig of theirs: with a certificate that an authority
    /// of this server has signed. Nothing else of the server changes; there may be any number of them.
    ///
    /// Who comes without a certificate is who they were before: the administrator, where nobody is asked for a token.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    ///
    /// let server = FakeApiServer::builder().tls().auth(Auth::new().rbac()).start_blocking();
    /// let kubeconfig = server.add_user("alice", ["dev"]);
    /// assert!(kubeconfig.contains("client-certificate-data"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the server has no TLS, without which no client shows a certificate, or if the name is empty.
    #[track_caller]
    pub fn add_user<G: Into<String>>(
        &self,
        name: impl Into<String>,
        groups: impl IntoIterator<Item = G>,
    ) -> String {
        let (name, reach) = (name.into(), &self.inner.reach);
        if reach.authority.is_none() {
            panic!(
                "the user {name:?} cannot be added: certificates take FakeApiServer::builder().tls()"
            );
        }
        if name.is_empty() {
            panic!("a user without a name cannot be added");
        }
        let groups: Vec<String> = groups.into_iter().map(Into::into).collect();
        let authorities = self.inner.pipeline.authenticator.authorities();
        match authorities.issue(&name, &groups) {
            Ok(issued) => reach.kubeconfig_of(Some(&issued.into())),
            Err(problem) => panic!("the user {name:?} cannot be added: {problem}"),
        }
    }
}
