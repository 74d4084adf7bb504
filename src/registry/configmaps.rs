//! core/v1 ConfigMap.

use std::sync::LazyLock;

use serde_json::Value;

use super::resource::Resource;
use super::strategy::Strategy;
use super::validation::configmap as rules;
use crate::kinds;
use crate::status::field::FieldError;

pub(crate) struct ConfigMaps;

static RESOURCE: Resource = Resource {
    group: "",
    version: "v1",
    plural: "configmaps",
    singular: "configmap",
    kind: "ConfigMap",
    list_kind: "ConfigMapList",
    namespaced: true,
    short_names: &["cm"],
    categories: &[],
    verbs: &[
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ],
    subresources: &[],
    storage_prefix: "configmaps",
    storage_version_hash: "qFsyl6wFWjQ=",
    schema: LazyLock::new(|| kinds::core_schema("configmaps")),
};

impl Strategy for ConfigMaps {
    fn resource(&self) -> &'static Resource {
        &RESOURCE
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn validate_update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        rules::validate_update(object, old)
    }

    /// How many keys there are, of either kind.
    fn cells(&self, object: &Value) -> Vec<Value> {
        let count = |field| object[field].as_object().map_or(0, serde_json::Map::len);
        vec![(count("data") + count("binaryData")).into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_data_cell_counts_both_kinds_of_keys() {
        let object = json!({"data": {"a": "1", "b": "2"}, "binaryData": {"c": "AA=="}});
        assert_eq!(ConfigMaps.cells(&object), [json!(3)]);
        assert_eq!(ConfigMaps.cells(&json!({})), [json!(0)]);
    }
}
