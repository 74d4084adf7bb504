//! core/v1 Service.
//!
//! A service takes things the cluster has only so many of: an address ([`addresses`]) and ports on the nodes
//! ([`node_ports`]). What is taken is what the stored services say, so a write that fails and a dry run take nothing,
//! and a deletion gives back. [`families`] fits a service to the cluster, [`transition`] an update to what was there.

mod addresses;
mod families;
mod node_ports;
#[cfg(test)]
mod tests;
mod transition;

use serde_json::{Map, Value, json};

use super::declared;
use super::strategy::{Strategy, WriteContext};
use super::validation::service as rules;
use super::validation::service::spec::{self, Spec, ports_mut, spec_mut};
use crate::codec::json::sorted;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct Services;

/// How long a session with a client lasts, in seconds, unless a service says otherwise.
const DEFAULT_SESSION: i64 = 3 * 60 * 60;

impl Strategy for Services {
    fn set_defaults(&self, object: &mut Value) {
        set_defaults(object);
    }

    fn allocate(
        &self,
        write: &WriteContext<'_>,
        object: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        if !write.subresource.is_empty() {
            return Ok(());
        }
        if let Some(old) = old {
            transition::keep_allocated(object, old);
        }
        transition::normalize_cluster_ips(object, old);
        families::init(object, old)?;
        match old {
            Some(old) => {
                addresses::update(object, old, write)?;
                node_ports::update(object, old, write)
            }
            None => {
                addresses::allocate(object, write)?;
                node_ports::create(object, write)
            }
        }
    }

    fn claims(&self, object: &Value) -> Vec<Box<str>> {
        let spec = Spec::of(object);
        addresses::claims(spec)
            .chain(node_ports::claims(spec))
            .collect()
    }

    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        object["status"] = json!({"loadBalancer": {}});
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        if write.subresource.is_empty() {
            transition::drop_type_dependent(object, old);
        }
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        match write.subresource {
            "" => rules::validate_update(object, old),
            _ => rules::status::validate_update(object, old),
        }
    }

    fn warnings(&self, write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        match write.subresource {
            "" => rules::warnings::of(object),
            _ => Vec::new(),
        }
    }

    /// The Endpoints of the same name, so that a new service does not start with those of the old one.
    fn deleted_along(&self) -> Option<(&'static str, &'static str)> {
        Some(("", "Endpoints"))
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = Spec::of(object);
        match column {
            "Cluster-IP" => spec
                .cluster_ips()
                .first()
                .copied()
                .unwrap_or("<none>")
                .into(),
            "External-IP" => external_ip(object).into(),
            "Port(s)" => or_none(ports_cell(spec)).into(),
            "Selector" => or_none(selector_cell(spec)).into(),
            _ => Value::Null,
        }
    }
}

/// `SetDefaults_Service`.
fn set_defaults(service: &mut Value) {
    default_text(spec_mut(service), "sessionAffinity", "None");
    default_text(spec_mut(service), "type", "ClusterIP");
    default_session(spec_mut(service));
    for port in ports_mut(service) {
        default_text(port, "protocol", "TCP");
        let unset = port
            .get("targetPort")
            .is_none_or(|target| *target == json!(0) || *target == json!(""));
        if unset {
            let own = port.get("port").cloned().unwrap_or_else(|| json!(0));
            port.insert("targetPort".to_owned(), own);
        }
    }
    let spec = Spec::of(service);
    let (accessible, balanced) = (spec.is_externally_accessible(), spec.is_load_balancer());
    let internal = spec.needs_node_ports() || spec.service_type() == "ClusterIP";
    let spec = spec_mut(service);
    if accessible {
        default_text(spec, "externalTrafficPolicy", "Cluster");
    }
    if internal {
        let policy = spec.entry("internalTrafficPolicy");
        policy.or_insert_with(|| "Cluster".into());
    }
    if balanced {
        let allocates = spec.entry("allocateLoadBalancerNodePorts");
        allocates.or_insert(Value::Bool(true));
        default_ip_modes(service);
    }
}

fn default_text(map: &mut Map<String, Value>, field: &str, text: &str) {
    if map
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .is_empty()
    {
        map.insert(field.to_owned(), text.into());
    }
}

/// Only sessions with a client have settings, and always a length.
fn default_session(spec: &mut Map<String, Value>) {
    match spec.get("sessionAffinity").and_then(Value::as_str) {
        Some("None") => {
            spec.remove("sessionAffinityConfig");
        }
        Some("ClientIP") => {
            let config = spec.get("sessionAffinityConfig");
            let timeout = config.and_then(|c| c.get("clientIP")?.get("timeoutSeconds"));
            if timeout.is_none() {
                let config = json!({"clientIP": {"timeoutSeconds": DEFAULT_SESSION}});
                spec.insert("sessionAffinityConfig".to_owned(), config);
            }
        }
        _ => {}
    }
}

fn default_ip_modes(service: &mut Value) {
    let ingress = service["status"]["loadBalancer"].get_mut("ingress");
    for point in ingress.and_then(Value::as_array_mut).into_iter().flatten() {
        let has_ip = point["ip"].as_str().is_some_and(|ip| !ip.is_empty());
        if let (true, Some(point)) = (has_ip, point.as_object_mut()) {
            point.entry("ipMode").or_insert_with(|| "VIP".into());
        }
    }
}

/// Where a service can be reached from outside.
fn external_ip(service: &Value) -> String {
    let spec = Spec::of(service);
    let given = spec.texts("externalIPs");
    match spec.service_type() {
        "ClusterIP" | "NodePort" => or_none(given.join(",")),
        "LoadBalancer" => {
            let mut all = ingress_points(service);
            all.extend(given.into_iter().map(str::to_owned));
            if all.is_empty() {
                "<pending>".to_owned()
            } else {
                all.join(",")
            }
        }
        "ExternalName" => spec.text("externalName").to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

/// The addresses or else the names of a load balancer, sorted and without repeats.
fn ingress_points(service: &Value) -> Vec<String> {
    let ingress = service["status"]["loadBalancer"]["ingress"].as_array();
    let text = |point: &Value, field: &str| point[field].as_str().unwrap_or_default().to_owned();
    let mut points: Vec<String> = ingress
        .into_iter()
        .flatten()
        .map(|point| match text(point, "ip") {
            ip if ip.is_empty() => text(point, "hostname"),
            ip => ip,
        })
        .filter(|point| !point.is_empty())
        .collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// `80/TCP,443:30443/TCP`.
fn ports_cell(spec: Spec<'_>) -> String {
    let cell = |port: &Value| {
        let protocol = port["protocol"].as_str().unwrap_or_default();
        match spec::number(port, "nodePort") {
            0 => format!("{}/{protocol}", spec::number(port, "port")),
            node_port => format!("{}:{node_port}/{protocol}", spec::number(port, "port")),
        }
    };
    spec.ports().iter().map(cell).collect::<Vec<_>>().join(",")
}

/// `app=web,tier=front`.
fn selector_cell(spec: Spec<'_>) -> String {
    let selector = spec.get("selector").and_then(Value::as_object);
    let pair =
        |(key, value): (&String, &Value)| format!("{key}={}", value.as_str().unwrap_or_default());
    let pairs: Vec<String> = selector
        .map(|map| sorted(map).into_iter().map(pair).collect())
        .unwrap_or_default();
    pairs.join(",")
}

fn or_none(cell: String) -> String {
    if cell.is_empty() {
        "<none>".to_owned()
    } else {
        cell
    }
}
