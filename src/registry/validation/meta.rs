//! `metadata`, as `k8s.io/apimachinery/pkg/api/validation` checks it for every kind.
//!
//! Upstream ranges over the label and annotation maps in random order; here their errors come in the order of the keys.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::owner::validate_owner_references;
pub(super) use super::read::{list, text};
use crate::codec::json::sorted;
use crate::codec::quote::quote;
use crate::names::{
    NameRule, is_label_value, is_qualified_name, name_is_dns_label, name_is_path_segment,
};
use crate::request::options::validate_field_manager;
use crate::status::field::FieldError;

const ANNOTATIONS_MAX: usize = 256 << 10;
const SUBRESOURCE_MAX: usize = 256;

const PATH: &str = "metadata";

/// `rest.BeforeCreate`: the check for all kinds, made once the kind's own found nothing.
pub(crate) fn validate_create_generic(object: &Value, namespaced: bool) -> Vec<FieldError> {
    validate_object_meta(metadata(object), namespaced, name_is_path_segment, PATH)
}

/// `rest.validateCommonFields`: the check for all kinds, whose errors come before those of the kind's own.
pub(crate) fn validate_update_generic(
    new: &Value,
    old: &Value,
    namespaced: bool,
) -> Vec<FieldError> {
    let mut errors = validate_object_meta(metadata(new), namespaced, name_is_path_segment, PATH);
    errors.extend(validate_object_meta_update(
        metadata(new),
        metadata(old),
        PATH,
    ));
    errors
}

/// `ValidateObjectMetaAccessor`. A generated name must be there already.
pub(crate) fn validate_object_meta(
    meta: &Map<String, Value>,
    namespaced: bool,
    name_rule: NameRule,
    path: &str,
) -> Vec<FieldError> {
    let mut errors = validate_name(meta, name_rule, path);
    errors.extend(validate_namespace(meta, namespaced, path));
    let generation = number(meta, "generation");
    if generation < 0 {
        let reason = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(
            format!("{path}.generation"),
            &generation.into(),
            reason,
        ));
    }
    errors.extend(validate_labels(meta, "labels", path));
    errors.extend(validate_annotations(meta, path));
    errors.extend(validate_owner_references(meta, path));
    errors.extend(validate_finalizers(meta, path));
    errors.extend(validate_managed_fields(meta, path));
    errors
}

/// `ValidateObjectMetaAccessorUpdate`.
pub(crate) fn validate_object_meta_update(
    new: &Map<String, Value>,
    old: &Map<String, Value>,
    path: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if old.contains_key("deletionTimestamp") {
        errors.extend(validate_no_new_finalizers(
            new,
            old,
            &format!("{path}.finalizers"),
        ));
    }
    if text(new, "resourceVersion").is_empty() {
        errors.push(FieldError::invalid_str(
            format!("{path}.resourceVersion"),
            "",
            "must be specified for an update",
        ));
    }
    let generation = number(new, "generation");
    if generation < number(old, "generation") {
        let reason = "must not be decremented";
        errors.push(FieldError::invalid(
            format!("{path}.generation"),
            &generation.into(),
            reason,
        ));
    }
    errors.extend(validate_immutable(new, old, path));
    errors.extend(validate_labels(new, "labels", path));
    errors.extend(validate_annotations(new, path));
    errors.extend(validate_owner_references(new, path));
    errors.extend(validate_managed_fields(new, path));
    errors
}

fn validate_name(meta: &Map<String, Value>, rule: NameRule, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (prefix, name) = (text(meta, "generateName"), text(meta, "name"));
    if !prefix.is_empty() {
        errors.extend(invalid_each(
            format_args!("{path}.generateName"),
            prefix,
            rule(prefix, true),
        ));
    }
    if name.is_empty() {
        errors.push(FieldError::required(
            format!("{path}.name"),
            "name or generateName is required",
        ));
    } else {
        errors.extend(invalid_each(
            format_args!("{path}.name"),
            name,
            rule(name, false),
        ));
    }
    errors
}

fn validate_namespace(meta: &Map<String, Value>, namespaced: bool, path: &str) -> Vec<FieldError> {
    let path = format_args!("{path}.namespace");
    match (namespaced, text(meta, "namespace")) {
        (true, "") => vec![FieldError::required(path.to_string(), "")],
        (true, namespace) => invalid_each(path, namespace, name_is_dns_label(namespace, false)),
        (false, "") => Vec::new(),
        (false, _) => vec![FieldError::forbidden(
            path.to_string(),
            "not allowed on this type",
        )],
    }
}

/// `ValidateLabels`, of a field of that form.
pub(crate) fn validate_labels(
    holder: &Map<String, Value>,
    field: &str,
    path: &str,
) -> Vec<FieldError> {
    let path = format_args!("{path}.{field}");
    let mut errors = Vec::new();
    each_string(holder, field, |key, value| {
        errors.extend(invalid_each(path, key, is_qualified_name(key)));
        errors.extend(invalid_each(path, value, is_label_value(value)));
    });
    errors
}

/// The same of a field of a value that may be none.
pub(crate) fn validate_labels_at(
    holder: &Value,
    field: &str,
    path: impl Display,
) -> Vec<FieldError> {
    let holder = holder
        .as_object()
        .filter(|holder| holder.contains_key(field));
    holder.map_or_else(Vec::new, |holder| {
        validate_labels(holder, field, &path.to_string())
    })
}

