//! From settings to a running server.

use std::net::IpAddr;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{FakeApiServerBuilder, Source};
use crate::admission;
use crate::authentication::Authenticator;
use crate::authentication::origin::{Origins, is_origin};
use crate::authorization::Authorizer;
use crate::clock::Clock;
use crate::control::Control;
use crate::control::snapshot::Snapshot;
use crate::error::{Error, Problem};
use crate::fault::Fault;
use crate::fault::script::check_name;
use crate::fault::stage::Faults;
use crate::handlers::aside::Turns;
use crate::handlers::bootstrap;
use crate::handlers::cluster::{Cluster, Start};
use crate::handlers::definitions::Kinds;
use crate::handlers::seed::{Given, Seeder, read_files};
use crate::handlers::version::Version;
use crate::ids::Ids;
use crate::journal::recorder::Recorder;
use crate::listener::Listener;
#[cfg(feature = "tls")]
use crate::listener::tls::Identity;
use crate::names::is_dns1123_subdomain;
use crate::object::kept::Kept;
use crate::outbound::{self, Services};
use crate::pipeline::{Pipeline, Places};
use crate::response::LastList;
use crate::server::outage::Outages;
use crate::server::runtime::RuntimeThread;
use crate::server::{FakeApiServer, Parts, Reach};
use crate::storage::Storage;

