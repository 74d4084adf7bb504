//! A running server, as a test holds it.

mod builder;
mod journal;
pub(crate) mod kubeconfig;
mod outage;
mod replica;
mod state;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::task::JoinHandle;

pub use self::outage::OutageGuard;
pub use self::replica::Replica;

use self::outage::Outages;
use crate::control::snapshot::Snapshot;
use crate::fault::stage::Faults;
use crate::fault::{Fault, FaultGuard};
use crate::handlers::cluster::{Cluster, key, prefix};
use crate::handlers::seed::Seeder;
use crate::journal::Coverage;
use crate::journal::recorder::Recorder;
use crate::kinds::{Catalog, KindRef};
use crate::listener::Running;
use crate::pipeline::Pipeline;
use crate::server::kubeconfig::Kubeconfig;
use crate::storage::Revision;
pub use builder::FakeApiServerBuilder;

/// A fake Kubernetes apiserver, running until it is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use fake_apiserver::FakeApiServer;
///
/// let server = FakeApiServer::start().await;
/// println!("point a client at {}", server.url());
/// # });
/// ```
#[derive(Debug)]
pub struct FakeApiServer {
    inner: Inner,
    /// Last, so that all else is gone before its runtime.
    thread: Option<RuntimeThread>,
}

struct Inner {
    cluster: Arc<Cluster>,
    faults: Arc<Faults>,
    recorder: Arc<Recorder>,
    /// Where the coverage goes in the end.
    coverage_dir: Option<PathBuf>,
    allow_unused_faults: bool,
    pipeline: Arc<Pipeline>,
    running: Option<Running>,
    controllers: Option<JoinHandle<()>>,
    outages: Arc<Outages>,
    reach: Reach,
    kubeconfig_file: OnceLock<tempfile::NamedTempFile>,
    /// What it was set up with, but for objects and faults.
    settings: FakeApiServerBuilder,
    runtime: tokio::runtime::Handle,
}

/// What the builder hands over.
pub(crate) struct Parts {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) coverage_dir: Option<PathBuf>,
    pub(crate) running: Running,
    outages: Arc<Outages>,
    pub(crate) controllers: Option<JoinHandle<()>>,
    pub(crate) reach: Reach,
    pub(crate) allow_unused_faults: bool,
    /// What forks are set up with.
    pub(crate) settings: FakeApiServerBuilder,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("address", &self.reach.address)
            .finish_non_exhaustive()
    }
}

/// How clients reach a server.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) address: SocketAddr,
    /// The certificate authority, in PEM; for a server with TLS.
    pub(crate) authority: Option<String>,
    pub(crate) token: Option<String>,
}

impl Reach {
    fn url(&self) -> String {
        let scheme = if self.authority.is_some() {
            "https"
        } else {
            "http"
        };
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("{scheme}://{address}")
    }

    fn kubeconfig(&self) -> String {
        Kubeconfig {
            url: &self.url(),
            authority: self.authority.as_deref(),
            token: self.token.as_deref(),
            namespace: "default",
        }
        .render()
    }
}

impl FakeApiServer {
    /// Starts a server on a free port of 127.0.0.1, on the current tokio runtime.
    ///
    /// It runs on the threads of that runtime, and only while they are free. A `#[tokio::test]` has a single one: what
    /// blocks it (a client that is not async, waiting for a subprocess such as kubectl) waits for ever for an answer.
    /// Such tests use [`start_blocking`](Self::start_blocking), or a runtime with `flavor = "multi_thread"`.
    ///
    /// A server whose runtime has ended answers nobody: connections to it hang, also those of its
    /// [replicas](Self::replica). One server for many tests, in a `static`, is for `start_blocking` too, since each
    /// `#[tokio::test]` ends its runtime.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = fake_apiserver::FakeApiServer::start().await;
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If no port can be had, or there is no tokio runtime here.
    #[track_caller]
    pub fn start() -> impl Future<Output = FakeApiServer> + Send {
        FakeApiServer::builder().start()
    }

    /// Starts a server on a thread and a runtime of its own. That is for tests without a runtime, and for those whose
    /// clients block; it can be called, and the server dropped, inside an async test as well.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// ```
    ///
    /// # Panics
    ///
    /// If no port or thread can be had.
    #[track_caller]
    pub fn start_blocking() -> FakeApiServer {
        FakeApiServer::builder().start_blocking()
    }

    /// Sets a server up in detail.
    ///
    /// ```
    /// let builder = fake_apiserver::FakeApiServer::builder().seed(7);
    /// ```
    pub fn builder() -> FakeApiServerBuilder {
        FakeApiServerBuilder::default()
    }

