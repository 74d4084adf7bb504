//! `pods/ephemeralcontainers`: containers that come into a running pod and stay.

use serde_json::Value;

use super::annotations::MIRROR;
use super::errors::Errors;
use super::read::{annotation, list, text};
use super::update::{validate_annotations, validate_common};
use super::{diff, internal, reset_metadata};
use crate::object::object_mut;
use crate::status::field::FieldError;

/// `dropNonEphemeralContainerUpdates`.
pub(super) fn prepare(pod: &mut Value, old: &Value) {
    let added = pod["spec"].get("ephemeralContainers").cloned();
    pod["spec"] = old["spec"].clone();
    pod["status"] = old["status"].clone();
    reset_metadata(pod, old);
    let fields = object_mut(&mut pod["spec"]);
    match added {
        Some(added) => fields.insert("ephemeralContainers".to_owned(), added),
        None => fields.remove("ephemeralContainers"),
    };
}

/// `ValidatePodEphemeralContainersUpdate`.
pub(super) fn validate_update(pod: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    if annotation(&old["metadata"], MIRROR).is_some() {
        errors.forbidden("", "static pods do not support ephemeral containers");
        return errors.0;
    }
    validate_common(pod, old, &mut errors);
    validate_annotations(pod, old, &mut errors);
    let path = "spec.ephemeralContainers";
    let new = list(&pod["spec"], "ephemeralContainers");
    for old in list(&old["spec"], "ephemeralContainers") {
        let name = text(old, "name");
        let quoted = crate::codec::quote::quote(name);
        match new
            .iter()
            .rfind(|container| text(container, "name") == name)
        {
            None => {
                let detail = format!("existing ephemeral containers {quoted} may not be removed\n");
                errors.forbidden(path, detail);
            }
            Some(new) if new != old => {
                let shown = diff::unified(
                    &internal::pretty("EphemeralContainer", old),
                    &internal::pretty("EphemeralContainer", new),
                );
                let detail =
                    format!("existing ephemeral containers {quoted} may not be changed\n{shown}");
                errors.forbidden(path, detail);
            }
            Some(_) => {}
        }
    }
    errors.0
}
