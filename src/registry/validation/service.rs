//! Services.

pub(crate) mod addresses;
mod ports;
pub(in crate::registry) mod spec;
pub(crate) mod status;
#[cfg(test)]
mod tests;
pub(crate) mod warnings;

pub(crate) use self::ports::is_port_name;

use serde_json::{Map, Value};

use self::addresses::{
    validate_cluster_ips, validate_cluster_ips_update, validate_external_ips,
    validate_ip_families_update, validate_source_ranges,
};
use self::spec::Spec;
use super::core;
use super::meta::{invalid_each, metadata, text, validate_labels};
use crate::names::{is_dns1123_subdomain, is_qualified_name, name_is_dns_label};
use crate::status::field::FieldError;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const AFFINITIES: [&str; 2] = ["ClientIP", "None"];
const POLICIES: [&str; 2] = ["Cluster", "Local"];
const DISTRIBUTIONS: [&str; 3] = ["PreferClose", "PreferSameZone", "PreferSameNode"];
/// A session lasts a day at most.
const SESSION_MAX: i64 = 24 * 60 * 60;

const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";

const ONLY_BALANCED: &str = "may only be used when `type` is 'LoadBalancer'";

/// `ValidateServiceCreate`. Since 1.36 a name may start with a digit.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, true, name_is_dns_label);
    errors.extend(validate_service(object, None));
    errors
}

/// `ValidateServiceUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    errors.extend(validate_cluster_ips_update(Spec::of(new), Spec::of(old)));
    errors.extend(validate_ip_families_update(Spec::of(new), Spec::of(old)));
    errors.extend(validate_class(Spec::of(new), Some(Spec::of(old))));
    errors.extend(validate_health_check_update(Spec::of(new), Spec::of(old)));
    errors.extend(validate_service(new, Some(old)));
    errors
}

/// `validateService`, in its order.
fn validate_service(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Spec::of(object);
    let mut errors: Vec<FieldError> = validate_topology(annotations(object)).into_iter().collect();
    if spec.ports().is_empty() && !spec.is_headless() && !spec.is_external_name() {
        errors.push(FieldError::required("spec.ports", ""));
    }
    errors.extend(validate_name_and_address(spec));
    errors.extend(ports::validate(spec));
    if let Some(holder) = object["spec"].as_object() {
        errors.extend(validate_labels(holder, "selector", "spec"));
    }
    errors.extend(validate_affinity(spec));
    errors.extend(validate_cluster_ips(object, old));
    errors.extend(validate_external_ips(spec, old.map(Spec::of)));
    errors.extend(one_of("spec.type", spec.text("type"), &TYPES));
    errors.extend(ports::validate_node_ports(spec));
    errors.extend(ports::validate_unique(spec));
    errors.extend(validate_source_ranges(object, old));
    errors.extend(validate_node_port_control(spec));
    errors.extend(validate_class(spec, None));
    errors.extend(validate_external_traffic(spec));
    errors.extend(validate_internal_traffic(spec));
    errors.extend(validate_distribution(spec));
    errors
}

/// A text that must be one of several, and must be there.
fn one_of(path: &str, text: &str, known: &[&str]) -> Option<FieldError> {
    match text {
        "" => Some(FieldError::required(path, "")),
        text if known.contains(&text) => None,
        other => Some(FieldError::not_supported(path, &other.into(), known)),
    }
}

/// The old annotation must not contradict the new one.
fn validate_topology(annotations: &Map<String, Value>) -> Option<FieldError> {
    let (mode, hints) = (
        annotations.get(TOPOLOGY_MODE)?,
        annotations.get(TOPOLOGY_HINTS)?,
    );
    let reason = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
    let path = format!("metadata.annotations[{TOPOLOGY_MODE}]");
    (mode != hints).then(|| FieldError::invalid(path, mode, reason))
}

fn validate_name_and_address(spec: Spec<'_>) -> Vec<FieldError> {
    match spec.service_type() {
        ty @ ("LoadBalancer" | "NodePort") if spec.is_headless() => {
            let reason = format!("may not be set to 'None' for {ty} services");
            vec![FieldError::invalid_str(
                "spec.clusterIPs[0]",
                "None",
                reason,
            )]
        }
        "ExternalName" => validate_external_name(spec),
        _ => Vec::new(),
    }
}

fn validate_external_name(spec: Spec<'_>) -> Vec<FieldError> {
    let is_set = |field: &&str| match *field {
        "ipFamilyPolicy" => spec.get(field).is_some(),
        list => !spec.texts(list).is_empty(),
    };
    let mut errors: Vec<FieldError> = ["clusterIPs", "ipFamilies", "ipFamilyPolicy"]
        .into_iter()
        .filter(is_set)
        .map(|field| {
            FieldError::forbidden(
                format!("spec.{field}"),
                "may not be set for ExternalName services",
            )
        })
        .collect();
    // A trailing dot says that the name is complete.
    let given = spec.text("externalName");
    let name = given.strip_suffix('.').unwrap_or(given);
    if name.is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    } else {
        errors.extend(invalid_each(
            "spec.externalName",
            name,
            is_dns1123_subdomain(name),
        ));
    }
    errors
}

