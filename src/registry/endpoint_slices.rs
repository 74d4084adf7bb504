//! discovery.k8s.io EndpointSlice.

use serde_json::Value;

use super::declared;
use super::strategy::{Strategy, WriteContext};
use super::validation::ip::{
    ip_warning, parse_lenient, validate_canonical_ip, validate_ip, validate_non_special_ip,
};
use super::validation::meta::{invalid_each, validate_labels};
use super::validation::read::{list_at, text_at, texts_at};
use crate::names::{
    is_dns1123_label, is_dns1123_subdomain, is_label_value, is_qualified_name,
    name_is_dns_subdomain,
};
use crate::object::{labels, object_mut};
use crate::status::field::FieldError;

pub(crate) struct EndpointSlices;

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const TOPOLOGY_MAX: usize = 16;
const ADDRESSES_MAX: usize = 100;
const PORTS_MAX: usize = 20_000;
const ENDPOINTS_MAX: usize = 1000;
const HINTS_MAX: usize = 8;
/// How many ports and addresses the columns show.
const SHOWN: usize = 3;
const TOPOLOGY: &str = "deprecatedTopology";
const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// They write addresses in the one form there is.
const CAREFUL: [&str; 2] = [
    "endpointslice-controller.k8s.io",
    "endpointslicemirroring-controller.k8s.io",
];

impl Strategy for EndpointSlices {
    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        declared::set_generation(object, 1);
        drop_topology(object, None);
    }

    /// There is no spec: all but the metadata counts, and of that the labels.
    fn prepare_for_update(&self, _write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        let fields = ["addressType", "endpoints", "ports"];
        let is_same = fields.iter().all(|field| object[*field] == old[*field])
            && labels(object) == labels(old);
        let before = old["metadata"]["generation"].as_i64().unwrap_or_default();
        declared::set_generation(object, before + i64::from(!is_same));
        drop_topology(object, Some(old));
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate(object, None));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate(object, Some(old)));
        let field = "addressType";
        if object[field] != old[field] {
            errors.push(FieldError::invalid(
                field,
                &object[field],
                "field is immutable",
            ));
        }
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let mut warnings = Vec::new();
        if text_at(object, "addressType") == "FQDN" {
            warnings.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
        }
        warnings.extend(ip_warnings(object));
        warnings
    }

    fn update_warnings(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<String> {
        ip_warnings(object)
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        match column {
            "AddressType" => text_at(object, "addressType").into(),
            "Ports" => list_cell(list_at(object, "ports").iter().map(port_cell)).into(),
            "Endpoints" => {
                let endpoints = list_at(object, "endpoints").iter();
                let addresses = endpoints.flat_map(|e| texts_at(e, "addresses"));
                list_cell(addresses.map(str::to_owned)).into()
            }
            _ => Value::Null,
        }
    }
}

fn port_cell(port: &Value) -> String {
    match (port["port"].as_i64(), port["name"].as_str()) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "*".to_owned(),
    }
}

/// `listWithMoreString`
fn list_cell(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let shown = items[..items.len().min(SHOWN)].join(",");
    match items.len().saturating_sub(SHOWN) {
        0 if shown.is_empty() => "<unset>".to_owned(),
        0 => shown,
        more => format!("{shown} + {more} more..."),
    }
}

