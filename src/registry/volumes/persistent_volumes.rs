//! core/v1 PersistentVolume.

use serde_json::{Value, json};

use super::volume_rules::{Context, validate_spec};
use super::{CLASS_ANNOTATION, MOUNT_ANNOTATION, access_modes_cell, round_amounts, sources};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::go_types::{diff, shown};
use crate::registry::validation::node_selector::node_selector_warnings;
use crate::registry::validation::read::{annotation, list_at, text_at, texts_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct PersistentVolumes;

/// Labels of nodes that may take the place of older ones.
const RENAMED: [(&str, &str); 5] = [
    (
        "failure-domain.beta.kubernetes.io/zone",
        "topology.kubernetes.io/zone",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/region",
    ),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    (
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
    ),
];

impl Strategy for PersistentVolumes {
    fn set_defaults(&self, object: &mut Value) {
        let spec = &mut object["spec"];
        if text_at(spec, "persistentVolumeReclaimPolicy").is_empty() {
            spec["persistentVolumeReclaimPolicy"] = "Retain".into();
        }
        if spec["volumeMode"].is_null() {
            spec["volumeMode"] = "Filesystem".into();
        }
        round_amounts(&mut spec["capacity"]);
        if spec["capacity"].is_null() {
            spec.as_object_mut().map(|spec| spec.remove("capacity"));
        }
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        declared::reset(write, object, None);
        object["status"] = json!({"phase": "Pending", "lastPhaseTransitionTime": write.now});
    }

    /// The time of a change of phase is that of the server, unless the client knows better.
    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        if write.subresource.is_empty() {
            return;
        }
        let field = "lastPhaseTransitionTime";
        let (now, before) = (&object["status"], &old["status"]);
        let is_same_phase = text_at(now, "phase") == text_at(before, "phase");
        let time = match (is_same_phase, &now[field]) {
            (true, Value::Null) => before[field].clone(),
            (false, time) if time.is_null() || *time == before[field] => write.now.into(),
            _ => return,
        };
        if !time.is_null() {
            object["status"][field] = time;
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate(write, object);
        errors.extend(validate_mount_annotation(object));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        if !write.subresource.is_empty() {
            return core::validate_object_meta_update(object, old);
        }
        let mut errors = self.validate(write, object);
        errors.extend(validate(write, object));
        errors.extend(validate_change(&object["spec"], &old["spec"]));
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        warnings(object)
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<String> {
        match write.subresource {
            "" => warnings(object),
            _ => Vec::new(),
        }
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        cell(column, object)
    }
}

fn cell(column: &str, object: &Value) -> Value {
    let (spec, status) = (&object["spec"], &object["status"]);
    let or_unset = |field: &str| spec[field].as_str().unwrap_or("<unset>").into();
    match column {
        "Capacity" => spec["capacity"]["storage"].as_str().unwrap_or("0").into(),
        "Access Modes" => access_modes_cell(&texts_at(spec, "accessModes")).into(),
        "Reclaim Policy" => text_at(spec, "persistentVolumeReclaimPolicy").into(),
        "Status" if object["metadata"]["deletionTimestamp"].is_string() => "Terminating".into(),
        "Status" => text_at(status, "phase").into(),
        "Claim" => match &spec["claimRef"] {
            Value::Null => "".into(),
            claim => format!("{}/{}", text_at(claim, "namespace"), text_at(claim, "name")).into(),
        },
        "StorageClass" => annotation(object, CLASS_ANNOTATION)
            .unwrap_or_else(|| text_at(spec, "storageClassName"))
            .into(),
        "VolumeAttributesClass" => or_unset("volumeAttributesClassName"),
        "Reason" => text_at(status, "reason").into(),
        "VolumeMode" => or_unset("volumeMode"),
        _ => Value::Null,
    }
}

/// `GetWarningsForPersistentVolume`.
fn warnings(object: &Value) -> Vec<String> {
    let spec = &object["spec"];
    let mut warnings = Vec::new();
    for (key, message) in [
        (
            CLASS_ANNOTATION,
            "deprecated since v1.8; use \"storageClassName\" attribute instead",
        ),
        (
            MOUNT_ANNOTATION,
            "deprecated since v1.31; use \"mountOptions\" attribute instead",
        ),
    ] {
        if annotation(object, key).is_some() {
            warnings.push(format!("metadata.annotations[{key}]: {message}"));
        }
    }
    let affinity = &spec["nodeAffinity"]["required"];
    let selected = node_selector_warnings(affinity, "spec.nodeAffinity.required");
    if text_at(spec, "persistentVolumeReclaimPolicy") == "Recycle" {
        warnings.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned());
    }
    warnings.extend(selected);
    warnings.extend(sources::warnings(spec));
    warnings
}

/// `ValidatePersistentVolume`.
fn validate(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let mut errors = declared::validate(write, object);
    let name = text_at(&object["metadata"], "name");
    errors.extend(validate_spec(
        &object["spec"],
        &Context::Volume(name),
        "spec",
    ));
    errors
}

/// Only some volumes are mounted with the options of an annotation.
fn validate_mount_annotation(object: &Value) -> Option<FieldError> {
    let reason = "may not specify mount options for this volume type";
    let path = format!("metadata.annotations.{MOUNT_ANNOTATION}");
    let is_wrong =
        annotation(object, MOUNT_ANNOTATION).is_some() && !sources::is_mountable(&object["spec"]);
    is_wrong.then(|| FieldError::forbidden(path, reason))
}

/// What `ValidatePersistentVolumeUpdate` adds.
fn validate_change(spec: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut source = spec.clone();
    let secret = "controllerExpandSecretRef";
    if old["csi"].is_object() && old["csi"][secret].is_null() && !spec["csi"][secret].is_null() {
        source["csi"].as_object_mut().map(|csi| csi.remove(secret));
    }
    if !sources::are_equal(&source, old) {
        let shown = diff("PersistentVolumeSource", old, &source);
        let reason = format!("spec.persistentvolumesource is immutable after creation\n{shown}");
        errors.push(FieldError::forbidden("spec.persistentvolumesource", reason));
    }
    if spec["volumeMode"] != old["volumeMode"] {
        let mode = &spec["volumeMode"];
        errors.push(FieldError::invalid(
            "volumeMode",
            mode,
            "field is immutable",
        ));
    }
    let affinity = &spec["nodeAffinity"];
    if !old["nodeAffinity"].is_null() && !is_same_affinity(affinity, &old["nodeAffinity"]) {
        let shown = shown("VolumeNodeAffinity", affinity);
        let reason = "field is immutable, except for updating from beta label to GA";
        errors.push(FieldError::invalid_shown("nodeAffinity", shown, reason));
    }
    let class = "volumeAttributesClassName";
    if !old[class].is_null() && spec[class].is_null() {
        let reason = "update from non-nil value to nil is forbidden";
        errors.push(FieldError::forbidden(format!("spec.{class}"), reason));
    }
    errors
}

/// Whether nothing changed but the names of labels.
fn is_same_affinity(new: &Value, old: &Value) -> bool {
    let mut renamed = old.clone();
    let terms = |affinity: &Value| list_at(&affinity["required"], "nodeSelectorTerms").to_vec();
    for (i, term) in terms(new).iter().enumerate() {
        for part in ["matchExpressions", "matchFields"] {
            for (j, requirement) in list_at(term, part).iter().enumerate() {
                let old = &mut renamed["required"]["nodeSelectorTerms"];
                let old = old
                    .get_mut(i)
                    .and_then(|term| term.get_mut(part)?.get_mut(j));
                let Some(old) = old else { continue };
                let pair = (text_at(old, "key"), text_at(requirement, "key"));
                if RENAMED.contains(&pair) {
                    old["key"] = requirement["key"].clone();
                }
            }
        }
    }
    *new == renamed
}
