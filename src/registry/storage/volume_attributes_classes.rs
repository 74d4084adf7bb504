//! storage.k8s.io VolumeAttributesClass.

use serde_json::Value;

use super::{validate_parameters, validate_provisioner};
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::read::text_at;
use crate::status::field::FieldError;

pub(in crate::registry) struct VolumeAttributesClasses;

impl Strategy for VolumeAttributesClasses {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_provisioner(object, "driverName"));
        errors.extend(validate_parameters(object, false));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        for field in ["driverName", "parameters"] {
            if object[field] != old[field] {
                let reason = format!("updates to {field} are forbidden.");
                errors.push(FieldError::forbidden(field, reason));
            }
        }
        errors.extend(self.validate(write, object));
        errors
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        text_at(object, "driverName").into()
    }
}
