//! The checks of the baseline level, each under the name by which upstream orders them.

use serde_json::Value;

use super::{Violation, distinct, named, plural, quoted, setters, those};
use crate::registry::pod::annotations::APP_ARMOR;
use crate::registry::pod::read::{
    containers, count, entries, flag, is_set, is_true, list, member, text, texts,
};

pub(super) type Check = fn(&Value, &Value, u32) -> Option<Violation>;

/// All but those that the restricted level has in a stricter form.
pub(super) const COMMON: [(&str, Check); 9] = [
    ("appArmorProfile", app_armor),
    ("hostNamespaces", host_namespaces),
    ("hostPorts", host_ports),
    ("hostProbesAndhostLifecycle", host_probes),
    ("privileged", privileged),
    ("procMount", proc_mount),
    ("seLinuxOptions", selinux),
    ("sysctls", sysctls),
    ("windowsHostProcess", host_process),
];
const OWN: [(&str, Check); 3] = [
    ("capabilities_baseline", capabilities),
    ("hostPathVolumes", host_paths),
    ("seccompProfile_baseline", seccomp),
];

const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The sysctls that are safe, and since which minor version they are.
const SYSCTLS: [(&str, u32); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

pub(super) fn check(meta: &Value, spec: &Value, minor: u32) -> Vec<Violation> {
    run(COMMON.iter().chain(&OWN), meta, spec, minor)
}

/// Makes the checks in the order of their names.
pub(super) fn run<'a>(
    checks: impl Iterator<Item = &'a (&'static str, Check)>,
    meta: &Value,
    spec: &Value,
    minor: u32,
) -> Vec<Violation> {
    let mut checks: Vec<_> = checks.collect();
    checks.sort_unstable_by_key(|(name, _)| *name);
    let found = checks
        .iter()
        .filter_map(|(_, check)| check(meta, spec, minor));
    found.collect()
}

/// A pod in a namespace of users of its own may be root in there.
pub(super) fn has_own_users(spec: &Value, minor: u32) -> bool {
    minor >= 35 && flag(spec, "hostUsers") == Some(false)
}

fn security(container: &Value) -> &Value {
    &container["securityContext"]
}

fn app_armor(meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let bad = |holder: &Value| {
        let profile = member(security(holder), "appArmorProfile");
        profile
            .is_some_and(|profile| !matches!(text(profile, "type"), "RuntimeDefault" | "Localhost"))
    };
    let of = |holder: &Value| text(&security(holder)["appArmorProfile"], "type").to_owned();
    let names = those(spec, bad);
    let mut values: Vec<String> = containers(spec)
        .map(|(_, _, container)| container)
        .chain(std::iter::once(spec))
        .filter(|holder| bad(holder))
        .map(of)
        .collect();
    values.sort_unstable();
    values.dedup();
    let annotations: Vec<String> = entries(meta, "annotations")
        .into_iter()
        .filter(|(key, _)| key.starts_with(APP_ARMOR))
        .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
        .filter(|(_, value)| {
            !matches!(*value, "" | "runtime/default") && !value.starts_with("localhost/")
        })
        .map(|(key, value)| format!("{key}={}", crate::codec::quote::quote(value)))
        .collect();
    let mut subject = vec![setters(bad(spec), &names)];
    if !annotations.is_empty() {
        subject.push(plural(annotations.len(), "annotation", "annotations").to_owned());
        values.extend(annotations);
    }
    subject.retain(|subject| !subject.is_empty());
    if subject.is_empty() {
        return None;
    }
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    Some((
        plural(
            values.len(),
            "forbidden AppArmor profile",
            "forbidden AppArmor profiles",
        ),
        format!(
            "{} must not set AppArmor profile type to {}",
            subject.join(" and "),
            quoted(&values)
        ),
    ))
}

fn capabilities(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let added = |container: &Value| -> Vec<String> {
        let added = texts(&security(container)["capabilities"], "add");
        let bad = added
            .into_iter()
            .filter(|name| !CAPABILITIES.contains(name));
        bad.map(str::to_owned).collect()
    };
    let names = those(spec, |container| !added(container).is_empty());
    if names.is_empty() {
        return None;
    }
    let all: Vec<String> = containers(spec).flat_map(|(_, _, c)| added(c)).collect();
    let all = distinct(all.iter().map(String::as_str));
    Some((
        "non-default capabilities",
        format!(
            "{} must not include {} in securityContext.capabilities.add",
            named(&names),
            quoted(&all)
        ),
    ))
}

fn host_namespaces(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let shared: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .into_iter()
        .filter(|field| is_true(spec, field))
        .map(|field| format!("{field}=true"))
        .collect();
    (!shared.is_empty()).then(|| ("host namespaces", shared.join(", ")))
}

fn host_paths(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let names: Vec<&str> = list(spec, "volumes")
        .iter()
        .filter(|volume| is_set(volume, "hostPath"))
        .map(|volume| text(volume, "name"))
        .collect();
    let what = plural(names.len(), "volume", "volumes");
    (!names.is_empty()).then(|| ("hostPath volumes", format!("{what} {}", quoted(&names))))
}

fn host_ports(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let ports = |container: &Value| -> Vec<String> {
        let ports = list(container, "ports").iter();
        let ports = ports.map(|port| count(port, "hostPort"));
        ports
            .filter(|port| *port != 0)
            .map(|port| port.to_string())
            .collect()
    };
    let names = those(spec, |container| !ports(container).is_empty());
    if names.is_empty() {
        return None;
    }
    let all: Vec<String> = containers(spec).flat_map(|(_, _, c)| ports(c)).collect();
    let all = distinct(all.iter().map(String::as_str));
    Some((
        "hostPort",
        format!(
            "{} {} {} {}",
            named(&names),
            plural(names.len(), "uses", "use"),
            plural(all.len(), "hostPort", "hostPorts"),
            all.join(", ")
        ),
    ))
}