fn ip_warnings(object: &Value) -> Vec<String> {
    let manager = text_at(&object["metadata"]["labels"], MANAGED_BY);
    if CAREFUL.contains(&manager) {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (i, endpoint) in list_at(object, "endpoints").iter().enumerate() {
        for (j, address) in texts_at(endpoint, "addresses").into_iter().enumerate() {
            let path = format_args!("endpoints[{i}].addresses[{j}]");
            warnings.extend(ip_warning(path, address));
        }
    }
    warnings
}

/// A field of v1beta1, which cannot be written in v1 but stays with endpoints that stay. Its name of a node is kept.
fn drop_topology(object: &mut Value, old: Option<&Value>) {
    if old.is_some_and(|old| old["endpoints"] == object["endpoints"]) {
        return;
    }
    let old = old.map_or(&[] as &[Value], |old| list_at(old, "endpoints"));
    let known: Vec<&str> = old
        .iter()
        .map(|endpoint| text_at(&endpoint[TOPOLOGY], HOSTNAME_LABEL))
        .filter(|name| !name.is_empty())
        .collect();
    let endpoints = object["endpoints"].as_array_mut();
    for endpoint in endpoints.into_iter().flatten() {
        let topology = object_mut(endpoint).remove(TOPOLOGY);
        let name = topology.as_ref().map(|t| text_at(t, HOSTNAME_LABEL));
        let is_known =
            |name: &&str| known.contains(name) && name_is_dns_subdomain(name, false).is_empty();
        if let Some(name) = name.filter(is_known)
            && endpoint["nodeName"].is_null()
        {
            endpoint["nodeName"] = name.into();
        }
    }
}

fn validate(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let path = "addressType";
    let address_type = text_at(object, path);
    let mut errors = Vec::new();
    if address_type.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else if !ADDRESS_TYPES.contains(&address_type) {
        let value = &object[path];
        errors.push(FieldError::not_supported(path, value, &ADDRESS_TYPES));
    }
    errors.extend(validate_ports(list_at(object, "ports")));
    let is_same = old.is_some_and(|old| old["endpoints"] == object["endpoints"]);
    if !is_same {
        let endpoints = list_at(object, "endpoints");
        errors.extend(validate_endpoints(endpoints, address_type));
    }
    errors
}

/// `validatePorts`.
fn validate_ports(ports: &[Value]) -> Vec<FieldError> {
    if ports.len() > PORTS_MAX {
        return vec![FieldError::too_many("ports", ports.len(), PORTS_MAX)];
    }
    let mut errors = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        let path = format!("ports[{i}]");
        let name = text_at(port, "name");
        if !name.is_empty() {
            let path = format_args!("{path}.name");
            errors.extend(invalid_each(path, name, is_dns1123_label(name)));
        }
        if !names.insert(name) {
            errors.push(FieldError::duplicate(format!("{path}.name"), &name.into()));
        }
        match port["protocol"].as_str() {
            None => errors.push(FieldError::required(format!("{path}.protocol"), "")),
            Some(protocol) if PROTOCOLS.contains(&protocol) => {}
            Some(protocol) => errors.push(FieldError::not_supported(
                format!("{path}.protocol"),
                &protocol.into(),
                &PROTOCOLS,
            )),
        }
        if let Some(protocol) = port["appProtocol"].as_str() {
            let path = format_args!("{path}.appProtocol");
            errors.extend(invalid_each(path, protocol, is_qualified_name(protocol)));
        }
    }
    errors
}

/// `validateEndpoints`.
fn validate_endpoints(endpoints: &[Value], address_type: &str) -> Vec<FieldError> {
    let count = endpoints.len();
    if count > ENDPOINTS_MAX {
        return vec![FieldError::too_many("endpoints", count, ENDPOINTS_MAX)];
    }
    let mut errors = Vec::new();
    for (i, endpoint) in endpoints.iter().enumerate() {
        errors.extend(validate_endpoint(
            endpoint,
            address_type,
            &format!("endpoints[{i}]"),
        ));
    }
    errors
}

