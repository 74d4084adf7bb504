//! Setting up a server.

#[cfg(feature = "tls")]
use std::net::IpAddr;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::Location;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::outage::Outages;
use crate::authentication::{Authenticator, tokens};
use crate::authorization::Authorizer;
use crate::authorization::rbac::Rbac;
use crate::clock::{self, Clock};
use crate::control::Control;
use crate::control::snapshot::{Snapshot, initial_namespaces};
use crate::error::{Error, Kind};
use crate::fault::Fault;
use crate::fault::script::check_name;
use crate::fault::stage::Faults;
use crate::handlers::cluster::Cluster;
use crate::handlers::seed::Seeder;
use crate::handlers::version::Version;
use crate::ids::Ids;
use crate::journal::recorder::{DEFAULT_JOURNAL_LIMIT, Recorder};
use crate::kinds::Catalog;
use crate::listener::{self, Limits, Listener};
#[cfg(feature = "tls")]
use crate::names::is_dns1123_subdomain;
use crate::pipeline::Pipeline;
use crate::request::DEFAULT_MAX_BODY;
use crate::request::user::UserInfo;
use crate::response::LastList;
use crate::server::{FakeApiServer, Parts, Reach};
use crate::storage::{DEFAULT_EVENT_LOG_LIMIT, Storage};

/// The environment variable that names the directory for coverage.
const COVERAGE_DIR: &str = "FAKE_APISERVER_COVERAGE_DIR";

/// Sets up a [`FakeApiServer`]. Made by [`FakeApiServer::builder`].
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use fake_apiserver::FakeApiServer;
/// use serde_json::json;
///
/// let server = FakeApiServer::builder()
///     .object(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "shop"}}))
///     .token("s3cret", "alice", ["dev"])
///     .start()
///     .await;
/// assert!(server.get_value("endpoints", "shop", "db").is_some());
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
    tokens: Vec<(String, UserInfo)>,
    token_file: Option<PathBuf>,
    anonymous: bool,
    rbac: Option<Vec<Value>>,
    objects: Vec<Source>,
    implicit_namespaces: bool,
    controllers: bool,
    seed: Option<u64>,
    time: Option<Timestamp>,
    from: Option<Snapshot>,
    /// Instead of the tokens and the access rules.
    access: Option<Access>,
    version: String,
    event_log_limit: usize,
    limits: Limits,
    max_body: usize,
    faults: Vec<Fault>,
    journal_limit: usize,
    coverage_dir: Option<PathBuf>,
    fault_files: Vec<PathBuf>,
    allow_unused_faults: bool,
    fault_stage: bool,
    control: bool,
}

/// Who may do what.
#[derive(Clone, Debug)]
struct Access {
    authenticator: Arc<Authenticator>,
    authorizer: Arc<Authorizer>,
    /// The kubeconfig's.
    token: Option<String>,
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
            tokens: Vec::new(),
            token_file: None,
            anonymous: true,
            rbac: None,
            objects: Vec::new(),
            implicit_namespaces: false,
            controllers: true,
            seed: None,
            time: None,
            from: None,
            access: None,
            version: "1.36.2".to_owned(),
            event_log_limit: DEFAULT_EVENT_LOG_LIMIT,
            limits: Limits {
                connections: listener::DEFAULT_MAX_CONNECTIONS,
                headers: listener::DEFAULT_MAX_HEADERS,
            },
            max_body: DEFAULT_MAX_BODY,
            faults: Vec::new(),
            journal_limit: DEFAULT_JOURNAL_LIMIT,
            coverage_dir: None,
            fault_files: Vec::new(),
            allow_unused_faults: false,
            fault_stage: true,
            control: false,
        }
    }
}