/// `ValidateAnnotations`.
pub(crate) fn validate_annotations(meta: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let path = format_args!("{path}.annotations");
    let (mut errors, mut size) = (Vec::new(), 0);
    each_string(meta, "annotations", |key, value| {
        size += key.len() + value.len();
        // Case does not matter in the key of an annotation.
        errors.extend(invalid_each(
            path,
            key,
            is_qualified_name(&key.to_lowercase()),
        ));
    });
    if size > ANNOTATIONS_MAX {
        errors.push(FieldError::too_long(path.to_string(), ANNOTATIONS_MAX));
    }
    errors
}

fn validate_finalizers(meta: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let finalizers = finalizers(meta);
    if finalizers.is_empty() {
        return Vec::new();
    }
    let path = &format!("{path}.finalizers");
    let mut errors: Vec<FieldError> = finalizers
        .iter()
        .flat_map(|name| validate_finalizer_name(name, path))
        .collect();
    if finalizers.contains(&"orphan") && finalizers.contains(&"foregroundDeletion") {
        let shown = Value::Array(list(meta, "finalizers").to_vec());
        let reason = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(FieldError::invalid(path, &shown, reason));
    }
    errors
}

/// `ValidateFinalizerName`, as far as it goes for every kind.
pub(super) fn validate_finalizer_name(name: &str, path: &str) -> Vec<FieldError> {
    invalid_each(path, name, is_qualified_name(name))
}

fn validate_no_new_finalizers(
    new: &Map<String, Value>,
    old: &Map<String, Value>,
    path: &str,
) -> Option<FieldError> {
    let old: BTreeSet<&str> = finalizers(old).into_iter().collect();
    let mut added = finalizers(new);
    added.retain(|name| !old.contains(name));
    added.sort_unstable();
    added.dedup();
    if added.is_empty() {
        return None;
    }
    let added: Vec<String> = added.into_iter().map(quote).collect();
    let reason = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    Some(FieldError::forbidden(path, reason))
}

/// `ValidateManagedFields`.
fn validate_managed_fields(meta: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, entry) in list(meta, "managedFields").iter().enumerate() {
        let Some(entry) = entry.as_object() else {
            continue;
        };
        let at = |field: &str| format!("{path}.managedFields[{i}].{field}");
        let operation = text(entry, "operation");
        if !matches!(operation, "Apply" | "Update") {
            let reason = "must be `Apply` or `Update`";
            errors.push(FieldError::invalid_str(at("operation"), operation, reason));
        }
        let fields_type = text(entry, "fieldsType");
        if !matches!(fields_type, "" | "FieldsV1") {
            errors.push(FieldError::invalid_str(
                at("fieldsType"),
                fields_type,
                "must be `FieldsV1`",
            ));
        }
        errors.extend(validate_field_manager(
            text(entry, "manager"),
            format_args!("{path}.managedFields[{i}].manager"),
        ));
        if text(entry, "subresource").len() > SUBRESOURCE_MAX {
            errors.push(FieldError::too_long(at("subresource"), SUBRESOURCE_MAX));
        }
    }
    errors
}

/// `ValidateImmutableField`, for all the fields nobody may change.
fn validate_immutable(
    new: &Map<String, Value>,
    old: &Map<String, Value>,
    path: &str,
) -> Vec<FieldError> {
    [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ]
    .into_iter()
    .filter(|&field| new.get(field) != old.get(field))
    .map(|field| {
        let empty = if matches!(field, "name" | "namespace" | "uid") {
            Value::from("")
        } else {
            Value::Null
        };
        let value = new.get(field).unwrap_or(&empty);
        FieldError::invalid(format!("{path}.{field}"), value, "field is immutable")
    })
    .collect()
}

/// One error for every reason against a value. The path is put together only where there is one.
pub(crate) fn invalid_each(
    path: impl Display,
    value: &str,
    reasons: Vec<String>,
) -> Vec<FieldError> {
    if reasons.is_empty() {
        return Vec::new();
    }
    reasons
        .into_iter()
        .map(|reason| FieldError::invalid_str(path.to_string(), value, reason))
        .collect()
}

/// The metadata of an object, empty where there is none.
pub(crate) fn metadata(object: &Value) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    object
        .get("metadata")
        .and_then(Value::as_object)
        .unwrap_or(&NONE)
}

/// The names in `metadata.finalizers`.
pub(super) fn finalizers(meta: &Map<String, Value>) -> Vec<&str> {
    list(meta, "finalizers")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

fn number(map: &Map<String, Value>, field: &str) -> i64 {
    map.get(field).and_then(Value::as_i64).unwrap_or_default()
}

/// The members of a map of strings, in the order of its keys.
fn each_string<'a>(
    map: &'a Map<String, Value>,
    field: &str,
    mut each: impl FnMut(&'a str, &'a str),
) {
    let Some(members) = map.get(field).and_then(Value::as_object) else {
        return;
    };
    let mut member =
        |(key, value): (&'a String, &'a Value)| each(key, value.as_str().unwrap_or_default());
    match members.keys().is_sorted() {
        true => members.iter().for_each(&mut member),
        false => sorted(members).into_iter().for_each(&mut member),
    }
}

#[cfg(test)]
mod tests;
