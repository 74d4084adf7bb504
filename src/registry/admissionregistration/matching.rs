//! What a webhook or a policy is asked about: rules, resources, conditions.

use serde_json::Value;

use super::expressions::{Compiler, Gives, Names};
use crate::names::{is_path_segment_name, is_qualified_name};
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::registry::validation::selector::validate_label_selector;
use crate::status::field::FieldError;

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: [&str; 3] = ["*", "Cluster", "Namespaced"];
pub(super) const FAILURE_POLICIES: [&str; 2] = ["Fail", "Ignore"];
pub(super) const MATCH_POLICIES: [&str; 2] = ["Equivalent", "Exact"];
const CONDITIONS_MAX: usize = 64;

/// One of a few words, where one is given.
pub(super) fn validate_word(
    object: &Value,
    field: &str,
    words: &[&str],
    path: &str,
) -> Option<FieldError> {
    let word = object.get(field)?;
    let is_known = word.as_str().is_some_and(|word| words.contains(&word));
    (!is_known).then(|| FieldError::not_supported(format!("{path}.{field}"), word, words))
}

/// `validateMatchResources`, of what is there.
pub(super) fn validate_resources(resources: &Value, path: &str) -> Vec<FieldError> {
    if resources.is_null() {
        return Vec::new();
    }
    let mut errors = Vec::new();
    errors.extend(validate_word(
        resources,
        "matchPolicy",
        &MATCH_POLICIES,
        path,
    ));
    for field in ["namespaceSelector", "objectSelector"] {
        let path = format!("{path}.{field}");
        errors.extend(validate_label_selector(&resources[field], &path));
    }
    for field in ["resourceRules", "excludeResourceRules"] {
        for (i, rule) in list_at(resources, field).iter().enumerate() {
            errors.extend(validate_named_rule(rule, &format!("{path}.{field}[{i}]")));
        }
    }
    errors
}

fn validate_named_rule(rule: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let names = texts_at(rule, "resourceNames");
    for (i, name) in names.iter().enumerate() {
        let path = format!("{path}.resourceNames[{i}]");
        errors.extend(invalid_each(&path, name, is_path_segment_name(name)));
        if names[..i].contains(name) {
            errors.push(FieldError::duplicate(path, &(*name).into()));
        }
    }
    errors.extend(validate_rule(rule, path));
    errors
}

/// `validateRuleWithOperations`.
pub(super) fn validate_rule(rule: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = validate_exclusive(rule, "operations", "operations", path);
    for (i, operation) in texts_at(rule, "operations").iter().enumerate() {
        if !OPERATIONS.contains(operation) {
            errors.push(FieldError::not_supported(
                format!("{path}.operations[{i}]"),
                &(*operation).into(),
                &OPERATIONS,
            ));
        }
    }
    errors.extend(validate_exclusive(rule, "apiGroups", "API groups", path));
    errors.extend(validate_exclusive(
        rule,
        "apiVersions",
        "API versions",
        path,
    ));
    for (i, version) in texts_at(rule, "apiVersions").iter().enumerate() {
        if version.is_empty() {
            let path = format!("{path}.apiVersions[{i}]");
            errors.push(FieldError::required(path, ""));
        }
    }
    errors.extend(validate_resource_names(rule, &format!("{path}.resources")));
    errors.extend(validate_word(rule, "scope", &SCOPES, path));
    errors
}

/// There is one at least, and a star stands alone.
fn validate_exclusive(rule: &Value, field: &str, what: &str, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.{field}");
    let items = texts_at(rule, field);
    if items.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    if items.len() > 1 && items.contains(&"*") {
        let reason = format!("if '*' is present, must not specify other {what}");
        return vec![FieldError::invalid(path, &rule[field], reason)];
    }
    Vec::new()
}

/// `validateResources`: what a pattern covers is not named again.
fn validate_resource_names(rule: &Value, path: &str) -> Vec<FieldError> {
    let names = texts_at(rule, "resources");
    let mut errors = Vec::new();
    if names.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    let (mut all_parts, mut all_resources) = (Vec::new(), Vec::new());
    let mut has_whole = false;
    for (i, name) in names.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if name.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let Some((resource, part)) = name.split_once('/') else {
            // As upstream has it, the last one decides.
            has_whole = *name != "*";
            continue;
        };
        let covered = [
            (all_parts.contains(&resource), format!("{resource}/*")),
            (all_resources.contains(&part), format!("*/{part}")),
        ];
        for (_, pattern) in covered.iter().filter(|(is_covered, _)| *is_covered) {
            let reason = format!("if '{pattern}' is present, must not specify {name}");
            errors.push(FieldError::invalid_str(&path, name, reason));
        }
        if part == "*" {
            all_parts.push(resource);
        }
        if resource == "*" {
            all_resources.push(part);
        }
    }
    if names.len() > 1 && names.contains(&"*/*") {
        let reason = "if '*/*' is present, must not specify other resources";
        errors.push(FieldError::invalid(path, &rule["resources"], reason));
    }
    if names.contains(&"*") && has_whole {
        let reason = "if '*' is present, must not specify other resources without subresources";
        errors.push(FieldError::invalid(path, &rule["resources"], reason));
    }
    errors
}

/// `validateMatchConditions`; `has_params` tells whether expressions may name `params`.
pub(super) fn validate_conditions(
    conditions: &[Value],
    has_params: bool,
    path: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let names = Names {
        params: has_params,
        authorizer: true,
        patches: false,
    };
    if conditions.len() > CONDITIONS_MAX {
        let error = FieldError::too_many(path, conditions.len(), CONDITIONS_MAX);
        errors.push(error);
    }
    for (i, condition) in conditions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let expression = text_at(condition, "expression").trim();
        if expression.is_empty() {
            errors.push(FieldError::required(format!("{path}.expression"), ""));
        } else {
            let why = Compiler::default().check(expression, names, Gives::Bool);
            let path = format!("{path}.expression");
            errors.extend(why.map(|why| FieldError::invalid_str(path, expression, why)));
        }
        let name = text_at(condition, "name");
        let path = format!("{path}.name");
        if name.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        errors.extend(invalid_each(&path, name, is_qualified_name(name)));
        let same = |other: &Value| text_at(other, "name") == name;
        if conditions[..i].iter().any(same) {
            errors.push(FieldError::duplicate(path, &name.into()));
        }
    }
    errors
}
