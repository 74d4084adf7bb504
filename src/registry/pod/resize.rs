//! `pods/resize`: more or less cpu and memory for a running pod.

use serde_json::{Value, json};

use super::annotations::MIRROR;
use super::errors::Errors;
use super::read::{annotation, entries, is_restartable, is_set, list, list_mut, member, text};
use super::update::validate_common;
use super::{amounts, reset_metadata};
use crate::object::object_mut;
use crate::status::field::FieldError;

const LISTS: [&str; 2] = ["containers", "initContainers"];

/// `dropNonResizeUpdates`. Where the containers are not the same, validation tells so.
pub(super) fn prepare(pod: &mut Value, old: &Value) {
    let (new, before) = (&pod["spec"], &old["spec"]);
    if LISTS
        .iter()
        .any(|field| list(new, field).len() != list(before, field).len())
    {
        return;
    }
    let mut spec = before.clone();
    for field in LISTS {
        let (own, there) = (list(new, field), list(before, field));
        let is_same = own
            .iter()
            .zip(there)
            .all(|(own, there)| text(own, "name") == text(there, "name"));
        if !is_same {
            spec[field] = new[field].clone();
            continue;
        }
        for (container, own) in list_mut(&mut spec, field).zip(own) {
            for part in ["resources", "resizePolicy"] {
                put(container, own, part);
            }
        }
    }
    put(&mut spec, new, "resources");
    pod["spec"] = spec;
    pod["status"] = old["status"].clone();
    reset_metadata(pod, old);
}

fn put(to: &mut Value, from: &Value, field: &str) {
    match member(from, field) {
        Some(value) => object_mut(to).insert(field.to_owned(), value.clone()),
        None => object_mut(to).remove(field),
    };
}

/// `ValidatePodResize`.
pub(super) fn validate_update(pod: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    let refusal = match text(&old["spec"]["os"], "name") {
        _ if annotation(&old["metadata"], MIRROR).is_some() => "static pods cannot be resized",
        "windows" => "windows pods cannot be resized",
        _ => "",
    };
    if !refusal.is_empty() {
        errors.forbidden("", refusal);
        return errors.0;
    }
    validate_common(pod, old, &mut errors);
    let class = match text(&old["status"], "qosClass") {
        "" => amounts::qos_class(&old["spec"]),
        class => class,
    };
    if class != amounts::qos_class(&pod["spec"]) {
        let detail = "Pod QOS Class may not change as a result of resizing";
        errors.invalid_str("spec", text(&pod["status"], "qosClass"), detail);
    }
    if !is_supported(&old["status"]) {
        errors.forbidden("spec", "Pod running on node without support for resize");
    }
    let mut munged = pod["spec"].clone();
    validate_pod_level(pod, old, &mut munged, &mut errors);
    let status = "nodeAllocatableResourceClaimStatuses";
    if !list(&old["status"], status).is_empty() {
        let detail = "pods with node allocatable resource claims cannot be resized";
        errors.forbidden("spec", detail);
    }
    if validate_order(pod, old, &mut errors) {
        validate_containers(pod, old, &mut munged, &mut errors);
        if errors.is_empty() && munged != old["spec"] {
            errors.forbidden("spec", "only cpu and memory resources are mutable");
        }
    }
    errors.0
}

/// A node that can resize tells what its running containers have.
fn is_supported(status: &Value) -> bool {
    let running = list(status, "containerStatuses")
        .iter()
        .find(|container| is_set(&container["state"], "running"));
    running.is_none_or(|container| is_set(container, "resources"))
}

