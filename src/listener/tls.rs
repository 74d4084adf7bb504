//! HTTPS with a certificate made for one server and forgotten with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use super::wire::WireStream;

/// The first byte of every TLS connection: a handshake record.
const HANDSHAKE_RECORD: u8 = 0x16;
/// What Go's server tells a client that forgot the s in https.
const PLAIN_HTTP_ANSWER: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// How much of a request in plain HTTP is read to its end, in bytes.
const LONGEST_REFUSED_REQUEST: u64 = 1024 * 1024;

/// What a client and this server agree on to speak HTTP/2.
const HTTP2: &[u8] = b"h2";

/// A server's certificate and the authority that signed it.
pub(crate) struct Identity {
    pub(crate) acceptor: Acceptor,
    /// The authority's certificate, in PEM.
    pub(crate) authority: String,
}

/// Encrypts accepted connections.
#[derive(Clone)]
pub(crate) struct Acceptor(TlsAcceptor);

impl Identity {
    /// Makes an authority and a certificate for localhost, this address, and further names and addresses.
    pub(crate) fn generate(
        address: IpAddr,
        further: &[String],
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "fake-apiserver-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let authority = params.self_signed(&authority_key)?;
        let issuer = Issuer::new(params, authority_key);

        let key = KeyPair::generate()?;
        let names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ];
        let names = names.map(str::to_owned).into_iter();
        let mut params =
            CertificateParams::new(names.chain(further.iter().cloned()).collect::<Vec<_>>())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "fake-apiserver");
        let mut addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        if !addresses.contains(&address) {
            addresses.push(address);
        }
        params
            .subject_alt_names
            .extend(addresses.into_iter().map(SanType::IpAddress));
        let certificate = params.signed_by(&key, &issuer)?;

        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Ok(Identity {
            acceptor: Acceptor(TlsAcceptor::from(Arc::new(config))),
            authority: authority.pem(),
        })
    }
}

impl Acceptor {
    /// The encrypted connection, if the client manages one.
    pub(super) async fn accept(&self, stream: WireStream) -> Option<TlsStream<WireStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 1
            && first[0].is_ascii_uppercase()
            && first[0] != HANDSHAKE_RECORD
        {
            refuse_plain_http(stream).await;
            return None;
        }
        self.0.accept(stream).await.ok()
    }
}

/// Whether the client asked for HTTP/2.
pub(super) fn speaks_http2(stream: &TlsStream<WireStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}

async fn refuse_plain_http(mut stream: WireStream) {
    let _ = stream.write_all(PLAIN_HTTP_ANSWER).await;
    let _ = stream.shutdown().await;
    // Closing a connection with something left unread would cut the answer off.
    let mut rest = stream.take(LONGEST_REFUSED_REQUEST);
    let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
}
