//! networking.k8s.io.

pub(super) mod ingress_classes;
pub(super) mod ingresses;
pub(super) mod ip_addresses;
pub(super) mod network_policies;
pub(super) mod service_cidrs;

use serde_json::Value;

use super::validation::meta::invalid_each;
use super::validation::read::text_at;
use crate::names::{is_dns1123_subdomain, is_path_segment_name};
use crate::status::field::FieldError;

const PORT_RANGE: &str = "must be between 1 and 65535, inclusive";

/// `IsValidPortNum`.
fn validate_port_number(path: String, port: i64) -> Option<FieldError> {
    (!(1..=65535).contains(&port)).then(|| FieldError::invalid(path, &port.into(), PORT_RANGE))
}

/// What refers to an object by its group, kind and name: all three can stand in a path.
fn validate_typed_reference(reference: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(group) = reference["apiGroup"].as_str() {
        let path = format_args!("{path}.apiGroup");
        errors.extend(invalid_each(path, group, is_dns1123_subdomain(group)));
    }
    for field in ["kind", "name"] {
        errors.extend(validate_required_segment(reference, field, path));
    }
    errors
}

/// A text that has to be there, and can stand in a path.
fn validate_required_segment(reference: &Value, field: &str, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.{field}");
    match text_at(reference, field) {
        "" => vec![FieldError::required(path, "")],
        text => invalid_each(path, text, is_path_segment_name(text)),
    }
}