    /// Must be called within the runtime the server runs on.
    pub(crate) fn new(parts: Parts) -> Self {
        let pipeline = parts.pipeline;
        let cluster = pipeline.cluster.clone();
        let runtime = tokio::runtime::Handle::current();
        if let Some(control) = &pipeline.control {
            let _ = control.start.set(Snapshot::take(&cluster));
        }
        let inner = Inner {
            cluster,
            faults: pipeline.faults.clone(),
            recorder: pipeline.recorder.clone(),
            coverage_dir: parts.coverage_dir,
            allow_unused_faults: parts.allow_unused_faults,
            pipeline,
            running: Some(parts.running),
            controllers: parts.controllers,
            outages: parts.outages,
            reach: parts.reach,
            kubeconfig_file: OnceLock::new(),
            settings: parts.settings,
            runtime,
        };
        FakeApiServer {
            inner,
            thread: None,
        }
    }

    /// Ties the server to the runtime it runs on.
    pub(crate) fn on(mut self, thread: RuntimeThread) -> Self {
        self.thread = Some(thread);
        self
    }

    /// The base URL: `http://127.0.0.1:34567`, or `https://…` with TLS. Of a server that listens on all addresses it is
    /// the one on this machine.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn url(&self) -> String {
        self.inner.reach.url()
    }

    /// The address the server listens on.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_ne!(server.address().port(), 0);
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.inner.reach.address
    }

    /// The certificate authority that signed the server's certificate, in PEM; nothing without TLS.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.ca_certificate(), None);
    /// ```
    pub fn ca_certificate(&self) -> Option<&str> {
        self.inner.reach.authority.as_deref()
    }

    /// The first bearer token the server knows, which is that of its kubeconfig; nothing if it asks nobody for one.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().token("s3cret", "alice", ["dev"]).start().await;
    /// assert_eq!(server.token(), Some("s3cret"));
    /// # });
    /// ```
    pub fn token(&self) -> Option<&str> {
        self.inner.reach.token.as_deref()
    }

    /// A kubeconfig for this server, as text. Where there are tokens it carries the first one.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.kubeconfig().contains(&server.url()));
    /// ```
    pub fn kubeconfig(&self) -> String {
        self.inner.reach.kubeconfig()
    }

    /// The same in a file, which lives as long as the server.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let text = std::fs::read_to_string(server.kubeconfig_file()).unwrap();
    /// assert_eq!(text, server.kubeconfig());
    /// ```
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    #[track_caller]
    pub fn kubeconfig_file(&self) -> &Path {
        let write = || -> std::io::Result<tempfile::NamedTempFile> {
            let file = tempfile::Builder::new().prefix("kubeconfig-").tempfile()?;
            std::fs::write(file.path(), self.kubeconfig())?;
            Ok(file)
        };
        if let Some(file) = self.inner.kubeconfig_file.get() {
            return file.path();
        }
        match write() {
            Ok(file) => self.inner.kubeconfig_file.get_or_init(|| file).path(),
            Err(error) => panic!("no kubeconfig could be written: {error}"),
        }
    }

    /// Stores an object as it is, past admission and access control. Watches see it like any other write.
    ///
    /// What it does not say is filled in as for a client's create: the namespace is `default`, a `generateName` gets a
    /// suffix, uid and creationTimestamp are made up. A namespace that is missing is made. An object of the same name is
    /// replaced, as by an update: what the new one leaves out is gone, but for its uid and creationTimestamp, and what a
    /// Service was allocated.
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.seed(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "shop"}}));
    /// assert!(server.get_value("namespaces", "", "shop").is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// If the object is not valid, or of a kind the server does not have.
    #[track_caller]
    pub fn seed(&self, object: impl Serialize) {
        let result = serde_json::to_value(object)
            .map_err(|e| e.to_string())
            .and_then(|value| Seeder::new(&self.inner.cluster).object(value));
        if let Err(error) = result {
            panic!("this object cannot be stored: {error}");
        }
    }

    /// Stores the objects of a YAML or JSON file with one or many documents, or of all such files in a directory whose
    /// names do not start with a dot. Each is stored as by [`seed`](Self::seed); the same object twice is a mistake.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let file = tempfile::NamedTempFile::new().unwrap();
    /// std::fs::write(&file, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").unwrap();
    /// server.seed_file(file.path());
    /// assert!(server.get_value("namespaces", "", "shop").is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// If the file cannot be read, has no object in it, or one that is wrong; the message names file and line.
    #[track_caller]
    pub fn seed_file(&self, path: impl AsRef<Path>) {
        if let Err(error) = Seeder::new(&self.inner.cluster).files(path.as_ref()) {
            panic!("{error}");
        }
    }

    /// Reads an object without HTTP. The resource goes by plural, singular, short name or kind (`endpoints`, `ns`), with
    /// its group after a dot if it has one. An empty namespace means `default`, as it does for [`seed`](Self::seed); that
    /// of a resource without namespaces has to be empty.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let namespace = server.get_value("ns", "", "default").unwrap();
    /// assert_eq!(namespace["status"]["phase"], "Active");
    /// ```
    ///
    /// # Panics
    ///
    /// If the server has no such resource, or a namespace is given for one without namespaces.
    #[track_caller]
    pub fn get_value(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let resource = find(resource, namespace);
        let namespace = match namespace {
            "" if resource.namespaced => "default",
            given => given,
        };
        let view = self.inner.cluster.storage.view();
        view.get(&key(&resource, namespace, name))
            .map(|object| object.to_value())
    }

    /// Reads an object without HTTP, as a type such as those of `k8s-openapi`.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Named { metadata: Meta }
    /// #[derive(serde::Deserialize)]
    /// struct Meta { name: String }
    ///
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let namespace: Named = server.get("namespaces", "", "default").unwrap();
    /// assert_eq!(namespace.metadata.name, "default");
    /// ```
    ///
    /// # Panics
    ///
    /// As [`get_value`](Self::get_value), or if the object does not fit the type.
    #[track_caller]
    pub fn get<T: DeserializeOwned>(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Option<T> {
        // Not a closure: it would hide the caller's line.
        let value = self.get_value(resource, namespace, name)?;
        Some(typed(value))
    }

    /// Reads all objects of a resource without HTTP, in one namespace or (with an empty one) in all. The namespace of a
    /// resource without namespaces has to be empty.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let names: Vec<_> =
    ///     server.list_values("namespaces", "").iter().map(|n| n["metadata"]["name"].clone()).collect();
    /// assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`get_value`](Self::get_value).
    #[track_caller]
    pub fn list_values(&self, resource: &str, namespace: &str) -> Vec<Value> {
        let prefix = prefix(&find(resource, namespace), namespace);
        let view = self.inner.cluster.storage.view();
        view.range(&prefix, "", view.revision())
            .map(|(_, object)| object.to_value())
            .collect()
    }

    /// Reads all objects of a resource without HTTP, as a type.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let all: Vec<serde_json::Map<String, serde_json::Value>> = server.list("endpoints", "");
    /// assert!(all.is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// As [`get_value`](Self::get_value), or if an object does not fit the type.
    #[track_caller]
    pub fn list<T: DeserializeOwned>(&self, resource: &str, namespace: &str) -> Vec<T> {
        let mut list = Vec::new();
        for value in self.list_values(resource, namespace) {
            // Not a closure: it would hide the caller's line.
            list.push(typed(value));
        }
        list
    }

    /// The newest revision: the `resourceVersion` of the last write of any kind.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.revision() > 0);
    /// ```
    pub fn revision(&self) -> u64 {
        self.inner.cluster.storage.revision().0
    }

    /// Moves the server's clock ahead. Watch timeouts, bookmarks and the controllers go off as if the time had passed.
    ///
    /// ```
    /// use std::time::Duration;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.advance(Duration::from_secs(60));
    /// ```
    ///
    /// # Panics
    ///
    /// If that leads past 9999-12-30, the latest time the server can show.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        if let Err(problem) = self.try_advance(by) {
            panic!("the clock cannot be advanced by {by:?}: {problem}");
        }
    }

    pub(crate) fn try_advance(&self, by: Duration) -> Result<(), String> {
        self.inner.cluster.clock.advance(by)?;
        self.inner.outages.end_those_over();
        Ok(())
    }

    /// Forgets the history before a revision, as etcd does every few minutes: lists and watches from before it are
    /// answered with 410 Expired. [`FakeApiServer::revision`] forgets all of it.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.compact(server.revision());
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such revision yet.
    #[track_caller]
    pub fn compact(&self, revision: u64) {
        let newest = self.revision();
        if revision > newest {
            panic!(
                "the history cannot be compacted to {revision}: the newest revision is {newest}"
            );
        }
        self.inner.cluster.storage.compact(Revision(revision));
    }

    /// Makes something go wrong, for as long as the guard is held.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let guard = server.fault(Fault::conflict().verb("update").resource("endpoints").first(2).optional());
    /// // … the client under test updates, and must try three times …
    /// drop(guard);
    /// ```
    ///
    /// # Panics
    ///
    /// If the rule can never act (an unknown verb or resource, a verb the resource does not have, no attempt at all), or
    /// its fault cannot be: a status below 200 or above 599, a delay between two seconds and one.
    #[track_caller]
    pub fn fault(&self, fault: Fault) -> FaultGuard {
        let mut fault = match fault.checked() {
            Ok(fault) => fault,
            Err(problem) => panic!("this fault cannot be installed: {problem}"),
        };
        fault.caller = Some(Location::caller());
        let (faults, optional) = (&self.inner.faults, fault.optional);
        let id = faults.install(fault, self.inner.cluster.clock.now());
        let seed = self.inner.cluster.ids.seed();
        FaultGuard::new(faults.clone(), id, optional, seed)
    }

    /// Installs a rule that was checked, until it is removed with all others.
    #[cfg(feature = "fixture")]
    pub(crate) fn install(&self, fault: Fault) {
        let now = self.inner.cluster.clock.now();
        self.inner.faults.install(fault, now);
    }

    /// Removes every fault, also those whose guards are held.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let server = FakeApiServer::builder().fault(Fault::conflict()).start_blocking();
    /// server.clear_faults();
    /// assert!(server.unused_faults().is_empty());
    /// ```
    pub fn clear_faults(&self) {
        self.inner.faults.clear();
    }

    /// What there is to say of each fault that had to act and never did: its name, the line that installed it, and what
    /// came close. Those that `POST /_fake/reset` removed before they had acted are among them. Dropping the server panics
    /// with the same, unless [`FakeApiServerBuilder::allow_unused_faults`] was called or the fault is
    /// [optional](Fault::optional).
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Fault};
    /// let fault = Fault::conflict().named("the lost race");
    /// let server = FakeApiServer::builder().fault(fault).allow_unused_faults().start_blocking();
    /// let unused = server.unused_faults();
    /// assert!(unused[0].starts_with(r#"the fault "the lost race" installed at "#));
    /// assert!(unused[0].ends_with(" never fired: no request came close"));
    /// ```
    pub fn unused_faults(&self) -> Vec<String> {
        self.inner.faults.unused()
    }

    /// Stops the server: watches end, requests in flight are finished, the port is free. Dropping it stops it too, at
    /// once. Either way the test fails if a fault did not do its duty, see below.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = fake_apiserver::FakeApiServer::start().await;
    /// server.shutdown().await;
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// As dropping the server does: if a fault that had to act never did (see [`unused_faults`](Self::unused_faults)), or
    /// the closure of a [custom fault](Fault::custom) panicked and its guard has not told so yet.
    pub async fn shutdown(mut self) {
        self.inner.cluster.stop_watches();
        if let Some(running) = self.inner.running.take() {
            running.stop().await;
        }
    }
}

