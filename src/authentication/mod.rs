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
//! - [`accounts`]: the tokens of service accounts, which any server knows.
//! - `certificates`: who a client is by the certificate it has shown.
//! - [`credentials`]: where a request carries its token.
//! - `signing`: the keys that tokens of service accounts may be signed with.
//! - `front_proxy`: whom a proxy says it asks for.
//! - [`impersonation`]: acting as somebody else.
//! - [`mask`]: what would give somebody away, where it is written down.
//! - [`origin`]: a browser, which asks on behalf of whose page it shows.

pub(crate) mod accounts;
#[cfg(feature = "tls")]
pub(crate) mod certificates;
pub(crate) mod credentials;
#[cfg(feature = "tls")]
pub(crate) mod front_proxy;
pub(crate) mod impersonation;
pub(crate) mod mask;
pub(crate) mod origin;
#[cfg(feature = "tls")]
pub(crate) mod signing;
pub(crate) mod tokens;

use std::sync::Arc;

use http::HeaderMap;

use crate::authorization::MASTERS;
use crate::request::peer::Peer;
use crate::request::user::UserInfo;
use crate::status::Status;
use accounts::{Accounts, Known};
#[cfg(feature = "tls")]
use certificates::Authorities;
#[cfg(feature = "tls")]
use front_proxy::FrontProxies;
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
    #[cfg(feature = "tls")]
    authorities: Authorities,
    #[cfg(feature = "tls")]
    proxies: Option<FrontProxies>,
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
            #[cfg(feature = "tls")]
            authorities: Authorities::default(),
            #[cfg(feature = "tls")]
            proxies: None,
            anonymous: true,
            enabled: false,
            default_user: UserInfo::member("system:admin", &[MASTERS, AUTHENTICATED]).into(),
        }
    }

    /// These tokens and no others; `anonymous` says whether a request may come without.
    pub(crate) fn new(tokens: Tokens, anonymous: bool) -> Self {
        Authenticator {
            tokens,
            #[cfg(feature = "tls")]
            authorities: Authorities::default(),
            #[cfg(feature = "tls")]
            proxies: None,
            anonymous,
            enabled: true,
            default_user: UserInfo::member(ANONYMOUS, &[UNAUTHENTICATED]).into(),
        }
    }

    /// With whom these vouch for.
    #[cfg(feature = "tls")]
    pub(crate) fn with_authorities(mut self, authorities: Authorities) -> Self {
        self.authorities = authorities;
        self
    }

    /// With proxies that are believed.
    #[cfg(feature = "tls")]
    pub(crate) fn with_proxies(mut self, proxies: Option<FrontProxies>) -> Self {
        self.proxies = proxies;
        self
    }

    /// The authorities a client is told of, in DER.
    #[cfg(feature = "tls")]
    pub(crate) fn told(&self) -> Result<Vec<Vec<u8>>, String> {
        let mut told = self.authorities.told()?;
        if let Some(proxies) = self.proxies.as_ref().filter(|_| !told.is_empty()) {
            told.extend_from_slice(proxies.authorities.given());
        }
        Ok(told)
    }

    /// Who vouches for clients.
    #[cfg(feature = "tls")]
    pub(crate) fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Whether everybody who can reach the server is its administrator.
    pub(crate) fn is_open(&self) -> bool {
        !self.enabled
    }

    /// The token a client may use who was given none.
    pub(crate) fn first_token(&self) -> Option<&str> {
        self.tokens.first()
    }

    pub(crate) fn authenticate(
        &self,
        headers: &HeaderMap,
        peer: Option<&Peer>,
        accounts: &Accounts<'_>,
    ) -> Result<Arc<UserInfo>, Status> {
        let shown = self.by_certificate(headers, peer, accounts);
        if let Ok(Some(user)) = shown {
            return Ok(user);
        }
        if !self.enabled {
            let token = credentials::header_token(headers);
            let account =
                token.and_then(|token| accounts.verify(&token, &default_audiences(accounts)));
            return Ok(match account {
                Some(Ok(known)) => with_authenticated_group(known.user).into(),
                _ => self.default_user.clone(),
            });
        }
        // What fails in one place does not spoil what is good in another.
        let places = [
            Ok(credentials::header_token(headers)),
            credentials::websocket_token(headers),
        ];
        let mut failed = shown.is_err();
        for place in places {
            match place.map(|token| token.map(|token| self.review(&token, &[], accounts))) {
                Ok(Some(Ok(known))) => return Ok(known.user.into()),
                Ok(None) => {}
                Ok(Some(Err(_))) | Err(_) => failed = true,
            }
        }
        if failed || !self.anonymous {
            return Err(Status::unauthorized());
        }
        Ok(self.default_user.clone())
    }

    /// Who a client is by its certificate, if it has shown one that names somebody.
    #[cfg(feature = "tls")]
    fn by_certificate(
        &self,
        headers: &HeaderMap,
        peer: Option<&Peer>,
        accounts: &Accounts<'_>,
    ) -> Result<Option<Arc<UserInfo>>, String> {
        let Some(peer) = peer else {
            return Ok(None);
        };
        let now = accounts.clock.now();
        let proxied = self.proxies.as_ref();
        let proxied = proxied.map_or(Ok(None), |proxies| proxies.user(headers, peer, now));
        let known = match proxied {
            Ok(Some(user)) => Ok(Some(user)),
            // Who is no proxy may be somebody all the same.
            Err(why) => match self.authorities.user(peer, now) {
                Ok(None) => Err(why),
                known => known,
            },
            Ok(None) => self.authorities.user(peer, now),
        };
        let known =
            known.inspect_err(|why| tracing::info!(why, "a client certificate counts for nothing"));
        // Where nobody was to vouch for clients, none is asked for by upstream's server.
        match self.proxies.is_none() && self.authorities.given().is_empty() {
            true => Ok(known.unwrap_or_default()),
            false => known,
        }
    }

    #[cfg(not(feature = "tls"))]
    fn by_certificate(
        &self,
        _headers: &HeaderMap,
        _peer: Option<&Peer>,
        _accounts: &Accounts<'_>,
    ) -> Result<Option<Arc<UserInfo>>, String> {
        Ok(None)
    }

    /// Who this is a token of, for one of these audiences or else for the server itself; or why of nobody.
    pub(crate) fn review(
        &self,
        token: &str,
        audiences: &[String],
        accounts: &Accounts<'_>,
    ) -> Result<Known, String> {
        let default = default_audiences(accounts);
        let audiences = if audiences.is_empty() {
            &default
        } else {
            audiences
        };
        let invalid = || "invalid bearer token".to_owned();
        let known = match self.tokens.user(token) {
            // The users of a token file are the server's own.
            Some(user) if audiences.contains(&default[0]) => Known {
                user: user.clone(),
                audiences: default.to_vec(),
            },
            Some(_) => return Err(invalid()),
            None => accounts
                .verify(token, audiences)
                .unwrap_or_else(|| Err(invalid()))?,
        };
        Ok(Known {
            user: with_authenticated_group(known.user),
            ..known
        })
    }
}

