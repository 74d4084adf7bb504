//! A running server, as a test holds it.

mod builder;
mod faults;
mod journal;
pub(crate) mod kubeconfig;
mod objects;
mod outage;
mod reach;
mod replica;
mod runtime;
mod state;
#[cfg(feature = "tls")]
mod users;
#[cfg(feature = "tls")]
mod webhooks;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::task::JoinHandle;

pub use self::builder::{Auth, FakeApiServerBuilder, Limits};
pub use self::journal::Expectation;
pub use self::objects::Objects;
pub use self::outage::OutageGuard;
pub use self::replica::Replica;
#[cfg(feature = "tls")]
pub use self::webhooks::{Admission, Webhook};

use self::outage::Outages;
use self::reach::Reach;
use self::runtime::RuntimeThread;
use crate::control::snapshot::Snapshot;
use crate::fault::stage::Faults;
use crate::handlers::cluster::Cluster;
use crate::journal::Coverage;
use crate::journal::recorder::Recorder;
use crate::listener::Running;
use crate::pipeline::Pipeline;

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
    #[cfg(feature = "tls")]
    webhooks: webhooks::Served,
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
    /// It is `async` though nothing is waited for yet: that keeps the call on the runtime that is to serve, and leaves
    /// room for a start that has to wait.
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
    /// use std::time::SystemTime;
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().random_seed(7).clock_at(SystemTime::UNIX_EPOCH).start_blocking();
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
            #[cfg(feature = "tls")]
            webhooks: webhooks::Served::default(),
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
    /// the closure of a [custom fault](crate::Fault::custom) panicked and its guard has not told so yet.
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
