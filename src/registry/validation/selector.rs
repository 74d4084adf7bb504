//! Label selectors inside objects: `ValidateLabelSelector` of apimachinery.

use serde_json::{Map, Value};

use super::meta::{invalid_each, validate_labels};
use super::read::{list, text};
use crate::names::{is_label_value, is_qualified_name};
use crate::status::field::FieldError;

/// What is wrong with a label selector; nothing with one that is not there.
pub(crate) fn validate_label_selector(selector: &Value, path: &str) -> Vec<FieldError> {
    let Some(selector) = selector.as_object() else {
        return Vec::new();
    };
    let mut errors = validate_labels(selector, "matchLabels", path);
    for (i, requirement) in list(selector, "matchExpressions").iter().enumerate() {
        if let Some(requirement) = requirement.as_object() {
            let path = format!("{path}.matchExpressions[{i}]");
            errors.extend(validate_requirement(requirement, &path));
        }
    }
    errors
}

/// Whether a selector that is there selects everything.
pub(crate) fn is_empty_selector(selector: &Value) -> bool {
    let is_empty = |field| {
        selector.get(field).is_none_or(|part| {
            part.as_object().is_none_or(Map::is_empty) && part.as_array().is_none_or(Vec::is_empty)
        })
    };
    is_empty("matchLabels") && is_empty("matchExpressions")
}

fn validate_requirement(requirement: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let values = list(requirement, "values");
    let operator = text(requirement, "operator");
    let mut errors = Vec::new();
    match operator {
        "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
            format!("{path}.values"),
            "must be specified when `operator` is 'In' or 'NotIn'",
        )),
        "Exists" | "DoesNotExist" if !values.is_empty() => errors.push(FieldError::forbidden(
            format!("{path}.values"),
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => errors.push(FieldError::invalid_str(
            format!("{path}.operator"),
            other,
            "not a valid selector operator",
        )),
    }
    let key = text(requirement, "key");
    errors.extend(invalid_each(
        format_args!("{path}.key"),
        key,
        is_qualified_name(key),
    ));
    for (i, value) in values.iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        let path = format_args!("{path}.values[{i}]");
        errors.extend(invalid_each(path, value, is_label_value(value)));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_requirement_is_told_what_its_operator_takes() {
        let selector = json!({"matchLabels": {"a b": "c"}, "matchExpressions": [
            {"key": "k", "operator": "In"},
            {"key": "k", "operator": "Exists", "values": ["v"]},
            {"key": "k", "operator": "Near", "values": ["v"]},
            {"key": "k", "operator": "NotIn", "values": ["v w"]},
        ]});
        let fields: Vec<String> = validate_label_selector(&selector, "spec.selector")
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            [
                "spec.selector.matchLabels",
                "spec.selector.matchExpressions[0].values",
                "spec.selector.matchExpressions[1].values",
                "spec.selector.matchExpressions[2].operator",
                "spec.selector.matchExpressions[3].values[0]",
            ]
        );
        assert!(is_empty_selector(&json!({"matchLabels": {}})));
        assert!(!is_empty_selector(&selector));
    }
}
