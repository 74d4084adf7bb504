//! The elements of lists: what kind they are of, and which is which.

use serde_json::Value;

use super::{Members, show_members};
use crate::codec::go_value;
use crate::patch::PatchError;

/// The merge key's value in an element.
pub(super) fn merge_key_of<'a>(element: &'a Members, key: &str) -> Result<&'a Value, PatchError> {
    element.get(key).ok_or_else(|| {
        let element = show_members(element);
        PatchError::Internal(format!(
            "map: {element} does not contain declared merge key: {key}"
        ))
    })
}

/// The Go type of the elements of both lists, which must be one and the same.
pub(super) fn element_type(
    original: &[Value],
    patch: &[Value],
) -> Result<&'static str, PatchError> {
    let mut types = original.iter().chain(patch).map(go_value::type_name);
    let first = match types.next() {
        None => {
            return Err(PatchError::Internal(
                "no elements in any of the given slices".to_owned(),
            ));
        }
        Some("nil") => return Err(PatchError::Panic),
        // "lists of lists are not supported", which the server keeps to itself.
        Some("[]interface {}") => return Err(PatchError::Unprocessable),
        Some(first) => first,
    };
    if types.any(|other| other != first) {
        let lists = Value::Array(vec![
            Value::Array(original.to_vec()),
            Value::Array(patch.to_vec()),
        ]);
        let message = format!(
            "list element types are not identical: {}",
            go_value::show(&lists)
        );
        return Err(PatchError::Internal(message));
    }
    Ok(first)
}

pub(super) fn as_map(value: &Value) -> Result<&Members, PatchError> {
    value
        .as_object()
        .ok_or_else(|| bad_argument("map[string]interface {}", value))
}

pub(super) fn same(
    left: &Value,
    right: &Value,
    merge_key: Option<&str>,
) -> Result<bool, PatchError> {
    match merge_key {
        Some(key) => {
            let (left, right) = (as_map(left)?, as_map(right)?);
            Ok(merge_key_of(left, key)? == merge_key_of(right, key)?)
        }
        // Go panics on comparing two maps, or two lists.
        None if left.is_object() && right.is_object() || left.is_array() && right.is_array() => {
            Err(PatchError::Panic)
        }
        None => Ok(left == right),
    }
}

pub(super) fn bad_argument(expected: &str, value: &Value) -> PatchError {
    let received = if value.is_null() {
        "%!s(<nil>)"
    } else {
        go_value::type_name(value)
    };
    PatchError::Internal(format!("expected a {expected}, but received a {received}"))
}
