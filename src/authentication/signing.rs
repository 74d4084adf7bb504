//! The keys that tokens of service accounts are signed with, where they are not the server's own:
//! `--service-account-signing-key-file` and `--service-account-key-file`.

use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData as _,
    SigningKey as _,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_parser::asn1_rs::BitString;
use x509_parser::oid_registry::asn1_rs::{Oid, oid};
use x509_parser::prelude::FromDer as _;
use x509_parser::verify::verify_signature;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::codec::{base64, der, pem};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const NULL: &[u8] = &[0x05, 0x00];
/// 1.2.840.113549.1.1.1, `rsaEncryption`.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1, `ecPublicKey`.
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.132.0.34.
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

/// Upstream's answer to a token that none of the keys has signed.
const UNKNOWN_KEY: &str = "invalid signature, no keys found";

/// A key to sign with, and those that are believed.
#[derive(Debug)]
pub(crate) struct Keys {
    signing: KeyPair,
    scheme: &'static Scheme,
    id: String,
    known: Vec<PublicKey>,
}

#[derive(Debug)]
struct PublicKey {
    /// SubjectPublicKeyInfo, in DER.
    info: Vec<u8>,
    id: String,
}

/// One way to sign.
#[derive(Debug)]
struct Scheme {
    name: &'static str,
    algorithm: Oid<'static>,
    /// How long each half of a signature is, in bytes, if it has two.
    half: usize,
}

static SCHEMES: [Scheme; 5] = [
    Scheme {
        name: "RS256",
        algorithm: oid!(1.2.840.113549.1.1.11),
        half: 0,
    },
    Scheme {
        name: "RS384",
        algorithm: oid!(1.2.840.113549.1.1.12),
        half: 0,
    },
    Scheme {
        name: "RS512",
        algorithm: oid!(1.2.840.113549.1.1.13),
        half: 0,
    },
    Scheme {
        name: "ES256",
        algorithm: oid!(1.2.840.10045.4.3.2),
        half: 32,
    },
    Scheme {
        name: "ES384",
        algorithm: oid!(1.2.840.10045.4.3.3),
        half: 48,
    },
];

impl Keys {
    /// The key to sign with, in PEM, which is believed too.
    pub(crate) fn parse(signing: &str) -> Result<Self, String> {
        let (pair, scheme) = pem::blocks(signing)
            .iter()
            .find_map(private_key)
            .ok_or("there is no RSA, P-256 or P-384 private key in it")?;
        let own = PublicKey::new(pair.subject_public_key_info());
        let scheme = SCHEMES.iter().find(|known| known.name == scheme);
        Ok(Keys {
            signing: pair,
            scheme: scheme.ok_or("no way to sign with such a key")?,
            id: own.id.clone(),
            known: vec![own],
        })
    }

    /// Believes the keys of a text too: public or private keys, or certificates, in PEM.
    pub(crate) fn trust(&mut self, text: &str) -> Result<(), String> {
        let known: Vec<PublicKey> = pem::blocks(text).iter().filter_map(public_key).collect();
        if known.is_empty() {
            return Err("there is no public key in it".to_owned());
        }
        self.known.extend(known);
        Ok(())
    }

    /// The first part of a token.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": self.scheme.name, "kid": self.id})
    }

    /// The last part of one.
    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        let signature = self.signing.sign(text.as_bytes());
        let signature = signature.inspect_err(|problem| {
            tracing::error!(%problem, "a token could not be signed");
        });
        let signature = signature.unwrap_or_default();
        match self.scheme.half {
            0 => signature,
            half => two_halves(&signature, half).unwrap_or_default(),
        }
    }

    /// Whether one of the keys has signed this.
    pub(crate) fn verify(
        &self,
        header: &Value,
        signed: &str,
        signature: &[u8],
    ) -> Result<(), String> {
        let text = |field: &str| header[field].as_str().unwrap_or_default();
        let scheme = SCHEMES.iter().find(|scheme| scheme.name == text("alg"));
        let scheme = scheme.ok_or(UNKNOWN_KEY)?;
        let signature = match scheme.half {
            0 => signature.to_vec(),
            half => one_sequence(signature, half).ok_or(UNKNOWN_KEY)?,
        };
        let wanted = text("kid");
        let mut keys = self.known.iter();
        let is_signed_by = |key: &PublicKey| {
            (wanted.is_empty() || key.id == wanted)
                && key.has_signed(scheme, signed.as_bytes(), &signature)
        };
        match keys.any(is_signed_by) {
            true => Ok(()),
            false => Err(UNKNOWN_KEY.to_owned()),
        }
    }
}

impl PublicKey {
    fn new(info: Vec<u8>) -> Self {
        let id = base64::encode_url(&Sha256::digest(&info));
        PublicKey { info, id }
    }

