//! The flags that say what server is started.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory as _, ValueEnum};
use fake_apiserver::{Auth, FakeApiServer, FakeApiServerBuilder, Limits};
use jiff::Timestamp;
use tracing::level_filters::LevelFilter;

use super::{Arguments, Failure, kubeconfig, reachable};

/// Where the Service of a webhook is.
#[derive(Clone, Debug)]
struct WebhookService {
    namespace: String,
    name: String,
    url: String,
}

/// Reads `NAMESPACE/NAME=URL`.
fn webhook_service(rule: &str) -> Result<WebhookService, String> {
    let found = rule.split_once('=').and_then(|(service, url)| {
        let (namespace, name) = service.split_once('/')?;
        let is_whole = ![namespace, name, url].contains(&"");
        is_whole.then(|| WebhookService {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            url: url.to_owned(),
        })
    });
    found.ok_or_else(|| "such a rule is NAMESPACE/NAME=https://127.0.0.1:9443".to_owned())
}

/// Reads a time in RFC 3339 that every part of the server can show.
fn clock_time(text: &str) -> Result<Timestamp, String> {
    let time: Timestamp = text.parse().map_err(|error| format!("{error}"))?;
    let year = time.strftime("%Y").to_string();
    match year.parse() {
        Ok(1970..=9998_i32) => Ok(time),
        _ => Err("the years go from 1970 to 9998".to_owned()),
    }
}