/// The audiences a token must be for if nobody says which.
fn default_audiences(accounts: &Accounts<'_>) -> [String; 1] {
    [accounts.issuance.issuer.clone()]
}

/// Whether a user is nobody in particular.
pub(crate) fn is_anonymous(user: &UserInfo) -> bool {
    user.name == ANONYMOUS || user.in_group(UNAUTHENTICATED)
}

/// A token file may itself say which of the two a user belongs to.
fn with_authenticated_group(mut user: UserInfo) -> UserInfo {
    if !is_anonymous(&user) {
        user.join(AUTHENTICATED);
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;
    use crate::object::Object;
    use crate::registry::Lister;
    use http::{HeaderName, HeaderValue};

    const FILE: &str =
        "admintoken,admin,uid-admin,\"system:masters\"\nusertoken,alice,uid-alice,\"dev\"\n";
    const WEBSOCKET: [(&str, &str); 2] = [("upgrade", "websocket"), ("connection", "Upgrade")];

    /// A cluster without accounts.
    struct Nothing;

    impl Lister for Nothing {
        fn get(&self, _: &str, _: &str, _: &str, _: &str) -> Option<Arc<Object>> {
            None
        }

        fn list(&self, _: &str, _: &str, _: &str) -> Vec<Arc<Object>> {
            Vec::new()
        }

        fn is_claimed(&self, _: &str) -> bool {
            false
        }
    }

    fn ask(authenticator: &Authenticator, headers: &HeaderMap) -> Result<Arc<UserInfo>, Status> {
        let accounts = Accounts {
            lister: &Nothing,
            ids: &Ids::new(1),
            clock: &Clock::running(),
            issuance: &accounts::Issuance::default(),
        };
        authenticator.authenticate(headers, None, &accounts)
    }

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
        ask(&authenticator(anonymous), &headers(list))
            .ok()
            .map(|user| user.name.clone())
    }

    #[test]
    fn a_known_token_is_its_user_with_the_group_of_the_authenticated() {
        let user = ask(
            &authenticator(true),
            &headers(&[("authorization", "Bearer usertoken")]),
        )
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
        let user = ask(&authenticator(true), &HeaderMap::new()).unwrap();
        assert_eq!(
            *user,
            UserInfo::member("system:anonymous", &["system:unauthenticated"])
        );
    }

    #[test]
    fn a_refusal_is_the_plain_401() {
        let status = ask(
            &authenticator(true),
            &headers(&[("authorization", "Bearer no")]),
        )
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
            let user = ask(&Authenticator::open(), &list).unwrap();
            assert_eq!(
                *user,
                UserInfo::member("system:admin", &["system:masters", "system:authenticated"])
            );
        }
    }
}
