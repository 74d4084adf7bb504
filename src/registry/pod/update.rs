//! What may change of a pod once it is there: `ValidatePodUpdate`.

use serde_json::{Map, Value};

use super::annotations::{self, APP_ARMOR, MIRROR};
use super::create::validate_metadata_and_spec;
use super::errors::{Errors, Path};
use super::formats::MAX_ID;
use super::read::{annotation, entries, list, list_mut, member, number, text};
use super::spec::{Leniency, tolerations, validate_only_for_pod};
use super::{diff, internal};
use crate::object::object_mut;
use crate::registry::validation::core;
use crate::status::field::FieldError;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const MAY_CHANGE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

pub(super) fn validate(pod: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    validate_common(pod, old, &mut errors);
    validate_annotations(pod, old, &mut errors);
    validate_spec(&pod["spec"], &old["spec"], &mut errors);
    errors.0
}

/// What is checked of every new spec.
pub(super) fn validate_common(pod: &Value, old: &Value, errors: &mut Errors) {
    errors.extend(core::validate_object_meta_update(pod, old));
    validate_metadata_and_spec(pod, Leniency::of(Some(&old["spec"])), errors);
}

/// `ValidatePodSpecificAnnotationUpdates`.
pub(super) fn validate_annotations(pod: &Value, old: &Value, errors: &mut Errors) {
    let (meta, before) = (&pod["metadata"], &old["metadata"]);
    let path = "metadata.annotations";
    for (key, value) in entries(before, "annotations") {
        if annotation(meta, key) == value.as_str() {
            continue;
        }
        if key.starts_with(APP_ARMOR) {
            let detail = "may not remove or update AppArmor annotations";
            errors.forbidden(format_args!("{path}[{key}]"), detail);
        }
        if key == MIRROR {
            let detail = "may not remove or update mirror pod annotation";
            errors.forbidden(format_args!("{path}[{key}]"), detail);
        }
    }
    for (key, _) in entries(meta, "annotations") {
        if annotation(before, key).is_some() {
            continue;
        }
        if key.starts_with(APP_ARMOR) {
            let detail = "may not add AppArmor annotations";
            errors.forbidden(format_args!("{path}[{key}]"), detail);
        }
        if key == MIRROR {
            let detail = "may not add mirror pod annotation";
            errors.forbidden(format_args!("{path}[{key}]"), detail);
        }
    }
    annotations::validate(meta, &pod["spec"], &path, errors);
}

fn validate_spec(spec: &Value, old: &Value, errors: &mut Errors) {
    for field in ["containers", "initContainers"] {
        if !validate_images(spec, old, field, errors) {
            return;
        }
    }
    if !validate_deadline(spec, old, errors) {
        return;
    }
    validate_tolerations(spec, old, errors);
    validate_gates(spec, old, errors);
    if spec == old {
        return;
    }
    let mut munged = with_what_may_change(spec, old);
    if !list(old, "schedulingGates").is_empty() {
        allow_placing(&mut munged, old, errors);
    }
    if munged != *old {
        let shown = diff::unified(
            &internal::pretty("PodSpec", old),
            &internal::pretty("PodSpec", &munged),
        );
        let detail = format!("pod updates may not change fields other than {MAY_CHANGE}\n{shown}");
        errors.forbidden("spec", detail);
    }
}

/// `ValidateContainerUpdates`; tells whether the containers can be compared.
fn validate_images(spec: &Value, old: &Value, field: &str, errors: &mut Errors) -> bool {
    let containers = list(spec, field);
    if containers.len() != list(old, field).len() {
        let detail = "pod updates may not add or remove containers";
        errors.forbidden(format_args!("spec.{field}"), detail);
        return false;
    }
    for (i, container) in containers.iter().enumerate() {
        if text(container, "image").is_empty() {
            errors.required(format_args!("spec.{field}[{i}].image"), "");
        }
        validate_only_for_pod(container, &format_args!("spec.{field}[{i}]"), errors);
    }
    true
}

/// A deadline may come, and come closer.
fn validate_deadline(spec: &Value, old: &Value, errors: &mut Errors) -> bool {
    let path = "spec.activeDeadlineSeconds";
    let before = number(old, "activeDeadlineSeconds");
    match number(spec, "activeDeadlineSeconds") {
        Some(seconds) if !(0..=MAX_ID).contains(&seconds) => {
            errors.range(path, seconds, 0, MAX_ID);
            false
        }
        Some(seconds) if before.is_some_and(|before| before < seconds) => {
            let detail = "must be less than or equal to previous value";
            errors.invalid(path, &seconds.into(), detail);
            false
        }
        None if before.is_some() => {
            let detail = "must not update from a positive integer to nil value";
            errors.invalid(path, &Value::Null, detail);
            true
        }
        _ => true,
    }
}

