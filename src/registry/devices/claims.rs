//! resource.k8s.io ResourceClaim.

use serde_json::Value;

use super::{request, status, validate_admin};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::go_types::shown;
use crate::registry::validation::read::list_at;
use crate::status::field::FieldError;

pub(in crate::registry) struct ResourceClaims;

impl Strategy for ResourceClaims {
    fn set_defaults(&self, object: &mut Value) {
        request::set_defaults(&mut object["spec"]);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        if !write.subresource.is_empty() {
            status::drop_released(object, old);
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let spec = &object["spec"];
        let admin = request::admin_request(spec, "spec");
        let mut errors: Vec<FieldError> = admin
            .and_then(|path| validate_admin(write, object, path))
            .into_iter()
            .collect();
        errors.extend(declared::validate(write, object));
        errors.extend(request::validate(spec, "spec"));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        if !write.subresource.is_empty() {
            let mut errors = status::validate_admin_access(write, object, old);
            errors.extend(core::validate_object_meta_update(object, old));
            errors.extend(status::validate(object, old));
            return errors;
        }
        let mut errors = declared::validate(write, object);
        errors.extend(declared::validate_update(write, object, old));
        if object["spec"] != old["spec"] {
            let shown = shown("ResourceClaimSpec", &object["spec"]);
            errors.push(FieldError::invalid_shown(
                "spec",
                shown,
                "field is immutable",
            ));
        }
        errors
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        state(object).into()
    }
}

/// `allocated,reserved`
fn state(object: &Value) -> String {
    let is_going = object["metadata"]["deletionTimestamp"].is_string();
    let is_allocated = !object["status"]["allocation"].is_null();
    let is_reserved = !list_at(&object["status"], "reservedFor").is_empty();
    let states = [
        (is_going, "deleted"),
        (!is_allocated && !is_going, "pending"),
        (is_allocated, "allocated"),
        (is_allocated && is_reserved, "reserved"),
    ];
    let states = states.into_iter().filter(|(holds, _)| *holds);
    states.map(|(_, state)| state).collect::<Vec<_>>().join(",")
}
