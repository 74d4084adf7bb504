//! core/v1 Secret.

use serde_json::{Value, json};

use super::strategy::{Strategy, WriteContext};
use super::validation::secret as rules;
use crate::codec::base64;
use crate::status::field::FieldError;

pub(crate) struct Secrets;

impl Strategy for Secrets {
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

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        rules::warnings(object)
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        object["data"]
            .as_object()
            .map_or(0, serde_json::Map::len)
            .into()
    }
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