/// The environment variable that names the directory for coverage.
const COVERAGE_DIR: &str = "FAKE_APISERVER_COVERAGE_DIR";

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
        let is_fork = self.access.is_some();
        let access = match self.access.take() {
            Some(access) => access,
            None => self.make_access()?,
        };
        let (listener, authority) = self.listen(&access.authenticator)?;
        let (cluster, authorizer) = self.state(version, authority.as_deref(), is_fork)?;
        let address = listener.address();
        let faults = Arc::new(Faults::default());
        for fault in scripted.into_iter().chain(std::mem::take(&mut self.faults)) {
            faults.install_at_start(fault, cluster.clock.now());
        }
        let recorder = Recorder::new(self.limits.journal, self.limits.journal_bytes);
        let recorder = Arc::new(recorder.with_audit(self.open_audit()?));
        let outages = Outages::new(listener.gate(), cluster.clone());
        let pipeline = Arc::new(Pipeline {
            cluster: cluster.clone(),
            recorder: recorder.clone(),
            authenticator: access.authenticator.clone(),
            authorizer: Arc::new(authorizer),
            origins: Arc::new(self.origins()?),
            max_body: self.limits.listener.body,
            places: Places::new(self.limits.reading, self.limits.writing),
            faults: faults.clone(),
            port: outages.clone(),
            control: self.control.then(|| {
                Arc::new(Control {
                    cluster: cluster.clone(),
                    faults,
                    recorder,
                    start: OnceLock::new(),
                    port: outages.clone(),
                    max_body: self.limits.listener.body,
                })
            }),
            stale: None,
            address: address.to_string(),
            documents: Arc::default(),
            flow: crate::response::headers::Flow::new(cluster.ids.flow()),
            written: Arc::default(),
            turns: Turns::default(),
        });
        let running = listener.serve(pipeline.clone());
        let controllers = self
            .controllers
            .then(|| tokio::spawn(crate::controllers::run(cluster)));
        let reach = Reach {
            address,
            authority,
            token: access.token.clone(),
            certificate: access.certificate.clone(),
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
    fn state(
        &mut self,
        version: Version,
        authority: Option<&str>,
        is_fork: bool,
    ) -> Result<(Arc<Cluster>, Authorizer), Error> {
        let cluster = Arc::new(self.cluster(version, authority)?);
        // A fork has them already.
        let rules = self.auth.rbac.as_deref().filter(|_| !is_fork);
        populate(&cluster, std::mem::take(&mut self.objects), rules)?;
        let authorizer = match self.auth.rbac {
            None => Authorizer::AlwaysAllow,
            Some(_) => Authorizer::rbac(cluster.storage.clone(), self.controllers),
        };
        Ok((cluster, authorizer))
    }

    /// Who may ask, as far as a browser tells.
    fn origins(&self) -> Result<Origins, Error> {
        for host in &self.hosts {
            check_host_name(host).map_err(|e| Error::invalid(format!("allow_host {host:?}"), e))?;
        }
        if let Some(wrong) = self.origins.iter().find(|origin| !is_origin(origin)) {
            let problem = "an origin is a scheme and a host, such as http://localhost:5173";
            return Err(Error::invalid(format!("allow_origin {wrong:?}"), problem));
        }
        let hosts = self.hosts.iter();
        #[cfg(feature = "tls")]
        let hosts = hosts.chain(&self.tls_sans);
        Ok(Origins::new(hosts, &self.origins))
    }

    /// The bound socket; with TLS, also the certificate authority.
    fn listen(&self, _known: &Authenticator) -> Result<(Listener, Option<String>), Error> {
        let listener =
            Listener::bind(self.address, self.limits.listener).map_err(|source| Problem::Bind {
                address: self.address,
                source,
            })?;
        #[cfg(feature = "tls")]
        if self.tls {
            self.check_sans()?;
            let invalid = |problem: String| Error::invalid("tls", problem);
            let (address, sans) = (listener.address().ip(), &self.tls_sans);
            let told = _known.told().map_err(invalid)?;
            let identity = match &self.tls_certificate {
                Some((certificate, key)) => Identity::given(certificate, key, &told),
                None => Identity::generate(address, sans, &told),
            };
            let identity = identity.map_err(|problem| invalid(problem.to_string()))?;
            let listener = listener.with_tls(identity.acceptor);
            return Ok((listener, Some(identity.authority)));
        }
        Ok((listener, None))
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
    fn cluster(&mut self, version: Version, authority: Option<&str>) -> Result<Cluster, Error> {
        self.plugins.check().map_err(Problem::Word)?;
        let from = self.from.take();
        let ids = self.seed.map(Ids::new);
        let clock = self.time.map(Clock::frozen);
        let clock = clock
            .or(from.as_ref().and_then(Snapshot::clock))
            .unwrap_or_else(Clock::running);
        let began = from.as_ref().and_then(Snapshot::began);
        let start = Start {
            time: began.unwrap_or_else(|| clock.now()),
            controllers: self.controllers,
        };
        let cluster = Cluster {
            kinds: Kinds::default(),
            storage: Arc::new(Storage::new(self.limits.history)),
            clock: Arc::new(clock),
            ids: Arc::new(
                ids.or(from.as_ref().and_then(Snapshot::ids))
                    .unwrap_or_else(|| Ids::new(0)),
            ),
            last_list: LastList::default(),
            kept: Kept::default(),
            acting: admission::Known::default(),
            outbound: outbound::Client::new(self.services()?),
            watch_backlog: self.limits.watch_backlog,
            version,
            start,
            implicit_namespaces: self.implicit_namespaces || self.plugins.provides_namespaces(),
            plugins: self.plugins.clone(),
            issuance: Arc::new(self.auth.issuance()?),
            authority: self
                .controllers
                .then(|| authority.unwrap_or_default().into()),
            watch_ends: tokio::sync::watch::Sender::new(0),
        };
        if let Some(snapshot) = from {
            snapshot
                .begin(&cluster)
                .map_err(|problem| Error::invalid("from_snapshot", problem))?;
        }
        bootstrap::begin(&cluster);
        Ok(cluster)
    }

    /// Where webhooks are that are Services.
    fn services(&self) -> Result<Services, Error> {
        let mut services = Services::default();
        for (namespace, name, url) in &self.webhook_services {
            services
                .add(namespace, name, url)
                .map_err(|e| Error::invalid(format!("webhook_service {namespace}/{name}"), e))?;
        }
        Ok(services)
    }

    /// The same settings for another server, which takes its names and its time from a snapshot.
    fn for_forks(mut self) -> Self {
        self.address.set_port(0);
        self.seed = None;
        self.time = None;
        self
    }
}

/// Refuses what is neither an IP address nor a host name, which may start with a wildcard.
pub(super) fn check_host_name(host: &str) -> Result<(), String> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let wrong = is_dns1123_subdomain(&name.to_ascii_lowercase());
    match (host.parse::<IpAddr>(), wrong.into_iter().next()) {
        (Err(_), Some(problem)) => Err(problem.to_string()),
        _ => Ok(()),
    }
}

/// Stores the objects, and the rules to authorize by.
fn populate(cluster: &Cluster, sources: Vec<Source>, rules: Option<&[Value]>) -> Result<(), Error> {
    let mut seeder = Seeder::new(cluster);
    for rule in rules.into_iter().flatten() {
        let stored = seeder.at("rbac").object(rule.clone());
        stored.map_err(|problem| Error::invalid("rbac", problem))?;
    }
    let mut given = Vec::new();
    for source in sources {
        match source {
            Source::File(path) => given.extend(read_files(&path)?),
            Source::Definitions(path) => {
                let mut all = read_files(&path)?;
                all.retain(Given::is_definition);
                if all.is_empty() {
                    let problem = "there is no CustomResourceDefinition in it";
                    return Err(Error::invalid(path.display().to_string(), problem));
                }
                given.extend(all);
            }
            Source::Value { object, caller } => {
                let about = format!("the object given at {caller}");
                given.push(Given {
                    value: object.map_err(|problem| Error::invalid(&*about, problem))?,
                    place: caller.to_string(),
                    about,
                });
            }
        }
    }
    seeder.all(given)?;
    Ok(())
}
