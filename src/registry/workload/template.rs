//! The template of pods that run for good, and the selector they are found by.

use serde_json::Value;

use super::selection::{Selection, show};
use super::{is_new_generation, name_warning};
use crate::registry::pod;
use crate::registry::validation::selector::{is_empty_selector, validate_label_selector};
use crate::status::field::FieldError;

/// `ValidatePodTemplateSpecForReplicaSet` and its like; `owner` is the kind the messages name.
pub(crate) fn validate(
    template: &Value,
    selection: &Selection,
    owner: &str,
    path: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !selection.is_empty() {
        errors.extend(matches_labels(template, selection, path));
    }
    errors.extend(pod::template::validate(template, path));
    errors.extend(runs_for_good(template, owner, path));
    errors
}

/// The pods of a template must be selected.
pub(crate) fn matches_labels(
    template: &Value,
    selection: &Selection,
    path: &str,
) -> Option<FieldError> {
    let labels = &template["metadata"]["labels"];
    let reason = "`selector` does not match template `labels`";
    (!selection.matches(labels))
        .then(|| FieldError::invalid(format!("{path}.metadata.labels"), labels, reason))
}

/// Pods that are replaced when they end have no end of their own.
pub(crate) fn runs_for_good(template: &Value, owner: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let spec = &template["spec"];
    let policy = spec["restartPolicy"].as_str().unwrap_or_default();
    if policy != "Always" {
        let path = format!("{path}.spec.restartPolicy");
        errors.push(FieldError::not_supported(path, &policy.into(), &["Always"]));
    }
    if spec.get("activeDeadlineSeconds").is_some() {
        let path = format!("{path}.spec.activeDeadlineSeconds");
        let reason = format!("activeDeadlineSeconds in {owner} is not Supported");
        errors.push(FieldError::forbidden(path, reason));
    }
    errors
}

/// A selector that must be there and select something; `owner` is the kind the message names.
pub(crate) fn validate_selector(selector: &Value, owner: &str, path: &str) -> Vec<FieldError> {
    if !selector.is_object() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = validate_label_selector(selector, path);
    if is_empty_selector(selector) {
        let reason = format!("empty selector is invalid for {owner}");
        errors.push(FieldError::invalid(path, selector, reason));
    }
    errors
}

/// The template of a spec, and whether its selector finds it; the selector itself was checked before.
pub(crate) fn validate_selected(spec: &Value) -> Vec<FieldError> {
    let selector = &spec["selector"];
    let Some(selection) = Selection::of(selector) else {
        let reason = "invalid label selector";
        return vec![FieldError::invalid_shown(
            "spec.selector",
            show(selector),
            reason,
        )];
    };
    validate(&spec["template"], &selection, "ReplicaSet", "spec.template")
}

/// Warnings about a new object that runs the pods of `spec.template`.
pub(crate) fn create_warnings(object: &Value) -> Vec<String> {
    let template = &object["spec"]["template"];
    let mut warnings: Vec<String> = name_warning(object).into_iter().collect();
    warnings.extend(pod::template::warnings(template, None, "spec.template"));
    warnings
}

/// Warnings about an object that took the place of an old one.
pub(crate) fn update_warnings(object: &Value, old: &Value) -> Vec<String> {
    match is_new_generation(object, old) {
        true => template_warnings(object, old),
        false => Vec::new(),
    }
}

/// Warnings about the template of one object that are none about that of another.
pub(crate) fn template_warnings(object: &Value, other: &Value) -> Vec<String> {
    let (now, before) = (&object["spec"]["template"], &other["spec"]["template"]);
    pod::template::warnings(now, Some(before), "spec.template")
}

/// `spec.selector` as a scale shows it.
pub(crate) fn scale_selector(object: &Value) -> String {
    Selection::of(&object["spec"]["selector"])
        .map_or_else(String::new, |selection| selection.to_string())
}