/// What `serve` and `exec` have in common.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// IP address to listen on; 0.0.0.0 means all
    ///
    /// With --tls a client has to reach the server by a name or an address that its certificate is for. That of this
    /// machine, or of a container, is none of them unless --tls-san adds it.
    #[arg(
        long,
        value_name = "IP",
        default_value = "127.0.0.1",
        help_heading = "Connections"
    )]
    pub(crate) bind_address: IpAddr,

    /// Port to listen on; 0 picks a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        help_heading = "Connections"
    )]
    pub(crate) port: u16,

    /// Serve HTTPS instead of HTTP
    ///
    /// HTTP/2 and HTTP/1.1, with a certificate made for this run. The authority that signed it is in the kubeconfig. The
    /// certificate is for localhost, kubernetes, kubernetes.default, kubernetes.default.svc, 127.0.0.1, ::1 and the
    /// --bind-address.
    #[arg(long, help_heading = "Connections")]
    tls: bool,

    /// Name or IP address the certificate is for as well; may be repeated, implies --tls
    #[arg(long, value_name = "NAME|IP", help_heading = "Connections")]
    tls_san: Vec<String>,

    /// Where the Service of a webhook is, as NAMESPACE/NAME=URL; may be repeated
    ///
    /// No network leads to pods here: a webhook that is a Service is called at the host and port of this URL. Its
    /// certificate may be for that host, or for NAME.NAMESPACE.svc.
    #[arg(
        long,
        value_name = "RULE",
        help_heading = "Connections",
        value_parser = webhook_service
    )]
    webhook_service: Vec<WebhookService>,

    /// Host name the server answers to as well; may be repeated
    ///
    /// Without tokens a page in a browser would be the administrator, so only addresses and names that no public server
    /// has are answered to: without a dot, below localhost or internal, kubernetes.default.svc, and those of --tls-san. The
    /// control surface below /_fake is kept so with tokens too.
    #[arg(long, value_name = "NAME", help_heading = "Connections")]
    allow_host: Vec<String>,

    /// Origin whose pages may ask the server, such as http://localhost:5173; may be repeated
    #[arg(long, value_name = "ORIGIN", help_heading = "Connections")]
    allow_origin: Vec<String>,

    /// Write a kubeconfig for this server to PATH
    ///
    /// It carries the address, the certificate authority (with --tls) and the first token (of --token-auth-file). It is
    /// readable by its owner only, and stays when the server stops. A file that is there is replaced only if it is
    /// empty or was written by an earlier run.
    #[arg(long, value_name = "PATH", help_heading = "Connections")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Who the bearer tokens are, as CSV: token,user,uid,"group1,group2"
    ///
    /// kube-apiserver's format. An unknown token is then answered with 401, and a request without one comes from
    /// system:anonymous. Without this flag everybody is the administrator, in the group system:masters, and may
    /// impersonate whom they like.
    ///
    /// kubectl sends tokens over HTTPS only, so it needs --tls.
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    pub(crate) token_auth_file: Option<PathBuf>,

    /// Who vouches for the certificates of clients, in PEM; implies --tls
    ///
    /// As in kube-apiserver the common name is the user, the organizations are the groups. A certificate that nobody vouches
    /// for is answered with 401, and a request without one comes from system:anonymous. The kubeconfig has a certificate of
    /// an administrator, unless there are tokens.
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    pub(crate) client_ca_file: Option<PathBuf>,

    /// Whether requests without a token are let in, as system:anonymous, or answered with 401
    #[arg(
        long,
        value_name = "true|false",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        hide_possible_values = true,
        action = ArgAction::Set,
        help_heading = "Access"
    )]
    pub(crate) anonymous_auth: bool,

    /// Who may do what
    #[arg(
        long,
        value_name = "MODE",
        default_value = "AlwaysAllow",
        help_heading = "Access"
    )]
    pub(crate) authorization_mode: AuthorizationMode,

    /// Objects to start with: a YAML or JSON file, or a directory of such files; may be repeated
    ///
    /// A file may hold many documents, and lists. Objects are checked like those of a client; what they say about
    /// themselves (uid, times, status) is kept, and a namespace that is missing is made. The same object twice is an
    /// error. In a directory the .yaml, .yml and .json files are read, by name, but no subdirectories and no hidden files.
    ///
    /// Roles, ClusterRoles, RoleBindings and ClusterRoleBindings are what --authorization-mode RBAC goes by.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Cluster")]
    pub(crate) objects: Vec<PathBuf>,

    /// Make a namespace when something is created in it, instead of answering 404
    #[arg(long, help_heading = "Cluster")]
    pub(crate) implicit_namespaces: bool,

    /// Do not play the garbage collector and the namespace controller
    ///
    /// Without them a deleted namespace stays Terminating, and the dependents of a deleted object stay, until the test
    /// plays their part.
    #[arg(long, help_heading = "Cluster")]
    pub(crate) no_controllers: bool,

    /// Kubernetes version to play, such as 1.33 or v1.33.1 [default: 1.36.2]
    ///
    /// It changes what /version says and which deprecation warnings are sent.
    #[arg(long, value_name = "VERSION", help_heading = "Cluster")]
    pub(crate) kubernetes_version: Option<String>,

    /// Events kept for watches to resume from; older ones are answered with 410 [default: 100000]
    ///
    /// A small number shows how a client takes `410 Expired`.
    #[arg(
        long,
        value_name = "EVENTS",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Cluster"
    )]
    pub(crate) event_log_limit: Option<u32>,

    /// Seed of the uids and generated names; the same requests get the same ones
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        allow_negative_numbers = true,
        help_heading = "Cluster"
    )]
    pub(crate) random_seed: u64,

    /// Stops the clock at this time, such as 2026-01-01T12:00:00Z; only POST /_fake/clock moves it
    #[arg(long, value_name = "TIME", value_parser = clock_time, help_heading = "Cluster")]
    pub(crate) clock_at: Option<Timestamp>,

    /// Faults to install: a YAML or JSON script; may be repeated
    ///
    /// What goes wrong, for which requests, how often: `fake-apiserver schema faults` prints the JSON Schema.
    #[arg(long, value_name = "FILE", help_heading = "Faults")]
    pub(crate) faults: Vec<PathBuf>,

    /// Whether the running server can be scripted over HTTP, below /_fake
    ///
    /// `curl URL/_fake` shows what there is: rules can be installed and removed, the journal read, the clock moved.
    /// Whoever can reach the port may do that; pages in a browser are turned away.
    #[arg(
        long,
        value_name = "true|false",
        default_value_t = true,
        default_missing_value = "true",
        num_args = 0..=1,
        hide_possible_values = true,
        action = ArgAction::Set,
        help_heading = "Faults"
    )]
    pub(crate) control: bool,

    /// What to log to standard error; info is a line for every request
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "warn",
        help_heading = "Diagnostics"
    )]
    pub(crate) log: Level,
}

