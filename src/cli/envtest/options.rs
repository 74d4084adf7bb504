//! What the flags of kube-apiserver mean here.

use std::net::{IpAddr, Ipv4Addr};

use fake_apiserver::{Auth, FakeApiServer, FakeApiServerBuilder, Limits};

use super::environment;
use super::flags::Flags;
use super::serving::{self, read};
use crate::cli::Failure;

const SECURE_PORT: i64 = 6443;
/// The only range addresses of services are from.
const SERVICE_RANGE: &str = "10.0.0.0/24";
/// The only range node ports are from.
const NODE_PORTS: &str = "30000-32767";

/// The names of upstream's feature gates, as of this version.
const FEATURE_GATES: &str = include_str!("feature_gates.txt");
const GATES_OF: &str = "1.36";

/// A server as the flags want it, with the control surface and without controllers.
pub(super) fn builder(flags: &Flags, version: &str) -> Result<FakeApiServerBuilder, Failure> {
    check_fixed(flags)?;
    check_headers(flags)?;
    check_features(flags, version)?;
    check_apis(flags)?;
    let address = address(flags)?;
    let (certificate, key) = serving::certificate(flags, address)?;
    let builder = FakeApiServer::builder()
        .kubernetes_version(version)
        .bind((address, port(flags)?))
        .tls_certificate(certificate, key)
        .auth(auth(flags)?)
        .limits(limits(flags)?)
        .control(true)
        .allow_unused_faults()
        .enable_admission_plugins(flags.list("enable-admission-plugins"))
        .disable_admission_plugins(flags.list("disable-admission-plugins"));
    Ok(
        match (
            flags.value("audit-policy-file"),
            flags.value("audit-log-path"),
        ) {
            (Some(policy), Some(log)) => builder.audit(policy, log),
            (None, Some(_)) => {
                tracing::warn!(
                    "no audit policy file provided, no events will be recorded for log backend"
                );
                builder
            }
            _ => builder,
        },
    )
}

fn address(flags: &Flags) -> Result<IpAddr, Failure> {
    let Some(text) = flags.value("bind-address") else {
        return Ok(Ipv4Addr::UNSPECIFIED.into());
    };
    let wrong = format!(
        "invalid argument {text:?} for \"--bind-address\" flag: failed to parse IP: {text:?}"
    );
    Ok(text.parse().map_err(|_| wrong)?)
}

fn port(flags: &Flags) -> Result<u16, Failure> {
    let port = flags.number("secure-port").unwrap_or(SECURE_PORT);
    let wrong = || format!("--secure-port {port} must be between 1 and 65535, inclusive");
    match u16::try_from(port) {
        Ok(0) | Err(_) => Err(wrong().into()),
        Ok(port) => Ok(port),
    }
}

/// Who is known, and who may do what.
fn auth(flags: &Flags) -> Result<Auth, Failure> {
    let modes = flags.list("authorization-mode");
    let allows_all = modes.is_empty() || modes.contains(&"AlwaysAllow");
    check_modes(&modes)?;
    // Upstream's choice too: nobody in particular would be allowed everything.
    let anonymous = flags.is_left_on("anonymous-auth") && !allows_all;
    let mut auth = Auth::new().strict().anonymous(anonymous);
    if !allows_all {
        auth = auth.rbac();
    }
    if let Some(path) = flags.value("client-ca-file") {
        auth = auth.client_ca(read(path)?);
    }
    if let Some(path) = flags.value("requestheader-client-ca-file") {
        auth = auth.front_proxy(read(path)?, flags.list("requestheader-allowed-names"));
    }
    if let Some(path) = flags.value("token-auth-file") {
        auth = auth.token_file(path);
    }
    let issuer = flags.list("service-account-issuer").first().copied();
    if let Some(issuer) = issuer {
        auth = auth.service_account_issuer(issuer);
    }
    let audiences = flags.list("api-audiences");
    if audiences.iter().any(|audience| Some(*audience) != issuer) {
        return Err("--api-audiences: tokens are for the issuer of service accounts only".into());
    }
    if let Some(path) = flags.value("service-account-signing-key-file") {
        auth = auth.service_account_signing_key(read(path)?);
        for path in flags.list("service-account-key-file") {
            auth = auth.service_account_key(read(path)?);
        }
    } else if !flags.list("service-account-key-file").is_empty() {
        tracing::warn!(
            "--service-account-key-file: without --service-account-signing-key-file tokens are signed with a key from \
             the seed, and no others are known"
        );
    }
    Ok(auth)
}

