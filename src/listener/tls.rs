//! HTTPS with a certificate made for one server and forgotten with it, or with a given one.
//!
//! A client is asked for a certificate of its own, as by a real server. Whatever it shows, the handshake succeeds as long
//! as it has the key: who vouches for it is found out with its requests, where a stranger gets a 401.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, UnixTime,
};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
};
use tokio_rustls::server::TlsStream;

use super::wire::WireStream;
use crate::request::peer::Peer;

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
    /// Makes an authority and a certificate for localhost, this address, and further names and addresses. Clients are
    /// told of the authorities (in DER) whose certificates count.
    pub(crate) fn generate(
        address: IpAddr,
        further: &[String],
        authorities: &[Vec<u8>],
    ) -> Result<Self, Failure> {
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
        Ok(Identity {
            acceptor: Acceptor::new(chain, key, authorities)?,
            authority: authority.pem(),
        })
    }

    /// A given certificate with what vouches for it, and its key, both in PEM. Clients are to believe its last one.
    pub(crate) fn given(
        certificate: &str,
        key: &str,
        authorities: &[Vec<u8>],
    ) -> Result<Self, Failure> {
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|problem| format!("the certificate cannot be read: {problem}"))?;
        if chain.is_empty() {
            return Err("there is no certificate in the text that is to be one".into());
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|problem| format!("the private key cannot be read: {problem}"))?;
        Ok(Identity {
            acceptor: Acceptor::new(chain, key, authorities)?,
            authority: certificate.to_owned(),
        })
    }
}

/// Why there is no identity.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Acceptor {
    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        authorities: &[Vec<u8>],
    ) -> Result<Self, Failure> {
        let provider = Arc::new(ring::default_provider());
        let anyone = Anyone {
            algorithms: provider.signature_verification_algorithms,
            subjects: subjects(authorities),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(anyone))
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Ok(Acceptor(TlsAcceptor::from(Arc::new(config))))
    }

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

/// The certificates the client has shown.
pub(super) fn peer(stream: &TlsStream<WireStream>) -> Option<Arc<Peer>> {
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Peer::of(shown.iter().map(|one| one.to_vec()).collect())
}

/// The names of authorities, by which a client chooses what it shows; without any it shows what it has.
fn subjects(authorities: &[Vec<u8>]) -> Vec<DistinguishedName> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities.iter().cloned().map(CertificateDer::from));
    roots.subjects()
}

/// Takes any certificate whose key the client has, and none too.
#[derive(Debug)]
struct Anyone {
    algorithms: WebPkiSupportedAlgorithms,
    subjects: Vec<DistinguishedName>,
}

impl ClientCertVerifier for Anyone {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // The library wants more of a certificate than that there is a key in it.
        match public_key(certificate) {
            Some(key) => verify_tls13_signature_with_raw_key(
                message,
                &SubjectPublicKeyInfoDer::from(key),
                signature,
                &self.algorithms,
            ),
            None => verify_tls13_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The key of a certificate, in DER.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(parsed.tbs_certificate.subject_pki.raw)
}

async fn refuse_plain_http(mut stream: WireStream) {
    let _ = stream.write_all(PLAIN_HTTP_ANSWER).await;
    let _ = stream.shutdown().await;
    // Closing a connection with something left unread would cut the answer off.
    let mut rest = stream.take(LONGEST_REFUSED_REQUEST);
    let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
}
