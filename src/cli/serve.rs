//! `fake-apiserver serve`: a server until it is told to stop.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, CommandFactory as _, ValueEnum};
use fake_apiserver::{FakeApiServer, FakeApiServerBuilder};
use tracing::level_filters::LevelFilter;

use super::signals::Signals;
use super::{Arguments, Outcome, kubeconfig};

/// The part of the help that is about no single flag.
const NOTES: &str = "\
Output:
  Once the server answers, the first line on standard output is its URL and nothing else, such
  as http://127.0.0.1:34567. A harness reads that line; what follows is for people and may
  change. The kubeconfig is complete by then. Errors and the log go to standard error.

Stopping:
  Ctrl-C or SIGTERM: watches end, requests in flight are finished, the exit code is 0. A second
  one stops at once, with 130 or 143.

Exit codes:
  0  stopped as asked
  1  cannot start: the address is taken, or a file cannot be read or is wrong
  2  the command line is wrong

Examples:
  Any port, for a test that reads the URL:
    fake-apiserver serve

  For kubectl and other clients, with what is in a directory:
    fake-apiserver serve --port 8001 --kubeconfig /tmp/kubeconfig --objects manifests/
    kubectl --kubeconfig /tmp/kubeconfig get namespaces

  With users and access rules; kubectl sends a token over HTTPS only:
    echo 't0ken,alice,1,\"dev\"' > tokens.csv
    fake-apiserver serve --tls --token-auth-file tokens.csv --authorization-mode RBAC \\
      --objects roles.yaml --kubeconfig /tmp/kubeconfig";

/// Serve the Kubernetes API, from memory, until Ctrl-C or SIGTERM
///
/// Everything is gone when it stops. Without further flags it listens on a free port of 127.0.0.1, in plain HTTP, and
/// everybody may do everything.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Serve {
    /// IP address to listen on; 0.0.0.0 means all
    #[arg(
        long,
        value_name = "IP",
        default_value = "127.0.0.1",
        help_heading = "Connections"
    )]
    bind_address: IpAddr,

    /// Port to listen on; 0 picks a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        help_heading = "Connections"
    )]
    port: u16,

    /// Serve HTTPS instead of HTTP
    ///
    /// HTTP/2 and HTTP/1.1, with a certificate made for this run. The authority that signed it is in the kubeconfig.
    #[arg(long, help_heading = "Connections")]
    tls: bool,

    /// Write a kubeconfig for this server to PATH
    ///
    /// It carries the address, the certificate authority (with --tls) and the first token (of --token-auth-file). It is
    /// readable by its owner only, and stays when the server stops. A file that is there is replaced only if it is
    /// empty or was written by an earlier run.
    #[arg(long, value_name = "PATH", help_heading = "Connections")]
    kubeconfig: Option<PathBuf>,

    /// Who the bearer tokens are, as CSV: token,user,uid,"group1,group2"
    ///
    /// kube-apiserver's format. An unknown token is then answered with 401, and a request without one comes from
    /// system:anonymous. Without this flag everybody is the administrator, in the group system:masters, and may
    /// impersonate whom they like.
    ///
    /// kubectl sends tokens over HTTPS only, so it needs --tls.
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    token_auth_file: Option<PathBuf>,

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
    anonymous_auth: bool,

    /// Who may do what
    #[arg(
        long,
        value_name = "MODE",
        default_value = "AlwaysAllow",
        help_heading = "Access"
    )]
    authorization_mode: AuthorizationMode,

    /// Objects to start with: a YAML or JSON file, or a directory of such files; may be repeated
    ///
    /// A file may hold many documents, and lists. Objects are checked like those of a client; what they say about
    /// themselves (uid, times, status) is kept, and a namespace that is missing is made. In a directory the .yaml, .yml
    /// and .json files are read, by name, but no subdirectories.
    ///
    /// Roles, ClusterRoles, RoleBindings and ClusterRoleBindings are for --authorization-mode RBAC, and refused without
    /// it.
    #[arg(long, value_name = "FILE|DIR", help_heading = "Cluster")]
    objects: Vec<PathBuf>,

    /// Make a namespace when something is created in it, instead of answering 404
    #[arg(long, help_heading = "Cluster")]
    implicit_namespaces: bool,

    /// Do not play the garbage collector and the namespace controller
    ///
    /// Without them a deleted namespace stays Terminating, and the dependents of a deleted object stay, until the test
    /// plays their part.
    #[arg(long, help_heading = "Cluster")]
    no_controllers: bool,

    /// Kubernetes version to play, such as 1.33 or v1.33.1 [default: 1.36.2]
    ///
    /// It changes what /version says and which deprecation warnings are sent.
    #[arg(long, value_name = "VERSION", help_heading = "Cluster")]
    kubernetes_version: Option<String>,

    /// Events kept for watches to resume from; older ones are answered with 410 [default: 100000]
    ///
    /// A small number shows how a client takes `410 Expired`.
    #[arg(
        long,
        value_name = "EVENTS",
        value_parser = clap::value_parser!(u32).range(1..),
        help_heading = "Cluster"
    )]
    event_log_limit: Option<u32>,

    /// Seed of the uids and generated names; the same requests get the same ones
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0,
        help_heading = "Cluster"
    )]
    seed: u64,

    /// Faults to install: a YAML or JSON script; may be repeated
    ///
    /// What goes wrong, for which requests, how often: `fake-apiserver schema faults` prints the JSON Schema.
    #[arg(long, value_name = "FILE", help_heading = "Faults")]
    faults: Vec<PathBuf>,

    /// Whether the running server can be scripted over HTTP, below /_fake
    ///
    /// `curl URL/_fake` shows what there is: rules can be installed and removed, the journal read, the clock moved.
    /// Pages in a browser are turned away.
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
    control: bool,

    /// What to log to standard error; info is a line for every request
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "warn",
        help_heading = "Diagnostics"
    )]
    log: Level,
}

