//! resource.k8s.io ResourceClaimTemplate.

use serde_json::Value;

use super::{request, validate_admin};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::go_types::shown;
use crate::registry::validation::meta::{validate_annotations, validate_labels};
use crate::status::field::FieldError;

pub(in crate::registry) struct ResourceClaimTemplates;

/// What the metadata of a template cannot say, and what upstream calls it.
const OTHERS: [(&str, &str); 12] = [
    ("name", "name"),
    ("generateName", "generateName"),
    ("namespace", "namespace"),
    ("selfLink", "selfLink"),
    ("uid", "uID"),
    ("resourceVersion", "resourceVersion"),
    ("generation", "generation"),
    ("creationTimestamp", "creationTimestamp"),
    ("deletionTimestamp", "deletionTimestamp"),
    ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
    ("ownerReferences", "ownerReferences"),
    ("finalizers", "finalizers"),
];

impl Strategy for ResourceClaimTemplates {
    fn set_defaults(&self, object: &mut Value) {
        request::set_defaults(&mut object["spec"]["spec"]);
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let claim = &object["spec"]["spec"];
        let admin = request::admin_request(claim, "spec");
        let mut errors: Vec<FieldError> = admin
            .and_then(|path| validate_admin(write, object, path))
            .into_iter()
            .collect();
        errors.extend(validate(write, object));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = validate(write, object);
        errors.extend(declared::validate_update(write, object, old));
        if object["spec"] != old["spec"] {
            let shown = shown("ResourceClaimTemplateSpec", &object["spec"]);
            errors.push(FieldError::invalid_shown(
                "spec",
                shown,
                "field is immutable",
            ));
        }
        errors
    }
}

/// `ValidateResourceClaimTemplate`.
fn validate(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let mut errors = declared::validate(write, object);
    if let Some(meta) = object["spec"]["metadata"].as_object() {
        errors.extend(validate_annotations(meta, "spec.metadata"));
        errors.extend(validate_labels(meta, "labels", "spec.metadata"));
        let others = OTHERS.iter().filter(|(field, _)| meta.contains_key(*field));
        errors.extend(others.map(|(_, shown)| {
            FieldError::forbidden(format!("spec.metadata.{shown}"), "cannot be set")
        }));
    }
    errors.extend(request::validate(&object["spec"]["spec"], "spec.spec"));
    errors
}
