//! networking.k8s.io NetworkPolicy.

use serde_json::{Value, json};

use super::validate_port_number;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::ip::{cidr_warning, is_strict_subset, parse_cidr, validate_cidr};
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, members_at, text_at, texts_at};
use crate::registry::validation::selector::validate_label_selector;
use crate::registry::validation::service::is_port_name;
use crate::status::field::FieldError;

pub(in crate::registry) struct NetworkPolicies;

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
const POLICY_TYPES: [&str; 2] = ["Ingress", "Egress"];
/// Where rules are, and where in each their peers are.
const DIRECTIONS: [(&str, &str); 2] = [("ingress", "from"), ("egress", "to")];

impl Strategy for NetworkPolicies {
    /// A policy is about what comes in, and about what goes out if it says so.
    fn set_defaults(&self, object: &mut Value) {
        let spec = &mut object["spec"];
        if !list_at(spec, "policyTypes").is_empty() || spec.is_null() {
            return;
        }
        spec["policyTypes"] = match list_at(spec, "egress").is_empty() {
            true => json!(["Ingress"]),
            false => json!(["Ingress", "Egress"]),
        };
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"], &[]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        let known: Vec<&str> = ip_blocks(&old["spec"])
            .into_iter()
            .flat_map(|(_, block)| {
                let mut cidrs = texts_at(block, "except");
                cidrs.push(text_at(block, "cidr"));
                cidrs
            })
            .collect();
        errors.extend(validate_spec(&object["spec"], &known));
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let blocks = ip_blocks(&object["spec"]).into_iter();
        blocks
            .flat_map(|(path, block)| {
                let cidr = cidr_warning(&format!("{path}.cidr"), text_at(block, "cidr"));
                let except = texts_at(block, "except").into_iter().enumerate();
                let except = except
                    .filter_map(|(i, cidr)| cidr_warning(&format!("{path}.except[{i}]"), cidr));
                cidr.into_iter().chain(except.collect::<Vec<_>>())
            })
            .collect()
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        format_selector(&object["spec"]["podSelector"]).into()
    }
}

