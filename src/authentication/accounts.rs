//! The tokens of service accounts: JWTs that the server itself issues and knows again.
//!
//! They are signed with HMAC-SHA256 and a key that comes from the seed, unless the test brings a key of its own. A real server signs with RSA, but no client checks
//! that: it would need the server's public key, and asks the server instead (`TokenReview`). So a key costs nothing at the
//! start, and the same seed gives the same tokens, which no other way to sign could promise.
//!
//! A token is good for as long as its account is the very one it was issued for, and so is the object it is bound to.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::UserInfo;
use crate::clock::{self, Clock};
use crate::codec::base64;
use crate::codec::quote::quote;
use crate::ids::Ids;
use crate::object::meta_str;
use crate::registry::Lister;

/// Upstream's `--service-account-issuer` in the usual cluster.
const ISSUER: &str = "https://kubernetes.default.svc";

/// How far clocks may be apart.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

const BLOCK: usize = 64;

/// The service accounts of a cluster.
#[derive(Clone, Copy)]
pub(crate) struct Accounts<'a> {
    pub(crate) lister: &'a dyn Lister,
    pub(crate) ids: &'a Ids,
    pub(crate) clock: &'a Clock,
    pub(crate) issuance: &'a Issuance,
}

/// In whose name tokens are issued, and with what key.
#[derive(Debug)]
pub(crate) struct Issuance {
    /// Who issues the tokens, and for whom they are if nobody says.
    pub(crate) issuer: String,
    /// Instead of the one from the seed.
    #[cfg(feature = "tls")]
    pub(crate) keys: Option<super::signing::Keys>,
}

impl Default for Issuance {
    fn default() -> Self {
        Issuance {
            issuer: ISSUER.to_owned(),
            #[cfg(feature = "tls")]
            keys: None,
        }
    }
}

/// Who a token is of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) user: UserInfo,
    /// Those of the wanted audiences the token is for.
    pub(crate) audiences: Vec<String>,
}

/// What a token is to say.
pub(crate) struct Request<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) account: &'a Value,
    /// The objects it is bound to, by what the claim calls them: `pod`, `secret`, `node`.
    pub(crate) bound: Vec<(&'static str, Value)>,
    pub(crate) audiences: &'a [String],
    pub(crate) now: Timestamp,
    pub(crate) seconds: i64,
    /// From when on its use is told of.
    pub(crate) warn_after: Option<i64>,
}

