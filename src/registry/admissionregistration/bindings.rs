//! The rules of what binds policies.

use serde_json::Value;

use super::matching;
use crate::kinds::Kind;
use crate::names::{is_path_segment_name, name_is_dns_subdomain};
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, members_at, text_at, texts_at};
use crate::registry::validation::selector::validate_label_selector;
use crate::status::field::FieldError;

const ACTIONS: [&str; 3] = ["Audit", "Deny", "Warn"];

/// The spec of a binding; only those of validating policies say what follows.
pub(super) fn validate(kind: &Kind, object: &Value) -> Vec<FieldError> {
    let spec = &object["spec"];
    let name = text_at(spec, "policyName");
    let mut errors = match name {
        "" => vec![FieldError::required("spec.policyName", "")],
        name => invalid_each("spec.policyName", name, name_is_dns_subdomain(name, false)),
    };
    errors.extend(validate_param(&spec["paramRef"], "spec.paramRef"));
    let resources = &spec["matchResources"];
    errors.extend(matching::validate_resources(
        resources,
        "spec.matchResources",
    ));
    let has_actions = kind.schema.field("spec").is_some_and(|spec| {
        let spec = spec.ty.innermost_struct();
        spec.is_some_and(|spec| spec.field("validationActions").is_some())
    });
    if has_actions {
        errors.extend(validate_actions(spec, "spec.validationActions"));
    }
    errors
}

fn validate_param(param: &Value, path: &str) -> Vec<FieldError> {
    if param.is_null() {
        return Vec::new();
    }
    let mut errors = Vec::new();
    let (name, selector) = (text_at(param, "name"), &param["selector"]);
    let has_both = !name.is_empty() && !selector.is_null();
    let excluded = "name and selector are mutually exclusive";
    if !name.is_empty() {
        errors.extend(invalid_each(
            format_args!("{path}.name"),
            name,
            is_path_segment_name(name),
        ));
    }
    if has_both {
        errors.push(FieldError::forbidden(format!("{path}.name"), excluded));
    }
    errors.extend(validate_label_selector(
        selector,
        &format!("{path}.selector"),
    ));
    if has_both {
        errors.push(FieldError::forbidden(format!("{path}.selector"), excluded));
    }
    if name.is_empty() && selector.is_null() {
        let detail = "one of name or selector must be specified";
        errors.push(FieldError::required(path, detail));
    }
    let path = format!("{path}.parameterNotFoundAction");
    match text_at(param, "parameterNotFoundAction") {
        "" => errors.push(FieldError::required(path, "")),
        "Deny" | "Allow" => {}
        other => errors.push(FieldError::not_supported(
            path,
            &other.into(),
            &["Deny", "Allow"],
        )),
    }
    errors
}

fn validate_actions(spec: &Value, path: &str) -> Vec<FieldError> {
    let actions = texts_at(spec, "validationActions");
    let mut errors = Vec::new();
    for (i, action) in actions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        let shown = Value::from(*action);
        if !ACTIONS.contains(action) {
            errors.push(FieldError::not_supported(&path, &shown, &ACTIONS));
        }
        if actions[..i].contains(action) {
            errors.push(FieldError::duplicate(path, &shown));
        }
    }
    if actions.contains(&"Deny") && actions.contains(&"Warn") {
        let reason = "must not contain both Deny and Warn (repeating the same validation failure information in the \
                      API response and headers serves no purpose)";
        errors.push(FieldError::invalid(
            path,
            &spec["validationActions"],
            reason,
        ));
    }
    if actions.is_empty() {
        let detail = "at least one validation action is required";
        errors.push(FieldError::required(path, detail));
    }
    errors
}

/// What a row shows of the parameters; a selector as Go prints its structs.
pub(super) fn shown_param(param: &Value) -> String {
    let name = text_at(param, "name");
    match (name, text_at(param, "namespace"), &param["selector"]) {
        ("", _, Value::Null) => "<unset>".to_owned(),
        ("", _, selector) => shown_selector(selector),
        (name, "", _) => format!("*/{name}"),
        (name, namespace, _) => format!("{namespace}/{name}"),
    }
}

fn shown_selector(selector: &Value) -> String {
    let labels: String = members_at(selector, "matchLabels")
        .into_iter()
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default()))
        .collect();
    let requirements: String = list_at(selector, "matchExpressions")
        .iter()
        .map(|requirement| {
            let values = texts_at(requirement, "values").join(" ");
            let (key, operator) = (
                text_at(requirement, "key"),
                text_at(requirement, "operator"),
            );
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{\
         {requirements}}},}}"
    )
}
