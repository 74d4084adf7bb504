//! resource.k8s.io: devices, and the claims to them.

mod capacity;
mod cel;
pub(super) mod claim_templates;
pub(super) mod claims;
pub(super) mod classes;
mod conditions;
mod counters;
mod device;
mod request;
pub(super) mod slices;
mod status;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::strategy::WriteContext;
use super::validation::drivers::validate_driver_name;
use super::validation::meta::invalid_each;
use super::validation::read::{list_at, text_at, texts_at};
use crate::codec::json::compact;
use crate::names::{is_dns1123_label, is_dns1123_subdomain, is_qualified_name};
use crate::object::meta_str;
use crate::status::field::FieldError;

const POOL_NAME_MAX: usize = 253;
const PARAMETERS_MAX: usize = 10 * 1024;
const SELECTORS_MAX: usize = 32;
const BINDING_CONDITIONS_MAX: usize = 4;
const EFFECTS: [&str; 3] = ["NoExecute", "NoSchedule", "None"];
/// What a namespace is labelled with in which devices may be looked into.
const ADMIN_LABEL: &str = "resource.kubernetes.io/admin-access";

/// `validateSlice`: each item, unless there are too many.
fn validate_items(
    items: &[Value],
    max: usize,
    path: &str,
    validate: impl Fn(&Value, &str) -> Vec<FieldError>,
) -> Vec<FieldError> {
    if items.len() > max {
        return vec![FieldError::too_many(path, items.len(), max)];
    }
    let items = items.iter().enumerate();
    items
        .flat_map(|(i, item)| validate(item, &format!("{path}[{i}]")))
        .collect()
}

/// `validateSet`: the same, with no two that have the same key.
fn validate_set(
    items: &[Value],
    max: usize,
    path: &str,
    key: impl Fn(&Value) -> String,
    validate: impl Fn(&Value, &str) -> Vec<FieldError>,
) -> Vec<FieldError> {
    let mut errors = validate_items(items, max, path, validate);
    if items.len() > max {
        return errors;
    }
    let mut seen = BTreeSet::new();
    for (i, item) in items.iter().enumerate() {
        let key = key(item);
        if !seen.insert(key.clone()) {
            errors.push(FieldError::duplicate_shown(format!("{path}[{i}]"), key));
        }
    }
    errors
}

/// The key of an object that is known by a text.
fn by(field: &'static str) -> impl Fn(&Value) -> String {
    move |item| crate::codec::quote::quote(text_at(item, field))
}

/// The key of a text.
fn itself(item: &Value) -> String {
    crate::codec::quote::quote(item.as_str().unwrap_or_default())
}

fn validate_label(text: &str, path: &str) -> Vec<FieldError> {
    invalid_each(path, text, is_dns1123_label(text))
}

/// `validatePoolName`.
fn validate_pool_name(name: &str, path: &str) -> Vec<FieldError> {
    if name.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    if name.len() > POOL_NAME_MAX {
        errors.push(FieldError::too_long(path, POOL_NAME_MAX));
    }
    for part in name.split('/') {
        errors.extend(invalid_each(path, part, is_dns1123_subdomain(part)));
    }
    errors
}

