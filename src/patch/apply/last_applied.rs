//! From client-side to server-side apply: what kubectl left in its annotation.
//!
//! Client-side apply keeps the whole configuration in an annotation. When `kubectl` itself applies to such an object,
//! the fields that are still as that annotation says were kubectl's all along and make no conflict, and the annotation
//! is kept up to date so that the way back stays open.

use serde_json::{Map, Value};

use super::compare::compare;
use super::config::validate;
use super::conflicts::Conflict;
use super::fields::field_set;
use super::set::Set;
use crate::codec::json::{self, compact};
use crate::kinds::StructRef;

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The only manager any of this is for.
const KUBECTL: &str = "kubectl";
/// `ValidateAnnotationsSize`: all keys and values together.
const MAX_ANNOTATIONS_SIZE: usize = 256 * 1024;

/// The conflicts that remain when those over fields unchanged since the last client-side apply do not count.
pub(crate) fn remaining(
    conflicts: Vec<Conflict>,
    live: &Value,
    schema: &StructRef,
    manager: &str,
    api_version: &str,
) -> Vec<Conflict> {
    if manager != KUBECTL {
        return conflicts;
    }
    match unchanged(live, schema, api_version) {
        Some(allowed) => conflicts
            .into_iter()
            .filter(|conflict| !allowed.contains(&conflict.path))
            .collect(),
        None => conflicts,
    }
}

/// The fields of the last applied configuration that the live object still has with these values.
fn unchanged(live: &Value, schema: &StructRef, api_version: &str) -> Option<Set> {
    let last = json::parse(annotation(live)?.as_bytes()).ok()?.to_value();
    let usable = last["apiVersion"].as_str() == Some(api_version)
        && last["kind"].as_str().is_some_and(|kind| !kind.is_empty())
        && validate(&last, schema).is_ok();
    if !usable {
        return None;
    }
    let comparison = compare(&last, live, schema);
    Some(
        field_set(&last, schema)
            .difference(&comparison.changed())
            .difference(&comparison.removed),
    )
}

fn annotation(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"][ANNOTATION]
        .as_str()
        .filter(|text| !text.is_empty())
}

/// Rewrites the annotation to the configuration that was just applied, where there is one.
pub(crate) fn keep_up_to_date(object: &mut Value, config: &Value, manager: &str) {
    if manager != KUBECTL || annotation(object).is_none() {
        return;
    }
    let mut config = config.clone();
    if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
        forget(metadata);
    }
    let Some(annotations) = object
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    annotations.insert(
        ANNOTATION.to_owned(),
        format!("{}\n", compact(&config)).into(),
    );
    let size: usize = annotations
        .iter()
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > MAX_ANNOTATIONS_SIZE {
        annotations.remove(ANNOTATION);
    }
}

/// Takes the annotation out of a configuration. Annotations that are not all strings read as none upstream, and go.
fn forget(metadata: &mut Map<String, Value>) {
    match metadata.get_mut("annotations") {
        Some(Value::Object(annotations)) if annotations.values().all(Value::is_string) => {
            annotations.remove(ANNOTATION);
        }
        _ => {
            metadata.remove("annotations");
        }
    }
}
