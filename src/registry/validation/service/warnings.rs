//! What is valid in a service but of no use, out of fashion, or oddly written.

use serde_json::Value;

use super::spec::NONE;
use super::{Spec, TOPOLOGY_HINTS, TOPOLOGY_MODE, annotations};
use crate::registry::validation::ip::{cidr_warning, ip_warning};

/// `GetWarningsForService`.
pub(crate) fn of(object: &Value) -> Vec<String> {
    let spec = Spec::of(object);
    let mut warnings = Vec::new();
    if annotations(object).contains_key(TOPOLOGY_HINTS) {
        warnings.push(format!(
            "annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead"
        ));
    }
    if !matches!(spec.text("clusterIP"), "" | NONE) {
        warnings.extend(ip_warnings(spec, "clusterIPs"));
    }
    let headless = spec.service_type() == "ClusterIP" && spec.text("clusterIP") == NONE;
    if headless {
        warnings.extend(of_headless(spec));
    }
    warnings.extend(ip_warnings(spec, "externalIPs"));
    let has_external_ips = !spec.texts("externalIPs").is_empty();
    if has_external_ips && !headless && !spec.is_external_name() {
        warnings.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                .to_owned(),
        );
    }
    warnings.extend(ip_warning(
        "spec.loadBalancerIP",
        spec.text("loadBalancerIP"),
    ));
    for (i, range) in spec
        .texts("loadBalancerSourceRanges")
        .into_iter()
        .enumerate()
    {
        warnings.extend(cidr_warning(
            &format!("spec.loadBalancerSourceRanges[{i}]"),
            range,
        ));
    }
    if spec.is_external_name() && has_external_ips {
        warnings.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !spec.is_external_name() && !spec.text("externalName").is_empty() {
        warnings
            .push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.text("trafficDistribution") == "PreferClose" {
        warnings.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""
                .to_owned(),
        );
    }
    warnings
}

fn of_headless(spec: Spec<'_>) -> Vec<String> {
    let ignored = [
        ("loadBalancerIP", !spec.text("loadBalancerIP").is_empty()),
        ("externalIPs", !spec.texts("externalIPs").is_empty()),
        ("SessionAffinity", spec.text("sessionAffinity") != "None"),
    ];
    ignored
        .into_iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(field, _)| format!("spec.{field} is ignored for headless services"))
        .collect()
}

fn ip_warnings(spec: Spec<'_>, field: &str) -> Vec<String> {
    let ips = spec.texts(field).into_iter().enumerate();
    ips.filter_map(|(i, ip)| ip_warning(format_args!("spec.{field}[{i}]"), ip))
        .collect()
}
