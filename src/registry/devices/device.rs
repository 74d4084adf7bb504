//! What a slice says of a device.

use serde_json::Value;

use super::capacity::validate_capacity;
use super::counters::validate_counters;
use super::request::validate_name;
use super::{
    EFFECTS, by, invalid_each, validate_binding, validate_items, validate_label, validate_map,
    validate_set,
};
use crate::names::{is_label_value, is_qualified_name, name_is_dns_subdomain};
use crate::registry::validation::go_types::shown;
use crate::registry::validation::node_selector::validate_node_selector;
use crate::registry::validation::read::{list_at, members_at, text_at};
use crate::status::field::FieldError;

const TAINTS_MAX: usize = 16;
const CONSUMPTIONS_MAX: usize = 2;
const ATTRIBUTES_MAX: usize = 32;
const VALUES_MAX: usize = 48;
const VALUE_MAX: usize = 64;
/// A domain, a slash and an identifier.
const KEY_MAX: usize = 63 + 1 + 32;
const VALUES: [&str; 4] = ["int", "bool", "string", "version"];
const ONE_PLACE: &str = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";

/// Whether it has what makes a slice of many too large.
pub(super) fn is_advanced(device: &Value) -> bool {
    !list_at(device, "taints").is_empty() || !list_at(device, "consumesCounters").is_empty()
}

/// A taint is there since somebody said so.
pub(super) fn date_taints(slice: &mut Value, now: &str) {
    let devices = slice["spec"]
        .get_mut("devices")
        .and_then(Value::as_array_mut);
    for device in devices.into_iter().flatten() {
        let taints = device.get_mut("taints").and_then(Value::as_array_mut);
        for taint in taints.into_iter().flatten() {
            if taint["timeAdded"].is_null() {
                taint["timeAdded"] = now.into();
            }
        }
    }
}

/// `validateDevice`.
pub(super) fn validate(
    device: &Value,
    old: Option<&Value>,
    per_device: bool,
    path: &str,
) -> Vec<FieldError> {
    let at = |field: &str| format!("{path}.{field}");
    let mut errors = validate_label(text_at(device, "name"), &at("name"));
    let (attributes, capacity) = (&device["attributes"], &device["capacity"]);
    errors.extend(validate_counts(device, path));
    errors.extend(validate_map(
        attributes.as_object(),
        usize::MAX,
        KEY_MAX,
        &at("attributes"),
        validate_name,
        validate_attribute,
    ));
    let is_shared = device["allowMultipleAllocations"] == Value::Bool(true);
    errors.extend(validate_map(
        capacity.as_object(),
        usize::MAX,
        KEY_MAX,
        &at("capacity"),
        validate_name,
        |capacity, path| validate_capacity(capacity, is_shared, path),
    ));
    if old.is_none_or(|old| old["taints"] != device["taints"]) {
        let taints = list_at(device, "taints");
        errors.extend(validate_items(
            taints,
            TAINTS_MAX,
            &at("taints"),
            validate_taint,
        ));
    }
    errors.extend(validate_set(
        list_at(device, "consumesCounters"),
        CONSUMPTIONS_MAX,
        &at("consumesCounters"),
        by("counterSet"),
        |set, path| validate_counters(set, "counterSet", path),
    ));
    errors.extend(validate_place(device, per_device, path));
    errors.extend(validate_binding(device, path));
    errors
}

fn validate_counts(device: &Value, path: &str) -> Vec<FieldError> {
    let attributes = members_at(device, "attributes").len();
    let all = attributes + members_at(device, "capacity").len();
    let mut errors = Vec::new();
    for (count, max, what) in [
        (all, ATTRIBUTES_MAX, "attributes and capacities"),
        (attributes, VALUES_MAX, "attribute values"),
    ] {
        if count > max {
            let reason = format!("the total number of {what} must not exceed {max}");
            errors.push(FieldError::invalid(path, &count.into(), reason));
        }
    }
    errors
}