fn validate_affinity(spec: Spec<'_>) -> Vec<FieldError> {
    let affinity = spec.text("sessionAffinity");
    let mut errors: Vec<FieldError> = one_of("spec.sessionAffinity", affinity, &AFFINITIES)
        .into_iter()
        .collect();
    let config = spec.get("sessionAffinityConfig");
    match (affinity, config) {
        ("ClientIP", config) => errors.extend(validate_session(config)),
        ("None", Some(_)) => errors.push(FieldError::forbidden(
            "spec.sessionAffinityConfig",
            "must not be set when session affinity is None",
        )),
        _ => {}
    }
    errors
}

fn validate_session(config: Option<&Value>) -> Option<FieldError> {
    let mut path = "spec.sessionAffinityConfig".to_owned();
    let mut value = config;
    for field in ["clientIP", "timeoutSeconds"] {
        let Some(inner) = value else {
            break;
        };
        value = inner.get(field);
        path = format!("{path}.{field}");
    }
    let Some(seconds) = value else {
        return Some(FieldError::required(
            path,
            "when session affinity type is ClientIP",
        ));
    };
    let fits = seconds
        .as_i64()
        .is_some_and(|s| (1..=SESSION_MAX).contains(&s));
    let reason = format!("must be greater than 0 and less than {SESSION_MAX}");
    (!fits).then(|| FieldError::invalid(path, seconds, reason))
}

fn validate_node_port_control(spec: Spec<'_>) -> Option<FieldError> {
    let is_set = spec.get("allocateLoadBalancerNodePorts").is_some();
    match (spec.is_load_balancer(), is_set) {
        (false, true) => Some(FieldError::forbidden(
            "spec.allocateLoadBalancerNodePorts",
            ONLY_BALANCED,
        )),
        // Upstream forgets the spec.
        (true, false) => Some(FieldError::required("allocateLoadBalancerNodePorts", "")),
        _ => None,
    }
}

/// `validateLoadBalancerClassField`.
fn validate_class(spec: Spec<'_>, old: Option<Spec<'_>>) -> Vec<FieldError> {
    const PATH: &str = "spec.loadBalancerClass";
    let class = spec.get("loadBalancerClass");
    let mut errors = Vec::new();
    if old.is_some_and(|old| {
        old.is_load_balancer() && spec.is_load_balancer() && old.get("loadBalancerClass") != class
    }) {
        let shown = spec.shown("loadBalancerClass");
        errors.push(FieldError::invalid(PATH, &shown, "may not change once set"));
    }
    match class.and_then(Value::as_str) {
        Some(class) if spec.is_load_balancer() => {
            errors.extend(invalid_each(PATH, class, is_qualified_name(class)));
        }
        Some(_) => errors.push(FieldError::forbidden(PATH, ONLY_BALANCED)),
        None => {}
    }
    errors
}

fn validate_external_traffic(spec: Spec<'_>) -> Vec<FieldError> {
    const POLICY: &str = "spec.externalTrafficPolicy";
    const CHECK: &str = "spec.healthCheckNodePort";
    let policy = spec.text("externalTrafficPolicy");
    let mut errors = Vec::new();
    if spec.is_externally_accessible() {
        errors.extend(one_of(POLICY, policy, &POLICIES));
    } else if !policy.is_empty() {
        let reason = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid_str(POLICY, policy, reason));
    }
    match (spec.needs_health_check(), spec.health_check_node_port()) {
        (false, 0) => {}
        (false, port) => {
            let reason = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.push(FieldError::invalid(CHECK, &port.into(), reason));
        }
        (true, 0) => errors.push(FieldError::required(CHECK, "")),
        (true, port) => errors.extend(ports::validate_number(CHECK, port)),
    }
    errors
}

fn validate_health_check_update(new: Spec<'_>, old: Spec<'_>) -> Option<FieldError> {
    let both = new.needs_health_check() && old.needs_health_check();
    let changed = new.health_check_node_port() != old.health_check_node_port();
    (both && changed)
        .then(|| FieldError::forbidden("spec.healthCheckNodePort", "field is immutable"))
}

fn validate_internal_traffic(spec: Spec<'_>) -> Option<FieldError> {
    const PATH: &str = "spec.internalTrafficPolicy";
    match spec.get("internalTrafficPolicy") {
        None if spec.needs_node_ports() || spec.service_type() == "ClusterIP" => {
            Some(FieldError::required(PATH, ""))
        }
        Some(policy) if !POLICIES.contains(&policy.as_str().unwrap_or_default()) => {
            Some(FieldError::not_supported(PATH, policy, &POLICIES))
        }
        _ => None,
    }
}

fn validate_distribution(spec: Spec<'_>) -> Option<FieldError> {
    let wanted = spec.get("trafficDistribution")?;
    let known = DISTRIBUTIONS.contains(&wanted.as_str().unwrap_or_default());
    let path = "spec.trafficDistribution";
    (!known).then(|| FieldError::not_supported(path, wanted, &DISTRIBUTIONS))
}

fn annotations(object: &Value) -> &Map<String, Value> {
    let annotations = metadata(object)
        .get("annotations")
        .and_then(Value::as_object);
    annotations.unwrap_or_else(|| metadata(&Value::Null))
}
