//! Amounts inside objects.

use serde_json::Value;

use crate::codec::quantity::Quantity;
use crate::status::field::FieldError;

/// The amount that a field of an object is; there is none of what was not decoded as one.
pub(crate) fn amount(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str()?).ok()
}

/// `ValidateNonnegativeQuantity`.
pub(crate) fn validate_nonnegative(amount: &Quantity, path: &str) -> Option<FieldError> {
    let reason = "must be greater than or equal to 0";
    (amount.sign() < 0).then(|| FieldError::invalid_str(path, amount.as_str(), reason))
}

/// `ValidatePositiveQuantityValue`.
pub(crate) fn validate_positive(amount: &Quantity, path: &str) -> Option<FieldError> {
    let reason = "must be greater than zero";
    (amount.sign() <= 0).then(|| FieldError::invalid_str(path, amount.as_str(), reason))
}

/// `validateBasicResource`.
pub(crate) fn validate_basic_resource(amount: &Quantity, path: &str) -> Option<FieldError> {
    let reason = "must be a valid resource quantity";
    (amount.value() < 0).then(|| FieldError::invalid(path, &amount.value().into(), reason))
}
