//! Who a client is by the certificate it has shown: upstream's `--client-ca-file`.
//!
//! The certificate has to lead to one of the authorities, by the rules of Go's `crypto/x509`: each on the way is signed by
//! the next, is good at this time by the server's clock, and may do what it is used for. Then its subject is the user: the
//! common name is the name, the organizations are the groups.
//!
//! Beside those that were given there is an authority of the server's own, made when the first user is added by hand.

mod issue;

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::asn1_rs::{Oid, oid};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

pub(crate) use issue::Credentials;

use crate::codec::pem;
use crate::request::peer::{Peer, Vouched};
use crate::request::user::UserInfo;
use issue::Own;

/// Where upstream tells which credential a user came with.
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
/// The part of a subject that is the user's uid.
const UID: Oid<'static> = oid!(1.3.6.1.4.1.57683.2);
/// Signed with SHA-1, which Go no longer takes.
const SHA1: [Oid<'static>; 3] = [
    oid!(1.2.840.113549.1.1.5),
    oid!(1.2.840.10045.4.1),
    oid!(1.3.14.3.2.29),
];
/// How many signatures are looked at for one client, as in Go.
const MAX_SIGNATURES: usize = 100;
/// The most certificates a client may show: what a handshake holds is not bounded otherwise.
const MAX_SHOWN: usize = 16;

/// Who vouches for clients.
#[derive(Debug, Default)]
pub(crate) struct Authorities {
    /// In DER.
    given: Vec<Vec<u8>>,
    own: OnceLock<Own>,
    /// How many certificates the own one has signed.
    issued: AtomicU64,
}

impl Authorities {
    /// Those in a text of PEM blocks.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let blocks = pem::blocks(text).into_iter();
        let given: Vec<Vec<u8>> = blocks
            .filter(|block| block.label == "CERTIFICATE")
            .map(|block| block.bytes)
            .collect();
        if given.is_empty() {
            return Err("there is no certificate in it".to_owned());
        }
        for certificate in &given {
            parse(certificate).map_err(|problem| format!("a certificate in it: {problem}"))?;
        }
        Ok(Authorities {
            given,
            ..Authorities::default()
        })
    }

    /// Adds those of another text.
    pub(crate) fn join(&mut self, other: Authorities) {
        self.given.extend(other.given);
    }

    /// Those that were given, in DER.
    pub(super) fn given(&self) -> &[Vec<u8>] {
        &self.given
    }

    /// Those a client is told of, in DER: none if there is only the server's own, so that it shows what it has.
    pub(crate) fn told(&self) -> Result<Vec<Vec<u8>>, String> {
        match self.given.as_slice() {
            [] => Ok(Vec::new()),
            given => {
                let own = std::iter::once(self.own()?.certificate.clone());
                Ok(given.iter().cloned().chain(own).collect())
            }
        }
    }

    /// A certificate of a user, who is known by it from now on.
    pub(crate) fn issue(&self, name: &str, groups: &[String]) -> Result<Credentials, String> {
        let serial = self.issued.fetch_add(1, Ordering::Relaxed);
        let issued = self.own()?.issue(name, groups, serial);
        issued.map_err(|problem| problem.to_string())
    }

    fn own(&self) -> Result<&Own, String> {
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let made = Own::new().map_err(|problem| problem.to_string())?;
        Ok(self.own.get_or_init(|| made))
    }

    /// Who a client is; nothing if its certificate names nobody, an error if nobody vouches for it.
    pub(crate) fn user(
        &self,
        peer: &Peer,
        now: Timestamp,
    ) -> Result<Option<Arc<UserInfo>>, String> {
        let now = now.as_second();
        if let Some(known) = peer.known.get().filter(|known| known.valid.contains(&now)) {
            return Ok(Some(known.user.clone()));
        }
        let Some(vouched) = self.vouch(&peer.chain, now)? else {
            return Ok(None);
        };
        Ok(Some(peer.known.get_or_init(|| vouched).user.clone()))
    }

    /// Whom a chain of certificates names, and until when.
    pub(super) fn vouch(&self, shown: &[Vec<u8>], now: i64) -> Result<Option<Vouched>, String> {
        let shown = shown.iter().take(MAX_SHOWN).map(|one| parse(one));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let own = self.own.get().map(|own| &own.certificate);
        let roots = self.given.iter().chain(own).map(|root| parse(root));
        let roots = roots.collect::<Result<Vec<_>, _>>()?;
        let [leaf, intermediates @ ..] = shown.as_slice() else {
            return Ok(None);
        };
        let mut search = Search {
            roots: &roots,
            intermediates,
            now,
            signatures: 0,
        };
        let chain = search.chain(leaf)?;
        let valid = chain.iter().fold(i64::MIN..=i64::MAX, |valid, one| {
            let own = validity(one);
            *valid.start().max(own.start())..=*valid.end().min(own.end())
        });
        let user = user_of(leaf)?;
        Ok(user.map(|user| Vouched {
            user: super::with_authenticated_group(user).into(),
            valid,
        }))
    }
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, String> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|problem| format!("x509: {problem}"))?;
    Ok(certificate)
}

