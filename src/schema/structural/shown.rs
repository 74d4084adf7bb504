//! Values as errors about custom resources show them: those were read into Go's `int64` and `float64`.

use serde_json::Value;

use crate::codec::go_value;
use crate::status::field::show;

/// A bad value of a field error: numbers as `%v` writes them, unless they are within another value.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Number(_) => go_value::show(value),
        other => show(other),
    }
}
