//! How clients reach a server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::FakeApiServer;
use super::kubeconfig::{ClientCertificate, Kubeconfig};

/// How clients reach a server.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) address: SocketAddr,
    /// The certificate authority, in PEM; for a server with TLS.
    pub(crate) authority: Option<String>,
    pub(crate) token: Option<String>,
    /// In place of a token.
    pub(crate) certificate: Option<ClientCertificate>,
}

impl Reach {
    pub(super) fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("{scheme}://{address}")
    }

    pub(super) fn kubeconfig(&self) -> String {
        self.kubeconfig_of(self.certificate.as_ref())
    }

    /// That of somebody with a certificate.
    pub(super) fn kubeconfig_of(&self, certificate: Option<&ClientCertificate>) -> String {
        Kubeconfig {
            url: &self.url(),
            authority: self.authority.as_deref(),
            token: self.token.as_deref(),
            certificate,
            namespace: "default",
        }
        .render()
    }
}

impl FakeApiServer {
    /// The base URL: `http://127.0.0.1:34567`, or `https://…` with TLS. Of a server that listens on all addresses it is
    /// the one on this machine.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn url(&self) -> String {
        self.inner.reach.url()
    }

    /// The address the server listens on.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_ne!(server.address().port(), 0);
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.inner.reach.address
    }

    /// The certificate authority that signed the server's certificate, in PEM; nothing without TLS.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.ca_certificate(), None);
    /// ```
    pub fn ca_certificate(&self) -> Option<&str> {
        self.inner.reach.authority.as_deref()
    }

    /// The first bearer token the server knows, which is that of its kubeconfig; nothing if it asks nobody for one.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let auth = Auth::new().token("s3cret", "alice", ["dev"]);
    /// let server = FakeApiServer::builder().auth(auth).start().await;
    /// assert_eq!(server.token(), Some("s3cret"));
    /// # });
    /// ```
    pub fn token(&self) -> Option<&str> {
        self.inner.reach.token.as_deref()
    }

    /// A kubeconfig for this server, as text. Where there are tokens it carries the first one.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.kubeconfig().contains(&server.url()));
    /// ```
    pub fn kubeconfig(&self) -> String {
        self.inner.reach.kubeconfig()
    }

    /// The same in a file, which lives as long as the server.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let text = std::fs::read_to_string(server.kubeconfig_file()).unwrap();
    /// assert_eq!(text, server.kubeconfig());
    /// ```
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    #[track_caller]
    pub fn kubeconfig_file(&self) -> &Path {
        let write = || -> std::io::Result<tempfile::NamedTempFile> {
            let file = tempfile::Builder::new().prefix("kubeconfig-").tempfile()?;
            std::fs::write(file.path(), self.kubeconfig())?;
            Ok(file)
        };
        if let Some(file) = self.inner.kubeconfig_file.get() {
            return file.path();
        }
        match write() {
            Ok(file) => self.inner.kubeconfig_file.get_or_init(|| file).path(),
            Err(error) => panic!("no kubeconfig could be written: {error}"),
        }
    }
}
