//! What must not be written down: the values of Secrets, tokens, private keys.
//!
//! The same value gets the same mask wherever it stands, so that what is read back is still what was written.

use std::borrow::Cow;

use crate::codec::base64;
use crate::codec::json::{self, Node};
use crate::request::info::RequestInfo;

/// Where `kubectl apply` keeps what it applied, as JSON.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Signs of credentials in a text.
const SIGNS: [&str; 3] = [
    "PRIVATE KEY-----",
    "client-key-data:",
    "client-certificate-data:",
];

/// Parameters that carry what a client proves itself with, whatever they mean to a server.
const PARAMETERS: [&str; 9] = [
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "client_secret",
    "id_token",
    "password",
    "refresh_token",
    "token",
];

/// The masks given so far.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    values: Vec<Vec<u8>>,
}

impl Masks {
    /// Masks a body that was sent to this place, or was answered from there.
    pub(crate) fn apply(&mut self, info: &RequestInfo, node: &mut Node) {
        let secrets = info.api_group().is_empty() && info.resource() == "secrets";
        let tokens = info.subresource() == "token" || info.resource() == "tokenreviews";
        self.walk(node, secrets, tokens);
    }

    fn walk(&mut self, node: &mut Node, secrets: bool, tokens: bool) {
        match node {
            Node::String(text) => self.text(text),
            Node::Array(items) => {
                for item in items {
                    self.walk(item, secrets, tokens);
                }
            }
            Node::Object(members) => {
                let secret = secrets || is(members, "kind", "Secret");
                let place = pointer(members);
                for (key, value) in members {
                    match key.as_str() {
                        "data" if secret => self.leaves(value, true),
                        "stringData" if secret => self.leaves(value, false),
                        "token" if tokens => self.leaves(value, false),
                        LAST_APPLIED => self.applied(value, secret),
                        "value" if secret && in_secret(place.as_deref(), "/data") => {
                            self.leaves(value, true);
                        }
                        "value" if secret && in_secret(place.as_deref(), "/stringData") => {
                            self.leaves(value, false);
                        }
                        _ => self.walk(value, secret, tokens),
                    }
                }
            }
            _ => {}
        }
    }

    /// Masks every text in a value.
    fn leaves(&mut self, node: &mut Node, encoded: bool) {
        match node {
            Node::String(text) if encoded => *text = self.encoded(text),
            Node::String(text) => *text = self.mask(text.as_bytes()),
            Node::Array(items) => items.iter_mut().for_each(|item| self.leaves(item, encoded)),
            Node::Object(members) => members
                .iter_mut()
                .for_each(|(_, value)| self.leaves(value, encoded)),
            _ => {}
        }
    }

    fn encoded(&mut self, text: &str) -> String {
        match base64::decode(text) {
            Ok(bytes) => base64::encode(self.mask(&bytes).as_bytes()),
            // What is wrong with it has to stay where it is.
            Err(_) => {
                let hide = |c: char| if c.is_ascii_alphanumeric() { 'x' } else { c };
                text.chars().map(hide).collect()
            }
        }
    }

    /// What stands for a value. Some kinds of Secrets have to hold JSON.
    fn mask(&mut self, value: &[u8]) -> String {
        if value.is_empty() {
            return String::new();
        }
        let known = self.values.iter().position(|known| known == value);
        let number = known.unwrap_or(self.values.len()) + 1;
        if known.is_none() {
            self.values.push(value.to_owned());
        }
        match json::parse(value) {
            Ok(Node::Object(_)) => format!("{{\"masked\":\"{number}\"}}"),
            _ => format!("masked-{number}"),
        }
    }

    /// `kubectl apply` keeps all of a Secret in an annotation.
    fn applied(&mut self, node: &mut Node, secret: bool) {
        let Node::String(text) = node else {
            return;
        };
        if let Ok(mut object) = json::parse(text.as_bytes()) {
            let before = object.clone();
            self.walk(&mut object, secret, false);
            if object != before {
                let end = if text.ends_with('\n') { "\n" } else { "" };
                *text = format!("{}{end}", object.to_value());
            }
        } else if secret {
            *text = self.mask(text.as_bytes());
        }
    }

    fn text(&mut self, text: &mut String) {
        if SIGNS.iter().any(|sign| text.contains(sign)) || is_token(text) {
            *text = self.mask(text.as_bytes());
        }
    }

    /// A body as it may be shown: as it was, or with masks; nothing if it may hold secrets and cannot be taken apart.
    pub(crate) fn body<'a>(&mut self, info: &RequestInfo, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        let Ok(mut node) = json::parse(body) else {
            let text = String::from_utf8_lossy(body);
            return (!Masks::is_secret(info, &text)).then_some(Cow::Borrowed(body));
        };
        let before = node.clone();
        self.apply(info, &mut node);
        match node == before {
            true => Some(Cow::Borrowed(body)),
            false => Some(Cow::Owned(node.to_value().to_string().into_bytes())),
        }
    }

    /// Text that is no JSON: true if it cannot be written down.
    pub(crate) fn is_secret(info: &RequestInfo, text: &str) -> bool {
        let secrets = info.api_group().is_empty() && info.resource() == "secrets";
        secrets || SIGNS.iter().any(|sign| text.contains(sign)) || text.contains("kind: Secret")
    }
}

