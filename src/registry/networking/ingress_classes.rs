//! networking.k8s.io IngressClass.

use serde_json::Value;

use super::validate_typed_reference;
use crate::names::{is_dns1123_subdomain, mismatch, name_is_dns_label};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{annotation, text_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct IngressClasses;

/// Marks the class of the ingresses that name none.
pub(crate) const DEFAULT_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

const CONTROLLER_MAX: usize = 250;
const SCOPES: [&str; 2] = ["Cluster", "Namespace"];

impl Strategy for IngressClasses {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta_update(object, old);
        let (new, before) = (&object["spec"], &old["spec"]);
        let controller = text_at(new, "controller");
        if controller != text_at(before, "controller") {
            let path = "spec.controller";
            errors.push(FieldError::invalid_str(
                path,
                controller,
                "field is immutable",
            ));
        }
        errors.extend(self.validate(write, object));
        errors
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        match column {
            "Name" => name(object).into(),
            "Controller" => text_at(&object["spec"], "controller").into(),
            "Parameters" => parameters(&object["spec"]["parameters"]).into(),
            _ => Value::Null,
        }
    }
}

fn name(object: &Value) -> String {
    let name = text_at(&object["metadata"], "name");
    match annotation(object, DEFAULT_ANNOTATION) {
        Some("true") => format!("{name} (default)"),
        _ => name.to_owned(),
    }
}

fn parameters(parameters: &Value) -> String {
    if parameters.is_null() {
        return "<none>".to_owned();
    }
    let group = parameters["apiGroup"].as_str();
    let group = group.map_or(String::new(), |group| format!(".{group}"));
    let (kind, name) = (text_at(parameters, "kind"), text_at(parameters, "name"));
    format!("{kind}{group}/{name}")
}

/// `validateIngressClassSpec`.
fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let controller = text_at(spec, "controller");
    let mut errors = Vec::new();
    if controller.len() > CONTROLLER_MAX {
        errors.push(FieldError::too_long("spec.controller", CONTROLLER_MAX));
    }
    errors.extend(validate_domain_prefixed_path("spec.controller", controller));
    if !spec["parameters"].is_null() {
        errors.extend(validate_parameters(&spec["parameters"]));
    }
    errors
}

/// `IsDomainPrefixedPath`.
fn validate_domain_prefixed_path(path: &str, text: &str) -> Vec<FieldError> {
    if text.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let parts = text.split_once('/');
    let Some((host, rest)) = parts.filter(|(host, rest)| !host.is_empty() && !rest.is_empty())
    else {
        let reason = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return vec![FieldError::invalid_str(path, text, reason)];
    };
    let mut errors = invalid_each(path, host, is_dns1123_subdomain(host));
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
    if !rest.chars().all(plain) {
        let reason = mismatch("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[]);
        errors.push(FieldError::invalid_str(path, rest, reason));
    }
    errors
}

/// `validateIngressClassParametersReference`.
fn validate_parameters(parameters: &Value) -> Vec<FieldError> {
    let path = "spec.parameters";
    let mut errors = validate_typed_reference(parameters, path);
    let namespace = parameters["namespace"].as_str();
    let at = format!("{path}.namespace");
    match (parameters["scope"].as_str(), namespace) {
        (None, _) => errors.push(FieldError::required(format!("{path}.scope"), "")),
        (Some("Namespace"), None) => {
            let reason = "`parameters.scope` is set to 'Namespace'";
            errors.push(FieldError::required(at, reason));
        }
        (Some("Namespace"), Some(namespace)) => {
            errors.extend(invalid_each(
                at,
                namespace,
                name_is_dns_label(namespace, false),
            ));
        }
        (Some("Cluster"), Some(_)) => {
            let reason = "`parameters.scope` is set to 'Cluster'";
            errors.push(FieldError::forbidden(at, reason));
        }
        (Some("Cluster"), None) => {}
        (Some(other), _) => errors.push(FieldError::not_supported(
            format!("{path}.scope"),
            &other.into(),
            &SCOPES,
        )),
    }
    errors
}
