//! The rules of webhooks. What older servers let pass may stay in an object that has it.

use serde_json::Value;

use super::matching::{self, FAILURE_POLICIES, MATCH_POLICIES, validate_word};
use super::url;
use crate::names::{is_dns1035_label, is_dns1123_subdomain, is_fully_qualified};
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::registry::validation::selector::validate_label_selector;
use crate::status::field::FieldError;

const REINVOCATION_POLICIES: [&str; 2] = ["IfNeeded", "Never"];
const SIDE_EFFECTS: [&str; 4] = ["None", "NoneOnDryRun", "Some", "Unknown"];
const NO_SIDE_EFFECTS: [&str; 2] = ["None", "NoneOnDryRun"];
const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// What is asked of all webhooks, unless the old ones were not so.
struct Asked {
    no_side_effects: bool,
    known_versions: bool,
    unique_names: bool,
    /// Of selectors.
    valid_values: bool,
    conditions: bool,
}

impl Asked {
    fn of(new: &[Value], old: Option<&[Value]>) -> Self {
        let Some(old) = old else {
            return Asked {
                no_side_effects: true,
                known_versions: true,
                unique_names: true,
                valid_values: true,
                conditions: true,
            };
        };
        let is_harmless = |hook: &Value| NO_SIDE_EFFECTS.contains(&text_at(hook, "sideEffects"));
        let is_known = |hook: &Value| {
            let versions = texts_at(hook, "admissionReviewVersions");
            versions.is_empty() || versions.iter().any(|v| REVIEW_VERSIONS.contains(v))
        };
        let is_repeated = |(i, hook): (usize, &Value)| {
            let same = |other: &Value| other["name"] == hook["name"];
            old[..i].iter().any(same)
        };
        let is_valid = |hook: &Value| {
            let selectors = ["namespaceSelector", "objectSelector"];
            selectors
                .iter()
                .all(|field| validate_label_selector(&hook[*field], field).is_empty())
        };
        let same_conditions = |(new, old): (&Value, &Value)| {
            list_at(new, "matchConditions") == list_at(old, "matchConditions")
        };
        let unchanged = new.len() == old.len() && new.iter().zip(old).all(same_conditions);
        Asked {
            no_side_effects: old.iter().all(is_harmless),
            known_versions: old.iter().all(is_known),
            unique_names: !old.iter().enumerate().any(is_repeated),
            valid_values: old.iter().all(is_valid),
            conditions: !unchanged,
        }
    }
}

/// `validateMutatingWebhookConfiguration` and its sibling.
pub(super) fn validate(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let hooks = list_at(object, "webhooks");
    let asked = Asked::of(hooks, old.map(|old| list_at(old, "webhooks")));
    let mut errors = Vec::new();
    for (i, hook) in hooks.iter().enumerate() {
        let path = format!("webhooks[{i}]");
        errors.extend(validate_hook(hook, &asked, &path));
        errors.extend(validate_review_versions(hook, &asked, &path));
        let name = text_at(hook, "name");
        let same = |other: &Value| text_at(other, "name") == name;
        if asked.unique_names && !name.is_empty() && hooks[..i].iter().any(same) {
            let path = format!("{path}.name");
            errors.push(FieldError::duplicate(path, &name.into()));
        }
    }
    errors
}

fn validate_hook(hook: &Value, asked: &Asked, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(validate_name(
        text_at(hook, "name"),
        &format!("{path}.name"),
    ));
    for (i, rule) in list_at(hook, "rules").iter().enumerate() {
        errors.extend(matching::validate_rule(rule, &format!("{path}.rules[{i}]")));
    }
    errors.extend(validate_word(
        hook,
        "failurePolicy",
        &FAILURE_POLICIES,
        path,
    ));
    errors.extend(validate_word(hook, "matchPolicy", &MATCH_POLICIES, path));
    errors.extend(validate_side_effects(hook, asked, path));
    if let Some(seconds) = hook["timeoutSeconds"]
        .as_i64()
        .filter(|s| !(1..=30).contains(s))
    {
        errors.push(FieldError::invalid(
            format!("{path}.timeoutSeconds"),
            &seconds.into(),
            "the timeout value must be between 1 and 30 seconds",
        ));
    }
    for field in ["namespaceSelector", "objectSelector"] {
        let found = validate_label_selector(&hook[field], &format!("{path}.{field}"));
        let counts = |error: &FieldError| asked.valid_values || !error.field.contains(".values[");
        errors.extend(found.into_iter().filter(counts));
    }
    errors.extend(validate_word(
        hook,
        "reinvocationPolicy",
        &REINVOCATION_POLICIES,
        path,
    ));
    errors.extend(validate_client(
        &hook["clientConfig"],
        &format!("{path}.clientConfig"),
    ));
    if asked.conditions {
        let conditions = list_at(hook, "matchConditions");
        let path = format!("{path}.matchConditions");
        errors.extend(matching::validate_conditions(conditions, false, &path));
    }
    errors
}

