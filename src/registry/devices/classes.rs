//! resource.k8s.io DeviceClass.

use serde_json::Value;

use super::{validate_configuration, validate_items, validate_selectors};
use crate::names::is_qualified_name;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::read::list_at;
use crate::status::field::FieldError;

pub(in crate::registry) struct DeviceClasses;

const CONFIG_MAX: usize = 32;
const REQUESTS_PREFIX: &str = "requests.";

impl Strategy for DeviceClasses {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(declared::validate_update(write, object, old));
        errors.extend(validate_spec(&object["spec"]));
        errors
    }
}

/// `validateDeviceClassSpec`.
fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let mut errors = validate_selectors(spec, "spec");
    let config = list_at(spec, "config");
    errors.extend(validate_items(
        config,
        CONFIG_MAX,
        "spec.config",
        validate_configuration,
    ));
    if let Some(name) = spec["extendedResourceName"].as_str()
        && !is_extended_resource(name)
    {
        let reason = "must be a valid extended resource name";
        errors.push(FieldError::invalid_str(
            "spec.extendedResourceName",
            name,
            reason,
        ));
    }
    errors
}

/// `IsExtendedResourceName`.
fn is_extended_resource(name: &str) -> bool {
    let is_native = !name.contains('/') || name.contains("kubernetes.io/");
    !is_native
        && !name.starts_with(REQUESTS_PREFIX)
        && is_qualified_name(&format!("{REQUESTS_PREFIX}{name}")).is_empty()
}
