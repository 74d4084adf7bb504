//! What is asked of devices.

use serde_json::Value;

use super::{
    EFFECTS, by, invalid_each, itself, validate_configuration, validate_driver_name,
    validate_items, validate_label, validate_selectors, validate_set,
};
use crate::names::{is_c_identifier, is_dns1123_subdomain, is_label_value, is_qualified_name};
use crate::registry::validation::read::{list_at, number_at, text_at};
use crate::status::field::FieldError;

pub(super) const REQUESTS_MAX: usize = 32;
pub(super) const CONFIG_MAX: usize = 32;
const CONSTRAINTS_MAX: usize = 32;
const ALTERNATIVES_MAX: usize = 8;
const IDENTIFIER_MAX: usize = 32;
const MODES: [&str; 2] = ["All", "ExactCount"];
const OPERATORS: [&str; 2] = ["Equal", "Exists"];
const NOT_A_REQUEST: &str = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/// Requests ask for so many devices, one unless they say.
pub(super) fn set_defaults(claim: &mut Value) {
    let requests = claim["devices"]["requests"].as_array_mut();
    for request in requests.into_iter().flatten() {
        if let Some(exactly) = request.get_mut("exactly") {
            default_count(exactly);
        }
        let alternatives = request.get_mut("firstAvailable");
        let alternatives = alternatives.and_then(Value::as_array_mut);
        alternatives.into_iter().flatten().for_each(default_count);
    }
}

fn default_count(request: &mut Value) {
    let is_counted = text_at(request, "allocationMode") == "ExactCount";
    if is_counted && number_at(request, "count") == 0 {
        request["count"] = 1.into();
    }
}

/// The path of the first request that wants to look into devices which others use.
pub(super) fn admin_request(claim: &Value, path: &str) -> Option<String> {
    let mut requests = list_at(&claim["devices"], "requests").iter();
    let wants = |request: &Value| request["exactly"]["adminAccess"] == Value::Bool(true);
    let index = requests.position(wants)?;
    Some(format!("{path}.devices.requests[{index}].adminAccess"))
}

/// `validateDeviceClaim`.
pub(super) fn validate(claim: &Value, path: &str) -> Vec<FieldError> {
    let claim = &claim["devices"];
    let path = format!("{path}.devices");
    let at = |field: &str| format!("{path}.{field}");
    let requests = list_at(claim, "requests");
    let mut errors = validate_set(
        requests,
        REQUESTS_MAX,
        &at("requests"),
        by("name"),
        validate_request,
    );
    let constraints = list_at(claim, "constraints");
    errors.extend(validate_items(
        constraints,
        CONSTRAINTS_MAX,
        &at("constraints"),
        |constraint, path| validate_constraint(constraint, claim, path),
    ));
    let config = list_at(claim, "config");
    errors.extend(validate_items(
        config,
        CONFIG_MAX,
        &at("config"),
        |config, path| {
            let mut errors = validate_references(config, claim, path);
            errors.extend(validate_configuration(config, path));
            errors
        },
    ));
    errors
}

/// `validateDeviceRequest`.
fn validate_request(request: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = validate_label(text_at(request, "name"), &format!("{path}.name"));
    let (exactly, alternatives) = (&request["exactly"], list_at(request, "firstAvailable"));
    match (exactly.is_null(), alternatives.is_empty()) {
        (true, true) => {
            let reason = "exactly one of `exactly` or `firstAvailable` is required";
            errors.push(FieldError::required(path, reason));
        }
        (false, false) => {
            let reason = "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set";
            errors.push(FieldError::invalid(path, &Value::Null, reason));
        }
        (false, true) => errors.extend(validate_exact(exactly, &format!("{path}.exactly"))),
        (true, false) => {
            let path = format!("{path}.firstAvailable");
            let key = by("name");
            errors.extend(validate_set(
                alternatives,
                ALTERNATIVES_MAX,
                &path,
                key,
                |one, path| {
                    let mut errors = validate_label(text_at(one, "name"), &format!("{path}.name"));
                    errors.extend(validate_exact(one, path));
                    errors
                },
            ));
        }
    }
    errors
}

/// `validateExactDeviceRequest`.
fn validate_exact(request: &Value, path: &str) -> Vec<FieldError> {
    let class_path = format!("{path}.deviceClassName");
    let mut errors = match text_at(request, "deviceClassName") {
        "" => vec![FieldError::required(class_path, "")],
        class => invalid_each(class_path, class, is_dns1123_subdomain(class)),
    };
    errors.extend(validate_selectors(request, path));
    errors.extend(validate_mode(request, path));
    for (i, toleration) in list_at(request, "tolerations").iter().enumerate() {
        errors.extend(validate_toleration(
            toleration,
            &format!("{path}.tolerations[{i}]"),
        ));
    }
    errors
}