/// `validateDeviceAttribute`.
fn validate_attribute(attribute: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["string", "version"] {
        let Some(text) = attribute[field].as_str() else {
            continue;
        };
        let path = format!("{path}.{field}");
        if field == "version" && !is_semver(text) {
            let reason = "must be a string compatible with semver.org spec 2.0.0";
            errors.push(FieldError::invalid_str(path.clone(), text, reason));
        }
        if text.len() > VALUE_MAX {
            errors.push(FieldError::too_long(path, VALUE_MAX));
        }
    }
    let reason = "exactly one value must be specified";
    match VALUES
        .iter()
        .filter(|field| !attribute[**field].is_null())
        .count()
    {
        0 => errors.push(FieldError::invalid_str(path, "", reason)),
        1 => {}
        _ => {
            let shown = shown("DeviceAttribute", attribute);
            errors.push(FieldError::invalid_shown(path, shown, reason));
        }
    }
    errors
}

/// A version as semver.org has it.
fn is_semver(text: &str) -> bool {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let (core, release) = match text.split_once('-') {
        Some((core, release)) => (core, Some(release)),
        None => (text, None),
    };
    let is_number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && (part == "0" || !part.starts_with('0'))
    };
    let is_identifier = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_release = |part: &str| {
        is_number(part) || is_identifier(part) && part.bytes().any(|byte| !byte.is_ascii_digit())
    };
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && release.is_none_or(|release| release.split('.').all(is_release))
        && build.is_none_or(|build| build.split('.').all(is_identifier))
}

/// `validateDeviceTaint`.
fn validate_taint(taint: &Value, path: &str) -> Vec<FieldError> {
    let text = |field| text_at(taint, field);
    let at = |field: &str| format!("{path}.{field}");
    let (key, value, effect) = (text("key"), text("value"), text("effect"));
    let mut errors = invalid_each(at("key"), key, is_qualified_name(key));
    errors.extend(invalid_each(at("value"), value, is_label_value(value)));
    match effect {
        "" => errors.push(FieldError::required(at("effect"), "")),
        effect if EFFECTS.contains(&effect) => {}
        effect => {
            let path = at("effect");
            errors.push(FieldError::not_supported(path, &effect.into(), &EFFECTS));
        }
    }
    errors
}

/// Where the device is, if each is somewhere else.
fn validate_place(device: &Value, per_device: bool, path: &str) -> Vec<FieldError> {
    let fields = ["nodeName", "nodeSelector", "allNodes"];
    let is_given = fields.iter().any(|field| !device[*field].is_null());
    if !per_device {
        let reason = "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
        let error = is_given.then(|| FieldError::invalid(path, &Value::Null, reason));
        return error.into_iter().collect();
    }
    let at = |field: &str| format!("{path}.{field}");
    let (mut errors, mut set) = (Vec::new(), Vec::new());
    match device["nodeName"].as_str() {
        None => {}
        Some("") => {
            errors.push(FieldError::invalid_str(
                at("nodeName"),
                "",
                "must not be empty",
            ));
        }
        Some(name) => {
            set.push("`nodeName`");
            let reasons = name_is_dns_subdomain(name, false);
            errors.extend(invalid_each(at("nodeName"), name, reasons));
        }
    }
    if !device["nodeSelector"].is_null() {
        set.push("`nodeSelector`");
        let selector = &device["nodeSelector"];
        errors.extend(validate_node_selector(selector, &at("nodeSelector")));
    }
    match device["allNodes"].as_bool() {
        None => {}
        Some(true) => set.push("`allNodes`"),
        Some(false) => {
            let reason = "must be either unset or set to true";
            errors.push(FieldError::invalid(at("allNodes"), &false.into(), reason));
        }
    }
    match set.len() {
        0 => errors.push(FieldError::required(path, ONE_PLACE)),
        1 => {}
        _ => {
            let shown = format!("{{{}}}", set.join(", "));
            errors.push(FieldError::invalid_str(path, &shown, ONE_PLACE));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_three_numbers() {
        for good in [
            "1.2.3",
            "0.0.0",
            "1.0.0-alpha.1",
            "1.0.0+b.01",
            "1.0.0--a+x-y",
        ] {
            assert!(is_semver(good), "{good}");
        }
        for bad in [
            "", "v1.2.3", "1.2", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3.4",
        ] {
            assert!(!is_semver(bad), "{bad}");
        }
    }
}
