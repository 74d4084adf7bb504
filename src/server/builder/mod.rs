//! Setting up a server.
//!
//! What most tests say stands on the builder itself; what goes together and is seldom said is a group of settings:
//! [`Auth`], [`Limits`].

mod access;
mod admission;
mod audit;
mod auth;
mod chance;
mod faults;
mod launch;
mod limits;
#[cfg(feature = "tls")]
mod tls;
mod visitors;
mod webhooks;

use std::net::{Ipv4Addr, SocketAddr};
use std::panic::Location;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use self::auth::Auth;
pub use self::limits::Limits;

use self::access::Access;
use self::audit::AuditFiles;
use crate::admission::selection::Selection;
use crate::control::snapshot::Snapshot;
use crate::fault::Fault;

/// Sets up a [`FakeApiServer`](crate::FakeApiServer). Made by [`FakeApiServer::builder`](crate::FakeApiServer::builder).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use fake_apiserver::{Auth, FakeApiServer};
/// use serde_json::json;
///
/// let server = FakeApiServer::builder()
///     .object(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "shop"}}))
///     .auth(Auth::new().token("s3cret", "alice", ["dev"]))
///     .start()
///     .await;
/// assert!(server.resource("endpoints").namespace("shop").get("db").is_some());
/// # });
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct FakeApiServerBuilder {
    address: SocketAddr,
    #[cfg(feature = "tls")]
    tls: bool,
    #[cfg(feature = "tls")]
    tls_sans: Vec<String>,
    /// Instead of one made for this server: the certificate and its key, in PEM.
    #[cfg(feature = "tls")]
    tls_certificate: Option<(String, String)>,
    hosts: Vec<String>,
    origins: Vec<String>,
    auth: Auth,
    /// By namespace and name.
    webhook_services: Vec<(String, String, String)>,
    limits: Limits,
    objects: Vec<Source>,
    from: Option<Snapshot>,
    /// Instead of what `auth` says.
    access: Option<Access>,
    implicit_namespaces: bool,
    plugins: Selection,
    audit: Option<AuditFiles>,
    controllers: bool,
    version: String,
    seed: Option<u64>,
    time: Option<Timestamp>,
    faults: Vec<Fault>,
    fault_files: Vec<PathBuf>,
    allow_unused_faults: bool,
    control: bool,
    coverage_dir: Option<PathBuf>,
}

/// Where an object to start with comes from.
#[derive(Clone, Debug)]
enum Source {
    Value {
        object: Result<Value, String>,
        caller: &'static Location<'static>,
    },
    File(PathBuf),
    /// The definitions in these files.
    Definitions(PathBuf),
}

impl Default for FakeApiServerBuilder {
    fn default() -> Self {
        FakeApiServerBuilder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            #[cfg(feature = "tls")]
            tls: false,
            #[cfg(feature = "tls")]
            tls_sans: Vec::new(),
            #[cfg(feature = "tls")]
            tls_certificate: None,
            hosts: Vec::new(),
            origins: Vec::new(),
            auth: Auth::new(),
            webhook_services: Vec::new(),
            limits: Limits::new(),
            objects: Vec::new(),
            from: None,
            access: None,
            implicit_namespaces: false,
            plugins: Selection::default(),
            audit: None,
            controllers: true,
            version: "1.36.2".to_owned(),
            seed: None,
            time: None,
            faults: Vec::new(),
            fault_files: Vec::new(),
            allow_unused_faults: false,
            control: false,
            coverage_dir: None,
        }
    }
}

impl FakeApiServerBuilder {
    /// Who is known, and who may do what, in place of what was said before. Default: everybody is the administrator.
    ///
    /// ```
    /// use fake_apiserver::{Auth, FakeApiServer};
    /// let auth = Auth::new().token("s3cret", "alice", ["dev"]).anonymous(false);
    /// let server = FakeApiServer::builder().auth(auth).start_blocking();
    /// assert_eq!(server.token(), Some("s3cret"));
    /// ```
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// How much the server takes and keeps, in place of what was said before.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Limits};
    /// let limits = Limits::new().events(50).journal(10_000);
    /// let server = FakeApiServer::builder().limits(limits).start_blocking();
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Stores an object before the server starts, as [`FakeApiServer::object`](crate::FakeApiServer::object) does. Giving
    /// the same object twice, here or in a file, is an error that names both places.
    ///
    /// Roles and their bindings are what [`Auth::rbac`] authorizes by; without it they are stored as anything else.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    /// let server = FakeApiServer::builder()
    ///     .object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}))
    ///     .start_blocking();
    /// assert!(server.resource("namespaces").get("shop").is_some());
    /// ```
    #[track_caller]
    pub fn object(mut self, object: impl Serialize) -> Self {
        let object = serde_json::to_value(object).map_err(|e| e.to_string());
        self.objects.push(Source::Value {
            object,
            caller: Location::caller(),
        });
        self
    }

    /// Stores objects before the server starts, each as by [`object`](Self::object).
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    /// let named = |name| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    /// let server = FakeApiServer::builder().objects(["a", "b"].map(named)).start_blocking();
    /// assert_eq!(server.resource("secrets").list().len(), 2);
    /// ```
    #[track_caller]
    pub fn objects<T: Serialize>(mut self, objects: impl IntoIterator<Item = T>) -> Self {
        for object in objects {
            self = self.object(object);
        }
        self
    }

