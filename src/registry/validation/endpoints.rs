//! Endpoints.

use std::fmt;

use serde_json::{Map, Value};

use super::core;
use super::ip::{ip_warning, validate_ip, validate_non_special_ip};
use super::meta::{invalid_each, list, metadata, text};
use crate::names::{
    is_dns1123_label, is_dns1123_subdomain, is_qualified_name, name_is_dns_subdomain,
};
use crate::status::field::FieldError;

/// As the message lists them.
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// The lists of addresses of a subset, in the order they are checked.
const ADDRESS_LISTS: [&str; 2] = ["addresses", "notReadyAddresses"];

/// `SetDefaults_Endpoints`: a port is TCP where it does not say otherwise.
pub(crate) fn set_defaults(object: &mut Value) {
    let Some(subsets) = object.get_mut("subsets").and_then(Value::as_array_mut) else {
        return;
    };
    let ports = subsets
        .iter_mut()
        .filter_map(|s| s.get_mut("ports")?.as_array_mut())
        .flatten();
    for port in ports.filter_map(Value::as_object_mut) {
        if text(port, "protocol").is_empty() {
            port.insert("protocol".to_owned(), "TCP".into());
        }
    }
}

/// `ValidateEndpointsCreate`.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    validate_endpoints(object, None)
}

/// `ValidateEndpointsUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    errors.extend(validate_endpoints(new, Some(old)));
    errors
}

/// `ValidateEndpoints`. Subsets that were stored once may stay as they are, whatever today's rules say of them.
fn validate_endpoints(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, true, name_is_dns_subdomain);
    let unchanged = old.is_some_and(|old| old.get("subsets") == object.get("subsets"));
    if !unchanged {
        let subsets = subsets(object).enumerate();
        errors.extend(subsets.flat_map(|(i, subset)| validate_subset(subset, i)));
    }
    errors
}

/// `endpointsWarnings`: addresses that are fine but oddly written. The endpoints controller is spared, it only copies.
pub(crate) fn warnings(object: &Value) -> Vec<String> {
    let labels = metadata(object).get("labels").and_then(Value::as_object);
    if labels.is_some_and(|labels| {
        text(labels, "endpoints.kubernetes.io/managed-by") == "endpoint-controller"
    }) {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (i, subset) in subsets(object).enumerate() {
        for (path, address) in addresses(subset, i) {
            warnings.extend(ip_warning(format_args!("{path}.ip"), text(address, "ip")));
        }
    }
    warnings
}

fn subsets(object: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    object
        .get("subsets")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
}

/// Where an item of a list in a subset is; written only where something is to be said of it.
#[derive(Clone, Copy)]
struct Path {
    subset: usize,
    list: &'static str,
    item: usize,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Path { subset, list, item } = self;
        write!(f, "subsets[{subset}].{list}[{item}]")
    }
}

/// The addresses of a subset, ready ones first, with their paths.
fn addresses(
    subset: &Map<String, Value>,
    index: usize,
) -> impl Iterator<Item = (Path, &Map<String, Value>)> {
    ADDRESS_LISTS
        .into_iter()
        .flat_map(move |list| items(subset, list, index))
}

/// The objects of a list, with their paths.
fn items<'a>(
    subset: &'a Map<String, Value>,
    name: &'static str,
    index: usize,
) -> impl Iterator<Item = (Path, &'a Map<String, Value>)> {
    let items = list(subset, name).iter().filter_map(Value::as_object);
    items.enumerate().map(move |(item, object)| {
        let path = Path {
            subset: index,
            list: name,
            item,
        };
        (path, object)
    })
}

fn validate_subset(subset: &Map<String, Value>, index: usize) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if ADDRESS_LISTS
        .into_iter()
        .all(|name| list(subset, name).is_empty())
    {
        errors.push(FieldError::required(
            format!("subsets[{index}]"),
            "must specify `addresses` or `notReadyAddresses`",
        ));
    }
    for (path, address) in addresses(subset, index) {
        errors.extend(validate_address(address, path));
    }
    let name_is_required = items(subset, "ports", index).count() > 1;
    for (path, port) in items(subset, "ports", index) {
        errors.extend(validate_port(port, name_is_required, path));
    }
    errors
}

fn validate_address(address: &Map<String, Value>, path: Path) -> Vec<FieldError> {
    let (ip, hostname) = (text(address, "ip"), text(address, "hostname"));
    let mut errors = validate_ip(format_args!("{path}.ip"), ip);
    if !hostname.is_empty() {
        errors.extend(invalid_each(
            format_args!("{path}.hostname"),
            hostname,
            is_dns1123_label(hostname),
        ));
    }
    if let Some(node) = address.get("nodeName").and_then(Value::as_str) {
        errors.extend(invalid_each(
            format_args!("{path}.nodeName"),
            node,
            is_dns1123_subdomain(node),
        ));
    }
    errors.extend(validate_non_special_ip(format_args!("{path}.ip"), ip));
    errors
}

fn validate_port(port: &Map<String, Value>, name_is_required: bool, path: Path) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match text(port, "name") {
        "" if name_is_required => errors.push(FieldError::required(format!("{path}.name"), "")),
        "" => {}
        name => errors.extend(invalid_each(
            format_args!("{path}.name"),
            name,
            is_dns1123_label(name),
        )),
    }
    let number = port.get("port").and_then(Value::as_i64).unwrap_or_default();
    if !(1..=65535).contains(&number) {
        let reason = "must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(
            format!("{path}.port"),
            &number.into(),
            reason,
        ));
    }
    match text(port, "protocol") {
        "" => errors.push(FieldError::required(format!("{path}.protocol"), "")),
        known if PROTOCOLS.contains(&known) => {}
        other => errors.push(FieldError::not_supported(
            format!("{path}.protocol"),
            &other.into(),
            &PROTOCOLS,
        )),
    }
    if let Some(protocol) = port.get("appProtocol").and_then(Value::as_str) {
        errors.extend(invalid_each(
            format_args!("{path}.appProtocol"),
            protocol,
            is_qualified_name(protocol),
        ));
    }
    errors
}

#[cfg(test)]
mod tests;
