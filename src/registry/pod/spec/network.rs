//! What a pod shares with its node, and the addresses it is told.

use serde_json::Value;

use super::{Context, port_numbers};
use crate::names::is_dns1123_subdomain;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{containers, flag, is_true, list, text, texts};
use crate::registry::validation::ip;

/// `validatePodHostNetworkDeps`: a template may leave the ports of the node out, a pod has them filled in.
pub(super) fn validate_host_ports(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    if !is_true(context.spec, "hostNetwork") {
        return;
    }
    for (i, container) in list(context.spec, "containers").iter().enumerate() {
        for (j, port) in list(container, "ports").iter().enumerate() {
            let (number, host) = port_numbers(port);
            if (context.is_pod || host != 0) && host != number {
                let at = format_args!("{path}.containers[{i}].ports[{j}].hostPort");
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.invalid(at, &host.into(), detail);
            }
        }
    }
}

/// `validateHostUsers`.
pub(super) fn validate_host_users(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    if flag(spec, "hostUsers") != Some(false) {
        return;
    }
    let detail = "when `hostUsers` is false";
    for (field, told) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        if is_true(spec, field) {
            errors.forbidden(format_args!("{path}.{told}"), detail);
        }
    }
    for (field, i, container) in containers(spec) {
        if !list(container, "volumeDevices").is_empty() {
            errors.forbidden(format_args!("{path}.{field}[{i}].volumeDevices"), detail);
        }
    }
}

pub(super) fn validate_ip(path: Path<'_>, address: &str, errors: &mut Errors) {
    errors.extend(ip::validate_ip(path, address));
}

pub(super) fn validate_host_aliases(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    for (i, alias) in list(spec, "hostAliases").iter().enumerate() {
        let at = format_args!("{path}.hostAliases[{i}]");
        validate_ip(&format_args!("{at}.ip"), text(alias, "ip"), errors);
        for (j, name) in texts(alias, "hostnames").into_iter().enumerate() {
            let reasons = is_dns1123_subdomain(name);
            errors.invalid_each(format_args!("{at}.hostnames[{j}]"), name, reasons);
        }
    }
}
