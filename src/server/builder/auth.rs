//! Who is known to a server, and who may do what.

use std::path::PathBuf;

use serde_json::Value;

use crate::authentication::accounts::Issuance;
#[cfg(feature = "tls")]
use crate::authentication::certificates::Authorities;
#[cfg(feature = "tls")]
use crate::authentication::front_proxy::FrontProxies;
#[cfg(feature = "tls")]
use crate::authentication::signing::Keys;
use crate::authentication::{Authenticator, tokens};
use crate::error::Error;
use crate::request::user::UserInfo;

/// Who is known to a server, and who may do what: for [`FakeApiServerBuilder::auth`](crate::FakeApiServerBuilder::auth).
///
/// Without it everybody is the administrator, and may do everything.
///
/// ```
/// use fake_apiserver::{Auth, FakeApiServer};
/// use serde_json::json;
///
/// let server = FakeApiServer::builder()
///     .auth(Auth::new().token("s3cret", "alice", ["dev"]).rbac())
///     .object(json!({
///         "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
///         "metadata": {"name": "alice-views"},
///         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
///         "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
///     }))
///     .start_blocking();
/// assert_eq!(server.token(), Some("s3cret"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "this says who is known; give it to FakeApiServerBuilder::auth"]
pub struct Auth {
    tokens: Vec<(String, UserInfo)>,
    token_file: Option<PathBuf>,
    anonymous: bool,
    strict: bool,
    issuer: Option<String>,
    #[cfg(feature = "tls")]
    certificates: Certificates,
    /// The rules to authorize by, beside those among the objects.
    pub(super) rbac: Option<Vec<Value>>,
}

/// Who vouches for clients and for service accounts, in PEM.
#[cfg(feature = "tls")]
#[derive(Clone, Debug, Default)]
struct Certificates {
    client_authorities: Vec<String>,
    /// Of proxies, and what these are called.
    proxies: Option<(String, Vec<String>)>,
    signing_key: Option<String>,
    account_keys: Vec<String>,
}

impl Default for Auth {
    fn default() -> Self {
        Auth::new()
    }
}

impl Auth {
    /// Nobody is known, and so everybody is the administrator.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let server = FakeApiServer::builder().auth(Auth::new()).start_blocking();
    /// assert_eq!(server.token(), None);
    /// ```
    pub fn new() -> Self {
        Auth {
            tokens: Vec::new(),
            token_file: None,
            anonymous: true,
            strict: false,
            issuer: None,
            #[cfg(feature = "tls")]
            certificates: Certificates::default(),
            rbac: None,
        }
    }

    /// Adds a user who is known by a bearer token. From the first token on, requests with an unknown token are refused
    /// with 401; those without one are `system:anonymous`.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let auth = Auth::new().token("t0ken", "admin", ["system:masters"]).token("s3cret", "alice", ["dev"]);
    /// let server = FakeApiServer::builder().auth(auth).start_blocking();
    /// assert!(server.kubeconfig().contains("t0ken"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the token is empty, as no request could carry it.
    #[track_caller]
    pub fn token<G: Into<String>>(
        mut self,
        token: impl Into<String>,
        user: impl Into<String>,
        groups: impl IntoIterator<Item = G>,
    ) -> Self {
        let (token, name) = (token.into(), user.into());
        if token.is_empty() {
            panic!("the token of {name:?} is empty, and no request could carry it");
        }
        let groups = groups.into_iter().map(Into::into).collect();
        self.tokens.push((
            token,
            UserInfo {
                uid: name.clone(),
                name,
                groups,
                ..UserInfo::default()
            },
        ));
        self
    }