fn validate_endpoint(endpoint: &Value, address_type: &str, path: &str) -> Vec<FieldError> {
    let at = format!("{path}.addresses");
    let addresses = texts_at(endpoint, "addresses");
    let mut errors = Vec::new();
    match addresses.len() {
        0 => errors.push(FieldError::required(
            at.clone(),
            "must contain at least 1 address",
        )),
        count if count > ADDRESSES_MAX => {
            errors.push(FieldError::too_many(at.clone(), count, ADDRESSES_MAX));
        }
        _ => {}
    }
    for (i, address) in addresses.into_iter().enumerate() {
        errors.extend(validate_address(address, address_type, &at, i));
    }
    if let Some(node) = endpoint["nodeName"].as_str() {
        let path = format_args!("{path}.nodeName");
        errors.extend(invalid_each(path, node, name_is_dns_subdomain(node, false)));
    }
    let topology = endpoint[TOPOLOGY].as_object();
    if let Some(topology) = topology {
        if topology.len() > TOPOLOGY_MAX {
            let path = format!("{path}.{TOPOLOGY}");
            errors.push(FieldError::too_many(path, topology.len(), TOPOLOGY_MAX));
        }
        let holder = endpoint.as_object();
        errors.extend(
            holder
                .into_iter()
                .flat_map(|e| validate_labels(e, TOPOLOGY, path)),
        );
    }
    if let Some(name) = endpoint["hostname"].as_str() {
        let path = format_args!("{path}.hostname");
        errors.extend(invalid_each(path, name, is_dns1123_label(name)));
    }
    errors.extend(validate_hints(&endpoint["hints"], &format!("{path}.hints")));
    errors
}

fn validate_address(address: &str, address_type: &str, path: &str, i: usize) -> Vec<FieldError> {
    let at = format!("{path}[{i}]");
    let is_v4 = address_type == "IPv4";
    let mut errors: Vec<FieldError> = match address_type {
        "IPv4" => validate_ip(&at, address),
        "IPv6" => validate_canonical_ip(&at, address).into_iter().collect(),
        "FQDN" => return validate_domain(address, &at).into_iter().collect(),
        _ => return Vec::new(),
    };
    if !errors.is_empty() {
        return errors;
    }
    let is_of_family = parse_lenient(address).is_some_and(|ip| ip.is_ipv4() == is_v4);
    if !is_of_family {
        let reason = format!("must be an {address_type} address");
        errors.push(FieldError::invalid_str(path, address, reason));
    }
    errors.extend(validate_non_special_ip(&at, address));
    errors
}

/// `IsFullyQualifiedDomainName`.
fn validate_domain(name: &str, path: &str) -> Option<FieldError> {
    if name.is_empty() {
        return Some(FieldError::required(path, ""));
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let reasons = is_dns1123_subdomain(name);
    if !reasons.is_empty() {
        return Some(FieldError::invalid_str(path, name, reasons.join(",")));
    }
    if !name.contains('.') {
        let reason = "should be a domain with at least two segments separated by dots";
        return Some(FieldError::invalid_str(path, name, reason));
    }
    let mut labels = name
        .split('.')
        .map(|label| (label, is_dns1123_label(label)));
    let (label, reasons) = labels.find(|(_, reasons)| !reasons.is_empty())?;
    Some(FieldError::invalid_str(path, label, reasons.join(",")))
}

/// `validateHints`.
fn validate_hints(hints: &Value, path: &str) -> Vec<FieldError> {
    type Rule = fn(&str) -> Vec<String>;
    let mut errors = Vec::new();
    let rules: [(&str, Rule); 2] = [
        ("forZones", is_label_value),
        ("forNodes", |name| name_is_dns_subdomain(name, false)),
    ];
    for (field, rule) in rules {
        let path = format!("{path}.{field}");
        let hints = list_at(hints, field);
        if hints.len() > HINTS_MAX {
            errors.push(FieldError::too_many(path, hints.len(), HINTS_MAX));
            return errors;
        }
        for (i, hint) in hints.iter().enumerate() {
            let path = format!("{path}[{i}].name");
            let name = text_at(hint, "name");
            if hints[..i]
                .iter()
                .any(|other| text_at(other, "name") == name)
            {
                errors.push(FieldError::duplicate(path.clone(), &name.into()));
            }
            errors.extend(invalid_each(path, name, rule(name)));
        }
    }
    errors
}
