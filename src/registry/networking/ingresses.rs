//! networking.k8s.io Ingress.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{validate_port_number, validate_typed_reference};
use crate::names::{
    is_dns1123_subdomain, is_wildcard_dns1123_subdomain, name_is_dns_label, name_is_dns_subdomain,
};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::ip::{ip_warning, parse_lenient, validate_ip};
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{annotation, list_at, number_at, text_at, texts_at};
use crate::registry::validation::service::is_port_name;
use crate::status::field::FieldError;

pub(in crate::registry) struct Ingresses;

/// Says the class of an ingress, as long as there was no field for it.
pub(crate) const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
const SEQUENCES: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const SUFFIXES: [&str; 2] = ["/..", "/."];
/// How many hosts the Hosts column shows.
const SHOWN_HOSTS: usize = 3;

impl Strategy for Ingresses {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"], None));
        let class = object["spec"]["ingressClassName"].as_str();
        if let (Some(old), Some(class)) = (annotation(object, CLASS_ANNOTATION), class)
            && old != class
        {
            let path = format!("annotations.{CLASS_ANNOTATION}");
            let reason = "must match `ingressClassName` when both are specified";
            errors.push(FieldError::invalid_str(path, old, reason));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta_update(object, old);
        if write.subresource.is_empty() {
            errors.extend(declared::validate(write, object));
            errors.extend(validate_spec(&object["spec"], Some(&old["spec"])));
        } else {
            errors.extend(validate_status(object, old));
        }
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let is_classless = object["spec"]["ingressClassName"].is_null();
        let is_annotated = annotation(object, CLASS_ANNOTATION).is_some();
        let warning = format!(
            "annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"
        );
        let warnings = (is_annotated && is_classless).then_some(warning);
        warnings.into_iter().collect()
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<String> {
        match write.subresource {
            "" => Vec::new(),
            _ => status_warnings(object),
        }
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match column {
            "Class" => spec["ingressClassName"].as_str().unwrap_or("<none>").into(),
            "Hosts" => hosts(list_at(spec, "rules")).into(),
            "Address" => addresses(object).into(),
            "Ports" if list_at(spec, "tls").is_empty() => "80".into(),
            "Ports" => "80, 443".into(),
            _ => Value::Null,
        }
    }
}

fn hosts(rules: &[Value]) -> String {
    let mut list = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= list.len() == SHOWN_HOSTS;
        let host = text_at(rule, "host");
        if !more && !host.is_empty() {
            list.push(host);
        }
    }
    match (list.is_empty(), more) {
        (true, _) => "*".to_owned(),
        (_, true) => format!("{} + {} more...", list.join(","), rules.len() - SHOWN_HOSTS),
        _ => list.join(","),
    }
}

fn points(object: &Value) -> &[Value] {
    list_at(&object["status"]["loadBalancer"], "ingress")
}

fn addresses(object: &Value) -> String {
    let address = |point| match text_at(point, "ip") {
        "" => text_at(point, "hostname"),
        ip => ip,
    };
    let all: BTreeSet<&str> = points(object).iter().map(address).collect();
    let all: Vec<&str> = all.into_iter().filter(|text| !text.is_empty()).collect();
    all.join(",")
}

fn status_warnings(object: &Value) -> Vec<String> {
    let points = points(object).iter().enumerate();
    let warning = |(i, point)| {
        let path = format!("status.loadBalancer.ingress[{i}]");
        ip_warning(path, text_at(point, "ip"))
    };
    points.filter_map(warning).collect()
}

/// `ValidateIngressLoadBalancerStatus`.
fn validate_status(object: &Value, old: &Value) -> Vec<FieldError> {
    let known: Vec<&str> = points(old).iter().map(|p| text_at(p, "ip")).collect();
    let mut errors = Vec::new();
    for (i, point) in points(object).iter().enumerate() {
        let path = format!("status.loadBalancer.ingress[{i}]");
        let (ip, host) = (text_at(point, "ip"), text_at(point, "hostname"));
        if !ip.is_empty() && !known.contains(&ip) {
            errors.extend(validate_ip(format!("{path}.ip"), ip));
        }
        if !host.is_empty() {
            let path = format!("{path}.hostname");
            errors.extend(invalid_each(&path, host, is_dns1123_subdomain(host)));
            errors.extend(no_ip(host, path));
        }
    }
    errors
}

fn no_ip(host: &str, path: String) -> Option<FieldError> {
    let reason = "must be a DNS name, not an IP address";
    parse_lenient(host).map(|_| FieldError::invalid_str(path, host, reason))
}

/// `ValidateIngressSpec`. What the old one has wrong may stay wrong.
fn validate_spec(spec: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let path = "spec";
    let rules = list_at(spec, "rules");
    let backend = &spec["defaultBackend"];
    let mut errors = Vec::new();
    if rules.is_empty() && backend.is_null() {
        let reason = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(path, &spec["rules"], reason));
    }
    if !backend.is_null() {
        errors.extend(validate_backend(backend, &format!("{path}.defaultBackend")));
    }
    let wild_rules_may_be_wrong = old.is_some_and(|old| {
        let rules = list_at(old, "rules").iter();
        rules
            .filter(|rule| text_at(rule, "host").contains('*'))
            .any(|rule| !validate_rule_value(rule, "").is_empty())
    });
    for (i, rule) in rules.iter().enumerate() {
        let path = format!("{path}.rules[{i}]");
        errors.extend(validate_host(rule, &path));
        if !(wild_rules_may_be_wrong && text_at(rule, "host").contains('*')) {
            errors.extend(validate_rule_value(rule, &path));
        }
    }
    errors.extend(validate_tls(spec, old));
    if let Some(class) = spec["ingressClassName"].as_str() {
        let reasons = name_is_dns_subdomain(class, false);
        errors.extend(invalid_each("spec.ingressClassName", class, reasons));
    }
    errors
}