    /// Stores the objects of a YAML or JSON file, which may have many documents and lists, or of every such file in a
    /// directory whose name does not start with a dot; each as by [`object`](Self::object).
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let file = tempfile::NamedTempFile::new().unwrap();
    /// std::fs::write(&file, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").unwrap();
    /// let server = FakeApiServer::builder().objects_file(file.path()).start_blocking();
    /// assert!(server.resource("namespaces").get("shop").is_some());
    /// ```
    pub fn objects_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.objects.push(Source::File(path.into()));
        self
    }

    /// Defines custom kinds before the server starts and before any object is stored: a CustomResourceDefinition, such as
    /// `MyResource::crd()` of kube's derive.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    ///
    /// let server = FakeApiServer::builder()
    ///     .crd(json!({
    ///         "apiVersion": "apiextensions.k8s.io/v1",
    ///         "kind": "CustomResourceDefinition",
    ///         "metadata": {"name": "widgets.example.com"},
    ///         "spec": {
    ///             "group": "example.com",
    ///             "scope": "Namespaced",
    ///             "names": {"plural": "widgets", "kind": "Widget"},
    ///             "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
    ///                 "type": "object",
    ///                 "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    ///             }}}],
    ///         },
    ///     }))
    ///     .start_blocking();
    /// server.object(json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}}));
    /// assert_eq!(server.resource("widgets").namespace("default").get("w").unwrap()["spec"]["size"], 3);
    /// ```
    ///
    /// What is wrong with it is told when the server is started, in the real server's words.
    #[track_caller]
    pub fn crd(self, definition: impl Serialize) -> Self {
        self.object(definition)
    }

    /// Defines the custom kinds of a YAML or JSON file, or of every such file in a directory, such as `config/crd/bases`;
    /// what else is in them is left alone.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let folder = tempfile::tempdir().unwrap();
    /// std::fs::write(folder.path().join("widgets.yaml"), "
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata: {name: widgets.example.com}
    /// spec:
    ///   group: example.com
    ///   scope: Cluster
    ///   names: {plural: widgets, kind: Widget}
    ///   versions:
    ///   - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
    /// ").unwrap();
    /// let server = FakeApiServer::builder().crds_file(folder.path()).start_blocking();
    /// assert!(server.resource("widgets").list().is_empty());
    /// ```
    pub fn crds_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.objects.push(Source::Definitions(path.into()));
        self
    }

    /// Starts with the state of a snapshot: its objects, its revision, its clock and its source of made-up names, unless
    /// [`clock_at`](Self::clock_at) or [`random_seed`](Self::random_seed) say otherwise. Objects are shared, not copied.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let other = FakeApiServer::builder().from_snapshot(&server.snapshot()).start_blocking();
    /// assert_eq!(other.revision(), server.revision());
    /// ```
    pub fn from_snapshot(mut self, snapshot: &Snapshot) -> Self {
        self.from = Some(snapshot.clone());
        self
    }

    /// Whether a namespace springs up when something is created in it. Default: no, as on a real server.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().implicit_namespaces(true).start_blocking();
    /// // A client creates configmaps in "shop", and there it is.
    /// ```
    pub fn implicit_namespaces(mut self, implicit: bool) -> Self {
        self.implicit_namespaces = implicit;
        self
    }

    /// Whether the parts of the controller manager without which deletions would hang are played: the garbage collector
    /// and the namespace controller. Default: yes.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// // A namespace that is deleted stays Terminating until the test plays the controller.
    /// let server = FakeApiServer::builder().controllers(false).start_blocking();
    /// ```
    pub fn controllers(mut self, played: bool) -> Self {
        self.controllers = played;
        self
    }

    /// The Kubernetes version to play, such as `1.36` or `v1.33.1`. Default: `1.36.2`.
    ///
    /// It changes what `/version` says and which deprecation warnings are sent; all else is that of 1.36.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().kubernetes_version("1.32").start_blocking();
    /// let error = FakeApiServer::builder().kubernetes_version("latest").try_start_blocking().unwrap_err();
    /// assert!(error.is_invalid_input());
    /// ```
    pub fn kubernetes_version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Lets the server be scripted over HTTP too, below `/_fake`: for clients under test in another process or language.
    /// `GET /_fake` shows what there is.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::builder().control(true).start_blocking();
    /// println!("curl {}/_fake", server.url());
    /// ```
    pub fn control(mut self, offered: bool) -> Self {
        self.control = offered;
        self
    }

    /// Writes what the server's clients have met into this directory when the server is dropped; see
    /// [`Coverage::from_dir`](crate::Coverage::from_dir). Default: where the environment variable
    /// `FAKE_APISERVER_COVERAGE_DIR` says, if it is set.
    ///
    /// ```
    /// use fake_apiserver::{Coverage, FakeApiServer};
    /// let directory = tempfile::tempdir().unwrap();
    /// drop(FakeApiServer::builder().coverage_dir(directory.path()).start_blocking());
    /// // Nobody asked that server anything.
    /// assert_eq!(Coverage::from_dir(directory.path())?, Coverage::default());
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    pub fn coverage_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.coverage_dir = Some(directory.into());
        self
    }
}
