//! What is odd about a pod and yet let in: upstream's `warningsForPodSpecAndMeta`.

mod containers;
mod paths;
mod ports;
mod volumes;

use std::collections::BTreeSet;

use serde_json::Value;

use super::amounts::quantity;
use super::annotations::SECCOMP_POD;
use super::errors::Path;
use super::read::{annotation, entries, is_set, list, member, number, text, texts};
use crate::codec::quote::quote;
use crate::names::is_label_value;
use crate::registry::validation::ip::ip_warning;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Labels of nodes that have other names today.
const DEPRECATED_LABELS: [(&str, &str); 8] = [
    (
        "beta.kubernetes.io/arch",
        r#"deprecated since v1.14; use "kubernetes.io/arch" instead"#,
    ),
    (
        "beta.kubernetes.io/os",
        r#"deprecated since v1.14; use "kubernetes.io/os" instead"#,
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        r#"deprecated since v1.17; use "topology.kubernetes.io/region" instead"#,
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        r#"deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#,
    ),
    (
        "beta.kubernetes.io/instance-type",
        r#"deprecated since v1.17; use "node.kubernetes.io/instance-type" instead"#,
    ),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
    (
        "node-role.kubernetes.io/master",
        r#"use "node-role.kubernetes.io/control-plane" instead"#,
    ),
];

const DEPRECATED_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        r#"non-functional in v1.16+; use the "priorityClassName" field instead"#,
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        r#"non-functional in v1.11+; use the "sysctls" field instead"#,
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        r#"non-functional in v1.11+; use the "sysctls" field instead"#,
    ),
];

/// What a deprecated label of nodes is told.
pub(crate) fn deprecated_node_label(key: &str) -> Option<&'static str> {
    let found = DEPRECATED_LABELS.iter().find(|(label, _)| *label == key);
    found.map(|(_, told)| *told)
}

