//! Where a pod wants to be: `validateAffinity`.

use serde_json::Value;

use super::spread::validate_label_keys;
use crate::names::{is_dns1123_label, is_label_value, is_qualified_name, name_is_dns_subdomain};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{count, list, member, text, texts};
use crate::registry::validation::selector::validate_label_selector;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn validate(affinity: &Value, path: Path<'_>, errors: &mut Errors) {
    let path = format_args!("{path}.affinity");
    if let Some(nodes) = member(affinity, "nodeAffinity") {
        let path = format_args!("{path}.nodeAffinity");
        if let Some(selector) = member(nodes, REQUIRED) {
            validate_node_selector(selector, &format_args!("{path}.{REQUIRED}"), errors);
        }
        for (i, term) in list(nodes, PREFERRED).iter().enumerate() {
            let at = format_args!("{path}.{PREFERRED}[{i}]");
            validate_weight(term, &at, errors);
            let at = format_args!("{at}.preference");
            validate_node_term(&term["preference"], true, &at, errors);
        }
    }
    for field in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = member(affinity, field) else {
            continue;
        };
        for (i, term) in list(pods, REQUIRED).iter().enumerate() {
            let at = format_args!("{path}.{field}.{REQUIRED}[{i}]");
            validate_pod_term(term, &at, errors);
        }
        for (i, term) in list(pods, PREFERRED).iter().enumerate() {
            let at = format_args!("{path}.{field}.{PREFERRED}[{i}]");
            validate_weight(term, &at, errors);
            let at = format_args!("{at}.podAffinityTerm");
            validate_pod_term(&term["podAffinityTerm"], &at, errors);
        }
    }
}

fn validate_weight(term: &Value, path: Path<'_>, errors: &mut Errors) {
    let weight = count(term, "weight");
    if !(1..=100).contains(&weight) {
        let at = format_args!("{path}.weight");
        errors.invalid(at, &weight.into(), "must be in the range 1-100");
    }
}

/// `ValidateNodeSelector`.
pub(crate) fn validate_node_selector(selector: &Value, path: Path<'_>, errors: &mut Errors) {
    let terms = list(selector, "nodeSelectorTerms");
    let path = format_args!("{path}.nodeSelectorTerms");
    if terms.is_empty() {
        return errors.required(path, "must have at least one node selector term");
    }
    for (i, term) in terms.iter().enumerate() {
        validate_node_term(term, false, &format_args!("{path}[{i}]"), errors);
    }
}

fn validate_node_term(term: &Value, any_value: bool, path: Path<'_>, errors: &mut Errors) {
    for (i, requirement) in list(term, "matchExpressions").iter().enumerate() {
        let at = format_args!("{path}.matchExpressions[{i}]");
        validate_node_requirement(requirement, any_value, &at, errors);
    }
    for (i, requirement) in list(term, "matchFields").iter().enumerate() {
        let at = format_args!("{path}.matchFields[{i}]");
        validate_node_field(requirement, &at, errors);
    }
}

/// `ValidateNodeSelectorRequirement`.
fn validate_node_requirement(
    requirement: &Value,
    any_value: bool,
    path: Path<'_>,
    errors: &mut Errors,
) {
    let values = texts(requirement, "values");
    let at = format_args!("{path}.values");
    match text(requirement, "operator") {
        "In" | "NotIn" if values.is_empty() => {
            errors.required(at, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.forbidden(at, detail);
        }
        "Gt" | "Lt" if values.len() != 1 => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.required(at, detail);
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => {
            let at = format_args!("{path}.operator");
            errors.invalid_str(at, other, "not a valid selector operator");
        }
    }
    let key = text(requirement, "key");
    errors.invalid_each(format_args!("{path}.key"), key, is_qualified_name(key));
    if !any_value {
        for (i, value) in values.into_iter().enumerate() {
            errors.invalid_each(format_args!("{at}[{i}]"), value, is_label_value(value));
        }
    }
}

/// `ValidateNodeFieldSelectorRequirement`.
fn validate_node_field(requirement: &Value, path: Path<'_>, errors: &mut Errors) {
    let values = texts(requirement, "values");
    match text(requirement, "operator") {
        "In" | "NotIn" => {
            if values.len() != 1 {
                let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                errors.required(format_args!("{path}.values"), detail);
            }
        }
        other => {
            let at = format_args!("{path}.operator");
            errors.invalid_str(at, other, "not a valid selector operator");
        }
    }
    let key = text(requirement, "key");
    if key != "metadata.name" {
        let at = format_args!("{path}.key");
        return errors.invalid_str(at, key, "not a valid field selector key");
    }
    for (i, value) in values.into_iter().enumerate() {
        let at = format_args!("{path}.values[{i}]");
        errors.invalid_each(at, value, name_is_dns_subdomain(value, false));
    }
}

/// `validatePodAffinityTerm`.
fn validate_pod_term(term: &Value, path: Path<'_>, errors: &mut Errors) {
    for field in ["labelSelector", "namespaceSelector"] {
        if let Some(selector) = member(term, field) {
            errors.extend(validate_label_selector(
                selector,
                &format!("{path}.{field}"),
            ));
        }
    }
    for name in texts(term, "namespaces") {
        let at = format_args!("{path}.namespace");
        errors.invalid_each(at, name, is_dns1123_label(name));
    }
    validate_label_keys(term, path, errors);
    let key = text(term, "topologyKey");
    let at = format_args!("{path}.topologyKey");
    if key.is_empty() {
        errors.required(at, "can not be empty");
    }
    errors.invalid_each(at, key, is_qualified_name(key));
}