/// `validateOnlyAddedTolerations`.
fn validate_tolerations(spec: &Value, old: &Value, errors: &mut Errors) {
    let without_time = |toleration: &Value| {
        let mut toleration = toleration.clone();
        object_mut(&mut toleration).remove("tolerationSeconds");
        toleration
    };
    let new: Vec<Value> = list(spec, "tolerations").iter().map(without_time).collect();
    let mut before = list(old, "tolerations").iter().map(without_time);
    let path = "spec.tolerations";
    if !before.all(|toleration| new.contains(&toleration)) {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        return errors.forbidden(path, detail);
    }
    tolerations::validate(list(spec, "tolerations"), &path, errors);
}

/// `validateOnlyDeletedSchedulingGates`.
fn validate_gates(spec: &Value, old: &Value, errors: &mut Errors) {
    let before = list(old, "schedulingGates");
    let is_new = |name: &str| before.iter().all(|gate| text(gate, "name") != name);
    let mut added: Vec<(&str, usize)> = Vec::new();
    for (i, gate) in list(spec, "schedulingGates").iter().enumerate() {
        let name = text(gate, "name");
        added.retain(|(other, _)| *other != name);
        if is_new(name) {
            added.push((name, i));
        }
    }
    added.sort_unstable();
    for (name, i) in added {
        let at = format_args!("spec.schedulingGates[{i}].name");
        let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
        errors.forbidden(at, detail);
    }
}

/// The new spec with the old one's in the place of all that may change.
fn with_what_may_change(spec: &Value, old: &Value) -> Value {
    let mut munged = spec.clone();
    for field in ["containers", "initContainers"] {
        for (container, before) in list_mut(&mut munged, field).zip(list(old, field)) {
            container["image"] = before["image"].clone();
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        put_back(&mut munged, old, field);
    }
    let grace = "terminationGracePeriodSeconds";
    if number(old, grace).is_some_and(|seconds| seconds < 0) && number(&munged, grace) == Some(1) {
        put_back(&mut munged, old, grace);
    }
    munged
}

fn put_back(to: &mut Value, old: &Value, field: &str) {
    let fields = object_mut(to);
    match member(old, field) {
        Some(value) => fields.insert(field.to_owned(), value.clone()),
        None => fields.remove(field),
    };
}

/// A pod that waits at a gate may still be told where to go, more narrowly than before.
fn allow_placing(munged: &mut Value, old: &Value, errors: &mut Errors) {
    let selector = |spec: &Value| {
        let selector = spec.get("nodeSelector").and_then(Value::as_object);
        selector.cloned().unwrap_or_default()
    };
    let (new, before): (Map<_, _>, Map<_, _>) = (selector(munged), selector(old));
    if new != before {
        let keeps = before
            .iter()
            .all(|(key, value)| new.get(key) == Some(value));
        if !keeps {
            let detail =
                "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            errors.invalid("spec.nodeSelector", &Value::Object(new), detail);
        }
        put_back(munged, old, "nodeSelector");
    }
    let nodes = |spec: &Value| member(&spec["affinity"], "nodeAffinity").cloned();
    let (new, before) = (nodes(munged), nodes(old));
    if new == before {
        return;
    }
    validate_node_affinity(new.as_ref(), before.as_ref(), errors);
    let is_alone = ["podAffinity", "podAntiAffinity"]
        .into_iter()
        .all(|field| member(&munged["affinity"], field).is_none());
    if member(old, "affinity").is_none() && is_alone {
        object_mut(munged).remove("affinity");
    } else {
        match before {
            Some(before) => munged["affinity"]["nodeAffinity"] = before,
            None => {
                object_mut(&mut munged["affinity"]).remove("nodeAffinity");
            }
        }
    }
}

/// `validateNodeAffinityMutation`.
fn validate_node_affinity(new: Option<&Value>, old: Option<&Value>, errors: &mut Errors) {
    let path = format!("spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms");
    let terms = |affinity: Option<&Value>| {
        let selector = affinity.map(|affinity| &affinity[REQUIRED]);
        selector.map_or_else(Vec::new, |selector| {
            list(selector, "nodeSelectorTerms").to_vec()
        })
    };
    let (new, old) = (terms(new), terms(old));
    if old.is_empty() {
        return;
    }
    let show = |term: &Value| internal::compact("NodeSelectorTerm", term);
    if new.len() != old.len() {
        let shown: Vec<String> = new.iter().map(show).collect();
        let shown = match shown.as_slice() {
            [] => "null".to_owned(),
            shown => format!("[{}]", shown.join(",")),
        };
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        return errors.invalid_shown(&path, shown, detail);
    }
    for (i, (new, old)) in new.iter().zip(&old).enumerate() {
        if !has_only_additions(new, old) {
            let at: Path<'_> = &format_args!("{path}[{i}]");
            let detail = "only additions are allowed (no mutations or deletions)";
            errors.invalid_shown(at, show(new), detail);
        }
    }
}

fn has_only_additions(new: &Value, old: &Value) -> bool {
    let fields = ["matchExpressions", "matchFields"];
    if fields.iter().all(|field| list(old, field).is_empty()) {
        return fields.iter().all(|field| list(new, field).is_empty());
    }
    fields
        .iter()
        .all(|field| list(new, field).starts_with(list(old, field)))
}