/// `validatePodLevelResourcesResize`.
fn validate_pod_level(pod: &Value, old: &Value, munged: &mut Value, errors: &mut Errors) {
    let (new, before) = (
        member(&pod["spec"], "resources"),
        member(&old["spec"], "resources"),
    );
    let says_something = |resources: Option<&Value>| {
        resources.is_some_and(|resources| {
            ["requests", "limits"]
                .iter()
                .any(|field| !entries(resources, field).is_empty())
        })
    };
    if !says_something(new) && !says_something(before) {
        return;
    }
    if before.is_some() && new.is_none() {
        errors.forbidden("spec.resources", "pod-level resources cannot be removed");
        return;
    }
    if let (Some(new), Some(before)) = (new, before) {
        for (field, told) in [("requests", "requests"), ("limits", "limits")] {
            if is_removed(new, before, field) {
                let detail = format!("pod-level resource {told} cannot be removed");
                errors.forbidden(format_args!("spec.resources.{field}"), detail);
            }
        }
    }
    let none = json!({});
    let was_none = before.is_none();
    let before = before.unwrap_or(&none);
    mask(&mut munged["resources"], before);
    let is_empty = ["requests", "limits", "claims"]
        .iter()
        .all(|field| member(&munged["resources"], field).is_none());
    if was_none && is_empty {
        object_mut(munged).remove("resources");
    }
    if munged.get("resources") != old["spec"].get("resources") {
        let detail = "only cpu and memory resources are mutable at pod-level";
        errors.forbidden("spec", detail);
    }
}

/// Puts what was there of cpu and memory in the place of what is wanted.
fn mask(resources: &mut Value, old: &Value) {
    for field in ["limits", "requests"] {
        let mut list = match resources.get_mut(field) {
            Some(list) => std::mem::take(list),
            None => json!({}),
        };
        let amounts = object_mut(&mut list);
        for name in ["cpu", "memory"] {
            match old[field].get(name) {
                Some(amount) => amounts.insert(name.to_owned(), amount.clone()),
                None => amounts.remove(name),
            };
        }
        let is_empty = amounts.is_empty();
        let fields = object_mut(resources);
        match is_empty {
            true => fields.remove(field),
            false => fields.insert(field.to_owned(), list),
        };
    }
}

fn is_removed(new: &Value, old: &Value, field: &str) -> bool {
    entries(old, field)
        .iter()
        .any(|(name, _)| new[field].get(name).is_none())
}

/// `validatePodResizeContainerOrdering`; tells whether the containers can be compared.
fn validate_order(pod: &Value, old: &Value, errors: &mut Errors) -> bool {
    let mut is_same = true;
    for field in LISTS {
        let (new, before) = (list(&pod["spec"], field), list(&old["spec"], field));
        if new.len() != before.len() {
            let detail = format!("{field} may not be added or removed on resize");
            errors.forbidden(format_args!("spec.{field}"), detail);
            is_same = false;
            continue;
        }
        for (i, (new, before)) in new.iter().zip(before).enumerate() {
            if text(new, "name") != text(before, "name") {
                let detail = format!("{field} may not be renamed or reordered on resize");
                errors.forbidden(format_args!("spec.{field}[{i}].name"), detail);
                is_same = false;
            }
        }
    }
    is_same
}

fn validate_containers(pod: &Value, old: &Value, munged: &mut Value, errors: &mut Errors) {
    for field in ["initContainers", "containers"] {
        let all = list(&pod["spec"], field)
            .iter()
            .zip(list(&old["spec"], field));
        for (i, (new, before)) in all.enumerate() {
            for part in ["requests", "limits"] {
                if is_removed(&new["resources"], &before["resources"], part) {
                    let at = format_args!("spec.{field}[{i}].resources.{part}");
                    errors.forbidden(at, format!("resource {part} cannot be removed"));
                }
            }
        }
    }
    for field in LISTS {
        let before = list(&old["spec"], field).iter().enumerate();
        for (container, (i, before)) in list_mut(munged, field).zip(before) {
            let is_modified = container != before;
            mask(&mut container["resources"], &before["resources"]);
            let is_init = field == "initContainers";
            if container != before {
                match is_init {
                    true => errors.forbidden(
                        format_args!("spec.initContainers[{i}]"),
                        "only cpu and memory resources for init or sidecar containers are mutable",
                    ),
                    false => {
                        errors.forbidden("spec", "only cpu and memory resources are mutable");
                    }
                }
            }
            if is_init && is_modified && !is_restartable(container) {
                for policy in list(container, "resizePolicy") {
                    if text(policy, "restartPolicy") == "RestartContainer" {
                        let detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
                        errors.forbidden(format_args!("spec.initContainers[{i}]"), detail);
                    }
                }
            }
        }
    }
}
