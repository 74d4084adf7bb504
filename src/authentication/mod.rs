//! Who asks: from the headers of a request to a user, or a 401.
//!
//! A server with a token file answers as kube-apiserver does with `--token-auth-file`: a bearer token it knows is that
//! user, one it does not know is a 401 even where anonymous requests are welcome, and a request without a token is
//! `system:anonymous` (or a 401 where they are not). Everything that is not a bearer token (basic authentication, an
//! empty token) counts as none.
//!
//! A server without one is [open](Authenticator::open): every request, whatever it carries, is the cluster's
//! administrator, so that a test needs no credentials and may still impersonate whom it likes.
//!
//! - [`tokens`]: the token file.
//! - [`credentials`]: where a request carries its token.
//! - [`impersonation`]: acting as somebody else.

pub(crate) mod credentials;
pub(crate) mod impersonation;
pub(crate) mod tokens;

use std::sync::Arc;

use http::HeaderMap;

use crate::authorization::MASTERS;
use crate::request::user::UserInfo;
use crate::status::Status;
use tokens::Tokens;

/// The group of everybody who proved who they are.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";
/// The group of everybody else.
pub(crate) const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user of a request without credentials.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

/// Tells who a request comes from.
#[derive(Debug)]
pub(crate) struct Authenticator {
    tokens: Tokens,
    anonymous: bool,
    enabled: bool,
    /// Who comes without a token.
    default_user: Arc<UserInfo>,
}

impl Authenticator {
    /// No authentication: everybody is the administrator.
    pub(crate) fn open() -> Self {
        Authenticator {
            tokens: Tokens::default(),
            anonymous: true,
            enabled: false,
            default_user: UserInfo::member("system:admin", &[MASTERS, AUTHENTICATED]).into(),
        }
    }

    /// These tokens and no others; `anonymous` says whether a request may come without.
    pub(crate) fn new(tokens: Tokens, anonymous: bool) -> Self {
        Authenticator {
            tokens,
            anonymous,
            enabled: true,
            default_user: UserInfo::member(ANONYMOUS, &[UNAUTHENTICATED]).into(),
        }
    }

    /// The token a client may use who was given none.
    pub(crate) fn first_token(&self) -> Option<&str> {
        self.tokens.first()
    }

    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<UserInfo>, Status> {
        if !self.enabled {
            return Ok(self.default_user.clone());
        }
        // A token that fails in one place does not spoil a good one in the other.
        let places = [
            Ok(credentials::header_token(headers)),
            credentials::websocket_token(headers),
        ];
        let mut failed = false;
        for place in places {
            match place.map(|token| token.map(|token| self.tokens.user(&token))) {
                Ok(Some(Some(user))) => return Ok(with_authenticated_group(user.clone()).into()),
                Ok(None) => {}
                Ok(Some(None)) | Err(_) => failed = true,
            }
        }
        if failed || !self.anonymous {
            return Err(Status::unauthorized());
        }
        Ok(self.default_user.clone())
    }
}