fn check_modes(modes: &[&str]) -> Result<(), Failure> {
    for mode in modes {
        match *mode {
            "AlwaysAllow" | "RBAC" => {}
            "Node" if modes.contains(&"RBAC") => tracing::warn!(
                "--authorization-mode: Node is not played; nodes may do what RBAC lets them"
            ),
            "AlwaysDeny" | "ABAC" | "Webhook" | "Node" => {
                let problem = format!(
                    "--authorization-mode: {mode} is not played by this fake apiserver; AlwaysAllow and RBAC are"
                );
                return Err(problem.into());
            }
            mode => {
                let problem = format!("authorization-mode {mode:?} is not a valid mode");
                return Err(problem.into());
            }
        }
    }
    Ok(())
}

fn limits(flags: &Flags) -> Result<Limits, Failure> {
    let mut limits = Limits::new();
    if environment::wants_journal() {
        limits = limits.journal(environment::JOURNAL_LIMIT);
    }
    let number = |name: &str| -> Result<Option<usize>, Failure> {
        let number = flags.number(name);
        // Nothing is no limit.
        let number = number.filter(|number| *number != 0).map(usize::try_from);
        let number = number.transpose();
        Ok(number.map_err(|_| format!("--{name} can not be negative value"))?)
    };
    if let Some(most) = number("max-requests-inflight")? {
        limits = limits.requests_in_flight(most);
    }
    if let Some(most) = number("max-mutating-requests-inflight")? {
        limits = limits.mutating_requests_in_flight(most);
    }
    Ok(limits)
}

/// What can be said, but is as it is.
fn check_fixed(flags: &Flags) -> Result<(), Failure> {
    for (name, only) in [
        ("service-cluster-ip-range", SERVICE_RANGE),
        ("service-node-port-range", NODE_PORTS),
        ("audit-log-format", "json"),
        ("audit-log-version", "audit.k8s.io/v1"),
    ] {
        if let Some(other) = flags.value(name).filter(|value| *value != only) {
            let problem =
                format!("--{name}={other}: this fake apiserver plays {only} and no other");
            return Err(problem.into());
        }
    }
    Ok(())
}

/// Proxies tell who asks by the usual headers, or not at all.
fn check_headers(flags: &Flags) -> Result<(), Failure> {
    for (name, only) in [
        ("requestheader-username-headers", "X-Remote-User"),
        ("requestheader-uid-headers", "X-Remote-Uid"),
        ("requestheader-group-headers", "X-Remote-Group"),
        ("requestheader-extra-headers-prefix", "X-Remote-Extra-"),
    ] {
        let others = flags.list(name);
        if let Some(other) = others
            .iter()
            .find(|other| !other.eq_ignore_ascii_case(only))
        {
            let problem =
                format!("--{name}={other}: this fake apiserver reads {only} and no other");
            return Err(problem.into());
        }
    }
    Ok(())
}

fn check_features(flags: &Flags, version: &str) -> Result<(), Failure> {
    for gate in flags.list("feature-gates") {
        let (name, value) = gate.split_once('=').unwrap_or((gate, ""));
        let why = match name {
            _ if !["true", "false"].contains(&value) => {
                format!(
                    "invalid value of {name}={value}, err: strconv.ParseBool: parsing {value:?}: invalid syntax"
                )
            }
            "AllAlpha" | "AllBeta" => continue,
            _ if FEATURE_GATES.lines().any(|known| known == name) => continue,
            // They come and go with every version.
            _ if !version.starts_with(GATES_OF) => {
                tracing::warn!("--feature-gates: {name} is no gate of {GATES_OF}");
                continue;
            }
            _ => format!("unrecognized feature gate: {name}"),
        };
        return Err(
            format!("invalid argument {gate:?} for \"--feature-gates\" flag: {why}").into(),
        );
    }
    Ok(())
}

/// Nothing that is served can be turned off, and nothing else on.
fn check_apis(flags: &Flags) -> Result<(), Failure> {
    for pair in flags.list("runtime-config") {
        let (api, value) = pair.split_once('=').unwrap_or((pair, "true"));
        let is_on = !["false", "0"].contains(&value);
        let version = api.split('/').nth(1).unwrap_or(api);
        match (api, is_on) {
            ("api/all" | "api/beta" | "api/alpha", true) => tracing::warn!(
                "--runtime-config: {api} is taken, but versions before v1 are not served"
            ),
            ("api/beta" | "api/alpha", false) => {}
            (_, true) if !version.contains("alpha") && !version.contains("beta") => {}
            (_, false) if version.contains("alpha") || version.contains("beta") => {}
            (_, true) => {
                return Err(format!(
                    "--runtime-config: {api} is not served by this fake apiserver"
                )
                .into());
            }
            (_, false) => {
                return Err(format!(
                    "--runtime-config: {api} cannot be turned off in this fake apiserver"
                )
                .into());
            }
        }
    }
    Ok(())
}
