//! Sets of counters, which devices share and draw from.

use serde_json::{Map, Value};

use super::{validate_label, validate_map};
use crate::registry::validation::read::text_at;
use crate::status::field::FieldError;

const COUNTERS_MAX: usize = 32;
const LABEL_MAX: usize = 63;

/// Counters of a set, which is named by a field.
pub(super) fn validate_counters(set: &Value, name: &str, path: &str) -> Vec<FieldError> {
    let at = format!("{path}.{name}");
    let mut errors = match text_at(set, name) {
        "" => vec![FieldError::required(at, "")],
        name => validate_label(name, &at),
    };
    let path = format!("{path}.counters");
    match set["counters"]
        .as_object()
        .filter(|map| !Map::is_empty(map))
    {
        None => errors.push(FieldError::required(path, "")),
        counters => errors.extend(validate_map(
            counters,
            COUNTERS_MAX,
            LABEL_MAX,
            &path,
            validate_label,
            |_, _| Vec::new(),
        )),
    }
    errors
}