/// Upstream's names.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum AuthorizationMode {
    /// Everybody may do everything
    #[value(name = "AlwaysAllow")]
    AlwaysAllow,
    /// The roles and bindings among the --objects, and those of every new cluster, decide
    #[value(name = "RBAC")]
    Rbac,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Off,
    Error,
    Warn,
    Info,
}

impl ServerArgs {
    /// What is wrong with the flags together, if anything is.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        match !self.anonymous_auth && !self.asks_who() {
            true => Err(tokens_needed()),
            false => Ok(()),
        }
    }

    /// Whether who asks has to prove to be somebody.
    pub(crate) fn asks_who(&self) -> bool {
        self.token_auth_file.is_some() || self.client_ca_file.is_some()
    }

    /// Whether HTTPS is served.
    pub(crate) fn tls(&self) -> bool {
        self.tls || !self.tls_san.is_empty() || self.client_ca_file.is_some()
    }

    pub(crate) fn auth(&self) -> Result<Auth, Failure> {
        let mut auth = Auth::new().anonymous(self.anonymous_auth);
        if let Some(path) = &self.token_auth_file {
            auth = auth.token_file(path);
        }
        if let Some(path) = &self.client_ca_file {
            let pem = std::fs::read_to_string(path);
            auth = auth.client_ca(pem.map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(match self.authorization_mode {
            AuthorizationMode::AlwaysAllow => auth,
            AuthorizationMode::Rbac => auth.rbac(),
        })
    }

    pub(crate) fn limits(&self) -> Limits {
        match self.event_log_limit {
            Some(events) => Limits::new().events(events as usize),
            None => Limits::new(),
        }
    }

    pub(crate) fn builder(&self) -> Result<FakeApiServerBuilder, Failure> {
        let mut builder = FakeApiServer::builder()
            .bind((self.bind_address, self.port))
            .auth(self.auth()?)
            .limits(self.limits())
            .implicit_namespaces(self.implicit_namespaces)
            .controllers(!self.no_controllers)
            .control(self.control)
            .allow_unused_faults()
            .random_seed(self.random_seed);
        if self.tls() {
            builder = builder.tls();
        }
        for name in &self.tls_san {
            builder = builder.tls_san(name);
        }
        for WebhookService {
            namespace,
            name,
            url,
        } in &self.webhook_service
        {
            builder = builder.webhook_service(namespace, name, url);
        }
        for host in &self.allow_host {
            builder = builder.allow_host(host);
        }
        for origin in &self.allow_origin {
            builder = builder.allow_origin(origin);
        }
        if let Some(version) = &self.kubernetes_version {
            builder = builder.kubernetes_version(version);
        }
        if let Some(time) = self.clock_at {
            builder = builder.clock_at(time);
        }
        for path in &self.faults {
            builder = builder.faults_file(path);
        }
        let objects = self.objects.iter();
        Ok(objects.fold(builder, FakeApiServerBuilder::objects_file))
    }

    /// Says who can do what to a server that is not for this machine alone.
    pub(crate) fn warn(&self, server: &FakeApiServer) {
        let asks = self.asks_who();
        if let Some(warning) = reachable::warning(server.address(), asks, self.control) {
            super::complain(&warning);
        }
    }

    /// Writes the kubeconfig, if one was asked for.
    pub(crate) fn write_kubeconfig(&self, server: &FakeApiServer) -> Result<(), Failure> {
        if let Some(path) = &self.kubeconfig {
            kubeconfig::write(path, &server.kubeconfig())?;
        }
        Ok(())
    }
}

impl Level {
    pub(crate) fn install(self) {
        let level = match self {
            Level::Off => LevelFilter::OFF,
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
        };
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .with_target(false)
            // They would be printed to standard error, with a panic if nobody reads it any more.
            .log_internal_errors(false)
            .init();
    }
}

fn tokens_needed() -> clap::Error {
    Arguments::command().error(
        clap::error::ErrorKind::MissingRequiredArgument,
        "--anonymous-auth=false needs --token-auth-file or --client-ca-file, or nobody could get in",
    )
}
