//! Whom to believe to be a webhook: what Go's `x509` asks of a certificate, in its order and its words.
//!
//! A certificate that is itself in the bundle is believed, which is how many tests set theirs up; any other needs an
//! authority that is.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::service::Place;
use super::signatures::{Believe, Signatures};

const UNKNOWN_AUTHORITY: &str = "x509: certificate signed by unknown authority";

/// How to speak TLS with a webhook.
pub(super) fn config(place: &Place, trusted: &[Vec<u8>]) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Signatures::new(Verifier::new(place, trusted, &provider), provider.clone());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = match place.offers_http2 {
        true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        false => vec![b"http/1.1".to_vec()],
    };
    config.resumption = Resumption::disabled();
    Ok(config)
}

#[derive(Debug)]
struct Verifier {
    names: Vec<String>,
    trusted: Vec<Vec<u8>>,
    /// None where no certificate of the bundle could vouch for another.
    authorities: Option<Arc<WebPkiServerVerifier>>,
}

impl Verifier {
    fn new(place: &Place, trusted: &[Vec<u8>], provider: &Arc<CryptoProvider>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned().map(CertificateDer::from));
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        Verifier {
            names: place.names.clone(),
            trusted: trusted.to_vec(),
            authorities: builder.build().ok(),
        }
    }

    /// `Certificate.Verify`: the time, the name, and who vouches for it.
    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), String> {
        let (_, certificate) = X509Certificate::from_der(leaf)
            .map_err(|_| "x509: malformed certificate".to_owned())?;
        check_time(&certificate, now)?;
        check_names(&certificate, &self.names)?;
        if self.trusted.iter().any(|trusted| **trusted == **leaf) {
            return Ok(());
        }
        let authorities = self.authorities.as_ref();
        let authorities = authorities.ok_or_else(|| UNKNOWN_AUTHORITY.to_owned())?;
        // One of several names was found fine above, which need not be the one that is asked for here.
        let name = matching(&certificate, &self.names).unwrap_or_else(|| name.to_owned());
        let verified = authorities.verify_server_cert(leaf, others, &name, &[], now);
        verified.map(drop).map_err(|_| UNKNOWN_AUTHORITY.to_owned())
    }
}

impl Believe for Verifier {
    fn believe(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        self.verify(leaf, others, name, now).map_err(Error::General)
    }
}

fn check_time(certificate: &X509Certificate<'_>, now: UnixTime) -> Result<(), String> {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    let (first, last) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    let shown = |seconds| {
        let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        crate::codec::time::format(time)
    };
    let begin = "x509: certificate has expired or is not yet valid: current time";
    if now < first {
        return Err(format!("{begin} {} is before {}", shown(now), shown(first)));
    }
    if now > last {
        return Err(format!("{begin} {} is after {}", shown(now), shown(last)));
    }
    Ok(())
}

/// What a certificate says it is for.
#[derive(Default)]
struct Sans {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Sans {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut sans = Sans::default();
        let found = certificate.subject_alternative_name().ok().flatten();
        let general = found.map(|found| &found.value.general_names);
        for name in general.into_iter().flatten() {
            match name {
                GeneralName::DNSName(name) => sans.names.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => {
                    let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                    let sixteen = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
                    sans.addresses.extend(four.or(sixteen));
                }
                _ => {}
            }
        }
        sans
    }

    fn cover(&self, name: &str) -> bool {
        match name.parse::<IpAddr>() {
            Ok(address) => self.addresses.contains(&address),
            Err(_) => self.names.iter().any(|pattern| matches(pattern, name)),
        }
    }
}

/// Whether a name is what a certificate is for; a star stands for one label.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let (pattern, name) = (pattern.as_str(), name.trim_end_matches('.'));
    match pattern.strip_prefix("*.") {
        Some(rest) => name
            .split_once('.')
            .is_some_and(|(first, own)| !first.is_empty() && own == rest),
        None => pattern == name,
    }
}

/// The first of these names that the certificate is for.
fn matching(certificate: &X509Certificate<'_>, names: &[String]) -> Option<ServerName<'static>> {
    let sans = Sans::of(certificate);
    let name = names.iter().find(|name| sans.cover(name))?;
    ServerName::try_from(name.clone()).ok()
}

/// `VerifyHostname`, of one of several names; the error is about the first.
fn check_names(certificate: &X509Certificate<'_>, names: &[String]) -> Result<(), String> {
    let sans = Sans::of(certificate);
    if names.iter().any(|name| sans.cover(name)) {
        return Ok(());
    }
    let name = names.first().map_or("", String::as_str);
    if name.parse::<IpAddr>().is_ok() {
        if sans.addresses.is_empty() {
            return Err(format!(
                "x509: cannot validate certificate for {name} because it doesn't contain any IP SANs"
            ));
        }
        let valid: Vec<String> = sans.addresses.iter().map(IpAddr::to_string).collect();
        return Err(not_valid(&valid, name));
    }
    if sans.names.is_empty()
        && sans.addresses.is_empty()
        && certificate.subject().iter_common_name().next().is_some()
    {
        return Err(
            "x509: certificate relies on legacy Common Name field, use SANs instead".to_owned(),
        );
    }
    if sans.names.is_empty() {
        return Err(format!(
            "x509: certificate is not valid for any names, but wanted to match {name}"
        ));
    }
    Err(not_valid(&sans.names, name))
}

fn not_valid(valid: &[String], name: &str) -> String {
    format!(
        "x509: certificate is valid for {}, not {name}",
        valid.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        for (pattern, name, is_one) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("LocalHost", "localhost", true),
            ("a.svc", "b.svc", false),
        ] {
            assert_eq!(matches(pattern, name), is_one, "{pattern} {name}");
        }
    }
}
