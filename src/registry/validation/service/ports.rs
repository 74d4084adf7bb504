//! The ports of a service.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{FieldError, Spec, invalid_each, one_of, text};
use crate::names::{is_dns1123_label, is_qualified_name, too_long};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const PORT_NAME_MAX: usize = 15;

/// `validateServicePort`, of each.
pub(super) fn validate(spec: Spec<'_>) -> Vec<FieldError> {
    let name_is_required = spec.ports().len() > 1;
    let mut names = BTreeSet::new();
    let mut errors = Vec::new();
    for (path, port) in ports(spec) {
        let name = text(port, "name");
        let name_path = format!("{path}.name");
        if name.is_empty() {
            errors.extend(name_is_required.then(|| FieldError::required(name_path, "")));
        } else {
            errors.extend(invalid_each(&name_path, name, is_dns1123_label(name)));
            if !names.insert(name) {
                errors.push(FieldError::duplicate(name_path, &name.into()));
            }
        }
        errors.extend(validate_port(port, &path));
    }
    errors
}

fn validate_port(port: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let own = port.get("port").and_then(Value::as_i64).unwrap_or_default();
    let mut errors: Vec<FieldError> = validate_number(&format!("{path}.port"), own)
        .into_iter()
        .collect();
    errors.extend(one_of(
        &format!("{path}.protocol"),
        text(port, "protocol"),
        &PROTOCOLS,
    ));
    let target = port.get("targetPort").unwrap_or(&Value::Null);
    errors.extend(validate_number_or_name(
        &format!("{path}.targetPort"),
        target,
    ));
    if let Some(protocol) = port.get("appProtocol").and_then(Value::as_str) {
        let path = format!("{path}.appProtocol");
        errors.extend(invalid_each(&path, protocol, is_qualified_name(protocol)));
    }
    errors
}

/// `IsValidPortNum`.
pub(super) fn validate_number(path: &str, port: i64) -> Option<FieldError> {
    let reason = "must be between 1 and 65535, inclusive";
    (!(1..=65535).contains(&port)).then(|| FieldError::invalid(path, &port.into(), reason))
}

/// `ValidatePortNumOrName`.
fn validate_number_or_name(path: &str, port: &Value) -> Vec<FieldError> {
    match port {
        Value::String(name) if name.is_empty() => vec![FieldError::required(path, "")],
        Value::String(name) => invalid_each(path, name, is_port_name(name)),
        number => {
            let number = number.as_i64().unwrap_or_default();
            validate_number(path, number).into_iter().collect()
        }
    }
}

/// `IsValidPortName`: a service name of the IANA.
pub(crate) fn is_port_name(name: &str) -> Vec<String> {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let rules = [
        (
            name.len() <= PORT_NAME_MAX,
            too_long(PORT_NAME_MAX, "characters"),
        ),
        (
            name.bytes().all(plain),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        ),
        (
            name.bytes().any(|c| c.is_ascii_lowercase()),
            "must contain at least one letter (a-z)".to_owned(),
        ),
        (
            !name.contains("--"),
            "must not contain consecutive hyphens".to_owned(),
        ),
        (
            !name.starts_with('-') && !name.ends_with('-'),
            "must not begin or end with a hyphen".to_owned(),
        ),
    ];
    let broken = rules.into_iter().filter(|(holds, _)| !holds);
    broken.map(|(_, reason)| reason).collect()
}

/// Only some types have node ports.
pub(super) fn validate_node_ports(spec: Spec<'_>) -> Vec<FieldError> {
    if spec.service_type() != "ClusterIP" {
        return Vec::new();
    }
    let reason = "may not be used when `type` is 'ClusterIP'";
    let with = ports(spec)
        .into_iter()
        .filter(|(_, port)| port.contains_key("nodePort"));
    with.map(|(path, _)| FieldError::forbidden(format!("{path}.nodePort"), reason))
        .collect()
}

/// A protocol and a port, or a node port, are named once: first all node ports are checked, then all ports.
pub(super) fn validate_unique(spec: Spec<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["nodePort", "port"] {
        let mut seen = BTreeSet::new();
        for (path, port) in ports(spec) {
            let key = (
                text(port, "protocol"),
                port.get(field).and_then(Value::as_i64).unwrap_or_default(),
            );
            if field == "nodePort" && key.1 == 0 {
                continue;
            }
            if !seen.insert(key) {
                errors.push(repeated(field, &path, key));
            }
        }
    }
    errors
}

/// Upstream shows what it compares: a port of its internal version with nothing else in it.
fn repeated(field: &str, path: &str, (protocol, port): (&str, i64)) -> FieldError {
    if field == "nodePort" {
        return FieldError::duplicate(format!("{path}.nodePort"), &port.into());
    }
    let shown = format!(
        "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{port},\"TargetPort\":0,\"NodePort\":0}}",
        json!(protocol)
    );
    FieldError::duplicate_shown(path, shown)
}

fn ports(spec: Spec<'_>) -> Vec<(String, &Map<String, Value>)> {
    let ports = spec.ports().iter().filter_map(Value::as_object).enumerate();
    ports
        .map(|(i, port)| (format!("spec.ports[{i}]"), port))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_name_is_an_iana_service_name() {
        for good in ["http", "a", "8080-tcp", "a1-b2"] {
            assert!(is_port_name(good).is_empty(), "{good}");
        }
        for (bad, reasons) in [
            (
                "Http",
                vec!["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"],
            ),
            ("8080", vec!["must contain at least one letter (a-z)"]),
            ("a--b", vec!["must not contain consecutive hyphens"]),
            ("-a", vec!["must not begin or end with a hyphen"]),
            (
                "a234567890123456",
                vec!["must be no more than 15 characters"],
            ),
        ] {
            assert_eq!(is_port_name(bad), reasons, "{bad}");
        }
    }

    #[test]
    fn repeated_ports_are_shown_as_upstream_compares_them() {
        let service = json!({"spec": {"ports": [
            {"port": 80, "protocol": "TCP", "nodePort": 30001},
            {"port": 80, "protocol": "UDP", "nodePort": 30001},
            {"port": 80, "protocol": "TCP", "nodePort": 30001},
        ]}});
        let errors: Vec<String> = validate_unique(Spec::of(&service))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            errors,
            [
                "spec.ports[2].nodePort: Duplicate value: 30001",
                r#"spec.ports[2]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}"#,
            ]
        );
    }
}
