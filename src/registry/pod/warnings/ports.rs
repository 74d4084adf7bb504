//! Ports that get in each other's way.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codec::quote::quote;
use crate::registry::pod::read::{containers, count, list, text};

pub(super) fn warn(spec: &Value, at: &str, told: &mut Vec<String>) {
    let mut ports: BTreeMap<(i64, &str), Vec<(String, &Value)>> = BTreeMap::new();
    for (path, port) in all(spec, at) {
        let host = count(port, "hostPort");
        if !text(port, "hostIP").is_empty() && host == 0 {
            told.push(format!("{path}: hostIP set without hostPort: {}", go(port)));
        }
        let key = (count(port, "containerPort"), text(port, "protocol"));
        let others = ports.entry(key).or_default();
        for (other_path, other) in others.iter() {
            if let Some(conflict) = conflict(port, other) {
                told.push(format!("{path}: {conflict} with {other_path}"));
            }
        }
        others.push((path, port));
    }
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for (path, port) in all(spec, at) {
        let name = text(port, "name");
        if name.is_empty() {
            continue;
        }
        match names.get(name) {
            Some(other) => told.push(format!(
                "{path}: duplicate port name {} with {other}, services and probes that select ports by name will use {other}",
                quote(name)
            )),
            None => {
                names.insert(name, path);
            }
        }
    }
}

/// The ports of all containers, each with its place.
fn all<'a>(spec: &'a Value, at: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
    containers(spec).flat_map(move |(field, i, container)| {
        let ports = list(container, "ports").iter().enumerate();
        ports.map(move |(j, port)| (format!("{at}.{field}[{i}].ports[{j}]"), port))
    })
}

fn conflict(port: &Value, other: &Value) -> Option<&'static str> {
    let (ip, other_ip) = (text(port, "hostIP"), text(other, "hostIP"));
    let (host, other_host) = (count(port, "hostPort"), count(other, "hostPort"));
    if ip == other_ip && host == other_host {
        Some("duplicate port definition")
    } else if host == 0 || other_host == 0 {
        Some("overlapping port definition")
    } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
        Some("dangerously ambiguous port definition")
    } else {
        None
    }
}

/// As Go prints the struct.
fn go(port: &Value) -> String {
    format!(
        "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
        text(port, "name"),
        count(port, "hostPort"),
        count(port, "containerPort"),
        text(port, "protocol"),
        text(port, "hostIP"),
    )
}
