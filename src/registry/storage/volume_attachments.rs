//! storage.k8s.io VolumeAttachment.

use serde_json::Value;

use crate::names::name_is_dns_subdomain;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::drivers::validate_driver_name;
use crate::registry::validation::go_types::shown;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{members_at, text_at};
use crate::registry::volumes::volume_rules::{Context, validate_spec};
use crate::status::field::FieldError;

pub(in crate::registry) struct VolumeAttachments;

const METADATA_SIZE_MAX: usize = 256 << 10;
const MESSAGE_MAX: usize = 1024;
const ONE_SOURCE: &str = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

impl Strategy for VolumeAttachments {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate(object));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = self.validate(write, object);
        if object["spec"] != old["spec"] {
            let shown = shown("VolumeAttachmentSpec", &object["spec"]);
            let reason = "field is immutable";
            errors.push(FieldError::invalid_shown("spec", shown, reason));
        }
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match column {
            "Attacher" => text_at(spec, "attacher").into(),
            "PV" => text_at(&spec["source"], "persistentVolumeName").into(),
            "Node" => text_at(spec, "nodeName").into(),
            "Attached" => {
                let attached = object["status"]["attached"].as_bool();
                attached.unwrap_or_default().into()
            }
            _ => Value::Null,
        }
    }
}

/// `ValidateVolumeAttachment`.
fn validate(object: &Value) -> Vec<FieldError> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut errors = validate_driver_name(text_at(spec, "attacher"), "spec.attacher");
    errors.extend(validate_source(&spec["source"]));
    let node = text_at(spec, "nodeName");
    let reasons = name_is_dns_subdomain(node, false);
    errors.extend(invalid_each("spec.nodeName", node, reasons));
    let metadata = members_at(status, "attachmentMetadata").into_iter();
    let sizes = metadata.map(|(key, value)| key.len() + value.as_str().unwrap_or_default().len());
    if sizes.sum::<usize>() > METADATA_SIZE_MAX {
        let path = "status.attachmentMetadata";
        errors.push(FieldError::too_long(path, METADATA_SIZE_MAX));
    }
    for field in ["attachError", "detachError"] {
        errors.extend(validate_error(&status[field], &format!("status.{field}")));
    }
    if let Some(name) = spec["source"]["persistentVolumeName"].as_str() {
        let reasons = name_is_dns_subdomain(name, false);
        let path = "spec.source.persistentVolumeName";
        errors.extend(invalid_each(path, name, reasons));
    }
    errors
}

fn validate_source(source: &Value) -> Vec<FieldError> {
    let path = "spec.source";
    let (name, inline) = (&source["persistentVolumeName"], &source["inlineVolumeSpec"]);
    match (name.as_str(), inline.is_null()) {
        (None, true) => vec![FieldError::required(path, ONE_SOURCE)],
        (Some(_), false) => vec![FieldError::forbidden(path, ONE_SOURCE)],
        (Some(""), true) => {
            let reason = "must specify non empty persistentVolumeName";
            let path = format!("{path}.persistentVolumeName");
            vec![FieldError::required(path, reason)]
        }
        (Some(_), true) => Vec::new(),
        (None, false) => {
            let path = format!("{path}.inlineVolumeSpec");
            validate_spec(inline, &Context::Inline, &path)
        }
    }
}

/// `validateVolumeError`, with its wrong limit in the message.
fn validate_error(error: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if text_at(error, "message").len() > MESSAGE_MAX {
        let path = format!("{path}.message");
        errors.push(FieldError::too_long(path, METADATA_SIZE_MAX));
    }
    let code = &error["errorCode"];
    if code.as_i64().is_some_and(|code| code < 0) {
        let reason = format!("must be between 0 and {}, inclusive", i32::MAX);
        let path = format!("{path}.errorCode");
        errors.push(FieldError::invalid(path, code, reason));
    }
    errors
}
