//! The fields of a service that decide about each other, read.

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::object::object_mut;
use crate::registry::validation::ip::parse_lenient;

pub(in crate::registry) const NONE: &str = "None";

/// The spec of a service.
#[derive(Clone, Copy)]
pub(in crate::registry) struct Spec<'a>(&'a Value);

impl<'a> Spec<'a> {
    pub(in crate::registry) fn of(service: &'a Value) -> Self {
        Spec(&service["spec"])
    }

    pub(in crate::registry) fn get(self, field: &str) -> Option<&'a Value> {
        self.0.get(field)
    }

    /// A text, empty where there is none.
    pub(in crate::registry) fn text(self, field: &str) -> &'a str {
        self.0[field].as_str().unwrap_or_default()
    }

    pub(in crate::registry) fn texts(self, field: &str) -> Vec<&'a str> {
        let items = self.0[field].as_array();
        items
            .into_iter()
            .flatten()
            .map(|item| item.as_str().unwrap_or_default())
            .collect()
    }

    /// The value of a list as an error shows it.
    pub(in crate::registry) fn shown(self, field: &str) -> Value {
        self.0.get(field).cloned().unwrap_or_default()
    }

    pub(in crate::registry) fn service_type(self) -> &'a str {
        self.text("type")
    }

    pub(in crate::registry) fn cluster_ips(self) -> Vec<&'a str> {
        self.texts("clusterIPs")
    }

    pub(in crate::registry) fn ip_families(self) -> Vec<&'a str> {
        self.texts("ipFamilies")
    }

    pub(in crate::registry) fn ports(self) -> &'a [Value] {
        self.0["ports"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(in crate::registry) fn has_selector(self) -> bool {
        self.0["selector"]
            .as_object()
            .is_some_and(|s| !s.is_empty())
    }

    pub(in crate::registry) fn is_external_name(self) -> bool {
        self.service_type() == "ExternalName"
    }

    pub(in crate::registry) fn is_load_balancer(self) -> bool {
        self.service_type() == "LoadBalancer"
    }

    pub(in crate::registry) fn is_single_stack(self) -> bool {
        self.text("ipFamilyPolicy") == "SingleStack"
    }

    /// Without an address of its own.
    pub(in crate::registry) fn is_headless(self) -> bool {
        self.cluster_ips() == [NONE]
    }

    pub(in crate::registry) fn needs_node_ports(self) -> bool {
        matches!(self.service_type(), "NodePort" | "LoadBalancer")
    }

    pub(in crate::registry) fn needs_health_check(self) -> bool {
        self.is_load_balancer() && self.text("externalTrafficPolicy") == "Local"
    }

    pub(in crate::registry) fn is_externally_accessible(self) -> bool {
        self.needs_node_ports()
            || self.service_type() == "ClusterIP" && !self.texts("externalIPs").is_empty()
    }

    /// The node ports there are.
    pub(in crate::registry) fn node_ports(self) -> Vec<i64> {
        let ports = self.ports().iter().map(|port| number(port, "nodePort"));
        ports.filter(|port| *port != 0).collect()
    }

    pub(in crate::registry) fn health_check_node_port(self) -> i64 {
        number(self.0, "healthCheckNodePort")
    }
}

/// A number, 0 where there is none.
pub(in crate::registry) fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_default()
}

pub(in crate::registry) fn is_ipv6(text: &str) -> bool {
    matches!(parse_lenient(text), Some(IpAddr::V6(_)))
}

/// The spec of a service, to be changed.
pub(in crate::registry) fn spec_mut(service: &mut Value) -> &mut Map<String, Value> {
    object_mut(&mut service["spec"])
}

/// The ports of a service, to be changed.
pub(in crate::registry) fn ports_mut(
    service: &mut Value,
) -> impl Iterator<Item = &mut Map<String, Value>> {
    let ports = spec_mut(service)
        .get_mut("ports")
        .and_then(Value::as_array_mut);
    ports.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Puts a list in its place, or nothing if it is empty.
pub(in crate::registry) fn set_texts(service: &mut Value, field: &str, texts: &[&str]) {
    if texts.is_empty() {
        spec_mut(service).remove(field);
    } else {
        spec_mut(service).insert(field.to_owned(), texts.into());
    }
}

/// Copies a field, or its absence.
pub(in crate::registry) fn copy(service: &mut Value, old: &Value, field: &str) {
    match Spec::of(old).get(field) {
        Some(value) => spec_mut(service).insert(field.to_owned(), value.clone()),
        None => spec_mut(service).remove(field),
    };
}