/// `validateDeviceAllocationMode`.
fn validate_mode(request: &Value, path: &str) -> Option<FieldError> {
    let count = number_at(request, "count");
    let count_path = format!("{path}.count");
    match text_at(request, "allocationMode") {
        "All" => {
            let reason = "must not be specified when allocationMode is 'All'";
            (count != 0).then(|| FieldError::invalid(count_path, &count.into(), reason))
        }
        "ExactCount" => {
            let reason = "must be greater than zero";
            (count <= 0).then(|| FieldError::invalid(count_path, &count.into(), reason))
        }
        mode => {
            let path = format!("{path}.allocationMode");
            Some(FieldError::not_supported(path, &mode.into(), &MODES))
        }
    }
}

/// `validateDeviceToleration`.
fn validate_toleration(toleration: &Value, path: &str) -> Vec<FieldError> {
    let text = |field| text_at(toleration, field);
    let at = |field: &str| format!("{path}.{field}");
    let (key, value, effect) = (text("key"), text("value"), text("effect"));
    let mut errors = match key {
        "" => Vec::new(),
        key => invalid_each(at("key"), key, is_qualified_name(key)),
    };
    match text("operator") {
        "Exists" if value.is_empty() => {}
        "Exists" => {
            let reason = "must be empty for operator `Exists`";
            errors.push(FieldError::invalid_str(at("value"), value, reason));
        }
        "Equal" => errors.extend(invalid_each(at("value"), value, is_label_value(value))),
        "" => errors.push(FieldError::required(at("operator"), "")),
        other => {
            let path = at("operator");
            errors.push(FieldError::not_supported(path, &other.into(), &OPERATORS));
        }
    }
    if !effect.is_empty() && !EFFECTS.contains(&effect) {
        let path = at("effect");
        errors.push(FieldError::not_supported(path, &effect.into(), &EFFECTS));
    }
    errors
}

/// `validateDeviceConstraint`.
fn validate_constraint(constraint: &Value, claim: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = validate_references(constraint, claim, path);
    let attribute = |field: &str| constraint[field].as_str();
    let validate = |name, field: &str| validate_full_name(name, &format!("{path}.{field}"));
    match (attribute("matchAttribute"), attribute("distinctAttribute")) {
        (Some(name), _) => errors.extend(validate(name, "matchAttribute")),
        (None, Some(name)) => errors.extend(validate(name, "distinctAttribute")),
        (None, None) => {
            let reason = "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields are set";
            errors.push(FieldError::required(path, reason));
        }
    }
    errors
}

/// The requests that a part of a claim is about.
pub(super) fn validate_references(part: &Value, claim: &Value, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.requests");
    let requests = list_at(part, "requests");
    validate_set(requests, REQUESTS_MAX, &path, itself, |name, path| {
        validate_reference(name.as_str().unwrap_or_default(), claim, path)
    })
}

/// `validateRequestNameRef`.
pub(super) fn validate_reference(name: &str, claim: &Value, path: &str) -> Vec<FieldError> {
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() > 2 {
        return vec![FieldError::invalid_str(path, name, NOT_A_REQUEST)];
    }
    let mut errors: Vec<FieldError> = parts
        .iter()
        .flat_map(|part| validate_label(part, path))
        .collect();
    let named = |items: &'_ [Value], name: &str| {
        let found = items.iter().rfind(|item| text_at(item, "name") == name);
        found.cloned()
    };
    let request = named(list_at(claim, "requests"), parts[0]);
    let is_known = request.is_some_and(|request| {
        let alternatives = list_at(&request, "firstAvailable");
        let is_one = |part: &&str| named(alternatives, part).is_some();
        parts.get(1).is_none_or(is_one)
    });
    if !is_known {
        errors.push(FieldError::invalid_str(path, name, NOT_A_REQUEST));
    }
    errors
}

/// `validateQualifiedName`: an identifier, perhaps in a domain.
pub(super) fn validate_name(name: &str, path: &str) -> Vec<FieldError> {
    let parts: Vec<&str> = name.split('/').collect();
    let empty = |reason| vec![FieldError::invalid_str(path, "", reason)];
    match parts[..] {
        [id] => validate_identifier(id, path),
        [domain, id] => {
            let mut errors = match domain {
                "" => empty("the domain must not be empty"),
                domain => validate_driver_name(domain, path),
            };
            errors.extend(match id {
                "" => empty("the name must not be empty"),
                id => validate_identifier(id, path),
            });
            errors
        }
        _ => Vec::new(),
    }
}

/// `validateFullyQualifiedName`.
fn validate_full_name(name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = validate_name(name, path);
    if !name.contains('/') {
        let reason = "a fully qualified name must be a domain and a name separated by a slash";
        errors.push(FieldError::invalid_str(path, name, reason));
    }
    errors
}

fn validate_identifier(id: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if id.len() > IDENTIFIER_MAX {
        errors.push(FieldError::too_long(path, IDENTIFIER_MAX));
    }
    errors.extend(invalid_each(path, id, is_c_identifier(id)));
    errors
}
