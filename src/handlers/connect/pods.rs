//! What a pod's node is asked for.

use serde_json::Value;

use super::{Connect, Connection};
use crate::registry::Lister as _;
use crate::registry::pod::read::{containers, count, list, text};
use crate::registry::validation::ip::parse_lenient;
use crate::response::Response;
use crate::status::Status;
use crate::status::field::FieldError;

const KUBELET_PORT: i64 = 10250;

pub(super) struct Pods;

impl Connect for Pods {
    fn connect(&self, connection: &Connection<'_, '_>) -> Result<Response, Status> {
        let target = connection.ctx.target;
        let pod = connection.object;
        let (name, node) = (&*target.name, text(&pod["spec"], "nodeName"));
        match &*target.subresource {
            "proxy" => return Err(proxy(pod, connection.port)),
            "log" => validate_log(connection)?,
            _ => {}
        }
        let container = match &*target.subresource {
            "portforward" => String::new(),
            _ => container(connection, name)?,
        };
        match (&*target.subresource, node) {
            // What runs nowhere has nothing to tell.
            ("log", "") => return Ok(Response::empty(204)),
            (_, "") => {
                let why = format!("pod {name} does not have a host assigned");
                return Err(Status::bad_request(why));
            }
            _ => {}
        }
        let kubelet = kubelet(connection, node)?;
        let refused = format!("dial tcp {kubelet}: connect: connection refused");
        if &*target.subresource == "log" {
            let namespace = &*target.namespace;
            let url = format!("https://{kubelet}/containerLogs/{namespace}/{name}/{container}");
            return Err(Status::raw(format!("Get \"{url}\": {refused}")));
        }
        let upgrades = connection.ctx.request.header(http::header::UPGRADE);
        if upgrades.is_none() {
            return Err(Status::bad_request("Upgrade request required"));
        }
        Err(Status::raw(format!("error dialing backend: {refused}")))
    }
}

/// `validateContainer`: the container that is asked for, or the only one there is.
fn container(connection: &Connection<'_, '_>, pod: &str) -> Result<String, Status> {
    let spec = &connection.object["spec"];
    let asked = connection.ctx.query.get("container").unwrap_or_default();
    let names: Vec<&str> = containers(spec)
        .map(|(_, _, container)| text(container, "name"))
        .collect();
    if !asked.is_empty() {
        return match names.contains(&asked) {
            true => Ok(asked.to_owned()),
            false => Err(Status::bad_request(format!(
                "container {asked} is not valid for pod {pod}"
            ))),
        };
    }
    match list(spec, "containers") {
        [one] => Ok(text(one, "name").to_owned()),
        _ => Err(Status::bad_request(format!(
            "a container name must be specified for pod {pod}, choose one of: [{}]",
            names.join(" ")
        ))),
    }
}

/// Where the kubelet of a node listens.
fn kubelet(connection: &Connection<'_, '_>, node: &str) -> Result<String, Status> {
    let found = connection.ctx.cluster.get("", "Node", "", node);
    let found = found.ok_or_else(|| Status::not_found("nodes", "", node))?;
    let status = &found.value()["status"];
    let addresses = list(status, "addresses");
    let address = [
        "Hostname",
        "InternalDNS",
        "InternalIP",
        "ExternalDNS",
        "ExternalIP",
    ]
    .iter()
    .find_map(|ty| {
        addresses
            .iter()
            .find(|address| text(address, "type") == *ty)
    });
    let address = address.ok_or_else(|| {
        Status::raw("no preferred addresses found; known addresses: []".to_owned())
    })?;
    let port = match count(&status["daemonEndpoints"]["kubeletEndpoint"], "Port") {
        port if port > 0 => port,
        _ => KUBELET_PORT,
    };
    Ok(format!("{}:{port}", text(address, "address")))
}

/// `ValidatePodLogOptions`.
fn validate_log(connection: &Connection<'_, '_>) -> Result<(), Status> {
    let query = connection.ctx.query;
    let number = |name| query.integer(name).map_err(Status::bad_request);
    let mut errors = Vec::new();
    if let Some(lines) = number("tailLines")?.filter(|lines| *lines < 0) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("tailLines", &lines.into(), detail));
    }
    let positive = "must be greater than 0";
    if let Some(bytes) = number("limitBytes")?.filter(|bytes| *bytes < 1) {
        errors.push(FieldError::invalid("limitBytes", &bytes.into(), positive));
    }
    match (number("sinceSeconds")?, query.get("sinceTime")) {
        (Some(_), Some(_)) => {
            let detail = "at most one of `sinceTime` or `sinceSeconds` may be specified";
            errors.push(FieldError::forbidden("", detail));
        }
        (Some(seconds), None) if seconds < 1 => {
            errors.push(FieldError::invalid(
                "sinceSeconds",
                &seconds.into(),
                positive,
            ));
        }
        _ => {}
    }
    if query.get("stream").is_some() {
        errors.push(FieldError::forbidden("stream", "may not be specified"));
    }
    if errors.is_empty() {
        return Ok(());
    }
    let name = &connection.ctx.target.name;
    Err(Status::invalid("PodLogOptions", "", name, &errors))
}

/// `ResourceLocation`, behind which nobody listens.
fn proxy(pod: &Value, port: &str) -> Status {
    let address = list(&pod["status"], "podIPs").first();
    let address = address.map_or("", |address| text(address, "ip"));
    let is_global = parse_lenient(address).is_some_and(|ip| {
        let is_link_local = match ip {
            std::net::IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
            std::net::IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        !(ip.is_loopback() || ip.is_multicast() || ip.is_unspecified() || is_link_local)
    });
    if !is_global {
        return Status::bad_request("address not allowed");
    }
    let first = list(&pod["spec"], "containers")
        .iter()
        .find_map(|container| list(container, "ports").first());
    let port = match (port, first) {
        ("", Some(first)) => count(first, "containerPort").to_string(),
        ("", None) => "80".to_owned(),
        (port, _) => port.to_owned(),
    };
    let address = match address.contains(':') {
        true => format!("[{address}]"),
        false => address.to_owned(),
    };
    Status::service_unavailable(&format!(
        "error trying to reach service: dial tcp {address}:{port}: connect: connection refused"
    ))
}