fn secret_name_errors(tls: &Value) -> Vec<String> {
    match text_at(tls, "secretName") {
        "" => Vec::new(),
        name => name_is_dns_subdomain(name, false),
    }
}

fn validate_tls(spec: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let names_may_be_wrong = old.is_some_and(|old| {
        let mut tls = list_at(old, "tls").iter();
        tls.any(|tls| !secret_name_errors(tls).is_empty())
    });
    let mut errors = Vec::new();
    for (i, tls) in list_at(spec, "tls").iter().enumerate() {
        for (j, host) in texts_at(tls, "hosts").into_iter().enumerate() {
            let reasons = match host.contains('*') {
                true => is_wildcard_dns1123_subdomain(host),
                false => is_dns1123_subdomain(host),
            };
            let path = format_args!("spec.tls[{i}].hosts[{j}]");
            errors.extend(invalid_each(path, host, reasons));
        }
        if !names_may_be_wrong {
            let path = format_args!("spec.tls[{i}].secretName");
            let name = text_at(tls, "secretName");
            errors.extend(invalid_each(path, name, secret_name_errors(tls)));
        }
    }
    errors
}

fn validate_host(rule: &Value, path: &str) -> Vec<FieldError> {
    let host = text_at(rule, "host");
    if host.is_empty() {
        return Vec::new();
    }
    let path = format!("{path}.host");
    let reasons = match host.contains('*') {
        true => is_wildcard_dns1123_subdomain(host),
        false => is_dns1123_subdomain(host),
    };
    let mut errors = Vec::from_iter(no_ip(host, path.clone()));
    errors.extend(invalid_each(path, host, reasons));
    errors
}

fn validate_rule_value(rule: &Value, path: &str) -> Vec<FieldError> {
    let http = &rule["http"];
    if http.is_null() {
        return Vec::new();
    }
    let path = format!("{path}.http.paths");
    let paths = list_at(http, "paths");
    let mut errors = Vec::new();
    if paths.is_empty() {
        errors.push(FieldError::required(path.clone(), ""));
    }
    for (i, one) in paths.iter().enumerate() {
        errors.extend(validate_http_path(one, &format!("{path}[{i}]")));
    }
    errors
}

/// `validateHTTPIngressPath`.
fn validate_http_path(http_path: &Value, path: &str) -> Vec<FieldError> {
    let Some(path_type) = http_path["pathType"].as_str() else {
        let reason = "pathType must be specified";
        return vec![FieldError::required(format!("{path}.pathType"), reason)];
    };
    let value = text_at(http_path, "path");
    let wrong = |reason: String| FieldError::invalid_str(format!("{path}.path"), value, reason);
    let mut errors = Vec::new();
    if !PATH_TYPES.contains(&path_type) {
        let path = format!("{path}.pathType");
        errors.push(FieldError::not_supported(
            path,
            &path_type.into(),
            &PATH_TYPES,
        ));
    } else if !(value.starts_with('/') || value.is_empty() && path_type == PATH_TYPES[1]) {
        errors.push(wrong("must be an absolute path".to_owned()));
    }
    if matches!(path_type, "Exact" | "Prefix") {
        let sequences = SEQUENCES.iter().filter(|part| value.contains(*part));
        errors.extend(sequences.map(|part| wrong(format!("must not contain '{part}'"))));
        let suffixes = SUFFIXES.iter().filter(|part| value.ends_with(*part));
        errors.extend(suffixes.map(|part| wrong(format!("cannot end with '{part}'"))));
    }
    errors.extend(validate_backend(
        &http_path["backend"],
        &format!("{path}.backend"),
    ));
    errors
}

/// `validateIngressBackend`.
fn validate_backend(backend: &Value, path: &str) -> Vec<FieldError> {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    let wrong = |reason| vec![FieldError::invalid_str(path, "", reason)];
    match (service.is_null(), resource.is_null()) {
        (false, false) => wrong("cannot set both resource and service backends"),
        (true, false) => validate_typed_reference(resource, &format!("{path}.resource")),
        (true, true) => wrong("resource or service backend is required"),
        (false, true) => validate_service_backend(service, path),
    }
}

fn validate_service_backend(service: &Value, path: &str) -> Vec<FieldError> {
    let name = text_at(service, "name");
    let name_path = format!("{path}.service.name");
    let mut errors = match name {
        "" => vec![FieldError::required(name_path, "")],
        name => invalid_each(name_path, name, name_is_dns_label(name, false)),
    };
    let port = &service["port"];
    match (text_at(port, "name"), number_at(port, "number")) {
        ("", 0) => errors.push(FieldError::required(
            path,
            "port name or number is required",
        )),
        ("", number) => {
            let path = format!("{path}.service.port.number");
            errors.extend(validate_port_number(path, number));
        }
        (name, 0) => {
            let path = format!("{path}.service.port.name");
            errors.extend(invalid_each(path, name, is_port_name(name)));
        }
        _ => {
            let reason = "cannot set both port name & port number";
            errors.push(FieldError::invalid_str(path, "", reason));
        }
    }
    errors
}