impl Drop for FakeApiServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut problems = self.inner.faults.take_failures();
        if !self.inner.allow_unused_faults {
            problems.extend(self.inner.faults.unused());
        }
        if !problems.is_empty() {
            let seed = self.inner.cluster.ids.seed();
            panic!("{}\nthe server's seed is {seed}", problems.join("\n"));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.cluster.stop_watches();
        if let Some(controllers) = &self.controllers {
            controllers.abort();
        }
        if let Some(directory) = &self.coverage_dir
            && let Err(error) = Coverage::new(self.recorder.coverage()).leave(directory)
        {
            // Not a panic: whatever drops the server may be panicking already.
            eprintln!("fake-apiserver: the coverage cannot be written: {error}");
        }
    }
}

#[track_caller]
fn find(resource: &str, namespace: &str) -> KindRef {
    match Catalog::built_in().find_name(resource).cloned() {
        Some(found) if !found.namespaced && !namespace.is_empty() => panic!(
            "{} are in no namespace: the one asked for, {namespace:?}, has to be empty",
            found.plural
        ),
        Some(kind) => kind,
        None => {
            let catalog = Catalog::built_in();
            let served: Vec<_> = catalog.kinds().map(|kind| kind.plural.as_str()).collect();
            panic!(
                "the fake apiserver has no resource {resource:?}; it has {}",
                served.join(", ")
            );
        }
    }
}

#[track_caller]
fn typed<T: DeserializeOwned>(value: Value) -> T {
    match serde_json::from_value(value) {
        Ok(typed) => typed,
        Err(error) => panic!("the stored object does not fit the type asked for: {error}"),
    }
}

/// A thread with a tokio runtime that one server runs on.
#[derive(Debug)]
pub(crate) struct RuntimeThread {
    handle: tokio::runtime::Handle,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl RuntimeThread {
    pub(crate) fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("fake-apiserver".to_owned())
            .spawn(move || {
                let _ = runtime.block_on(stopped);
            })?;
        Ok(RuntimeThread {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) fn handle(&self) -> &tokio::runtime::Handle {
        &self.handle
    }
}

impl Drop for RuntimeThread {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