/// `template` is where the template is; none for a pod.
pub(crate) fn of(meta: &Value, spec: &Value, template: Option<&str>) -> Vec<String> {
    let prefix = template.map_or_else(String::new, |path| format!("{path}."));
    let at = format!("{prefix}spec");
    let mut told = Vec::new();
    of_node_labels(spec, &at, &mut told);
    of_spread(spec, &at, &mut told);
    for (key, message) in DEPRECATED_ANNOTATIONS {
        if annotation(meta, key).is_some() {
            told.push(format!("{prefix}metadata.annotations[{key}]: {message}"));
        }
    }
    volumes::warn(spec, &at, &mut told);
    paths::warn(spec, &mut told);
    of_lists(spec, &at, &mut told);
    for resource in ["memory", "ephemeral-storage"] {
        let place = format_args!("{at}.overhead[{resource}]");
        of_fraction(spec["overhead"].get(resource), &place, &mut told);
    }
    let has_profile = is_set(&spec["securityContext"], "seccompProfile");
    if !has_profile && annotation(meta, SECCOMP_POD).is_some() {
        told.push(format!(
            "{prefix}metadata.annotations[{SECCOMP_POD}]: non-functional in v1.27+; use the \"seccompProfile\" field instead"
        ));
    }
    containers::warn(meta, spec, template, &at, &mut told);
    ports::warn(spec, &at, &mut told);
    if number(spec, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        told.push(format!(
            "{at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    of_pod_terms(spec, &at, &mut told);
    for (i, server) in texts(&spec["dnsConfig"], "nameservers").iter().enumerate() {
        let place = format_args!("{at}.dnsConfig.nameservers[{i}]");
        told.extend(ip_warning(place, server));
    }
    for (i, alias) in list(spec, "hostAliases").iter().enumerate() {
        let place = format_args!("{at}.hostAliases[{i}].ip");
        told.extend(ip_warning(place, text(alias, "ip")));
    }
    told
}

fn of_node_labels(spec: &Value, at: &str, told: &mut Vec<String>) {
    for (key, _) in entries(spec, "nodeSelector") {
        if let Some(message) = deprecated_node_label(key) {
            told.push(format!("{at}.nodeSelector[{key}]: {message}"));
        }
    }
    let nodes = &spec["affinity"]["nodeAffinity"];
    let at = format!("{at}.affinity.nodeAffinity");
    for (i, term) in list(&nodes[REQUIRED], "nodeSelectorTerms")
        .iter()
        .enumerate()
    {
        let at = format!("{at}.{REQUIRED}.nodeSelectorTerms[{i}]");
        of_node_term(term, false, &at, told);
    }
    for (i, term) in list(nodes, PREFERRED).iter().enumerate() {
        let at = format!("{at}.{PREFERRED}[{i}].preference");
        of_node_term(&term["preference"], true, &at, told);
    }
}

/// `GetWarningsForNodeSelectorTerm`.
pub(crate) fn of_node_term(term: &Value, checks_values: bool, at: &str, told: &mut Vec<String>) {
    for (i, expression) in list(term, "matchExpressions").iter().enumerate() {
        let key = text(expression, "key");
        if let Some(message) = deprecated_node_label(key) {
            told.push(format!(
                "{at}.matchExpressions[{i}].key: {key} is {message}"
            ));
        }
        if !checks_values {
            continue;
        }
        for (j, value) in texts(expression, "values").into_iter().enumerate() {
            for reason in is_label_value(value) {
                told.push(format!(
                    "{at}.matchExpressions[{i}].values[{j}]: {value} is invalid, {reason}"
                ));
            }
        }
    }
}

fn of_spread(spec: &Value, at: &str, told: &mut Vec<String>) {
    for (i, constraint) in list(spec, "topologySpreadConstraints").iter().enumerate() {
        let at = format!("{at}.topologySpreadConstraints[{i}]");
        let key = text(constraint, "topologyKey");
        if let Some(message) = deprecated_node_label(key) {
            told.push(format!("{at}.topologyKey: {key} is {message}"));
        }
        of_no_selector(constraint, &at, told);
    }
}

fn of_no_selector(holder: &Value, at: Path<'_>, told: &mut Vec<String>) {
    if !is_set(holder, "labelSelector") {
        told.push(format!(
            "{at}.labelSelector: a null labelSelector results in matching no pod"
        ));
    }
}

fn of_pod_terms(spec: &Value, at: &str, told: &mut Vec<String>) {
    for field in ["podAffinity", "podAntiAffinity"] {
        let Some(affinity) = member(&spec["affinity"], field) else {
            continue;
        };
        let at = format!("{at}.affinity.{field}");
        for (i, term) in list(affinity, REQUIRED).iter().enumerate() {
            of_no_selector(term, &format_args!("{at}.{REQUIRED}[{i}]"), told);
        }
        for (i, term) in list(affinity, PREFERRED).iter().enumerate() {
            let at = format_args!("{at}.{PREFERRED}[{i}].podAffinityTerm");
            of_no_selector(&term["podAffinityTerm"], &at, told);
        }
    }
}

/// Entries that are there twice, of which only one counts when they are merged.
fn of_lists(spec: &Value, at: &str, told: &mut Vec<String>) {
    for (field, key) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let mut seen = BTreeSet::new();
        for (i, item) in list(spec, field).iter().enumerate() {
            let value = text(item, key);
            if !seen.insert(value) {
                told.push(format!(
                    "{at}.{field}[{i}].{key}: duplicate {key} {}",
                    quote(value)
                ));
            }
        }
    }
    for (i, secret) in list(spec, "imagePullSecrets").iter().enumerate() {
        if text(secret, "name").is_empty() {
            told.push(format!(
                "{at}.imagePullSecrets[{i}].name: invalid empty name \"\""
            ));
        }
    }
}

/// Bytes cannot be divided.
fn of_fraction(value: Option<&Value>, at: Path<'_>, told: &mut Vec<String>) {
    let amount = value.map(quantity);
    if let Some(amount) = amount.filter(|amount| !amount.is_whole()) {
        let shown = quote(amount.as_str());
        told.push(format!(
            "{at}: fractional byte value {shown} is invalid, must be an integer"
        ));
    }
}