impl FakeApiServerBuilder {
    /// Listens on this address; port 0 means any free one. Default: `127.0.0.1:0`.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().bind(([127, 0, 0, 1], 0));
    /// ```
    pub fn bind(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Serves HTTPS, HTTP/2 and HTTP/1.1, with a certificate made for this server. The authority that signed it is in
    /// the kubeconfig and in [`FakeApiServer::ca_certificate`].
    ///
    /// The certificate is for `localhost`, `kubernetes`, `kubernetes.default`, `kubernetes.default.svc`, 127.0.0.1, ::1 and
    /// the address of [`bind`](Self::bind); [`tls_san`](Self::tls_san) adds others.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().tls();
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
    /// let builder = fake_apiserver::FakeApiServer::builder().bind(([0, 0, 0, 0], 0)).tls_san("fake.test").tls_san("10.1.2.3");
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls_san(mut self, name: impl Into<String>) -> Self {
        self.tls = true;
        self.tls_sans.push(name.into());
        self
    }

    /// Adds a user who is known by a bearer token. From the first token on, requests with an unknown token are refused
    /// with 401; those without one are `system:anonymous`.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().token("t0ken", "admin", ["system:masters"]);
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
    /// let builder = fake_apiserver::FakeApiServer::builder().token_file("tokens.csv");
    /// ```
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_file = Some(path.into());
        self
    }

    /// Whether requests without a token are welcome as `system:anonymous`, or refused with 401. Default: welcome.
    /// Matters only where there are tokens.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().token("t", "u", ["g"]).anonymous(false);
    /// ```
    pub fn anonymous(mut self, welcome: bool) -> Self {
        self.anonymous = welcome;
        self
    }

    /// Authorizes by RBAC: these Role, ClusterRole, RoleBinding and ClusterRoleBinding objects, and those given by
    /// [`object`](Self::object) and [`objects_file`](Self::objects_file), on top of the default ones of every cluster.
    /// Without this everybody may do everything.
    ///
    /// ```
    /// use serde_json::json;
    /// let builder = fake_apiserver::FakeApiServer::builder().rbac([json!({
    ///     "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
    ///     "metadata": {"name": "alice-views"},
    ///     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    ///     "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
    /// })]);
    /// ```
    ///
    /// # Panics
    ///
    /// If an object cannot be turned into JSON.
    #[track_caller]
    pub fn rbac<T: Serialize>(mut self, objects: impl IntoIterator<Item = T>) -> Self {
        let list = self.rbac.get_or_insert_default();
        for object in objects {
            match serde_json::to_value(object) {
                Ok(value) => list.push(value),
                Err(error) => panic!("this RBAC object cannot be serialized: {error}"),
            }
        }
        self
    }

    /// Stores an object before the server starts, as [`FakeApiServer::seed`] does. A namespace that is missing is made.
    /// Giving the same object twice, here or in a file, is an error that names both places.
    ///
    /// ```
    /// use serde_json::json;
    /// let builder = fake_apiserver::FakeApiServer::builder()
    ///     .object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
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

    /// Starts with the state of a snapshot: its objects, its revision, its clock and its source of made-up names, unless
    /// [`frozen_at`](Self::frozen_at) or [`seed`](Self::seed) say otherwise. Objects are shared, not copied.
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