impl Accounts<'_> {
    /// A new token.
    pub(crate) fn issue(&self, request: &Request<'_>) -> String {
        let Request {
            namespace, account, ..
        } = request;
        let reference = |object: &Value| {
            let mut reference = json!({"name": meta_str(object, "name")});
            let uid = meta_str(object, "uid");
            if !uid.is_empty() {
                reference["uid"] = uid.into();
            }
            reference
        };
        let mut kubernetes = json!({"namespace": namespace, "serviceaccount": reference(account)});
        for (name, object) in &request.bound {
            kubernetes[*name] = reference(object);
        }
        let now = request.now.as_second();
        if let Some(seconds) = request.warn_after {
            kubernetes["warnafter"] = (now + seconds).into();
        }
        let claims = json!({
            "aud": request.audiences,
            "exp": now + request.seconds,
            "iat": now,
            "iss": self.issuance.issuer,
            "jti": self.ids.uid(),
            "kubernetes.io": kubernetes,
            "nbf": now,
            "sub": user_name(namespace, meta_str(account, "name")),
        });
        let part = |value: &Value| {
            let mut json = Vec::new();
            crate::codec::json::write_sorted(&mut json, value);
            base64::encode_url(&json)
        };
        let signed = format!("{}.{}", part(&self.header()), part(&claims));
        let signature = base64::encode_url(&self.sign(&signed));
        format!("{signed}.{signature}")
    }

    fn header(&self) -> Value {
        #[cfg(feature = "tls")]
        if let Some(keys) = &self.issuance.keys {
            return keys.header();
        }
        let key_id = base64::encode_url(&Sha256::digest(self.key()));
        json!({"alg": "HS256", "kid": key_id})
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        #[cfg(feature = "tls")]
        if let Some(keys) = &self.issuance.keys {
            return keys.sign(text);
        }
        hmac(&self.key(), text.as_bytes()).to_vec()
    }

    fn check_signature(
        &self,
        _header: &Value,
        signed: &str,
        signature: &[u8],
    ) -> Result<(), String> {
        #[cfg(feature = "tls")]
        if let Some(keys) = &self.issuance.keys {
            return keys.verify(_header, signed, signature);
        }
        match signature == hmac(&self.key(), signed.as_bytes()) {
            true => Ok(()),
            false => Err("invalid signature, no keys found".to_owned()),
        }
    }

    /// Who this is a token of, if this server has issued it, or why it is no longer one. Nothing for other tokens.
    pub(crate) fn verify(&self, token: &str, wanted: &[String]) -> Option<Result<Known, String>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let part = |text| -> Option<Value> {
            serde_json::from_slice(&base64::decode_url(text).ok()?).ok()
        };
        let claims = part(payload)?;
        if claims["iss"] != *self.issuance.issuer {
            return None;
        }
        let (header, signature) = (part(header)?, base64::decode_url(signature).ok()?);
        let checked = self.check_signature(&header, signed, &signature);
        Some(checked.and_then(|()| self.check(&claims, wanted)))
    }

    fn check(&self, claims: &Value, wanted: &[String]) -> Result<Known, String> {
        let audiences: Vec<String> = texts(&claims["aud"]);
        let both = audiences
            .iter()
            .filter(|audience| wanted.contains(audience));
        let both: Vec<String> = both.cloned().collect();
        if both.is_empty() {
            return Err(format!(
                "token audiences {} is invalid for the target audiences {}",
                quoted(&audiences),
                quoted(wanted)
            ));
        }
        self.check_times(claims)?;
        let user = self.check_objects(claims)?;
        Ok(Known {
            user,
            audiences: both,
        })
    }

    fn check_times(&self, claims: &Value) -> Result<(), String> {
        let time = |claim: &str| {
            let seconds = claims[claim].as_i64().unwrap_or_default();
            Timestamp::from_second(seconds).unwrap_or_default()
        };
        let now = self.clock.now();
        let late = clock::add(now, LEEWAY);
        if clock::add(time("exp"), LEEWAY) < now {
            return Err("service account token has expired".to_owned());
        }
        if late < time("nbf") {
            return Err("service account token is not valid yet".to_owned());
        }
        if late < time("iat") {
            return Err("service account token is issued in the future".to_owned());
        }
        Ok(())
    }

    /// Whether all that the token speaks of is still what it was.
    fn check_objects(&self, claims: &Value) -> Result<UserInfo, String> {
        let claim = &claims["kubernetes.io"];
        let namespace = claim["namespace"].as_str().unwrap_or_default();
        let text = |part: &str, field: &str| claim[part][field].as_str().unwrap_or_default();
        let name = text("serviceaccount", "name");
        let account = self.lister.get("", "ServiceAccount", namespace, name);
        let account =
            account.ok_or_else(|| format!("serviceaccounts {} not found", quote(name)))?;
        let account = account.value();
        let (uid, claimed) = (meta_str(&account, "uid"), text("serviceaccount", "uid"));
        if uid != claimed {
            return Err(format!(
                "service account UID ({uid}) does not match claim ({claimed})"
            ));
        }
        if self.is_deleted(&account) {
            return Err(format!(
                "service account {namespace}/{name} has been deleted"
            ));
        }
        let is_bound = |part: &str| claim.get(part).is_some();
        for (part, kind, title) in [("secret", "Secret", "secret"), ("pod", "Pod", "pod")] {
            if is_bound(part) {
                self.check_bound(kind, title, namespace, &claim[part])?;
            }
        }
        // With a pod the node is only told.
        if is_bound("node") && !is_bound("pod") {
            self.check_bound("Node", "node", "", &claim["node"])?;
        }
        let mut user = UserInfo {
            name: user_name(namespace, name),
            uid: uid.to_owned(),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
            ],
            ..UserInfo::default()
        };
        let mut tell = |field: &str, value: String| {
            let key = format!("authentication.kubernetes.io/{field}");
            user.extra.insert(key, vec![value]);
        };
        for part in ["pod", "node"].into_iter().filter(|part| is_bound(part)) {
            tell(&format!("{part}-name"), text(part, "name").to_owned());
            if !text(part, "uid").is_empty() {
                tell(&format!("{part}-uid"), text(part, "uid").to_owned());
            }
        }
        let id = claims["jti"].as_str().unwrap_or_default();
        tell("credential-id", format!("JTI={id}"));
        Ok(user)
    }

    fn check_bound(
        &self,
        kind: &str,
        title: &str,
        namespace: &str,
        claim: &Value,
    ) -> Result<(), String> {
        let text = |field: &str| claim[field].as_str().unwrap_or_default();
        let gone = || "service account token has been invalidated".to_owned();
        let object = self
            .lister
            .get("", kind, namespace, text("name"))
            .ok_or_else(gone)?;
        let object = object.value();
        let (uid, claimed) = (meta_str(&object, "uid"), text("uid"));
        if uid != claimed {
            return Err(format!(
                "{title} UID ({uid}) does not match service account {title} ref claim ({claimed})"
            ));
        }
        if self.is_deleted(&object) {
            return Err(gone());
        }
        Ok(())
    }

    /// Whether an object has been going for longer than clocks may be apart.
    fn is_deleted(&self, object: &Value) -> bool {
        let time = crate::codec::time::parse(meta_str(object, "deletionTimestamp"));
        time.is_ok_and(|time| clock::add(time, LEEWAY) < self.clock.now())
    }

    fn key(&self) -> [u8; 32] {
        self.ids.keyed(b"the tokens of service accounts")
    }
}

/// The name a service account has as a user.
fn user_name(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `["a" "b"]`
fn quoted(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", all.join(" "))
}

/// HMAC-SHA256, RFC 2104, of a key that is not longer than a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded = |pad: u8| -> [u8; BLOCK] {
        std::array::from_fn(|i| key.get(i).copied().unwrap_or_default() ^ pad)
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(message);
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let shown = |bytes: [u8; 32]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        assert_eq!(
            shown(hmac(&[0x0b; 20], b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            shown(hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
