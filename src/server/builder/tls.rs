//! HTTPS, and the certificate for it.

use super::FakeApiServerBuilder;
use super::launch::check_host_name;
use crate::error::Error;

impl FakeApiServerBuilder {
    /// Serves HTTPS, HTTP/2 and HTTP/1.1, with a certificate made for this server. The authority that signed it is in
    /// the kubeconfig and in [`FakeApiServer::ca_certificate`](crate::FakeApiServer::ca_certificate).
    ///
    /// The certificate is for `localhost`, `kubernetes`, `kubernetes.default`, `kubernetes.default.svc`, 127.0.0.1, ::1 and
    /// the address of [`bind`](Self::bind); [`tls_san`](Self::tls_san) adds others.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().tls().start_blocking();
    /// assert!(server.url().starts_with("https://127.0.0.1:"));
    /// assert!(server.ca_certificate().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    /// ```
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Serves HTTPS as [`tls`](Self::tls) does, with a certificate that is for this name or IP address too: for clients
    /// that reach the server by it, from another container or machine.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let everywhere = FakeApiServer::builder().bind(([0, 0, 0, 0], 0));
    /// let server = everywhere.tls_san("fake.test").tls_san("10.1.2.3").start_blocking();
    /// println!("https://fake.test:{}", server.address().port());
    /// ```
    pub fn tls_san(mut self, name: impl Into<String>) -> Self {
        self.tls = true;
        self.tls_sans.push(name.into());
        self
    }

    /// Serves HTTPS as [`tls`](Self::tls) does, with this certificate, what vouches for it, and its key, all in PEM: for
    /// clients that trust somebody already. Clients of the kubeconfig are told to trust the certificates themselves.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    /// let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    /// let server = FakeApiServer::builder().tls_certificate(&certificate, key).start_blocking();
    /// assert_eq!(server.ca_certificate(), Some(certificate.as_str()));
    /// ```
    pub fn tls_certificate(
        mut self,
        certificate: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        self.tls = true;
        self.tls_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Refuses what is neither an IP address nor a host name.
    pub(super) fn check_sans(&self) -> Result<(), Error> {
        for san in &self.tls_sans {
            check_host_name(san).map_err(|e| Error::invalid(format!("tls_san {san:?}"), e))?;
        }
        Ok(())
    }
}