/// Upstream's names.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum AuthorizationMode {
    /// Everybody may do everything
    #[value(name = "AlwaysAllow")]
    AlwaysAllow,
    /// The roles and bindings among the --objects, and those of every new cluster, decide
    #[value(name = "RBAC")]
    Rbac,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Off,
    Error,
    Warn,
    Info,
}

impl Serve {
    pub(crate) async fn run(self) -> Outcome {
        if !self.anonymous_auth && self.token_auth_file.is_none() {
            return Ok(super::usage(&tokens_needed()));
        }
        self.log.install();
        let mut signals = Signals::listen()?;
        let server = self.builder().try_start().await?;
        if let Some(path) = &self.kubeconfig {
            kubeconfig::write(path, &server.kubeconfig())?;
        }
        tracing::info!(url = server.url(), "serving");
        self.announce(&server);

        signals.next().await;
        tracing::info!("stopping");
        tokio::select! {
            () = server.shutdown() => Ok(ExitCode::SUCCESS),
            code = signals.next() => Ok(ExitCode::from(code)),
        }
    }

    fn builder(&self) -> FakeApiServerBuilder {
        let mut builder = FakeApiServer::builder()
            .bind((self.bind_address, self.port))
            .anonymous(self.anonymous_auth)
            .implicit_namespaces(self.implicit_namespaces)
            .controllers(!self.no_controllers)
            .control(self.control)
            .allow_unused_faults()
            .seed(self.seed);
        if self.tls {
            builder = builder.tls();
        }
        if let Some(path) = &self.token_auth_file {
            builder = builder.token_file(path);
        }
        if self.authorization_mode == AuthorizationMode::Rbac {
            builder = builder.rbac([(); 0]);
        }
        if let Some(version) = &self.kubernetes_version {
            builder = builder.kubernetes_version(version);
        }
        if let Some(events) = self.event_log_limit {
            builder = builder.event_log_limit(events as usize);
        }
        for path in &self.faults {
            builder = builder.faults_file(path);
        }
        self.objects
            .iter()
            .fold(builder, FakeApiServerBuilder::objects_file)
    }

    /// The URL for programs, and then how to use it for people.
    fn announce(&self, server: &FakeApiServer) {
        let text = format!("{}\n{}", server.url(), self.hints(&server.url()));
        let mut stdout = std::io::stdout().lock();
        // Nobody may be reading any more; the server is there all the same.
        let _ = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    fn hints(&self, url: &str) -> String {
        let mut kubectl = match &self.kubeconfig {
            Some(path) => format!("kubectl --kubeconfig {}", quoted(&path.to_string_lossy())),
            None => format!("kubectl --server {url}"),
        };
        if self.kubeconfig.is_none() && self.tls {
            kubectl.push_str(" --insecure-skip-tls-verify");
        }
        if self.kubeconfig.is_none() && self.token_auth_file.is_some() {
            kubectl.push_str(" --token TOKEN");
        }
        let mut hints = format!("Try it: {kubectl} get namespaces\n");
        let mut note = |text: &str| {
            let _ = writeln!(hints, "Note: {text}");
        };
        if self.token_auth_file.is_some() && !self.tls {
            note("kubectl sends a token over HTTPS only; with --tls it does");
        }
        if self.token_auth_file.is_none() && self.authorization_mode == AuthorizationMode::Rbac {
            note(
                "without --token-auth-file everybody is the administrator; RBAC decides only about \
                 users who are impersonated",
            );
        }
        hints.push_str("Stop it: Ctrl-C\n");
        hints
    }
}

impl Level {
    fn install(self) {
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
        "--anonymous-auth=false needs --token-auth-file, or nobody could get in",
    )
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=~".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
