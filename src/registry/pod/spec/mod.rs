//! What the spec of a pod must be: upstream's `ValidatePodSpec`.
//!
//! A file is a part of the spec. Checks go through the parts in upstream's order, for errors are told in that order;
//! what upstream finds in a map without order comes here in the order of its keys.

mod affinity;
mod container;
pub(crate) use container::{validate_only_for_pod, validate_pull_policy};
pub(super) mod environment;
mod ephemeral;
mod handlers;
mod init;

mod mounts;
mod network;
mod podwide;
mod ports;
mod probes;
mod resources;
mod restart;
pub(crate) mod security;
mod spread;
pub(crate) mod tolerations;
pub(crate) mod volumes;
mod windows;

use std::collections::BTreeMap;

use serde_json::Value;

use super::errors::{Errors, Path};
use super::formats::{MAX_ID, search_domain};
use super::read::{count, flag, is_set, is_true, list, member, number, text};

use crate::names::{
    is_dns1123_label, is_dns1123_subdomain, is_qualified_name, name_is_dns_subdomain,
};
use crate::registry::validation::meta::validate_labels_at;

/// What the checks of the parts of a spec need to know of the whole.
pub(crate) struct Context<'a> {
    pub(crate) spec: &'a Value,
    /// Empty in a template, and where the pod has no name yet.
    pub(crate) pod_name: &'a str,
    /// Whether it is the spec of a pod rather than one in a template.
    pub(crate) is_pod: bool,
    /// What an update may keep as it was.
    pub(crate) leniency: Leniency,
    /// The volumes that are as they should be, by name.
    pub(crate) volumes: BTreeMap<&'a str, &'a Value>,
    /// The names of the claims for devices.
    pub(crate) claims: Vec<&'a str>,
    pub(crate) grace: Option<i64>,
}

/// What is wrong today but was let in once, and so may stay.
#[derive(Clone, Copy, Default)]
pub(crate) struct Leniency {
    pub(crate) any_selinux_policy: bool,
    pub(crate) indivisible_huge_pages: bool,
}

impl Leniency {
    pub(crate) fn of(old: Option<&Value>) -> Self {
        let Some(old) = old else {
            return Leniency::default();
        };
        Leniency {
            any_selinux_policy: old["securityContext"].get("seLinuxChangePolicy").is_some(),
            indivisible_huge_pages: resources::has_indivisible_huge_pages(old),
        }
    }
}

impl Context<'_> {
    pub(crate) fn host_users(&self) -> bool {
        flag(self.spec, "hostUsers") != Some(false)
    }
}

/// `ValidatePodSpec`.
pub(crate) fn validate(
    spec: &Value,
    pod_name: Option<&str>,
    leniency: Leniency,
    path: Path<'_>,
    errors: &mut Errors,
) {
    let mut context = Context {
        spec,
        pod_name: pod_name.unwrap_or_default(),
        is_pod: pod_name.is_some(),
        leniency,
        volumes: BTreeMap::new(),
        claims: list(spec, "resourceClaims")
            .iter()
            .map(|claim| text(claim, "name"))
            .filter(|name| !name.is_empty())
            .collect(),
        grace: number(spec, "terminationGracePeriodSeconds"),
    };
    if context.grace.is_none() {
        errors.required(format_args!("{path}.terminationGracePeriodSeconds"), "");
    }
    context.volumes = volumes::validate(&context, path, errors);
    let context = &context;
    podwide::validate_claims(spec, path, errors);
    container::validate_all(context, path, errors);
    init::validate_all(context, path, errors);
    ephemeral::validate_all(context, path, errors);
    resources::validate_pod(context, path, errors);
    network::validate_host_ports(context, path, errors);
    validate_policies(spec, path, errors);
    validate_labels_at(spec, "nodeSelector", path)
        .into_iter()
        .for_each(|error| errors.push(error));
    security::validate_pod(context, path, errors);
    affinity::validate(&spec["affinity"], path, errors);
    validate_dns(spec, path, errors);
    validate_gates(spec, path, errors);
    spread::validate(spec, path, errors);
    windows::validate_host_process(spec, path, errors);
    network::validate_host_users(spec, path, errors);
    validate_hostname_override(spec, path, errors);
    validate_names(spec, path, errors);
    podwide::validate(context, path, errors);
}

fn validate_policies(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    for (field, supported) in [
        ("restartPolicy", ["Always", "OnFailure", "Never"].as_slice()),
        (
            "dnsPolicy",
            &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        ),
    ] {
        match text(spec, field) {
            "" => errors.required(format_args!("{path}.{field}"), ""),
            policy if !supported.contains(&policy) => {
                errors.not_supported(format_args!("{path}.{field}"), policy, supported);
            }
            _ => {}
        }
    }
}