    /// Adds the users of a token file: kube-apiserver's CSV, `token,user,uid,"group1,group2"`. The kubeconfig carries the
    /// first token there is. A file without any is refused at the start.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let file = tempfile::NamedTempFile::new().unwrap();
    /// std::fs::write(&file, "t0ken,alice,1,\"dev,ops\"\n").unwrap();
    /// let server = FakeApiServer::builder().auth(Auth::new().token_file(file.path())).start_blocking();
    /// assert_eq!(server.token(), Some("t0ken"));
    /// ```
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = Some(path.into());
        self
    }

    /// Whether requests without a token are welcome as `system:anonymous`, or refused with 401. Default: welcome. Refusing
    /// them takes a token, as nobody could get in otherwise.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let auth = Auth::new().anonymous(false);
    /// assert!(FakeApiServer::builder().auth(auth.clone()).try_start_blocking().is_err());
    /// let auth = auth.token("t", "alice", ["dev"]);
    /// assert!(FakeApiServer::builder().auth(auth).try_start_blocking().is_ok());
    /// ```
    pub fn anonymous(mut self, welcome: bool) -> Self {
        self.anonymous = welcome;
        self
    }

    /// Whoever proves to be nobody is `system:anonymous` (or refused, see [`anonymous`](Self::anonymous)), even if nobody is
    /// known yet. Without this, and without tokens or a [client authority](Self::client_ca), everybody is the
    /// administrator.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// // Nobody may do more than what is public, but who is added by `add_user` or comes with a service account's token.
    /// let server = FakeApiServer::builder().auth(Auth::new().strict().rbac()).start_blocking();
    /// assert_eq!(server.token(), None);
    /// ```
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Who issues the tokens of service accounts, which is also their audience if nobody asks for another. Default:
    /// `https://kubernetes.default.svc`.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let auth = Auth::new().service_account_issuer("https://issuer.test");
    /// let server = FakeApiServer::builder().auth(auth).start_blocking();
    /// ```
    pub fn service_account_issuer(mut self, url: impl Into<String>) -> Self {
        self.issuer = Some(url.into());
        self
    }

    /// Signs the tokens of service accounts with this private key (RSA, or elliptic P-256 or P-384, in PEM), by which
    /// others can check them. Without it they are signed with a key from the seed.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// # let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    /// let auth = Auth::new().service_account_signing_key(key);
    /// let server = FakeApiServer::builder().auth(auth).start_blocking();
    /// ```
    #[cfg(feature = "tls")]
    pub fn service_account_signing_key(mut self, pem: impl Into<String>) -> Self {
        self.certificates.signing_key = Some(pem.into());
        self
    }

    /// Believes tokens of service accounts that were signed with one of these keys too: public or private keys, or
    /// certificates, in PEM. Takes a [signing key](Self::service_account_signing_key).
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// # let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    /// # let old = rcgen::KeyPair::generate().unwrap().public_key_pem();
    /// let auth = Auth::new().service_account_signing_key(key).service_account_key(old);
    /// let server = FakeApiServer::builder().auth(auth).start_blocking();
    /// ```
    #[cfg(feature = "tls")]
    pub fn service_account_key(mut self, pem: impl Into<String>) -> Self {
        self.certificates.account_keys.push(pem.into());
        self
    }

    /// Knows clients by certificates that this authority (PEM, one or more) has signed: the common name is the user, the
    /// organizations are the groups. Requests over a connection without a certificate are `system:anonymous`, those with
    /// one that nobody vouches for are refused with 401. Times are those of the server's clock.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// # let key = rcgen::KeyPair::generate().unwrap();
    /// # let mut params = rcgen::CertificateParams::default();
    /// # params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    /// # let authority = params.self_signed(&key).unwrap().pem();
    /// let auth = Auth::new().client_ca(authority).rbac();
    /// let server = FakeApiServer::builder().tls().auth(auth).start_blocking();
    /// // The server's own kubeconfig has a certificate of an administrator.
    /// assert!(server.kubeconfig().contains("client-certificate-data"));
    /// ```
    #[cfg(feature = "tls")]
    pub fn client_ca(mut self, pem: impl Into<String>) -> Self {
        self.certificates.client_authorities.push(pem.into());
        self
    }

    /// Believes proxies with a certificate that this authority (PEM) has signed who asks: their `X-Remote-User`,
    /// `X-Remote-Uid`, `X-Remote-Group` and `X-Remote-Extra-` headers. If there are names, the proxy's common name has to be
    /// one of them.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// # let key = rcgen::KeyPair::generate().unwrap();
    /// # let authority = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
    /// let auth = Auth::new().front_proxy(authority, ["front-proxy-client"]);
    /// let server = FakeApiServer::builder().tls().auth(auth).start_blocking();
    /// ```
    #[cfg(feature = "tls")]
    pub fn front_proxy<N: Into<String>>(
        mut self,
        pem: impl Into<String>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.certificates.proxies = Some((pem.into(), names));
        self
    }

    /// Authorizes by RBAC: by the Role, ClusterRole, RoleBinding and ClusterRoleBinding objects among those the server
    /// starts with, on top of the default ones of every cluster. Without this everybody may do everything.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let auth = Auth::new().token("s3cret", "alice", ["system:masters"]).rbac();
    /// let server = FakeApiServer::builder().auth(auth).start_blocking();
    /// println!("alice may do everything at {}, anonymous next to nothing", server.url());
    /// ```
    pub fn rbac(mut self) -> Self {
        self.rbac.get_or_insert_default();
        self
    }

    /// The same with these rules as well.
    #[cfg(feature = "fixture")]
    pub(crate) fn rbac_with(mut self, rules: &[Value]) -> Self {
        self.rbac.get_or_insert_default().extend_from_slice(rules);
        self
    }

    /// The token of the kubeconfig.
    pub(super) fn first_token(&self, known: &Authenticator) -> Option<String> {
        let token = self.tokens.first().map(|(token, _)| token.as_str());
        token.or(known.first_token()).map(str::to_owned)
    }

    /// How tokens of service accounts are issued.
    pub(super) fn issuance(&self) -> Result<Issuance, Error> {
        let usual = Issuance::default();
        Ok(Issuance {
            issuer: self.issuer.clone().unwrap_or(usual.issuer),
            #[cfg(feature = "tls")]
            keys: self.keys()?,
        })
    }

    #[cfg(feature = "tls")]
    fn keys(&self) -> Result<Option<Keys>, Error> {
        let Certificates {
            signing_key,
            account_keys,
            ..
        } = &self.certificates;
        let invalid = |place: &'static str| move |problem| Error::invalid(place, problem);
        let Some(key) = signing_key else {
            return match account_keys.as_slice() {
                [] => Ok(None),
                _ => Err(invalid("service_account_key")(
                    "takes a signing key".to_owned(),
                )),
            };
        };
        let mut keys = Keys::parse(key).map_err(invalid("service_account_signing_key"))?;
        for other in account_keys {
            keys.trust(other).map_err(invalid("service_account_key"))?;
        }
        Ok(Some(keys))
    }

    /// Whether nobody is the administrator without having proven so.
    fn is_strict(&self) -> bool {
        #[cfg(feature = "tls")]
        if !self.certificates.client_authorities.is_empty() || self.certificates.proxies.is_some() {
            return true;
        }
        self.strict
    }

    pub(super) fn authenticator(&self) -> Result<Authenticator, Error> {
        let known = self.known_by_token()?;
        #[cfg(feature = "tls")]
        let known = known
            .with_authorities(self.authorities()?)
            .with_proxies(self.proxies()?);
        Ok(known)
    }

    #[cfg(feature = "tls")]
    fn authorities(&self) -> Result<Authorities, Error> {
        let mut all = Authorities::default();
        for text in &self.certificates.client_authorities {
            let more = Authorities::parse(text).map_err(|e| Error::invalid("client_ca", e))?;
            all.join(more);
        }
        Ok(all)
    }

    #[cfg(feature = "tls")]
    fn proxies(&self) -> Result<Option<FrontProxies>, Error> {
        let Some((text, names)) = &self.certificates.proxies else {
            return Ok(None);
        };
        let authorities = Authorities::parse(text).map_err(|e| Error::invalid("front_proxy", e))?;
        Ok(Some(FrontProxies::new(authorities, names.clone())))
    }

    fn known_by_token(&self) -> Result<Authenticator, Error> {
        let mut known = match &self.token_file {
            None if self.is_strict() => tokens::Tokens::default(),
            None if self.tokens.is_empty() && self.anonymous => return Ok(Authenticator::open()),
            None if self.tokens.is_empty() => {
                let problem = "anonymous(false) needs a token, or nobody could get in";
                return Err(Error::invalid("auth", problem));
            }
            None => tokens::Tokens::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, e))?;
                tokens::parse(&text).map_err(|e| {
                    Error::invalid(format!("{}:{}", path.display(), e.line), e.message)
                })?
            }
        };
        for (token, user) in &self.tokens {
            known.insert(token.clone(), user.clone());
        }
        let is_nobody_known = known.is_empty() && !self.is_strict();
        if let (true, Some(path)) = (is_nobody_known, &self.token_file) {
            let problem = "there is no token in this file, so nobody could use one";
            return Err(Error::invalid(path.display().to_string(), problem));
        }
        Ok(Authenticator::new(known, self.anonymous))
    }
}
