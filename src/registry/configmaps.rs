//! core/v1 ConfigMap.

use serde_json::Value;

use super::strategy::{Strategy, WriteContext};
use super::validation::configmap as rules;
use crate::status::field::FieldError;

pub(crate) struct ConfigMaps;

impl Strategy for ConfigMaps {
    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn validate_update(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        rules::validate_update(object, old)
    }

    /// How many keys there are, of either kind.
    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let count = |field| object[field].as_object().map_or(0, serde_json::Map::len);
        (count("data") + count("binaryData")).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_data_cell_counts_both_kinds_of_keys() {
        let object = json!({"data": {"a": "1", "b": "2"}, "binaryData": {"c": "AA=="}});
        let cell = |object: &Value| ConfigMaps.cell("Data", object, &|_| String::new());
        assert_eq!(cell(&object), json!(3));
        assert_eq!(cell(&json!({})), json!(0));
    }
}