/// The way from a certificate to a root.
struct Search<'a> {
    roots: &'a [X509Certificate<'a>],
    intermediates: &'a [X509Certificate<'a>],
    now: i64,
    signatures: usize,
}

/// Certificates of which each is signed by the next.
type Chain<'a> = Vec<&'a X509Certificate<'a>>;

impl<'a> Search<'a> {
    fn chain(&mut self, leaf: &'a X509Certificate<'a>) -> Result<Chain<'a>, String> {
        self.check(leaf)?;
        if self.roots.iter().any(|root| root.as_raw() == leaf.as_raw()) {
            return usable(vec![leaf]);
        }
        let mut problem = "certificate signed by unknown authority".to_owned();
        self.extend(vec![leaf], &mut problem)
            .ok_or(format!("x509: {problem}"))
    }

    /// The chain with what leads on to a root.
    fn extend(&mut self, chain: Chain<'a>, problem: &mut String) -> Option<Chain<'a>> {
        let last = *chain.last()?;
        let (roots, intermediates) = (self.roots, self.intermediates);
        let candidates = (roots.iter().map(|root| (root, true)))
            .chain(intermediates.iter().map(|other| (other, false)));
        for (parent, is_root) in candidates {
            let is_there = chain.iter().any(|one| one.as_raw() == parent.as_raw());
            if is_there || parent.subject().as_raw() != last.issuer().as_raw() {
                continue;
            }
            if let Err(why) = self.signs(parent, last, chain.len() - 1, is_root) {
                *problem = why;
                continue;
            }
            let longer: Chain<'a> = chain.iter().copied().chain([parent]).collect();
            let found = match is_root {
                true => usable(longer).map_err(|why| *problem = why).ok(),
                false => self.extend(longer, problem),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Whether the parent may sign the child and did, with so many intermediates below.
    fn signs(
        &mut self,
        parent: &X509Certificate<'_>,
        child: &X509Certificate<'_>,
        below: usize,
        is_root: bool,
    ) -> Result<(), String> {
        self.check(parent)?;
        let constraints = parent.basic_constraints().map_err(|e| e.to_string())?;
        let constraints = constraints.map(|extension| extension.value);
        let is_authority = match constraints {
            Some(constraints) => constraints.ca,
            // Certificates from before version 3 could not say so.
            None => is_root && parent.version() != X509Version::V3,
        };
        let usage = parent.key_usage().map_err(|e| e.to_string())?;
        if !is_authority || usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
            return Err("certificate is not authorized to sign other certificates".to_owned());
        }
        let most = constraints.and_then(|constraints| constraints.path_len_constraint);
        if most.is_some_and(|most| usize::try_from(most).is_ok_and(|most| below > most)) {
            return Err("too many intermediates for path length constraint".to_owned());
        }
        self.signatures += 1;
        if self.signatures > MAX_SIGNATURES {
            return Err(
                "signature check attempts exceeds limit while verifying certificate chain"
                    .to_owned(),
            );
        }
        if SHA1.contains(&child.signature_algorithm.algorithm) {
            return Err("cannot verify signature: insecure algorithm SHA1".to_owned());
        }
        child
            .verify_signature(Some(parent.public_key()))
            .map_err(|_| "certificate signed by unknown authority".to_owned())
    }

    /// Whether a certificate is good at this time, and says nothing that would have to be understood.
    fn check(&self, certificate: &X509Certificate<'_>) -> Result<(), String> {
        let valid = validity(certificate);
        if !valid.contains(&self.now) {
            return Err("certificate has expired or is not yet valid".to_owned());
        }
        let strange = |extension: &ParsedExtension<'_>| {
            matches!(
                extension,
                ParsedExtension::UnsupportedExtension { .. }
                    | ParsedExtension::ParseError { .. }
                    | ParsedExtension::NameConstraints(_)
            )
        };
        let mut extensions = certificate.extensions().iter();
        match extensions.any(|one| one.critical && strange(one.parsed_extension())) {
            true => Err("unhandled critical extension".to_owned()),
            false => Ok(()),
        }
    }
}

/// A chain that is good for clients: none in it is for other uses only.
fn usable(chain: Chain<'_>) -> Result<Chain<'_>, String> {
    for certificate in &chain {
        let usage = certificate.extended_key_usage();
        let usage = usage.map_err(|problem| problem.to_string())?;
        if usage.is_some_and(|usage| !usage.value.any && !usage.value.client_auth) {
            return Err("certificate specifies an incompatible key usage".to_owned());
        }
    }
    Ok(chain)
}

fn validity(certificate: &X509Certificate<'_>) -> RangeInclusive<i64> {
    let validity = certificate.validity();
    validity.not_before.timestamp()..=validity.not_after.timestamp()
}

/// Whom a certificate names.
fn user_of(certificate: &X509Certificate<'_>) -> Result<Option<UserInfo>, String> {
    let subject = certificate.subject();
    // Of two common names Go takes the last.
    let name = subject
        .iter_common_name()
        .filter_map(|name| name.as_str().ok())
        .last();
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let groups = subject.iter_organization();
    let groups = groups.filter_map(|group| group.as_str().ok());
    let fingerprint = Sha256::digest(certificate.as_raw());
    let fingerprint: String = fingerprint
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let credential = vec![format!("X509SHA256={fingerprint}")];
    Ok(Some(UserInfo {
        uid: uid_of(certificate)?,
        extra: [(CREDENTIAL_ID.to_owned(), credential)].into(),
        ..UserInfo::member(name, &groups.collect::<Vec<_>>())
    }))
}

fn uid_of(certificate: &X509Certificate<'_>) -> Result<String, String> {
    let uids = certificate.subject().iter_by_oid(&UID);
    let uids: Vec<_> = uids.map(|uid| uid.as_str().ok()).collect();
    match uids.as_slice() {
        [] => Ok(String::new()),
        [None] => Err("unable to parse UID into a string".to_owned()),
        [Some("")] => Err("UID cannot be an empty string".to_owned()),
        [Some(uid)] => Ok((*uid).to_owned()),
        _ => Err("expected 1 UID, but found multiple".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    };

    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// Somebody who may sign others, or could.
    struct Signer {
        der: Vec<u8>,
        pem: String,
        issuer: Issuer<'static, KeyPair>,
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn authority(name: &str, most: BasicConstraints) -> CertificateParams {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(most);
        params
    }

    fn signer(params: CertificateParams, by: Option<&Signer>) -> Signer {
        let key = KeyPair::generate().unwrap();
        let made = match by {
            Some(by) => params.signed_by(&key, &by.issuer).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        Signer {
            der: made.der().to_vec(),
            pem: made.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    fn vouched(root: &Signer, shown: &[&Signer]) -> Result<Option<Vouched>, String> {
        let shown: Vec<Vec<u8>> = shown.iter().map(|one| one.der.clone()).collect();
        Authorities::parse(&root.pem).unwrap().vouch(&shown, NOW)
    }

    #[test]
    fn a_chain_leads_to_a_root_through_those_who_may_sign() {
        let free = BasicConstraints::Unconstrained;
        let root = signer(authority("root", free), None);
        let middle = signer(authority("middle", free), Some(&root));
        let last = signer(
            authority("last", BasicConstraints::Constrained(0)),
            Some(&middle),
        );
        let below = signer(authority("below", free), Some(&last));
        let nobody = signer(params("nobody"), Some(&root));
        let leaf = |by| signer(params("alice"), Some(by));
        let (direct, second, third) = (leaf(&root), leaf(&middle), leaf(&last));
        let (fourth, forged) = (leaf(&below), leaf(&nobody));
        for (shown, expected) in [
            (&[&direct][..], Ok(())),
            (&[&second, &middle], Ok(())),
            (&[&third, &middle, &last], Ok(())),
            (
                &[&second],
                Err("x509: certificate signed by unknown authority"),
            ),
            (
                &[&fourth, &below, &last, &middle],
                Err("x509: too many intermediates for path length constraint"),
            ),
            (
                &[&forged, &nobody],
                Err("x509: certificate is not authorized to sign other certificates"),
            ),
        ] {
            let found = vouched(&root, shown).map(|vouched| assert!(vouched.is_some()));
            assert_eq!(found, expected.map_err(str::to_owned), "{}", shown.len());
        }
    }

    #[test]
    fn a_certificate_is_good_for_its_use_and_in_its_time() {
        let root = signer(authority("root", BasicConstraints::Unconstrained), None);
        let usage = |usage| {
            let mut params = params("alice");
            params.extended_key_usages = vec![usage];
            params
        };
        let until = |year| {
            let mut params = params("alice");
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
            params
        };
        let mut unnamed = CertificateParams::default();
        unnamed.distinguished_name = rcgen::DistinguishedName::new();
        for (params, expected) in [
            (
                usage(ExtendedKeyUsagePurpose::ClientAuth),
                Ok(Some("alice")),
            ),
            (usage(ExtendedKeyUsagePurpose::Any), Ok(Some("alice"))),
            (
                usage(ExtendedKeyUsagePurpose::ServerAuth),
                Err("x509: certificate specifies an incompatible key usage"),
            ),
            (until(2100), Ok(Some("alice"))),
            (
                until(2020),
                Err("certificate has expired or is not yet valid"),
            ),
            (unnamed, Ok(None)),
        ] {
            let found = vouched(&root, &[&signer(params, Some(&root))]);
            let found = found.map(|vouched| vouched.map(|vouched| vouched.user.name.clone()));
            let expected = expected.map(|name| name.map(str::to_owned));
            assert_eq!(found, expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn what_the_servers_own_authority_signs_is_known_with_all_groups() {
        let authorities = Authorities::default();
        let groups = ["dev", "ops", "qa"].map(str::to_owned);
        let issued = authorities.issue("alice", &groups).unwrap();
        let [block] = &pem::blocks(&issued.certificate)[..] else {
            panic!("{}", issued.certificate);
        };
        let peer = Peer::of(vec![block.bytes.clone()]).unwrap();
        let now = Timestamp::from_second(NOW).unwrap();
        let user = authorities.user(&peer, now).unwrap().unwrap();
        assert_eq!(user.name, "alice");
        assert_eq!(user.groups, ["dev", "ops", "qa", "system:authenticated"]);
        let digest = &user.extra[CREDENTIAL_ID][0];
        assert!(digest.starts_with("X509SHA256="), "{digest}");
        assert!(
            Authorities::default()
                .user(
                    &Peer {
                        known: OnceLock::new(),
                        chain: peer.chain.clone()
                    },
                    now
                )
                .is_err()
        );
        assert!(Authorities::parse("nothing").is_err());
    }
}
