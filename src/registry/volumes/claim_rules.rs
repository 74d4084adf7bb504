//! What a claim to a volume must be.

use serde_json::Value;

use super::{CLASS_ANNOTATION, VOLUME_MODES, validate_access_modes};
use crate::names::{
    is_dns1123_subdomain, is_qualified_name, name_is_dns_label, name_is_dns_subdomain,
};
use crate::registry::validation::go_types::diff;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::quantity::{
    amount, validate_basic_resource, validate_nonnegative, validate_positive,
};
use crate::registry::validation::read::{annotation, members_at, text_at, texts_at};
use crate::registry::validation::selector::validate_label_selector;
use crate::status::field::FieldError;

const RESIZES: [&str; 5] = [
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
];
const IMMUTABLE: &str = "field is immutable";
const CLAIM: &str = "PersistentVolumeClaim";
const ATTRIBUTES_CLASS: &str = "volumeAttributesClassName";

/// `ValidatePersistentVolumeClaimSpec`. What the old one has wrong may stay wrong.
pub(super) fn validate_spec(spec: &Value, old: Option<&Value>, path: &str) -> Vec<FieldError> {
    let at = |field: &str| format!("{path}.{field}");
    let modes = texts_at(spec, "accessModes");
    let mut errors = Vec::new();
    if modes.is_empty() {
        let reason = "at least 1 access mode is required";
        errors.push(FieldError::required(at("accessModes"), reason));
    }
    errors.extend(validate_label_selector(&spec["selector"], &at("selector")));
    errors.extend(validate_access_modes(&modes, &at("accessModes")));
    let storage = format!("{path}.resources[storage]");
    match amount(&spec["resources"]["requests"]["storage"]) {
        None => errors.push(FieldError::required(storage, "")),
        Some(amount) => errors.extend(validate_positive(&amount, &storage)),
    }
    for field in ["storageClassName", "volumeMode"] {
        errors.extend(validate_word(spec, field, path));
    }
    errors.extend(validate_sources(spec, old, path));
    errors.extend(validate_word(spec, ATTRIBUTES_CLASS, path));
    errors
}

fn validate_word(spec: &Value, field: &str, path: &str) -> Vec<FieldError> {
    let path = format!("{path}.{field}");
    match (field, spec[field].as_str()) {
        (_, None) => Vec::new(),
        ("volumeMode", Some(mode)) if VOLUME_MODES.contains(&mode) => Vec::new(),
        ("volumeMode", Some(mode)) => {
            vec![FieldError::not_supported(path, &mode.into(), &VOLUME_MODES)]
        }
        (_, Some("")) => Vec::new(),
        (_, Some(class)) => invalid_each(path, class, name_is_dns_subdomain(class, false)),
    }
}

fn validate_sources(spec: &Value, old: Option<&Value>, path: &str) -> Vec<FieldError> {
    let (source, reference) = (&spec["dataSource"], &spec["dataSourceRef"]);
    let group_may_be_wrong = old.is_some_and(|old| {
        let has_group = |field: &str| old[field]["apiGroup"].is_string();
        has_group("dataSource") || has_group("dataSourceRef")
    });
    let mut errors = Vec::new();
    for field in ["dataSource", "dataSourceRef"] {
        if !spec[field].is_null() {
            let path = format!("{path}.{field}");
            errors.extend(validate_source(&spec[field], group_may_be_wrong, &path));
        }
    }
    let namespace = text_at(reference, "namespace");
    if !namespace.is_empty() {
        let path = format_args!("{path}.dataSourceRef.namespace");
        errors.extend(invalid_each(
            path,
            namespace,
            name_is_dns_label(namespace, false),
        ));
    }
    let reason = match (source.is_null(), reference.is_null(), namespace) {
        (false, false, "") if !is_same_source(source, reference) => "must match dataSourceRef",
        (false, _, "") | (true, _, _) => return errors,
        _ => "may not be specified when dataSourceRef.namespace is specified",
    };
    // Upstream shows a path as the value, which has nothing to show.
    errors.push(FieldError::invalid_shown(path, "{}", reason));
    errors
}

fn is_same_source(source: &Value, reference: &Value) -> bool {
    let mut fields = ["apiGroup", "kind", "name"].iter();
    fields.all(|field| source[field] == reference[field])
}

/// `validateDataSource`.
fn validate_source(source: &Value, group_may_be_wrong: bool, path: &str) -> Vec<FieldError> {
    let (kind, group) = (text_at(source, "kind"), text_at(source, "apiGroup"));
    let mut errors = Vec::new();
    for field in ["name", "kind"] {
        if text_at(source, field).is_empty() {
            errors.push(FieldError::required(format!("{path}.{field}"), ""));
        }
    }
    if group.is_empty() && kind != CLAIM {
        let reason = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.push(FieldError::invalid_str(path, kind, reason));
    }
    if !group.is_empty() && !group_may_be_wrong {
        let path = format_args!("{path}.apiGroup");
        errors.extend(invalid_each(path, group, is_dns1123_subdomain(group)));
    }
    errors
}

