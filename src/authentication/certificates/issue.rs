//! An authority of a server's own, and what it signs.
//!
//! A certificate of a user is written by hand: a library that makes certificates for servers has no room for a subject in
//! several organizations, which are the groups.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PublicKeyData as _, SigningKey as _,
};

use crate::codec::base64;
use crate::codec::der::{OBJECT_IDENTIFIER, ORGANIZATION, SEQUENCE, SET, encode as element};

/// The name of the authority that vouches for the users of a server's own.
const NAME: &str = "fake-apiserver-client-ca";

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const UTC_TIME: u8 = 0x17;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// 1.2.840.10045.4.3.2, `ecdsa-with-SHA256`.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.29.15.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// 2.5.29.37.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.2.
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// `digitalSignature`, the first of the bits.
const DIGITAL_SIGNATURE: &[u8] = &[0x07, 0x80];

/// An authority: its certificate, in DER, and its key.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) certificate: Vec<u8>,
    key: KeyPair,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Own {
    /// A new one.
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok(Own { certificate, key })
    }

    /// A certificate of a user, which is good at any time a test may play in.
    pub(super) fn issue(
        &self,
        name: &str,
        groups: &[String],
        serial: u64,
    ) -> Result<Credentials, rcgen::Error> {
        let key = KeyPair::generate()?;
        let algorithm = element(
            SEQUENCE,
            &[&element(OBJECT_IDENTIFIER, &[ECDSA_WITH_SHA256])],
        );
        let groups = groups.iter().map(|group| named(&ORGANIZATION, group));
        let subject: Vec<Vec<u8>> = groups.chain([named(COMMON_NAME, name)]).collect();
        let signed = element(
            SEQUENCE,
            &[
                &element(VERSION, &[&element(INTEGER, &[&[2]])]),
                // A byte before it keeps the number from being negative.
                &element(INTEGER, &[&[1], &serial.to_be_bytes()]),
                &algorithm,
                &element(SEQUENCE, &[&named(COMMON_NAME, NAME)]),
                &element(
                    SEQUENCE,
                    &[
                        &element(UTC_TIME, &[b"700101000000Z"]),
                        &element(GENERALIZED_TIME, &[b"99991231235959Z"]),
                    ],
                ),
                &element(SEQUENCE, &[&subject.concat()]),
                &key.subject_public_key_info(),
                &element(EXTENSIONS, &[&element(SEQUENCE, &[&usages()])]),
            ],
        );
        let signature = self.key.sign(&signed)?;
        let certificate = element(
            SEQUENCE,
            &[
                &signed,
                &algorithm,
                &element(BIT_STRING, &[&[0], &signature]),
            ],
        );
        Ok(Credentials {
            certificate: pem("CERTIFICATE", &certificate),
            key: key.serialize_pem(),
        })
    }
}

/// What the certificate is for.
fn usages() -> Vec<u8> {
    let extension = |kind: &[u8], value: &[u8]| {
        let kind = element(OBJECT_IDENTIFIER, &[kind]);
        element(SEQUENCE, &[&kind, &element(OCTET_STRING, &[value])])
    };
    let clients = element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[CLIENT_AUTH])]);
    [
        extension(KEY_USAGE, &element(BIT_STRING, &[DIGITAL_SIGNATURE])),
        extension(EXTENDED_KEY_USAGE, &clients),
    ]
    .concat()
}

/// One part of a name.
fn named(kind: &[u8], value: &str) -> Vec<u8> {
    let kind = element(OBJECT_IDENTIFIER, &[kind]);
    let value = element(UTF8_STRING, &[value.as_bytes()]);
    element(SET, &[&element(SEQUENCE, &[&kind, &value])])
}

fn pem(label: &str, der: &[u8]) -> String {
    const WIDTH: usize = 64;

    let text = base64::encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(WIDTH) {
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        pem.push_str(rest);
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
