//! Paths inside of volumes.

use crate::registry::pod::errors::{Errors, Path};

pub(crate) fn has_backsteps(file: &str) -> bool {
    file.split('/').any(|part| part == "..")
}

/// `validatePathNoBacksteps`.
pub(crate) fn validate_no_backsteps(file: &str, path: Path<'_>, errors: &mut Errors) {
    if has_backsteps(file) {
        errors.invalid_str(path, file, "must not contain '..'");
    }
}

/// `validateLocalDescendingPath`.
pub(crate) fn validate_descending(file: &str, path: Path<'_>, errors: &mut Errors) {
    if file.starts_with('/') {
        errors.invalid_str(path, file, "must be a relative path");
    }
    validate_no_backsteps(file, path, errors);
}

/// `ValidateLocalNonReservedPath`.
pub(crate) fn validate_not_reserved(file: &str, path: Path<'_>, errors: &mut Errors) {
    validate_descending(file, path, errors);
    if file.starts_with("..") && !file.starts_with("../") {
        errors.invalid_str(path, file, "must not start with '..'");
    }
}