    /// Stores the objects of a YAML or JSON file, which may have many documents and lists, or of every such file in a
    /// directory whose name does not start with a dot. Access rules go to the authorizer that [`rbac`](Self::rbac) asks
    /// for; without one they are refused, since they would do nothing.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().objects_file("manifests/");
    /// ```
    pub fn objects_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.objects.push(Source::File(path.into()));
        self
    }

    /// Whether a namespace springs up when something is created in it. Default: no, as on a real server.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().implicit_namespaces(true);
    /// ```
    pub fn implicit_namespaces(mut self, implicit: bool) -> Self {
        self.implicit_namespaces = implicit;
        self
    }

    /// Whether the parts of the controller manager without which deletions would hang are played: the garbage collector
    /// and the namespace controller. Default: yes.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().controllers(false);
    /// ```
    pub fn controllers(mut self, played: bool) -> Self {
        self.controllers = played;
        self
    }

    /// The seed of everything the server makes up: uids, generated names. Default: 0.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().seed(42);
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Stops the server's clock at this time, in seconds since 1970; it moves only by [`FakeApiServer::advance`]. Without
    /// this it runs with the machine's.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().frozen_at(1_700_000_000);
    /// ```
    ///
    /// # Panics
    ///
    /// If the time is not in the years -9999 to 9999.
    #[track_caller]
    pub fn frozen_at(mut self, unix_seconds: i64) -> Self {
        let time = Timestamp::from_second(unix_seconds).map_err(|error| error.to_string());
        match time.and_then(|time| clock::check(time).map(|()| time)) {
            Ok(time) => self.time = Some(time),
            Err(error) => panic!("{unix_seconds} is no time the server can show: {error}"),
        }
        self
    }

    /// The Kubernetes version to play, such as `1.36` or `v1.33.1`. Default: `1.36.2`.
    ///
    /// It changes what `/version` says and which deprecation warnings are sent; all else is that of 1.36.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().kubernetes_version("1.32");
    /// ```
    pub fn kubernetes_version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How many events are kept for watches to resume from, before the oldest are compacted. Default: 100,000.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().event_log_limit(50);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0: no watch would ever see an event.
    #[track_caller]
    pub fn event_log_limit(mut self, events: usize) -> Self {
        if events == 0 {
            panic!("an event log of 0 events would leave nothing for any watch");
        }
        self.event_log_limit = events;
        self
    }

    /// How many connections may be open at a time; more wait. Default: 10,000.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().max_connections(100);
    /// ```
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections.max(1);
        self
    }

    /// How many headers a request on HTTP/1.1 may have; one with more is refused with 431. Default: 100.
    ///
    /// A user in hundreds of groups takes as many `Impersonate-Group` headers.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().max_headers(1_000);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0: every request has one.
    #[track_caller]
    pub fn max_headers(mut self, headers: usize) -> Self {
        if headers == 0 {
            panic!("a server that takes no header would refuse every request");
        }
        self.limits.headers = headers;
        self
    }

    /// The largest request body, in bytes; a larger one is refused with 413. Default: 3 MiB.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().max_body(64 * 1024);
    /// ```
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Installs a fault for as long as the server runs; see [`FakeApiServer::fault`]. One that has never acted when the
    /// server is dropped fails the test.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let builder = FakeApiServer::builder().fault(Fault::service_unavailable().first(1));
    /// ```
    ///
    /// # Panics
    ///
    /// As [`FakeApiServer::fault`].
    #[track_caller]
    pub fn fault(mut self, fault: Fault) -> Self {
        match fault.checked() {
            Ok(mut fault) => {
                fault.caller = Some(Location::caller());
                self.faults.push(fault);
            }
            Err(problem) => panic!("this fault cannot be installed: {problem}"),
        }
        self
    }

    /// Leaves the fault stage out: what the benchmarks hold the server against, to show what the stage costs.
    #[doc(hidden)]
    pub fn without_fault_stage(mut self) -> Self {
        self.fault_stage = false;
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

    /// Dropping the server does not panic if a fault has never acted; only if the closure of a
    /// [custom fault](Fault::custom) has panicked.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().faults_file("faults.yaml").allow_unused_faults();
    /// ```
    pub fn allow_unused_faults(mut self) -> Self {
        self.allow_unused_faults = true;
        self
    }

    /// Installs the faults of a YAML or JSON script for as long as the server runs; see [`Fault::parse_script`]. What is
    /// wrong in the file is told when the server is started.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().faults_file("faults.yaml");
    /// ```
    pub fn faults_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.fault_files.push(path.into());
        self
    }

    /// How many requests the journal keeps before the oldest make room; 0 turns it off. Default: 1,000. Of each, up to
    /// 16 KiB of either body are kept.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().journal_limit(50);
    /// ```
    pub fn journal_limit(mut self, entries: usize) -> Self {
        self.journal_limit = entries;
        self
    }

    /// Writes what the server's clients have met into this directory when the server is dropped; see
    /// [`Coverage::from_dir`](crate::Coverage::from_dir). Default: where the environment variable
    /// `FAKE_APISERVER_COVERAGE_DIR` says, if it is set.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().coverage_dir("target/coverage");
    /// ```
    pub fn coverage_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.coverage_dir = Some(directory.into());
        self
    }

    /// Starts the server on the current tokio runtime, as [`FakeApiServer::start`] does.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = fake_apiserver::FakeApiServer::builder().seed(1).start().await;
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If what was given to the builder is wrong, or there is no tokio runtime here, naming the line that called this.
    /// [`FakeApiServerBuilder::try_start`] returns an error instead.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = FakeApiServer> + Send {
        let caller = Location::caller();
        async move {
            match self.try_start().await {
                Ok(server) => server,
                Err(error) => {
                    panic!("the fake apiserver asked for at {caller} cannot start: {error}")
                }
            }
        }
    }

    /// Starts the server on the current tokio runtime, or says why not.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = fake_apiserver::FakeApiServer::builder().try_start().await?;
    /// # Ok::<_, fake_apiserver::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If the address is taken, a file or value given to the builder cannot be read or is wrong, or there is no tokio
    /// runtime here.
    pub async fn try_start(self) -> Result<FakeApiServer, Error> {
        self.launch()
    }

    /// Starts the server on a runtime of its own, as [`FakeApiServer::start_blocking`] does.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::builder().start_blocking();
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    ///
    /// # Panics
    ///
    /// As [`FakeApiServerBuilder::start`].
    #[track_caller]
    pub fn start_blocking(self) -> FakeApiServer {
        match self.try_start_blocking() {
            Ok(server) => server,
            Err(error) => panic!("the fake apiserver cannot start: {error}"),
        }
    }

    /// Starts the server on a runtime of its own, or says why not.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::builder().try_start_blocking()?;
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`FakeApiServerBuilder::try_start`], or if no thread could be started.
    pub fn try_start_blocking(self) -> Result<FakeApiServer, Error> {
        let thread = crate::server::RuntimeThread::start().map_err(Kind::Runtime)?;
        let guard = thread.handle().enter();
        let server = self.launch();
        drop(guard);
        Ok(server?.on(thread))
    }

    pub(crate) fn launch(mut self) -> Result<FakeApiServer, Error> {
        tokio::runtime::Handle::try_current().map_err(|_| Kind::NoRuntime)?;
        let scripted = self.scripted_faults()?;
        let version =
            Version::parse(&self.version).map_err(|e| Error::invalid("kubernetes_version", e))?;
        let coverage_dir = self.make_coverage_dir()?;
        let (cluster, access) = self.state(version)?;
        let (listener, authority) = self.listen()?;
        let address = listener.address();
        let faults = Arc::new(Faults::default());
        for fault in scripted.into_iter().chain(std::mem::take(&mut self.faults)) {
            faults.install_at_start(fault, cluster.clock.now());
        }
        let recorder = Arc::new(Recorder::new(self.journal_limit));
        let outages = Outages::new(listener.gate(), cluster.clone());
        let pipeline = Arc::new(Pipeline {
            cluster: cluster.clone(),
            recorder: recorder.clone(),
            authenticator: access.authenticator.clone(),
            authorizer: access.authorizer.clone(),
            max_body: self.max_body,
            faults: faults.clone(),
            fault_stage: self.fault_stage,
            port: outages.clone(),
            control: self.control.then(|| {
                Arc::new(Control {
                    cluster: cluster.clone(),
                    faults,
                    recorder,
                    start: OnceLock::new(),
                    port: outages.clone(),
                    max_body: self.max_body,
                })
            }),
            stale: None,
            address: address.to_string(),
            documents: Arc::default(),
            flow: crate::response::headers::Flow::new(cluster.ids.flow()),
            written: Arc::default(),
        });
        let running = listener.serve(pipeline.clone());
        let controllers = self
            .controllers
            .then(|| tokio::spawn(crate::controllers::run(cluster)));
        let reach = Reach {
            address,
            authority,
            token: access.token.clone(),
        };
        self.access = Some(access);
        Ok(FakeApiServer::new(Parts {
            pipeline,
            coverage_dir,
            running,
            outages,
            controllers,
            reach,
            allow_unused_faults: self.allow_unused_faults,
            settings: self.for_forks(),
        }))
    }

    /// The state to begin with, and who may do what to it.
    fn state(&mut self, version: Version) -> Result<(Arc<Cluster>, Access), Error> {
        let access = self.access.take();
        let authenticator = match &access {
            Some(access) => access.authenticator.clone(),
            None => Arc::new(self.authenticator()?),
        };
        let cluster = Arc::new(self.cluster(version)?);
        let objects = std::mem::take(&mut self.objects);
        let rules = self.rbac.clone().filter(|_| access.is_none());
        let authorizer = populate(&cluster, objects, rules)?;
        let access = access.unwrap_or_else(|| {
            let token = self.tokens.first().map(|(token, _)| token.as_str());
            Access {
                token: token.or(authenticator.first_token()).map(str::to_owned),
                authenticator,
                authorizer: Arc::new(authorizer),
            }
        });
        Ok((cluster, access))
    }

    /// The bound socket; with TLS, also the certificate authority.
    fn listen(&self) -> Result<(Listener, Option<String>), Error> {
        let listener = Listener::bind(self.address, self.limits).map_err(|source| Kind::Bind {
            address: self.address,
            source,
        })?;
        #[cfg(feature = "tls")]
        if self.tls {
            self.check_sans()?;
            let (address, sans) = (listener.address().ip(), &self.tls_sans);
            let identity = listener::tls::Identity::generate(address, sans)
                .map_err(|e| Error::invalid("tls", e.to_string()))?;
            let listener = listener.with_tls(identity.acceptor);
            return Ok((listener, Some(identity.authority)));
        }
        Ok((listener, None))
    }

    /// Refuses what is neither an IP address nor a host name, which may start with a wildcard.
    #[cfg(feature = "tls")]
    fn check_sans(&self) -> Result<(), Error> {
        for san in &self.tls_sans {
            let name = san.strip_prefix("*.").unwrap_or(san);
            let wrong = is_dns1123_subdomain(&name.to_ascii_lowercase())
                .into_iter()
                .next();
            if let (Err(_), Some(problem)) = (san.parse::<IpAddr>(), wrong) {
                return Err(Error::invalid(format!("tls_san {san:?}"), problem));
            }
        }
        Ok(())
    }

    /// Where the coverage goes, which must be a place it can go to.
    fn make_coverage_dir(&self) -> Result<Option<PathBuf>, Error> {
        let from_environment = || std::env::var_os(COVERAGE_DIR).map(PathBuf::from);
        let directory = self.coverage_dir.clone().or_else(from_environment);
        let directory = directory.filter(|path| !path.as_os_str().is_empty());
        if let Some(path) = &directory {
            std::fs::create_dir_all(path).map_err(|e| Error::file(path, e))?;
        }
        Ok(directory)
    }

    fn scripted_faults(&self) -> Result<Vec<Fault>, Error> {
        let mut faults = Vec::new();
        for path in &self.fault_files {
            for fault in Fault::script_file(path)? {
                check_name(&faults, &fault)
                    .map_err(|problem| Error::invalid(path.display().to_string(), problem))?;
                faults.push(fault);
            }
        }
        Ok(faults)
    }

    /// The state to begin with, but for the objects.
    fn cluster(&mut self, version: Version) -> Result<Cluster, Error> {
        let from = self.from.take();
        let ids = self.seed.map(Ids::new);
        let clock = self.time.map(Clock::frozen);
        let cluster = Cluster {
            catalog: Catalog::built_in(),
            storage: Arc::new(Storage::new(self.event_log_limit)),
            clock: Arc::new(
                clock
                    .or(from.as_ref().and_then(Snapshot::clock))
                    .unwrap_or_else(Clock::running),
            ),
            ids: Arc::new(
                ids.or(from.as_ref().and_then(Snapshot::ids))
                    .unwrap_or_else(|| Ids::new(0)),
            ),
            last_list: LastList::default(),
            version,
            implicit_namespaces: self.implicit_namespaces,
            watch_ends: tokio::sync::watch::Sender::new(0),
        };
        if let Some(snapshot) = from {
            snapshot
                .begin(&cluster)
                .map_err(|problem| Error::invalid("from_snapshot", problem))?;
        }
        initial_namespaces(&cluster);
        Ok(cluster)
    }

    /// The same settings for another server, which takes its names and its time from a snapshot.
    fn for_forks(mut self) -> Self {
        self.address.set_port(0);
        self.seed = None;
        self.time = None;
        self
    }

    fn authenticator(&self) -> Result<Authenticator, Error> {
        let mut known = match &self.token_file {
            None if self.tokens.is_empty() => return Ok(Authenticator::open()),
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

/// Stores the objects; the access rules among them go to the authorizer.
fn populate(
    cluster: &Cluster,
    sources: Vec<Source>,
    mut rules: Option<Vec<Value>>,
) -> Result<Authorizer, Error> {
    let mut seeder = Seeder::new(cluster).with_rules(rules.as_mut());
    for source in sources {
        match source {
            Source::File(path) => seeder.files(&path)?,
            Source::Value { object, caller } => {
                object
                    .and_then(|value| seeder.at(caller).object(value).map(drop))
                    .map_err(|problem| {
                        Error::invalid(format!("the object given at {caller}"), problem)
                    })?;
            }
        }
    }
    match rules {
        None => Ok(Authorizer::AlwaysAllow),
        Some(rules) => Rbac::from_objects(&rules)
            .map(Authorizer::Rbac)
            .map_err(|problem| Error::invalid("rbac", problem)),
    }
}