fn host_probes(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    let hosts = |container: &Value| -> Vec<String> {
        let handlers = [
            &container["livenessProbe"],
            &container["readinessProbe"],
            &container["startupProbe"],
            &container["lifecycle"]["postStart"],
            &container["lifecycle"]["preStop"],
        ];
        let hosts = handlers.into_iter().flat_map(|handler| {
            ["httpGet", "tcpSocket"].map(|action| text(&handler[action], "host").to_owned())
        });
        hosts.filter(|host| !host.is_empty()).collect()
    };
    let names = those(spec, |container| !hosts(container).is_empty());
    if names.is_empty() || minor < 34 {
        return None;
    }
    let all: Vec<String> = containers(spec).flat_map(|(_, _, c)| hosts(c)).collect();
    let all = distinct(all.iter().map(String::as_str));
    Some((
        "probe or lifecycle host",
        format!(
            "{} {} {} {}",
            named(&names),
            plural(names.len(), "uses", "use"),
            plural(
                all.len(),
                "probe or lifecycle host",
                "probe or lifecycle hosts"
            ),
            quoted(&all)
        ),
    ))
}

fn privileged(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let names = those(spec, |container| is_true(security(container), "privileged"));
    (!names.is_empty()).then(|| {
        let subject = named(&names);
        (
            "privileged",
            format!("{subject} must not set securityContext.privileged=true"),
        )
    })
}

fn proc_mount(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    let bad = |container: &Value| {
        let mount = text(security(container), "procMount");
        !matches!(mount, "" | "Default")
    };
    let names = those(spec, bad);
    if names.is_empty() || has_own_users(spec, minor) {
        return None;
    }
    let values = containers(spec)
        .filter(|(_, _, container)| bad(container))
        .map(|(_, _, container)| text(security(container), "procMount"));
    let values = quoted(&distinct(values));
    Some((
        "procMount",
        format!(
            "{} must not set securityContext.procMount to {values}",
            named(&names)
        ),
    ))
}

fn selinux(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    let options = |holder: &Value| member(security(holder), "seLinuxOptions").cloned();
    let is_type = |ty: &str| {
        matches!(
            ty,
            "" | "container_t" | "container_init_t" | "container_kvm_t"
        ) || minor >= 31 && ty == "container_engine_t"
    };
    let bad = |holder: &Value| {
        options(holder).is_some_and(|options| {
            !is_type(text(&options, "type"))
                || !text(&options, "user").is_empty()
                || !text(&options, "role").is_empty()
        })
    };
    let names = those(spec, bad);
    let subject = setters(bad(spec), &names);
    if subject.is_empty() {
        return None;
    }
    let all: Vec<Value> = containers(spec)
        .map(|(_, _, container)| container)
        .chain(std::iter::once(spec))
        .filter_map(options)
        .collect();
    let types = all.iter().map(|options| text(options, "type"));
    let types = distinct(types.filter(|ty| !is_type(ty)));
    let mut problems = Vec::new();
    if !types.is_empty() {
        let what = plural(types.len(), "type", "types");
        problems.push(format!("{what} {}", quoted(&types)));
    }
    for field in ["user", "role"] {
        if all.iter().any(|options| !text(options, field).is_empty()) {
            problems.push(format!("{field} may not be set"));
        }
    }
    let problems = problems.join("; ");
    Some((
        "seLinuxOptions",
        format!("{subject} set forbidden securityContext.seLinuxOptions: {problems}"),
    ))
}

/// Whether a profile is given that is none.
pub(super) fn has_bad_seccomp(holder: &Value) -> bool {
    let profile = member(security(holder), "seccompProfile");
    profile.is_some_and(|profile| !matches!(text(profile, "type"), "RuntimeDefault" | "Localhost"))
}

pub(super) fn seccomp(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let names = those(spec, has_bad_seccomp);
    let subject = setters(has_bad_seccomp(spec), &names);
    if subject.is_empty() {
        return None;
    }
    let values = containers(spec)
        .map(|(_, _, container)| container)
        .chain(std::iter::once(spec))
        .filter(|holder| has_bad_seccomp(holder))
        .map(|holder| text(&security(holder)["seccompProfile"], "type"));
    let values = quoted(&distinct(values));
    Some((
        "seccompProfile",
        format!("{subject} must not set securityContext.seccompProfile.type to {values}"),
    ))
}

fn sysctls(_meta: &Value, spec: &Value, minor: u32) -> Option<Violation> {
    let is_safe = |name: &str| {
        SYSCTLS
            .iter()
            .any(|(safe, since)| *safe == name && minor >= *since)
    };
    let bad: Vec<&str> = list(security(spec), "sysctls")
        .iter()
        .map(|sysctl| text(sysctl, "name"))
        .filter(|name| !is_safe(name))
        .collect();
    (!bad.is_empty()).then(|| ("forbidden sysctls", bad.join(", ")))
}

fn host_process(_meta: &Value, spec: &Value, _minor: u32) -> Option<Violation> {
    let bad = |holder: &Value| is_true(&security(holder)["windowsOptions"], "hostProcess");
    let subject = setters(bad(spec), &those(spec, bad));
    (!subject.is_empty()).then(|| {
        (
            "hostProcess",
            format!("{subject} must not set securityContext.windowsOptions.hostProcess=true"),
        )
    })
}