/// A token file may itself say which of the two a user belongs to.
fn with_authenticated_group(mut user: UserInfo) -> UserInfo {
    if user.name != ANONYMOUS && !user.in_group(UNAUTHENTICATED) {
        user.join(AUTHENTICATED);
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    const FILE: &str =
        "admintoken,admin,uid-admin,\"system:masters\"\nusertoken,alice,uid-alice,\"dev\"\n";
    const WEBSOCKET: [(&str, &str); 2] = [("upgrade", "websocket"), ("connection", "Upgrade")];

    fn authenticator(anonymous: bool) -> Authenticator {
        Authenticator::new(tokens::parse(FILE).unwrap(), anonymous)
    }

    /// Names and values of headers.
    type List = [(&'static str, &'static str)];

    fn headers(list: &List) -> HeaderMap {
        list.iter()
            .map(|&(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    /// The user's name, or nothing for a 401.
    fn name(anonymous: bool, list: &List) -> Option<String> {
        authenticator(anonymous)
            .authenticate(&headers(list))
            .ok()
            .map(|user| user.name.clone())
    }

    #[test]
    fn a_known_token_is_its_user_with_the_group_of_the_authenticated() {
        let user = authenticator(true)
            .authenticate(&headers(&[("authorization", "Bearer usertoken")]))
            .unwrap();
        let expected = UserInfo {
            uid: "uid-alice".to_owned(),
            ..UserInfo::member("alice", &["dev", "system:authenticated"])
        };
        assert_eq!(*user, expected);
    }

    #[test]
    fn a_request_is_known_by_its_headers() {
        let cases: [(&List, Option<&str>); 14] = [
            (&[], Some(ANONYMOUS)),
            (&[("authorization", "Basic dTpw")], Some(ANONYMOUS)),
            (&[("authorization", "Bearer")], Some(ANONYMOUS)),
            (&[("authorization", "Bearer  usertoken")], Some(ANONYMOUS)),
            (&[("authorization", "usertoken")], Some(ANONYMOUS)),
            (&[("authorization", "Bearer usertoken")], Some("alice")),
            (
                &[("authorization", "bEARER usertoken more words")],
                Some("alice"),
            ),
            (&[("authorization", "Bearer nonsense")], None),
            (
                &[
                    ("authorization", "Bearer usertoken"),
                    ("authorization", "Bearer nonsense"),
                ],
                Some("alice"),
            ),
            (
                &[
                    ("authorization", "Basic x"),
                    ("authorization", "Bearer usertoken"),
                ],
                Some(ANONYMOUS),
            ),
            (&[("x-auth-token", "usertoken")], Some("alice")),
            (&[("x-auth-token", "nonsense")], None),
            (
                &[
                    ("x-auth-token", "admintoken"),
                    ("authorization", "Bearer usertoken"),
                ],
                Some("alice"),
            ),
            (
                &[
                    ("x-auth-token", "usertoken"),
                    ("authorization", "Basic dTpw"),
                ],
                Some("alice"),
            ),
        ];
        for (list, expected) in cases {
            assert_eq!(name(true, list).as_deref(), expected, "{list:?}");
        }
    }

    #[test]
    fn without_anonymous_requests_a_token_is_required() {
        assert_eq!(name(false, &[]), None);
        assert_eq!(name(false, &[("authorization", "Basic dTpw")]), None);
        assert_eq!(
            name(false, &[("authorization", "Bearer usertoken")]).as_deref(),
            Some("alice")
        );
    }

    #[test]
    fn an_anonymous_user_belongs_to_the_unauthenticated_only() {
        let user = authenticator(true).authenticate(&HeaderMap::new()).unwrap();
        assert_eq!(
            *user,
            UserInfo::member("system:anonymous", &["system:unauthenticated"])
        );
    }

    #[test]
    fn a_refusal_is_the_plain_401() {
        let status = authenticator(true)
            .authenticate(&headers(&[("authorization", "Bearer no")]))
            .unwrap_err();
        let expected = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
        assert_eq!(status.to_json(), expected.as_bytes());
    }

    #[test]
    fn a_websocket_may_carry_its_token_as_a_subprotocol() {
        // "usertoken" and "nonsense" in base64url.
        let good = "base64url.bearer.authorization.k8s.io.dXNlcnRva2Vu, base64.binary.k8s.io";
        let alone = "base64url.bearer.authorization.k8s.io.dXNlcnRva2Vu";
        let unknown = "base64url.bearer.authorization.k8s.io.bm9uc2Vuc2U, x";
        let broken = "base64url.bearer.authorization.k8s.io.!!!, x";
        let padded = "base64url.bearer.authorization.k8s.io.dXNlcnRva2VuYQ==, x";
        let empty = "base64url.bearer.authorization.k8s.io.";
        let twice = "base64url.bearer.authorization.k8s.io.dXNlcnRva2Vu, base64url.bearer.authorization.k8s.io.eA, x";
        let cases = [
            (good, Some("alice")),
            (alone, None),
            (unknown, None),
            (broken, None),
            (padded, None),
            (twice, None),
            (empty, Some(ANONYMOUS)),
            ("x, y", Some(ANONYMOUS)),
        ];
        for (protocols, expected) in cases {
            let mut list = WEBSOCKET.to_vec();
            list.push(("sec-websocket-protocol", protocols));
            assert_eq!(name(true, &list).as_deref(), expected, "{protocols}");
        }
        assert_eq!(
            name(true, &[("sec-websocket-protocol", good)]).as_deref(),
            Some(ANONYMOUS)
        );
    }

    #[test]
    fn a_bad_header_does_not_spoil_a_good_subprotocol() {
        let mut list = WEBSOCKET.to_vec();
        list.push((
            "sec-websocket-protocol",
            "base64url.bearer.authorization.k8s.io.dXNlcnRva2Vu, x",
        ));
        list.push(("authorization", "Bearer nonsense"));
        assert_eq!(name(true, &list).as_deref(), Some("alice"));
    }

    #[test]
    fn an_open_server_takes_everybody_for_its_administrator() {
        for list in [
            headers(&[]),
            headers(&[("authorization", "Bearer anything")]),
        ] {
            let user = Authenticator::open().authenticate(&list).unwrap();
            assert_eq!(
                *user,
                UserInfo::member("system:admin", &["system:masters", "system:authenticated"])
            );
        }
    }
}
