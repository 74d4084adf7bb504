//! core/v1 PersistentVolumeClaim.

use serde_json::{Value, json};

use super::{CLASS_ANNOTATION, access_modes_cell, claim_rules as rules, round_amounts};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::quantity::amount;
use crate::registry::validation::read::{annotation, text_at, texts_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct PersistentVolumeClaims;

impl Strategy for PersistentVolumeClaims {
    fn set_defaults(&self, object: &mut Value) {
        for (part, field) in [
            ("/spec/resources", "requests"),
            ("/spec/resources", "limits"),
            ("/status", "capacity"),
            ("/status", "allocatedResources"),
        ] {
            let amounts = object
                .pointer_mut(part)
                .and_then(|part| part.get_mut(field));
            amounts.into_iter().for_each(round_amounts);
        }
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        declared::reset(write, object, None);
        object["status"] = json!({"phase": "Pending"});
        prepare_sources(object, None);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        if write.subresource.is_empty() {
            prepare_sources(object, Some(old));
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(rules::validate_spec(&object["spec"], None, "spec"));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        if write.subresource.is_empty() {
            errors.extend(declared::validate(write, object));
            let (spec, before) = (&object["spec"], &old["spec"]);
            errors.extend(rules::validate_spec(spec, Some(before), "spec"));
            errors.extend(rules::validate_change(object, old));
        } else {
            errors.extend(rules::validate_status(object));
        }
        errors
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
        let (spec, status) = (&object["spec"], &object["status"]);
        let or_unset = |field: &str| spec[field].as_str().unwrap_or("<unset>").into();
        let is_bound = !text_at(spec, "volumeName").is_empty();
        match column {
            "Status" if object["metadata"]["deletionTimestamp"].is_string() => "Terminating".into(),
            "Status" => text_at(status, "phase").into(),
            "Volume" => text_at(spec, "volumeName").into(),
            "Capacity" | "Access Modes" if !is_bound => "".into(),
            "Capacity" => status["capacity"]["storage"].as_str().unwrap_or("0").into(),
            "Access Modes" => access_modes_cell(&texts_at(status, "accessModes")).into(),
            "StorageClass" => annotation(object, CLASS_ANNOTATION)
                .unwrap_or_else(|| text_at(spec, "storageClassName"))
                .into(),
            "VolumeAttributesClass" => or_unset("volumeAttributesClassName"),
            "VolumeMode" => or_unset("volumeMode"),
            _ => Value::Null,
        }
    }
}

/// `GetWarningsForPersistentVolumeClaim`.
fn warnings(object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    if annotation(object, CLASS_ANNOTATION).is_some() {
        warnings.push(format!(
            "metadata.annotations[{CLASS_ANNOTATION}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    for part in ["requests", "limits"] {
        let Some(amount) = amount(&object["spec"]["resources"][part]["storage"]) else {
            continue;
        };
        if amount.milli_value() % 1000 != 0 {
            warnings.push(format!(
                "spec.resources.{part}[storage]: fractional byte value \"{}\" is invalid, must be an integer",
                amount.as_str()
            ));
        }
    }
    warnings
}

/// Of the two fields for a source the older knows fewer; what one says, the other says too.
fn prepare_sources(object: &mut Value, old: Option<&Value>) {
    let Some(spec) = object["spec"].as_object_mut() else {
        return;
    };
    let old = old.map_or(&Value::Null, |old| &old["spec"]);
    let is_foreign = |reference: &Value| !text_at(reference, "namespace").is_empty();
    if old["dataSourceRef"].is_null() && spec.get("dataSourceRef").is_some_and(is_foreign) {
        spec.remove("dataSourceRef");
    }
    let had_source = !old["dataSource"].is_null() || !old["dataSourceRef"].is_null();
    if !had_source && !spec.contains_key("dataSourceRef") {
        let is_known = spec.get("dataSource").is_some_and(is_claim_or_snapshot);
        if !is_known {
            spec.remove("dataSource");
        }
    }
    match (spec.get("dataSource"), spec.get("dataSourceRef")) {
        (Some(source), None) => {
            let source = without_namespace(source);
            spec.insert("dataSourceRef".to_owned(), source);
        }
        (None, Some(reference)) if !is_foreign(reference) => {
            let source = without_namespace(reference);
            spec.insert("dataSource".to_owned(), source);
        }
        _ => {}
    }
}

fn without_namespace(reference: &Value) -> Value {
    let mut copy = reference.clone();
    copy.as_object_mut().map(|copy| copy.remove("namespace"));
    copy
}

fn is_claim_or_snapshot(source: &Value) -> bool {
    matches!(
        (text_at(source, "apiGroup"), text_at(source, "kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    )
}
