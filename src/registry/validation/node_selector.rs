//! Selectors of nodes: `ValidateNodeSelector` of `pkg/apis/core/validation`, and the labels of nodes that are out of
//! fashion.

use serde_json::Value;

use super::meta::invalid_each;
use super::read::{list_at, members_at, text_at, texts_at};
use crate::names::{is_label_value, is_qualified_name, name_is_dns_subdomain};
use crate::status::field::FieldError;

/// The field that a node can be selected by.
const NODE_NAME: &str = "metadata.name";

const OUT_OF_FASHION: [(&str, &str); 8] = [
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
    (
        "node-role.kubernetes.io/master",
        "use \"node-role.kubernetes.io/control-plane\" instead",
    ),
];

/// What to say of a label of nodes that is out of fashion: `GetNodeLabelDeprecatedMessage`.
pub(crate) fn label_warning(label: &str) -> Option<&'static str> {
    let found = OUT_OF_FASHION.iter().find(|(known, _)| *known == label);
    found.map(|(_, message)| *message)
}

/// `ValidateNodeSelector`.
pub(crate) fn validate_node_selector(selector: &Value, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.nodeSelectorTerms");
    let terms = list_at(selector, "nodeSelectorTerms");
    if terms.is_empty() {
        let reason = "must have at least one node selector term";
        return vec![FieldError::required(path, reason)];
    }
    let mut errors = Vec::new();
    for (i, term) in terms.iter().enumerate() {
        for (j, requirement) in list_at(term, "matchExpressions").iter().enumerate() {
            let path = format!("{path}[{i}].matchExpressions[{j}]");
            errors.extend(validate_requirement(requirement, &path));
        }
        for (j, requirement) in list_at(term, "matchFields").iter().enumerate() {
            let path = format!("{path}[{i}].matchFields[{j}]");
            errors.extend(validate_field_requirement(requirement, &path));
        }
    }
    errors
}

/// `ValidateNodeSelectorRequirement`.
fn validate_requirement(requirement: &Value, path: &str) -> Vec<FieldError> {
    let values = texts_at(requirement, "values");
    let at = |field: &str| format!("{path}.{field}");
    let mut errors = Vec::new();
    match text_at(requirement, "operator") {
        "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
            at("values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
            at("values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "Gt" | "Lt" if values.len() != 1 => errors.push(FieldError::required(
            at("values"),
            "must be specified single value when `operator` is 'Lt' or 'Gt'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.push(not_an_operator(path, other)),
    }
    let key = text_at(requirement, "key");
    errors.extend(invalid_each(at("key"), key, is_qualified_name(key)));
    for (i, value) in values.into_iter().enumerate() {
        let path = format_args!("{path}.values[{i}]");
        errors.extend(invalid_each(path, value, is_label_value(value)));
    }
    errors
}

/// `ValidateNodeFieldSelectorRequirement`.
fn validate_field_requirement(requirement: &Value, path: &str) -> Vec<FieldError> {
    let values = texts_at(requirement, "values");
    let mut errors = Vec::new();
    match text_at(requirement, "operator") {
        "In" | "NotIn" if values.len() != 1 => errors.push(FieldError::required(
            format!("{path}.values"),
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        )),
        "In" | "NotIn" => {}
        other => errors.push(not_an_operator(path, other)),
    }
    let key = text_at(requirement, "key");
    if key != NODE_NAME {
        let reason = "not a valid field selector key";
        errors.push(FieldError::invalid_str(format!("{path}.key"), key, reason));
        return errors;
    }
    for (i, value) in values.into_iter().enumerate() {
        let path = format_args!("{path}.values[{i}]");
        errors.extend(invalid_each(
            path,
            value,
            name_is_dns_subdomain(value, false),
        ));
    }
    errors
}

fn not_an_operator(path: &str, operator: &str) -> FieldError {
    let reason = "not a valid selector operator";
    FieldError::invalid_str(format!("{path}.operator"), operator, reason)
}

/// `GetWarningsForNodeSelectorTerm`, of all terms.
pub(crate) fn node_selector_warnings(selector: &Value, path: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    for (i, term) in list_at(selector, "nodeSelectorTerms").iter().enumerate() {
        let path = format!("{path}.nodeSelectorTerms[{i}]");
        warnings.extend(expression_warnings(term, &path));
    }
    warnings
}

/// `GetWarningsForNodeSelector`: the same of a label selector.
pub(crate) fn label_selector_warnings(selector: &Value, path: &str) -> Vec<String> {
    let mut warnings = expression_warnings(selector, path);
    for (label, _) in members_at(selector, "matchLabels") {
        let warning = label_warning(label);
        warnings.extend(warning.map(|message| format!("{path}.matchLabels.{label}: {message}")));
    }
    warnings
}

fn expression_warnings(selector: &Value, path: &str) -> Vec<String> {
    let expressions = list_at(selector, "matchExpressions").iter().enumerate();
    let warning = |(i, expression)| {
        let label = text_at(expression, "key");
        let message = label_warning(label)?;
        Some(format!(
            "{path}.matchExpressions[{i}].key: {label} is {message}"
        ))
    };
    expressions.filter_map(warning).collect()
}
