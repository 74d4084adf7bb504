//! storage.k8s.io.

pub(super) mod csi_drivers;
pub(super) mod csi_nodes;
pub(super) mod csi_storage_capacities;
pub(super) mod storage_classes;
pub(super) mod volume_attachments;
pub(super) mod volume_attributes_classes;

use serde_json::Value;

use super::validation::meta::invalid_each;
use super::validation::read::{members_at, text_at};
use crate::names::is_qualified_name;
use crate::status::field::FieldError;

const PARAMETERS_MAX: usize = 512;
const PARAMETERS_SIZE_MAX: usize = 256 << 10;
/// `validateProvisioner`.
fn validate_provisioner(object: &Value, field: &str) -> Vec<FieldError> {
    match text_at(object, field) {
        "" => vec![FieldError::required(field, "")],
        name => {
            let name = name.to_lowercase();
            invalid_each(field, &name, is_qualified_name(&name))
        }
    }
}

/// `validateParameters`.
fn validate_parameters(object: &Value, may_be_empty: bool) -> Vec<FieldError> {
    let path = "parameters";
    let parameters = members_at(object, path);
    if parameters.len() > PARAMETERS_MAX {
        return vec![FieldError::too_long(path, PARAMETERS_MAX)];
    }
    let mut errors = Vec::new();
    if parameters.iter().any(|(key, _)| key.is_empty()) {
        errors.push(FieldError::invalid_str(path, "", "field can not be empty."));
    }
    let sizes = parameters
        .iter()
        .map(|(key, value)| key.len() + value.as_str().unwrap_or_default().len());
    if sizes.sum::<usize>() > PARAMETERS_SIZE_MAX {
        errors.push(FieldError::too_long(path, PARAMETERS_SIZE_MAX));
    }
    if !may_be_empty && parameters.is_empty() {
        let reason = "must contain at least one key/value pair";
        errors.push(FieldError::required(path, reason));
    }
    errors
}
