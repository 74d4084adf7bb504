//! Setting up a server.
//!
//! What most tests say stands on the builder itself; what goes together and is seldom said is a group of settings:
//! [`Auth`], [`Limits`].

mod auth;
mod faults;
mod launch;
mod limits;

use std::net::{Ipv4Addr, SocketAddr};
use std::panic::Location;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use self::auth::Auth;
pub use self::limits::Limits;

use self::launch::Access;
use crate::clock;
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
    auth: Auth,
    limits: Limits,
    objects: Vec<Source>,
    from: Option<Snapshot>,
    /// Instead of what `auth` says.
    access: Option<Access>,
    implicit_namespaces: bool,
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
}

impl Default for FakeApiServerBuilder {
    fn default() -> Self {
        FakeApiServerBuilder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            #[cfg(feature = "tls")]
            tls: false,
            #[cfg(feature = "tls")]
            tls_sans: Vec::new(),
            auth: Auth::new(),
            limits: Limits::new(),
            objects: Vec::new(),
            from: None,
            access: None,
            implicit_namespaces: false,
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
    /// Listens on this address; port 0 means any free one. Default: `127.0.0.1:0`.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().bind(([0, 0, 0, 0], 0)).start_blocking();
    /// assert!(server.address().ip().is_unspecified());
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn bind(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Serves HTTPS, HTTP/2 and HTTP/1.1, with a certificate made for this server. The authority that signed it is in
    /// the kubeconfig and in [`FakeApiServer::ca_certificate`](crate::FakeApiServer::ca_certificate).
    ///
    /// The certificate is for `localhost`, `kubernetes`, `kubernetes.default`, `kubernetes.default.svc`, 127.0.0.1, ::1 and
    /// the address of [`bind`](Self::bind); [`tls_san`](Self::tls_san) adds others.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().tls().start_blocking();
    /// assert!(server.url().starts_with("https://127.0.0.1:"));
    /// assert!(server.ca_certificate().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Serves HTTPS as [`tls`](Self::tls) does, with a certificate that is for this name or IP address too: for clients
    /// that reach the server by it, from another container or machine.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let everywhere = FakeApiServer::builder().bind(([0, 0, 0, 0], 0));
    /// let server = everywhere.tls_san("fake.test").tls_san("10.1.2.3").start_blocking();
    /// println!("https://fake.test:{}", server.address().port());
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls_san(mut self, name: impl Into<String>) -> Self {
        self.tls = true;
        self.tls_sans.push(name.into());
        self
    }

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
    /// Roles and their bindings go to the authorizer that [`Auth::rbac`] asks for; without one they are refused, since
    /// they would do nothing.
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
    /// let named = |name| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    /// let server = FakeApiServer::builder().objects(["a", "b"].map(named)).start_blocking();
    /// assert_eq!(server.resource("configmaps").list().len(), 2);
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

    /// The seed of everything the server makes up and leaves to chance: uids, generated names, faults with a probability.
    /// Default: 0, so that every run is alike.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let uid = |seed| {
    ///     let server = FakeApiServer::builder().random_seed(seed).start_blocking();
    ///     server.resource("namespaces").get("default").unwrap()["metadata"]["uid"].clone()
    /// };
    /// assert_eq!(uid(1), uid(1));
    /// assert_ne!(uid(1), uid(2));
    /// ```
    pub fn random_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Stops the server's clock at this time; it moves only by [`FakeApiServer::advance`](crate::FakeApiServer::advance).
    /// Without this it runs with the machine's. The types of `jiff` and `chrono` turn into a [`SystemTime`] by themselves.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use fake_apiserver::FakeApiServer;
    ///
    /// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_268_800);
    /// let server = FakeApiServer::builder().clock_at(noon).start_blocking();
    /// let namespace = server.resource("namespaces").get("default").unwrap();
    /// assert_eq!(namespace["metadata"]["creationTimestamp"], "2026-01-01T12:00:00Z");
    /// ```
    ///
    /// # Panics
    ///
    /// If the time is not in the years -9999 to 9999.
    #[track_caller]
    pub fn clock_at(mut self, time: impl Into<SystemTime>) -> Self {
        let time = time.into();
        let stamp = Timestamp::try_from(time).map_err(|error| error.to_string());
        match stamp.and_then(|stamp| clock::check(stamp).map(|()| stamp)) {
            Ok(stamp) => self.time = Some(stamp),
            Err(error) => panic!("{time:?} is no time the server can show: {error}"),
        }
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
