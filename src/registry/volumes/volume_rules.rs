//! What the spec of a volume must be.

use serde_json::Value;

use super::{VOLUME_MODES, sources, validate_access_modes};
use crate::names::name_is_dns_subdomain;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::node_selector::validate_node_selector;
use crate::registry::validation::quantity::{amount, validate_basic_resource, validate_positive};
use crate::registry::validation::read::{members_at, text_at, texts_at};
use crate::status::field::FieldError;

const POLICIES: [&str; 3] = ["Delete", "Recycle", "Retain"];

/// Where the spec of a volume stands.
pub(in crate::registry) enum Context<'a> {
    /// In a volume of this name.
    Volume(&'a str),
    /// In what attaches it.
    Inline,
}

/// `ValidatePersistentVolumeSpec`.
pub(in crate::registry) fn validate_spec(
    spec: &Value,
    context: &Context<'_>,
    path: &str,
) -> Vec<FieldError> {
    let at = |field: &str| format!("{path}.{field}");
    let is_inline = matches!(context, Context::Inline);
    let mut errors = Vec::new();
    if is_inline {
        errors.extend(validate_inline(spec, path));
    }
    let modes = texts_at(spec, "accessModes");
    if modes.is_empty() {
        errors.push(FieldError::required(at("accessModes"), ""));
    }
    errors.extend(validate_access_modes(&modes, &at("accessModes")));
    if !is_inline {
        errors.extend(validate_capacity(spec, &at("capacity")));
    }
    errors.extend(validate_policy(
        spec,
        is_inline,
        at("persistentVolumeReclaimPolicy"),
    ));
    let affinity = &spec["nodeAffinity"];
    if !affinity.is_null() {
        errors.extend(validate_affinity(affinity, is_inline, at("nodeAffinity")));
    }
    let name = match context {
        Context::Volume(name) => name,
        Context::Inline => "",
    };
    errors.extend(sources::validate(spec, name, is_inline, path));
    let root_is_recycled = text_at(spec, "persistentVolumeReclaimPolicy") == "Recycle"
        && sources::is_root(&spec["hostPath"]);
    if root_is_recycled {
        let reason = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(
            at("persistentVolumeReclaimPolicy"),
            reason,
        ));
    }
    errors.extend(validate_class(spec, is_inline, at("storageClassName")));
    errors.extend(validate_mode(spec, is_inline, at("volumeMode")));
    errors.extend(validate_attributes_class(spec, path));
    errors
}

fn validate_inline(spec: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let reason = "may not be specified in the context of inline volumes";
    let is_wrong = [
        ("claimRef", !spec["claimRef"].is_null()),
        ("capacity", !members_at(spec, "capacity").is_empty()),
    ];
    for (field, _) in is_wrong.into_iter().filter(|(_, wrong)| *wrong) {
        errors.push(FieldError::forbidden(format!("{path}.{field}"), reason));
    }
    if spec["csi"].is_null() {
        let reason = "has to be specified in the context of inline volumes";
        errors.push(FieldError::required(format!("{path}.csi"), reason));
    }
    errors
}

fn validate_capacity(spec: &Value, path: &str) -> Vec<FieldError> {
    let capacity = members_at(spec, "capacity");
    let mut errors = Vec::new();
    if capacity.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    if spec["capacity"]["storage"].is_null() || capacity.len() > 1 {
        let value = &spec["capacity"];
        errors.push(FieldError::not_supported(path, value, &["storage"]));
    }
    for (resource, value) in capacity {
        let Some(amount) = amount(value) else {
            continue;
        };
        let path = format!("{path}[{resource}]");
        errors.extend(validate_basic_resource(&amount, &path));
        errors.extend(validate_positive(&amount, &path));
    }
    errors
}

fn validate_policy(spec: &Value, is_inline: bool, path: String) -> Option<FieldError> {
    let policy = text_at(spec, "persistentVolumeReclaimPolicy");
    match (policy, is_inline) {
        ("" | "Retain", _) => None,
        (_, true) => {
            let reason = "may only be Retain in the context of inline volumes";
            Some(FieldError::forbidden(path, reason))
        }
        _ if POLICIES.contains(&policy) => None,
        _ => Some(FieldError::not_supported(path, &policy.into(), &POLICIES)),
    }
}

fn validate_affinity(affinity: &Value, is_inline: bool, path: String) -> Vec<FieldError> {
    if is_inline {
        let reason = "may not be specified in the context of inline volumes";
        return vec![FieldError::forbidden(path, reason)];
    }
    let path = format!("{path}.required");
    match &affinity["required"] {
        Value::Null => vec![FieldError::required(
            path,
            "must specify required node constraints",
        )],
        required => validate_node_selector(required, &path),
    }
}

fn validate_class(spec: &Value, is_inline: bool, path: String) -> Vec<FieldError> {
    match (text_at(spec, "storageClassName"), is_inline) {
        ("", _) => Vec::new(),
        (_, true) => vec![FieldError::forbidden(
            path,
            "may not be specified in the context of inline volumes",
        )],
        (class, false) => invalid_each(path, class, name_is_dns_subdomain(class, false)),
    }
}

fn validate_mode(spec: &Value, is_inline: bool, path: String) -> Option<FieldError> {
    let mode = spec["volumeMode"].as_str()?;
    match is_inline {
        true if mode != "Filesystem" => Some(FieldError::forbidden(
            path,
            "may not specify volumeMode other than Filesystem in the context of inline volumes",
        )),
        false if !VOLUME_MODES.contains(&mode) => {
            Some(FieldError::not_supported(path, &mode.into(), &VOLUME_MODES))
        }
        _ => None,
    }
}

fn validate_attributes_class(spec: &Value, path: &str) -> Vec<FieldError> {
    let Some(class) = spec["volumeAttributesClassName"].as_str() else {
        return Vec::new();
    };
    let at = format!("{path}.volumeAttributesClassName");
    let mut errors = match class {
        "" => vec![FieldError::required(at, "an empty string is disallowed")],
        class => invalid_each(at, class, name_is_dns_subdomain(class, false)),
    };
    if spec["csi"].is_null() {
        let reason = "has to be specified when using volumeAttributesClassName";
        errors.push(FieldError::required(format!("{path}.csi"), reason));
    }
    errors
}
