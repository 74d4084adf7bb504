//! Who is known to a server, and who may do what.

use std::path::PathBuf;

use serde_json::Value;

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
    /// The rules to authorize by, beside those among the objects.
    pub(super) rbac: Option<Vec<Value>>,
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

    pub(super) fn authenticator(&self) -> Result<Authenticator, Error> {
        let mut known = match &self.token_file {
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
        if let (true, Some(path)) = (known.is_empty(), &self.token_file) {
            let problem = "there is no token in this file, so nobody could use one";
            return Err(Error::invalid(path.display().to_string(), problem));
        }
        Ok(Authenticator::new(known, self.anonymous))
    }
}
