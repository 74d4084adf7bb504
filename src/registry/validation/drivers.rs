//! Names of storage drivers.

use super::meta::invalid_each;
use crate::names::is_dns1123_subdomain;
use crate::status::field::FieldError;

const DRIVER_NAME_MAX: usize = 63;

/// `ValidateCSIDriverName` of `pkg/apis/core/validation`.
pub(crate) fn validate_driver_name(name: &str, path: &str) -> Vec<FieldError> {
    if name.is_empty() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    if name.len() > DRIVER_NAME_MAX {
        errors.push(FieldError::too_long(path, DRIVER_NAME_MAX));
    }
    let reasons = is_dns1123_subdomain(&name.to_lowercase());
    errors.extend(invalid_each(path, name, reasons));
    errors
}