    fn has_signed(&self, scheme: &Scheme, text: &[u8], signature: &[u8]) -> bool {
        let Ok((_, info)) = SubjectPublicKeyInfo::from_der(&self.info) else {
            return false;
        };
        let algorithm = AlgorithmIdentifier::new(scheme.algorithm.clone(), None);
        let signature = BitString::new(0, signature);
        verify_signature(&info, &algorithm, &signature, text).is_ok()
    }
}

/// The key in a block, and the name of the way to sign with it.
fn private_key(block: &pem::Block) -> Option<(KeyPair, &'static str)> {
    let bytes = block.bytes.as_slice();
    let candidates = match block.label.as_str() {
        "PRIVATE KEY" => vec![bytes.to_vec()],
        "RSA PRIVATE KEY" => vec![wrapped(RSA, NULL, bytes)],
        "EC PRIVATE KEY" => [P256, P384]
            .map(|curve| {
                wrapped(
                    ELLIPTIC,
                    &der::encode(der::OBJECT_IDENTIFIER, &[curve]),
                    bytes,
                )
            })
            .to_vec(),
        _ => Vec::new(),
    };
    candidates.into_iter().find_map(|candidate| {
        [
            (&PKCS_RSA_SHA256, "RS256"),
            (&PKCS_ECDSA_P256_SHA256, "ES256"),
            (&PKCS_ECDSA_P384_SHA384, "ES384"),
        ]
        .into_iter()
        .find_map(|(algorithm, name)| {
            let key = candidate.as_slice().into();
            let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key, algorithm).ok()?;
            Some((pair, name))
        })
    })
}

/// A key of one kind in the form that all kinds have in common: PKCS #8.
fn wrapped(kind: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let kind = der::encode(der::OBJECT_IDENTIFIER, &[kind]);
    der::encode(
        der::SEQUENCE,
        &[
            &der::encode(INTEGER, &[&[0]]),
            &der::encode(der::SEQUENCE, &[&kind, parameters]),
            &der::encode(OCTET_STRING, &[key]),
        ],
    )
}

fn public_key(block: &pem::Block) -> Option<PublicKey> {
    let info = match block.label.as_str() {
        "PUBLIC KEY" => {
            let (_, info) = SubjectPublicKeyInfo::from_der(&block.bytes).ok()?;
            info.raw.to_vec()
        }
        "CERTIFICATE" => {
            let (_, certificate) = x509_parser::parse_x509_certificate(&block.bytes).ok()?;
            certificate.public_key().raw.to_vec()
        }
        _ => private_key(block)?.0.subject_public_key_info(),
    };
    Some(PublicKey::new(info))
}

/// A signature of two numbers as tokens have it: one after the other, each of this length.
fn two_halves(sequence: &[u8], half: usize) -> Option<Vec<u8>> {
    let mut both = Vec::with_capacity(2 * half);
    for number in der::integers(sequence)? {
        let digits: Vec<u8> = number
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        both.resize(both.len() + half.checked_sub(digits.len())?, 0);
        both.extend(digits);
    }
    (both.len() == 2 * half).then_some(both)
}

/// The same as certificates have it.
fn one_sequence(both: &[u8], half: usize) -> Option<Vec<u8>> {
    if both.len() != 2 * half {
        return None;
    }
    let number = |digits: &[u8]| {
        let start = digits
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(digits.len() - 1);
        let digits = &digits[start..];
        // A first bit would make it negative.
        let sign: &[u8] = if digits.first().is_some_and(|byte| *byte >= 0x80) {
            &[0]
        } else {
            &[]
        };
        der::encode(INTEGER, &[sign, digits])
    };
    let (first, second) = both.split_at(half);
    Some(der::encode(
        der::SEQUENCE,
        &[&number(first), &number(second)],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_key_has_signed_no_other_has() {
        let key = || KeyPair::generate().unwrap().serialize_pem();
        let (own, other) = (Keys::parse(&key()).unwrap(), Keys::parse(&key()).unwrap());
        for text in ["a.b", "", "a.c"] {
            let signature = own.sign(text);
            assert_eq!(signature.len(), 64);
            assert_eq!(own.verify(&own.header(), text, &signature), Ok(()));
            let anonymous = json!({"alg": "ES256"});
            assert_eq!(own.verify(&anonymous, text, &signature), Ok(()));
            assert!(own.verify(&own.header(), "x", &signature).is_err());
            assert!(other.verify(&anonymous, text, &signature).is_err());
            assert!(own.verify(&json!({"alg": "none"}), text, &[]).is_err());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "-----BEGIN PRIVATE KEY-----\naGFs\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(Keys::parse(text).is_err(), "{text}");
        }
        let mut keys = Keys::parse(&KeyPair::generate().unwrap().serialize_pem()).unwrap();
        assert!(keys.trust("nothing").is_err());
        assert!(
            keys.trust(&KeyPair::generate().unwrap().public_key_pem())
                .is_ok()
        );
        assert_eq!(keys.known.len(), 2);
    }
}