/// `FormatLabelSelector`.
fn format_selector(selector: &Value) -> String {
    let labels = members_at(selector, "matchLabels").into_iter();
    let mut parts: Vec<(&str, String)> = labels
        .map(|(key, value)| {
            let value = value.as_str().unwrap_or_default();
            (key, format!("{key}={value}"))
        })
        .collect();
    for expression in list_at(selector, "matchExpressions") {
        let key = text_at(expression, "key");
        let mut values = texts_at(expression, "values");
        values.sort_unstable();
        let values = values.join(",");
        let text = match text_at(expression, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        parts.push((key, text));
    }
    if parts.is_empty() {
        return "<none>".to_owned();
    }
    parts.sort_by_key(|(key, _)| *key);
    let parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    parts.join(",")
}

/// Each `ipBlock`, and its path.
fn ip_blocks(spec: &Value) -> Vec<(String, &Value)> {
    let mut blocks = Vec::new();
    for (direction, peers) in DIRECTIONS {
        for (i, rule) in list_at(spec, direction).iter().enumerate() {
            for (j, peer) in list_at(rule, peers).iter().enumerate() {
                let path = format!("spec.{direction}[{i}].{peers}[{j}].ipBlock");
                blocks.extend((!peer["ipBlock"].is_null()).then(|| (path, &peer["ipBlock"])));
            }
        }
    }
    blocks
}

/// `ValidateNetworkPolicySpec`. Networks that were there already may be wrong.
fn validate_spec(spec: &Value, known: &[&str]) -> Vec<FieldError> {
    let mut errors = validate_label_selector(&spec["podSelector"], "spec.podSelector");
    for (direction, peers) in DIRECTIONS {
        for (i, rule) in list_at(spec, direction).iter().enumerate() {
            let path = format!("spec.{direction}[{i}]");
            for (j, port) in list_at(rule, "ports").iter().enumerate() {
                errors.extend(validate_port(port, &format!("{path}.ports[{j}]")));
            }
            for (j, peer) in list_at(rule, peers).iter().enumerate() {
                errors.extend(validate_peer(peer, &format!("{path}.{peers}[{j}]"), known));
            }
        }
    }
    let types = list_at(spec, "policyTypes");
    if types.len() > POLICY_TYPES.len() {
        let reason = "may not specify more than two policyTypes";
        let path = "spec.policyTypes";
        errors.push(FieldError::invalid(path, &spec["policyTypes"], reason));
        return errors;
    }
    for (i, policy_type) in types.iter().enumerate() {
        if !POLICY_TYPES.contains(&policy_type.as_str().unwrap_or_default()) {
            let path = format!("spec.policyTypes[{i}]");
            errors.push(FieldError::not_supported(path, policy_type, &POLICY_TYPES));
        }
    }
    errors
}

/// `ValidateNetworkPolicyPort`.
fn validate_port(port: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(protocol) = port["protocol"].as_str()
        && !PROTOCOLS.contains(&protocol)
    {
        let path = format!("{path}.protocol");
        errors.push(FieldError::not_supported(
            path,
            &protocol.into(),
            &PROTOCOLS,
        ));
    }
    let end = &port["endPort"];
    let wrong_end =
        |value: &Value, reason| FieldError::invalid(format!("{path}.endPort"), value, reason);
    match &port["port"] {
        Value::Null => {
            let reason = "may not be specified when `port` is not specified";
            errors.extend((!end.is_null()).then(|| wrong_end(end, reason)));
        }
        Value::String(name) => {
            let reason = "may not be specified when `port` is non-numeric";
            errors.extend((!end.is_null()).then(|| wrong_end(end, reason)));
            errors.extend(invalid_each(
                format_args!("{path}.port"),
                name,
                is_port_name(name),
            ));
        }
        number => {
            let start = number.as_i64().unwrap_or_default();
            errors.extend(validate_port_number(format!("{path}.port"), start));
            if let Some(end) = end.as_i64() {
                let reason = "must be greater than or equal to `port`";
                errors.extend((end < start).then(|| wrong_end(number, reason)));
                errors.extend(validate_port_number(format!("{path}.endPort"), end));
            }
        }
    }
    errors
}

/// `ValidateNetworkPolicyPeer`.
fn validate_peer(peer: &Value, path: &str, known: &[&str]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut selectors = 0;
    for field in ["podSelector", "namespaceSelector"] {
        if !peer[field].is_null() {
            selectors += 1;
            errors.extend(validate_label_selector(
                &peer[field],
                &format!("{path}.{field}"),
            ));
        }
    }
    let has_block = !peer["ipBlock"].is_null();
    if has_block {
        let path = format!("{path}.ipBlock");
        errors.extend(validate_ip_block(&peer["ipBlock"], &path, known));
    }
    match (has_block, selectors) {
        (false, 0) => errors.push(FieldError::required(path, "must specify a peer")),
        (true, 1..) => {
            let reason = "may not specify both ipBlock and another peer";
            errors.push(FieldError::forbidden(path, reason));
        }
        _ => {}
    }
    errors
}

/// `ValidateIPBlock`.
fn validate_ip_block(block: &Value, path: &str, known: &[&str]) -> Vec<FieldError> {
    let cidr = text_at(block, "cidr");
    if cidr.is_empty() {
        return vec![FieldError::required(format!("{path}.cidr"), "")];
    }
    let validate = |path: &str, cidr: &str| match known.contains(&cidr) {
        true => Vec::new(),
        false => validate_cidr(path, cidr),
    };
    let mut errors = validate(&format!("{path}.cidr"), cidr);
    if parse_cidr(cidr).is_none() {
        return errors;
    }
    for (i, except) in texts_at(block, "except").into_iter().enumerate() {
        let path = format!("{path}.except[{i}]");
        errors.extend(validate(&path, except));
        if parse_cidr(except).is_some() && !is_strict_subset(except, cidr) {
            let reason = "must be a strict subset of `cidr`";
            errors.push(FieldError::invalid_str(path, except, reason));
        }
    }
    errors
}