/// The query of a request as it may be shown.
pub(crate) fn query(raw: &str) -> Cow<'_, str> {
    let hides = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = name.to_ascii_lowercase();
        !value.is_empty() && (PARAMETERS.contains(&name.as_str()) || is_token(value))
    };
    if !raw.split('&').any(hides) {
        return Cow::Borrowed(raw);
    }
    let shown = raw.split('&').map(|part| match part.split_once('=') {
        Some((name, _)) if hides(part) => Cow::Owned(format!("{name}=masked")),
        _ => Cow::Borrowed(part),
    });
    Cow::Owned(shown.collect::<Vec<_>>().join("&"))
}

/// The target of a request as it may be shown.
pub(crate) fn target(target: &str) -> Cow<'_, str> {
    match target.split_once('?') {
        Some((path, raw)) => match query(raw) {
            Cow::Borrowed(_) => Cow::Borrowed(target),
            Cow::Owned(shown) => Cow::Owned(format!("{path}?{shown}")),
        },
        None => Cow::Borrowed(target),
    }
}

fn is(members: &[(String, Node)], key: &str, value: &str) -> bool {
    members
        .iter()
        .any(|(k, v)| k == key && matches!(v, Node::String(text) if text == value))
}

/// The `path` of a JSON patch's operation.
fn pointer(members: &[(String, Node)]) -> Option<String> {
    members.iter().find_map(|(key, value)| match value {
        Node::String(path) if key == "path" => Some(path.clone()),
        _ => None,
    })
}

fn in_secret(place: Option<&str>, member: &str) -> bool {
    place
        .and_then(|place| place.strip_prefix(member))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `eyJhbGciOi….eyJpc3MiOi….c2ln…`
fn is_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    parts.len() == 3
        && parts[0].starts_with("eyJ")
        && parts[1].starts_with("eyJ")
        && parts.iter().all(|part| part.bytes().all(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::query::Query;

    #[test]
    fn what_a_query_proves_is_not_shown() {
        for (raw, shown) in [
            ("", ""),
            ("watch=true&limit=5", "watch=true&limit=5"),
            ("token=abc&limit=5", "token=masked&limit=5"),
            ("a=b&Access_Token=abc", "a=b&Access_Token=masked"),
            ("x=eyJhbGci.eyJpc3Mi.c2ln", "x=masked"),
            ("token", "token"),
            ("continue=eyJ2IjoxfQ", "continue=eyJ2IjoxfQ"),
        ] {
            assert_eq!(query(raw), shown, "{raw}");
        }
        assert_eq!(target("/a?token=b"), "/a?token=masked");
        assert_eq!(target("/a?b=c"), "/a?b=c");
    }

    fn masked(masks: &mut Masks, path: &str, body: &str) -> String {
        let info = RequestInfo::new(&http::Method::GET, path.into(), &Query::default()).unwrap();
        let mut node = json::parse(body.as_bytes()).unwrap();
        masks.apply(&info, &mut node);
        node.to_value().to_string()
    }

    #[test]
    fn the_values_of_secrets_are_masked_and_stay_the_same() {
        let mut masks = Masks::default();
        let sent = masked(
            &mut masks,
            "/api/v1/namespaces/a/secrets",
            r#"{"stringData":{"a":"hunter2"}}"#,
        );
        assert_eq!(sent, r#"{"stringData":{"a":"masked-1"}}"#);
        let answer = masked(
            &mut masks,
            "/api/v1/namespaces/a/secrets/s",
            r#"{"kind":"Secret","data":{"a":"aHVudGVyMg==","b":"aHVudGVyMw=="}}"#,
        );
        let encoded = [base64::encode(b"masked-1"), base64::encode(b"masked-2")];
        assert_eq!(
            answer,
            format!(
                r#"{{"data":{{"a":"{}","b":"{}"}},"kind":"Secret"}}"#,
                encoded[0], encoded[1]
            )
        );
    }

    #[test]
    fn no_way_around() {
        for (path, body) in [
            (
                "/api/v1/namespaces/a/secrets/s",
                r#"[{"op":"add","path":"/data/a","value":"aHVudGVyMg=="}]"#,
            ),
            (
                "/api/v1/namespaces/a/secrets/s",
                r#"[{"op":"add","path":"/data","value":{"a":"aHVudGVyMg=="}}]"#,
            ),
            (
                "/api/v1/namespaces/a/secrets/s",
                r#"{"data":{"a":"%hunter2"}}"#,
            ),
            (
                "/api/v1/secrets",
                r#"{"items":[{"data":{"a":"aHVudGVyMg=="}}]}"#,
            ),
            (
                "/api/v1/namespaces/a/secrets/s",
                r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"kind\":\"Secret\",\"stringData\":{\"a\":\"hunter2\"}}\n"}}}"#,
            ),
            (
                "/api/v1/namespaces/a/serviceaccounts/s/token",
                r#"{"status":{"token":"hunter2"}}"#,
            ),
            (
                "/api/v1/namespaces/a/configmaps",
                r#"{"data":{"k":"-----BEGIN RSA PRIVATE KEY-----\nhunter2"}}"#,
            ),
            (
                "/api/v1/namespaces/a/configmaps",
                r#"{"data":{"k":"eyJhunter2.eyJhunter2.hunter2"}}"#,
            ),
        ] {
            let text = masked(&mut Masks::default(), path, body);
            assert!(
                !text.contains("hunter2") && !text.contains("aHVudGVyMg"),
                "{text}"
            );
        }
    }
}