fn validate_name(name: &str, path: &str) -> Option<FieldError> {
    if name.is_empty() {
        return Some(FieldError::required(path, ""));
    }
    let reason = is_fully_qualified(name)?;
    Some(FieldError::invalid_str(path, name, reason))
}

fn validate_side_effects(hook: &Value, asked: &Asked, path: &str) -> Option<FieldError> {
    let allowed: &[&str] = match asked.no_side_effects {
        true => &NO_SIDE_EFFECTS,
        false => &SIDE_EFFECTS,
    };
    if hook["sideEffects"].is_null() {
        let detail = format!("must specify one of {}", allowed.join(", "));
        return Some(FieldError::required(format!("{path}.sideEffects"), detail));
    }
    validate_word(hook, "sideEffects", allowed, path)
}

fn validate_review_versions(hook: &Value, asked: &Asked, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.admissionReviewVersions");
    let versions = texts_at(hook, "admissionReviewVersions");
    let known = REVIEW_VERSIONS.join(", ");
    if versions.is_empty() {
        let detail = format!("must specify one of {known}");
        return vec![FieldError::required(path, detail)];
    }
    let mut errors = Vec::new();
    for (i, version) in versions.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if versions[..i].contains(version) {
            errors.push(FieldError::invalid_str(path, version, "duplicate version"));
        } else {
            errors.extend(invalid_each(path, version, is_dns1035_label(version)));
        }
    }
    if asked.known_versions && !versions.iter().any(|v| REVIEW_VERSIONS.contains(v)) {
        let reason = format!("must include at least one of {known}");
        let shown = &hook["admissionReviewVersions"];
        errors.push(FieldError::invalid(path, shown, reason));
    }
    errors
}

fn validate_client(client: &Value, path: &str) -> Vec<FieldError> {
    match (client["url"].as_str(), &client["service"]) {
        (Some(text), Value::Null) => url::validate(text, &format!("{path}.url")),
        (None, service @ Value::Object(_)) => validate_service(service, &format!("{path}.service")),
        _ => {
            let detail = "exactly one of url or service is required";
            vec![FieldError::required(path, detail)]
        }
    }
}

/// `ValidateWebhookService`.
pub(in crate::registry) fn validate_service(service: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    // Upstream mixes the two up.
    for (field, blamed) in [("namespace", "name"), ("name", "namespace")] {
        if text_at(service, field).is_empty() {
            errors.push(FieldError::required(format!("{path}.{blamed}"), ""));
        }
    }
    let port = service["port"].as_i64().unwrap_or_default();
    if !(1..=65535).contains(&port) {
        let reason = "port is not valid: must be between 1 and 65535, inclusive";
        let path = format!("{path}.port");
        errors.push(FieldError::invalid(path, &port.into(), reason));
    }
    let reasons = path_reasons(text_at(service, "path"));
    errors.extend(invalid_each(
        format_args!("{path}.path"),
        text_at(service, "path"),
        reasons,
    ));
    errors
}

/// What is wrong with the path below a service.
fn path_reasons(path: &str) -> Vec<String> {
    if matches!(path, "" | "/") {
        return Vec::new();
    }
    if path == "//" {
        return vec!["segment[0] may not be empty".to_owned()];
    }
    let mut reasons = Vec::new();
    if !path.starts_with('/') {
        reasons.push("must start with a '/'".to_owned());
    }
    // Whatever the first byte is, it is not looked at again.
    let rest = String::from_utf8_lossy(&path.as_bytes()[1..]).into_owned();
    let rest = rest.strip_suffix('/').unwrap_or(&rest);
    for (i, step) in rest.split('/').enumerate() {
        if step.is_empty() {
            reasons.push(format!("segment[{i}] may not be empty"));
            continue;
        }
        let found = is_dns1123_subdomain(step);
        reasons.extend(found.iter().map(|why| format!("segment[{i}]: {why}")));
    }
    reasons
}
