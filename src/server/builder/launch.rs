//! From settings to a running server.

#[cfg(feature = "tls")]
use std::net::IpAddr;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{FakeApiServerBuilder, Source};
use crate::authentication::Authenticator;
use crate::authorization::Authorizer;
use crate::authorization::rbac::Rbac;
use crate::clock::Clock;
use crate::control::Control;
use crate::control::snapshot::{Snapshot, initial_namespaces};
use crate::error::{Error, Problem};
use crate::fault::Fault;
use crate::fault::script::check_name;
use crate::fault::stage::Faults;
use crate::handlers::cluster::Cluster;
use crate::handlers::seed::Seeder;
use crate::handlers::version::Version;
use crate::ids::Ids;
use crate::journal::recorder::Recorder;
use crate::kinds::Catalog;
use crate::listener::Listener;
#[cfg(feature = "tls")]
use crate::listener::tls::Identity;
#[cfg(feature = "tls")]
use crate::names::is_dns1123_subdomain;
use crate::pipeline::Pipeline;
use crate::response::LastList;
use crate::server::outage::Outages;
use crate::server::runtime::RuntimeThread;
use crate::server::{FakeApiServer, Parts, Reach};
use crate::storage::Storage;

/// The environment variable that names the directory for coverage.
const COVERAGE_DIR: &str = "FAKE_APISERVER_COVERAGE_DIR";

/// Who may do what.
#[derive(Clone, Debug)]
pub(super) struct Access {
    authenticator: Arc<Authenticator>,
    authorizer: Arc<Authorizer>,
    /// The kubeconfig's.
    token: Option<String>,
}

impl FakeApiServerBuilder {
    /// Starts the server on the current tokio runtime, as [`FakeApiServer::start`] does.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = fake_apiserver::FakeApiServer::builder().random_seed(1).start().await;
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
        let thread = RuntimeThread::start().map_err(Problem::Runtime)?;
        let guard = thread.handle().enter();
        let server = self.launch();
        drop(guard);
        Ok(server?.on(thread))
    }

    pub(crate) fn launch(mut self) -> Result<FakeApiServer, Error> {
        tokio::runtime::Handle::try_current().map_err(|_| Problem::NoRuntime)?;
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
        let recorder = Arc::new(Recorder::new(self.limits.journal));
        let outages = Outages::new(listener.gate(), cluster.clone());
        let pipeline = Arc::new(Pipeline {
            cluster: cluster.clone(),
            recorder: recorder.clone(),
            authenticator: access.authenticator.clone(),
            authorizer: access.authorizer.clone(),
            max_body: self.limits.body,
            faults: faults.clone(),
            port: outages.clone(),
            control: self.control.then(|| {
                Arc::new(Control {
                    cluster: cluster.clone(),
                    faults,
                    recorder,
                    start: OnceLock::new(),
                    port: outages.clone(),
                    max_body: self.limits.body,
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
            None => Arc::new(self.auth.authenticator()?),
        };
        let cluster = Arc::new(self.cluster(version)?);
        let objects = std::mem::take(&mut self.objects);
        let rules = self.auth.rbac.clone().filter(|_| access.is_none());
        let authorizer = populate(&cluster, objects, rules)?;
        let access = access.unwrap_or_else(|| Access {
            token: self.auth.first_token(&authenticator),
            authenticator,
            authorizer: Arc::new(authorizer),
        });
        Ok((cluster, access))
    }

    /// The bound socket; with TLS, also the certificate authority.
    fn listen(&self) -> Result<(Listener, Option<String>), Error> {
        let listener =
            Listener::bind(self.address, self.limits.listener).map_err(|source| Problem::Bind {
                address: self.address,
                source,
            })?;
        #[cfg(feature = "tls")]
        if self.tls {
            self.check_sans()?;
            let (address, sans) = (listener.address().ip(), &self.tls_sans);
            let identity = Identity::generate(address, sans)
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
            storage: Arc::new(Storage::new(self.limits.events)),
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