/// What `ValidatePersistentVolumeClaimUpdate` adds.
pub(super) fn validate_change(object: &Value, old: &Value) -> Vec<FieldError> {
    let (spec, before) = (&object["spec"], &old["spec"]);
    let mut errors = Vec::new();
    let (mut new, mut past) = (spec.clone(), before.clone());
    if text_at(before, "volumeName").is_empty() {
        put(&mut past, "volumeName", &spec["volumeName"]);
    }
    let class = "storageClassName";
    let (annotated, now_annotated) = (
        annotation(old, CLASS_ANNOTATION),
        annotation(object, CLASS_ANNOTATION),
    );
    let becomes_named = before[class].is_null() && spec[class].is_string();
    let is_annotated = annotated.is_some() && spec[class].as_str() == annotated;
    if becomes_named && is_annotated && (now_annotated.is_none() || now_annotated == annotated) {
        put(&mut new, class, &Value::Null);
    } else {
        if annotated.unwrap_or_default() != now_annotated.unwrap_or_default() {
            let path = format!("metadata.annotations.{CLASS_ANNOTATION}");
            let shown = now_annotated.unwrap_or_default();
            errors.push(FieldError::invalid_str(path, shown, IMMUTABLE));
        }
        if becomes_named && (annotated.is_none() || is_annotated) {
            put(&mut new, class, &past[class]);
        }
    }
    if text_at(&object["status"], "phase") == "Bound" {
        put(&mut new, ATTRIBUTES_CLASS, &before[ATTRIBUTES_CLASS]);
        if let Some(requests) = new.pointer_mut("/resources/requests") {
            put(
                requests,
                "storage",
                &before["resources"]["requests"]["storage"],
            );
        }
    }
    if new != past {
        let shown = diff("PersistentVolumeClaimSpec", &past, &new);
        let reason = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{shown}"
        );
        errors.push(FieldError::forbidden("spec", reason));
    }
    errors.extend(validate_size(object, old));
    if spec["volumeMode"] != before["volumeMode"] {
        let mode = &spec["volumeMode"];
        errors.push(FieldError::invalid("volumeMode", mode, IMMUTABLE));
    }
    errors.extend(validate_attributes_class(spec, old));
    errors
}

/// Sets a field, or takes it away.
fn put(object: &mut Value, field: &str, value: &Value) {
    let Some(members) = object.as_object_mut() else {
        return;
    };
    if value.is_null() {
        members.remove(field);
    } else {
        members.insert(field.to_owned(), value.clone());
    }
}

/// A claim becomes smaller only as long as it never was as large as it says.
fn validate_size(object: &Value, old: &Value) -> Option<FieldError> {
    let size = |claim: &Value| amount(&claim["spec"]["resources"]["requests"]["storage"]);
    let (new, before) = (size(object), size(old));
    if new >= before {
        return None;
    }
    let capacity = amount(&old["status"]["capacity"]["storage"]);
    let is_too_small = match (&new, &capacity) {
        (Some(new), Some(capacity)) => new <= capacity,
        (Some(new), None) => new.sign() <= 0,
        (None, capacity) => capacity
            .as_ref()
            .is_none_or(|capacity| capacity.sign() >= 0),
    };
    let reason = "field can not be less than status.capacity";
    let path = "spec.resources.requests.storage";
    is_too_small.then(|| FieldError::forbidden(path, reason))
}

fn validate_attributes_class(spec: &Value, old: &Value) -> Option<FieldError> {
    let is_same = spec[ATTRIBUTES_CLASS] == old["spec"][ATTRIBUTES_CLASS];
    if is_same || old["status"]["currentVolumeAttributesClassName"].is_null() {
        return None;
    }
    let what = match spec[ATTRIBUTES_CLASS].as_str() {
        None => "nil",
        Some("") => "empty string",
        Some(_) => return None,
    };
    let reason = format!(
        "update to {what} is forbidden when status.currentVolumeAttributesClassName is not nil"
    );
    Some(FieldError::forbidden(
        format!("spec.{ATTRIBUTES_CLASS}"),
        reason,
    ))
}

/// What `ValidatePersistentVolumeClaimStatusUpdate` adds.
pub(super) fn validate_status(object: &Value) -> Vec<FieldError> {
    let status = &object["status"];
    let mut errors = Vec::new();
    if texts_at(&object["spec"], "accessModes").is_empty() {
        errors.push(FieldError::required("Spec.accessModes", ""));
    }
    for (resource, value) in members_at(status, "capacity") {
        let path = format!("status.capacity[{resource}]");
        let amount = amount(value);
        errors.extend(amount.and_then(|amount| validate_basic_resource(&amount, &path)));
    }
    let path = "status.allocatedResourceStatuses";
    for (resource, resize) in members_at(status, "allocatedResourceStatuses") {
        errors.extend(validate_resource(resource, path));
        if !RESIZES.contains(&resize.as_str().unwrap_or_default()) {
            errors.push(FieldError::not_supported(path, &resource.into(), &RESIZES));
        }
    }
    let path = "status.allocatedResources";
    for (resource, value) in members_at(status, "allocatedResources") {
        let wrong = validate_resource(resource, path);
        if !wrong.is_empty() {
            errors.extend(wrong);
            continue;
        }
        let path = format!("{path}[{resource}]");
        let Some(amount) = amount(value) else {
            continue;
        };
        let basic = validate_basic_resource(&amount, &path);
        errors.extend(basic.or_else(|| validate_nonnegative(&amount, &path)));
    }
    errors
}

/// `validatePersistentVolumeClaimResourceKey`: of what Kubernetes itself knows, there is storage.
fn validate_resource(resource: &str, path: &str) -> Vec<FieldError> {
    let errors = invalid_each(path, resource, is_qualified_name(resource));
    let is_native = !resource.contains('/') || resource.contains("kubernetes.io/");
    if !errors.is_empty() || !is_native || resource == "storage" {
        return errors;
    }
    vec![FieldError::not_supported(
        path,
        &resource.into(),
        &["storage"],
    )]
}
