//! The ports of containers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::port_numbers;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::formats::port_name;
use crate::registry::pod::read::{list, text};

const MAX_PORT: i64 = 65535;

/// `validateContainerPorts`.
pub(super) fn validate(container: &Value, path: Path<'_>, errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for (i, port) in list(container, "ports").iter().enumerate() {
        let name = text(port, "name");
        if !name.is_empty() {
            let reasons = port_name(name);
            if reasons.is_empty() && !names.insert(name) {
                errors.duplicate(format_args!("{path}[{i}].name"), name);
            }
            errors.invalid_each(format_args!("{path}[{i}].name"), name, reasons);
        }
        let (number, host) = port_numbers(port);
        match number {
            0 => errors.required(format_args!("{path}[{i}].containerPort"), ""),
            number => errors.range(
                format_args!("{path}[{i}].containerPort"),
                number,
                1,
                MAX_PORT,
            ),
        }
        if host != 0 {
            errors.range(format_args!("{path}[{i}].hostPort"), host, 1, MAX_PORT);
        }
        let protocol = text(port, "protocol");
        if protocol.is_empty() {
            errors.required(format_args!("{path}[{i}].protocol"), "");
        } else {
            let supported = ["SCTP", "TCP", "UDP"];
            errors.one_of(
                format_args!("{path}[{i}].protocol"),
                port.get("protocol"),
                &supported,
            );
        }
    }
}

/// `checkHostPortConflicts`.
pub(super) fn validate_host_ports(containers: &[Value], path: Path<'_>, errors: &mut Errors) {
    let mut taken = BTreeSet::new();
    for (i, container) in containers.iter().enumerate() {
        for (j, port) in list(container, "ports").iter().enumerate() {
            let (_, host) = port_numbers(port);
            if host == 0 {
                continue;
            }
            let (protocol, ip) = (text(port, "protocol"), text(port, "hostIP"));
            let key = format!("{protocol}/{ip}/{host}");
            if taken.contains(&key) {
                errors.duplicate(format_args!("{path}[{i}].ports[{j}].hostPort"), &key);
            }
            taken.insert(key);
        }
    }
}

/// `ValidatePortNumOrName`.
pub(super) fn validate_number_or_name(port: &Value, path: Path<'_>, errors: &mut Errors) {
    match port.as_str() {
        Some(name) => errors.invalid_each(path, name, port_name(name)),
        None => errors.range(path, port.as_i64().unwrap_or_default(), 1, MAX_PORT),
    }
}
