//! The status of a service: what a load balancer reports.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{FieldError, Spec, core, invalid_each};
use crate::names::is_dns1123_subdomain;
use crate::registry::validation::ip::{parse_lenient, validate_ip};

const PATH: &str = "status.loadBalancer.ingress";
const IP_MODES: [&str; 2] = ["Proxy", "VIP"];

/// `ValidateServiceStatusUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    let points = ingress(new);
    if !points.is_empty() && !Spec::of(new).is_load_balancer() {
        let reason = "may only be used when `spec.type` is 'LoadBalancer'";
        errors.push(FieldError::forbidden(PATH, reason));
        return errors;
    }
    let known: BTreeSet<&str> = ingress(old).iter().map(|point| text(point, "ip")).collect();
    for (i, point) in points.iter().enumerate() {
        errors.extend(validate_point(point, &known, &format!("{PATH}[{i}]")));
    }
    errors
}

fn ingress(object: &Value) -> &[Value] {
    let points = object["status"]["loadBalancer"]["ingress"].as_array();
    points.map_or(&[], Vec::as_slice)
}

fn validate_point(point: &Value, known: &BTreeSet<&str>, path: &str) -> Vec<FieldError> {
    let (ip, hostname) = (text(point, "ip"), text(point, "hostname"));
    let mut errors = Vec::new();
    if !ip.is_empty() && !known.contains(ip) {
        errors.extend(validate_ip(format_args!("{path}.ip"), ip));
    }
    errors.extend(validate_mode(
        point.get("ipMode"),
        ip,
        format!("{path}.ipMode"),
    ));
    if !hostname.is_empty() {
        let path = format!("{path}.hostname");
        errors.extend(invalid_each(
            &path,
            hostname,
            is_dns1123_subdomain(hostname),
        ));
        if parse_lenient(hostname).is_some() {
            let reason = "must be a DNS name, not an IP address";
            errors.push(FieldError::invalid_str(path, hostname, reason));
        }
    }
    errors
}

fn validate_mode(mode: Option<&Value>, ip: &str, path: String) -> Option<FieldError> {
    match mode {
        None if ip.is_empty() => None,
        None => Some(FieldError::required(
            path,
            "must be specified when `ip` is set",
        )),
        Some(_) if ip.is_empty() => {
            let reason = "may not be specified when `ip` is not set";
            Some(FieldError::forbidden(path, reason))
        }
        Some(mode) if IP_MODES.contains(&mode.as_str().unwrap_or_default()) => None,
        Some(mode) => Some(FieldError::not_supported(path, mode, &IP_MODES)),
    }
}

fn text<'a>(point: &'a Value, field: &str) -> &'a str {
    point[field].as_str().unwrap_or_default()
}