/// `validatePodDNSConfig`.
fn validate_dns(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let config = member(spec, "dnsConfig");
    let servers = config.map_or(&[][..], |config| list(config, "nameservers"));
    if text(spec, "dnsPolicy") == "None" {
        if config.is_none() {
            let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
            return errors.required(format_args!("{path}.dnsConfig"), detail);
        }
        if servers.is_empty() {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.required(format_args!("{path}.dnsConfig.nameservers"), detail);
        }
    }
    let Some(config) = config else { return };
    if servers.len() > 3 {
        let shown = &config["nameservers"];
        errors.invalid(
            format_args!("{path}.dnsConfig.nameservers"),
            shown,
            "must not have more than 3 nameservers",
        );
    }
    for (i, server) in servers.iter().enumerate() {
        network::validate_ip(
            &format_args!("{path}.dnsConfig.nameservers[{i}]"),
            server.as_str().unwrap_or_default(),
            errors,
        );
    }
    validate_searches(config, path, errors);
    for (i, option) in list(config, "options").iter().enumerate() {
        if text(option, "name").is_empty() {
            errors.required(
                format_args!("{path}.dnsConfig.options[{i}]"),
                "must not be empty",
            );
        }
    }
}

fn validate_searches(config: &Value, path: Path<'_>, errors: &mut Errors) {
    let searches = super::read::texts(config, "searches");
    let at = format_args!("{path}.dnsConfig.searches");
    if searches.len() > 32 {
        errors.invalid(
            at,
            &config["searches"],
            "must not have more than 32 search paths",
        );
    }
    if searches.join(" ").len() > 2048 {
        let detail =
            "must not have more than 2048 characters (including spaces) in the search list";
        errors.invalid(at, &config["searches"], detail);
    }
    for (i, search) in searches.into_iter().enumerate() {
        if search != "." {
            let search = search.strip_suffix('.').unwrap_or(search);
            errors.invalid_each(format_args!("{at}[{i}]"), search, search_domain(search));
        }
    }
}

fn validate_gates(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    for (i, gate) in list(spec, "readinessGates").iter().enumerate() {
        let condition = text(gate, "conditionType");
        let at = format_args!("{path}.readinessGates[{i}].conditionType");
        errors.invalid_each(at, condition, is_qualified_name(condition));
    }
    let mut seen = Vec::new();
    for (i, gate) in list(spec, "schedulingGates").iter().enumerate() {
        let name = text(gate, "name");
        let at = format_args!("{path}.schedulingGates[{i}]");
        errors.invalid_each(at, name, is_qualified_name(name));
        if seen.contains(&name) {
            errors.duplicate(at, name);
        }
        seen.push(name);
    }
}

/// `validatePodHostName`.
fn validate_hostname_override(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let Some(name) = member(spec, "hostnameOverride").and_then(Value::as_str) else {
        return;
    };
    let at = format_args!("{path}.hostnameOverride");
    if is_true(spec, "setHostnameAsFQDN") {
        errors.forbidden(at, "may not be specified when setHostnameAsFQDN is true");
    }
    if is_true(spec, "hostNetwork") {
        errors.forbidden(at, "may not be specified when hostNetwork is true");
    }
    if name.len() > 64 {
        errors.too_long(at, 64);
    }
    errors.invalid_each(at, name, is_dns1123_subdomain(name));
}

/// The names in a spec, in upstream's order, with what stands between them.
fn validate_names(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    type Rule = fn(&str) -> Vec<String>;
    let check = |field: &str, rule: Rule, errors: &mut Errors| {
        let name = text(spec, field);
        if !name.is_empty() {
            errors.invalid_each(format_args!("{path}.{field}"), name, rule(name));
        }
    };
    let subdomain: Rule = |name| name_is_dns_subdomain(name, false);
    check("serviceAccountName", subdomain, errors);
    check("nodeName", subdomain, errors);
    if let Some(seconds) = number(spec, "activeDeadlineSeconds") {
        errors.range(
            format_args!("{path}.activeDeadlineSeconds"),
            seconds,
            1,
            MAX_ID,
        );
    }
    check("hostname", is_dns1123_label, errors);
    check("subdomain", is_dns1123_label, errors);
    tolerations::validate(
        list(spec, "tolerations"),
        &format_args!("{path}.tolerations"),
        errors,
    );
    network::validate_host_aliases(spec, path, errors);
    check("priorityClassName", subdomain, errors);
    if let Some(name) = member(spec, "runtimeClassName").and_then(Value::as_str) {
        errors.invalid_each(
            format_args!("{path}.runtimeClassName"),
            name,
            subdomain(name),
        );
    }
    if is_set(spec, "preemptionPolicy") {
        match text(spec, "preemptionPolicy") {
            "" => errors.required(format_args!("{path}.preemptionPolicy"), ""),
            _ => errors.one_of(
                format_args!("{path}.preemptionPolicy"),
                member(spec, "preemptionPolicy"),
                &["PreemptLowerPriority", "Never"],
            ),
        }
    }
}

/// The port a container listens on, and the one of the node.
pub(crate) fn port_numbers(port: &Value) -> (i64, i64) {
    (count(port, "containerPort"), count(port, "hostPort"))
}
