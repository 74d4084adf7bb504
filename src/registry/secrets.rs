//! core/v1 Secret.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::resource::Resource;
use super::strategy::Strategy;
use super::validation::secret as rules;
use crate::codec::base64;
use crate::kinds;
use crate::status::field::FieldError;

pub(crate) struct Secrets;

static RESOURCE: Resource = Resource {
    group: "",
    version: "v1",
    plural: "secrets",
    singular: "secret",
    kind: "Secret",
    list_kind: "SecretList",
    namespaced: true,
    short_names: &[],
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
    storage_prefix: "secrets",
    storage_version_hash: "S6u1pOWzb84=",
    schema: LazyLock::new(|| kinds::core_schema("secrets")),
};

impl Strategy for Secrets {
    fn resource(&self) -> &'static Resource {
        &RESOURCE
    }

    /// Also what the conversion to the internal version does: texts become data and are seen no more.
    fn set_defaults(&self, object: &mut Value) {
        if object["type"].as_str().unwrap_or_default().is_empty() {
            object["type"] = "Opaque".into();
        }
        let texts = object.as_object_mut().and_then(|o| o.remove("stringData"));
        for (key, text) in texts.iter().filter_map(Value::as_object).flatten() {
            let bytes = text.as_str().unwrap_or_default().as_bytes();
            object["data"][key] = json!(base64::encode(bytes));
        }
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

    fn warnings(&self, object: &Value) -> Vec<String> {
        rules::warnings(object)
    }

    fn selectable_fields(&self) -> &'static [&'static str] {
        &["metadata.name", "metadata.namespace", "type"]
    }

    fn field(&self, object: &Value, _label: &str) -> String {
        secret_type(object).to_owned()
    }

    fn cells(&self, object: &Value) -> Vec<Value> {
        let keys = object["data"].as_object().map_or(0, serde_json::Map::len);
        vec![secret_type(object).into(), keys.into()]
    }
}

fn secret_type(object: &Value) -> &str {
    object["type"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_data_and_win_over_it() {
        let mut object =
            json!({"data": {"pass": "cHc=", "user": "eA=="}, "stringData": {"user": "bob"}});
        Secrets.set_defaults(&mut object);
        assert_eq!(
            object,
            json!({"data": {"pass": "cHc=", "user": "Ym9i"}, "type": "Opaque"})
        );
        let mut object = json!({"stringData": {"a": ""}, "type": "x"});
        Secrets.set_defaults(&mut object);
        assert_eq!(object, json!({"data": {"a": ""}, "type": "x"}));
    }
}
