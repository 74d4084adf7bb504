//! ConfigMaps, and the keys and the immutability they share with Secrets.

use serde_json::{Map, Value};

use super::core;
use crate::codec::base64;
use crate::codec::json::sorted;
use crate::names::{mismatch, name_is_dns_subdomain, too_long};
use crate::status::field::FieldError;

/// `MaxSecretSize`: how many bytes all values may have together.
pub(super) const MAX_SIZE: usize = 1 << 20;
const KEY_MAX: usize = 253;

/// `ValidateConfigMap`.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, true, name_is_dns_subdomain);
    let (data, binary) = (entries(object, "data"), entries(object, "binaryData"));
    for (key, _) in &data {
        let path = format!("data[{key}]");
        errors.extend(validate_key(key, &path));
        if binary.iter().any(|(other, _)| other == key) {
            let reason = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid_str(path, key, reason));
        }
    }
    for (key, _) in &binary {
        errors.extend(validate_key(key, &format!("binaryData[{key}]")));
    }
    let size = data.iter().map(|(_, value)| value.len()).sum::<usize>()
        + binary
            .iter()
            .map(|(_, value)| byte_length(value))
            .sum::<usize>();
    if size > MAX_SIZE {
        // Upstream means the whole object and writes a path without a name.
        errors.push(FieldError::too_long("[]", MAX_SIZE));
    }
    errors
}

/// `ValidateConfigMapUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    errors.extend(validate_immutable(new, old, &["data", "binaryData"]));
    errors.extend(validate(new));
    errors
}

/// What was once marked as immutable stays so, and with it its data.
pub(super) fn validate_immutable(new: &Value, old: &Value, data: &[&str]) -> Vec<FieldError> {
    let is_immutable = |object: &Value| object.get("immutable") == Some(&Value::Bool(true));
    if !is_immutable(old) {
        return Vec::new();
    }
    let released = (!is_immutable(new)).then_some("immutable");
    let changed = data
        .iter()
        .copied()
        .filter(|field| new.get(field) != old.get(field));
    let reason = "field is immutable when `immutable` is set";
    released
        .into_iter()
        .chain(changed)
        .map(|field| FieldError::forbidden(field, reason))
        .collect()
}

pub(super) fn validate_key(key: &str, path: &str) -> Vec<FieldError> {
    super::meta::invalid_each(path, key, is_config_map_key(key))
}

/// `IsConfigMapKey`: a name that may become that of a file.
pub(crate) fn is_config_map_key(key: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if key.len() > KEY_MAX {
        errors.push(too_long(KEY_MAX, "characters"));
    }
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_');
    if key.is_empty() || !key.bytes().all(fits) {
        let what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        let examples = ["key.name", "KEY_NAME", "key-name"];
        errors.push(mismatch(what, "[-._a-zA-Z0-9]+", &examples));
    }
    match key {
        "." | ".." => errors.push(format!("must not be '{key}'")),
        _ if key.starts_with("..") => errors.push("must not start with '..'".to_owned()),
        _ => {}
    }
    errors
}

/// The members of a map of strings, in the order of their keys.
pub(super) fn entries<'a>(object: &'a Value, field: &str) -> Vec<(&'a str, &'a str)> {
    let members = object.get(field).and_then(Value::as_object);
    let text =
        |(key, value): (&'a String, &'a Value)| (key.as_str(), value.as_str().unwrap_or_default());
    members
        .map(|members: &Map<String, Value>| sorted(members).into_iter().map(text).collect())
        .unwrap_or_default()
}

/// How many bytes a base64 text stands for.
pub(super) fn byte_length(text: &str) -> usize {
    base64::decode(text).map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config_map(fields: Value) -> Value {
        let mut object =
            json!({"metadata": {"name": "c", "namespace": "default", "resourceVersion": "1"}});
        for (field, value) in fields.as_object().unwrap() {
            object[field] = value.clone();
        }
        object
    }

    fn shown(errors: Vec<FieldError>) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_key_may_become_the_name_of_a_file() {
        let pattern = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        for good in ["a", "A.b-c_9", ".hidden", "-", "a..b"] {
            assert!(is_config_map_key(good).is_empty(), "{good}");
        }
        for (bad, errors) in [
            ("", vec![pattern]),
            ("a b", vec![pattern]),
            ("a/b", vec![pattern]),
            (".", vec!["must not be '.'"]),
            ("..", vec!["must not be '..'"]),
            ("..a", vec!["must not start with '..'"]),
            (
                &"a".repeat(254),
                vec!["must be no more than 253 characters"],
            ),
        ] {
            assert_eq!(is_config_map_key(bad), errors, "{bad}");
        }
    }

    #[test]
    fn the_two_kinds_of_keys_do_not_overlap() {
        let object = config_map(
            json!({"data": {"a": "1", "b": "2"}, "binaryData": {"b": "AA==", "c d": "AA=="}}),
        );
        let errors = shown(validate(&object));
        assert_eq!(
            errors[0],
            r#"data[b]: Invalid value: "b": duplicate of key present in binaryData"#
        );
        assert!(
            errors[1].starts_with("binaryData[c d]: Invalid value: \"c d\": a valid config key")
        );
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn the_values_have_a_mebibyte_together() {
        let half = "x".repeat(MAX_SIZE / 2);
        let full = config_map(
            json!({"data": {"a": half}, "binaryData": {"b": base64::encode(half.as_bytes())}}),
        );
        assert_eq!(shown(validate(&full)), [""; 0]);
        let mut over = full;
        over["data"]["c"] = json!("x");
        assert_eq!(
            shown(validate(&over)),
            ["[]: Too long: may not be more than 1048576 bytes"]
        );
    }

    #[test]
    fn what_is_immutable_stays_as_it_is() {
        let old = config_map(json!({"immutable": true, "data": {"a": "1"}}));
        assert_eq!(shown(validate_update(&old, &old)), [""; 0]);
        let new = config_map(
            json!({"immutable": false, "data": {"a": "2"}, "binaryData": {"b": "AA=="}}),
        );
        let forbidden = "Forbidden: field is immutable when `immutable` is set";
        assert_eq!(
            shown(validate_update(&new, &old)),
            [
                format!("immutable: {forbidden}"),
                format!("data: {forbidden}"),
                format!("binaryData: {forbidden}")
            ]
        );
        assert_eq!(shown(validate_update(&old, &new)), [""; 0]);
    }
}