/// `validateUID`.
fn validate_uid(uid: &str, path: &str) -> Option<FieldError> {
    let is_hex = |(i, c): (usize, char)| match i {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    let reason = if !matches!(uid.len(), 32 | 36 | 38 | 45) {
        format!("error validating uid: invalid UUID length: {}", uid.len())
    } else if uid.len() == 36 && !uid.chars().enumerate().all(is_hex) {
        "error validating uid: invalid UUID format".to_owned()
    } else if uid.len() != 36 || uid.chars().any(|c| c.is_ascii_uppercase()) {
        "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters".to_owned()
    } else {
        return None;
    };
    Some(FieldError::invalid_str(path, uid, reason))
}

/// `validateSelectorSlice`.
fn validate_selectors(holder: &Value, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.selectors");
    let selectors = list_at(holder, "selectors");
    validate_items(selectors, SELECTORS_MAX, &path, |selector, path| {
        let path = format!("{path}.cel");
        match &selector["cel"] {
            Value::Null => vec![FieldError::required(path, "")],
            cel => {
                let expression = text_at(cel, "expression");
                let error = cel::validate(expression, &format!("{path}.expression"));
                error.into_iter().collect()
            }
        }
    })
}

/// `validateDeviceConfiguration`.
fn validate_configuration(config: &Value, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.opaque");
    let opaque = &config["opaque"];
    if opaque.is_null() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = validate_driver_name(text_at(opaque, "driver"), &format!("{path}.driver"));
    let path = format!("{path}.parameters");
    errors.extend(validate_raw(&opaque["parameters"], &path, PARAMETERS_MAX));
    errors
}

/// `validateRawExtension`.
fn validate_raw(raw: &Value, path: &str, max: usize) -> Option<FieldError> {
    match raw {
        Value::Null => Some(FieldError::required(path, "")),
        raw if compact(raw).len() > max => Some(FieldError::too_long(path, max)),
        Value::Object(_) => None,
        _ => Some(FieldError::invalid_str(
            path,
            "<value omitted>",
            "must be a valid JSON object",
        )),
    }
}

/// `validateDeviceBindingParameters`.
fn validate_binding(holder: &Value, path: &str) -> Vec<FieldError> {
    let fields = ["bindingConditions", "bindingFailureConditions"];
    let [conditions, failures] = fields.map(|field| texts_at(holder, field));
    let mut errors = Vec::new();
    for field in fields {
        let path = format!("{path}.{field}");
        let items = list_at(holder, field);
        errors.extend(validate_items(
            items,
            BINDING_CONDITIONS_MAX,
            &path,
            |item, path| {
                let name = item.as_str().unwrap_or_default();
                invalid_each(path, name, is_qualified_name(name))
            },
        ));
    }
    for (field, list) in fields.into_iter().zip([&conditions, &failures]) {
        for (i, condition) in list.iter().enumerate() {
            let path = format!("{path}.{field}[{i}]");
            let value = (*condition).into();
            if list[..i].contains(condition) {
                errors.push(FieldError::duplicate(path.clone(), &value));
            }
            if field == fields[1] && conditions.contains(condition) {
                let reason = "bindingFailureConditions must not overlap with bindingConditions";
                errors.push(FieldError::invalid(path, &value, reason));
            }
        }
    }
    let (missing, other) = match (conditions.is_empty(), failures.is_empty()) {
        (true, false) => (fields[0], fields[1]),
        (false, true) => (fields[1], fields[0]),
        _ => return errors,
    };
    let reason = format!("{missing} are required to use {other}");
    errors.push(FieldError::invalid(
        format!("{path}.{missing}"),
        &Value::Null,
        reason,
    ));
    errors
}

/// Whether the devices of an object in this namespace may be looked into.
fn validate_admin(write: &WriteContext<'_>, object: &Value, path: String) -> Option<FieldError> {
    let namespace = meta_str(object, "namespace");
    let found = write.lister.get("", "Namespace", "", namespace);
    let is_labelled = found.is_some_and(|found| found.label(ADMIN_LABEL) == Some("true"));
    let reason = format!(
        "admin access to devices requires the `{ADMIN_LABEL}: true` label on the containing namespace"
    );
    (!is_labelled).then(|| FieldError::forbidden(path, reason))
}

/// `validateMap`: keys are found wrong at the map, values at their keys.
fn validate_map(
    map: Option<&Map<String, Value>>,
    max: usize,
    key_max: usize,
    path: &str,
    validate_key: impl Fn(&str, &str) -> Vec<FieldError>,
    validate_value: impl Fn(&Value, &str) -> Vec<FieldError>,
) -> Vec<FieldError> {
    let members = map.map(crate::codec::json::sorted).unwrap_or_default();
    if members.len() > max {
        return vec![FieldError::too_many(path, members.len(), max)];
    }
    let mut errors = Vec::new();
    for (key, value) in members {
        errors.extend(validate_key(key, path));
        let at = format!("{path}[{}]", truncated(key, key_max));
        errors.extend(validate_value(value, &at));
    }
    errors
}

/// `truncateIfTooLong`: what is in the middle goes.
fn truncated(text: &str, max: usize) -> String {
    let max = max.max(16);
    if text.len() <= max {
        return text.to_owned();
    }
    let rest = max - "...".len();
    let bytes = text.as_bytes();
    let (start, end) = (&bytes[..rest.div_ceil(2)], &bytes[bytes.len() - rest / 2..]);
    String::from_utf8_lossy(&[start, b"...", end].concat()).into_owned()
}
