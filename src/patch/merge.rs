//! JSON merge patch (RFC 7396).

use std::collections::BTreeMap;

use super::document::{Document, Slot};
use super::{PatchError, Patched, decode};
use crate::codec::json;
use crate::request::options::FieldValidation;

/// Applies a merge patch to the text of an object.
pub(super) fn apply(
    current: &str,
    patch: &[u8],
    validation: FieldValidation,
) -> Result<Patched, PatchError> {
    let strict = match validation {
        FieldValidation::Ignore => Vec::new(),
        _ => {
            decode::map(patch)
                .map_err(|e| PatchError::BadRequest(format!("error decoding patch: {e}")))?
                .1
        }
    };
    let bad_patch = || PatchError::BadRequest("Invalid JSON Patch".to_owned());
    json::check(patch).map_err(|_| bad_patch())?;
    let shown = merge_text(current, &String::from_utf8_lossy(patch)).ok_or_else(bad_patch)?;
    let next = json::parse(shown.as_bytes()).map_err(PatchError::Internal)?;
    Ok(Patched {
        next,
        shown,
        strict,
    })
}

/// The merged text, or nothing where the patch is neither an object nor an array: an array takes the object's place.
fn merge_text(current: &str, patch: &str) -> Option<String> {
    let mut current = Document::new(current)?;
    let mut patch = Document::new(patch)?;
    current.open();
    patch.open();
    match (&mut current, patch) {
        (_, Document::Text(_)) => None,
        (Document::Object(current), Document::Object(patch)) => {
            merge_members(current, patch);
            Some(Document::Object(std::mem::take(current)).to_text())
        }
        (_, mut patch) => {
            patch.prune_nulls();
            Some(patch.to_text())
        }
    }
}

fn merge_members(current: &mut BTreeMap<String, Slot>, patch: BTreeMap<String, Slot>) {
    for (key, value) in patch {
        match (value, current.get_mut(&key)) {
            (None, _) => {
                current.remove(&key);
            }
            (Some(value), Some(Some(target))) => merge_value(target, value),
            (Some(mut value), _) => {
                value.prune_nulls();
                current.insert(key, Some(value));
            }
        }
    }
}

fn merge_value(current: &mut Document, mut patch: Document) {
    current.open();
    patch.open();
    match (&mut *current, patch) {
        (Document::Object(current), Document::Object(patch)) => merge_members(current, patch),
        // Upstream prunes only what takes the place of something that is no object.
        (Document::Object(_), patch) => *current = patch,
        (_, mut patch) => {
            patch.prune_nulls();
            *current = patch;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn run(current: &str, patch: &str, validation: FieldValidation) -> Result<Patched, PatchError> {
        apply(current, patch.as_bytes(), validation)
    }

    fn merged(current: &str, patch: &str) -> String {
        run(current, patch, FieldValidation::Warn).unwrap().shown
    }

    #[test]
    fn the_examples_of_the_rfc_hold() {
        // RFC 7396, appendix A, as far as the target is an object.
        for (current, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merged(current, patch), result, "{current} {patch}");
        }
    }

    #[test]
    fn the_example_of_the_rfc_s_text_holds() {
        let current = r#"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"This will be unchanged"}"#;
        let patch = r#"{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}"#;
        assert_eq!(
            merged(current, patch),
            r#"{"author":{"givenName":"John"},"content":"This will be unchanged","phoneNumber":"+01-123-456-7890","tags":["example"],"title":"Hello!"}"#
        );
    }

    #[test]
    fn nulls_in_something_new_are_pruned_and_those_in_arrays_stay() {
        let patch = r#"{"n":{"x":null,"l":[null,{"y":null,"z":1}]}}"#;
        assert_eq!(merged("{}", patch), r#"{"n":{"l":[null,{"z":1}]}}"#);
    }

    #[test]
    fn an_array_in_place_of_an_object_keeps_its_nulls() {
        assert_eq!(
            merged(r#"{"a":{}}"#, r#"{"a":[{"b":null}]}"#),
            r#"{"a":[{"b":null}]}"#
        );
        assert_eq!(
            merged(r#"{"a":[]}"#, r#"{"a":[{"b":null}]}"#),
            r#"{"a":[{}]}"#
        );
    }

    #[test]
    fn untouched_members_keep_their_order_and_touched_ones_are_sorted() {
        let current =
            r#"{"kind":"E","metadata":{"name":"p","labels":{"z":"1","a":"2"}},"l":{"z":1,"a":2}}"#;
        assert_eq!(
            merged(current, r#"{"metadata":{"uid":"u"}}"#),
            r#"{"kind":"E","l":{"z":1,"a":2},"metadata":{"labels":{"z":"1","a":"2"},"name":"p","uid":"u"}}"#
        );
    }

    #[test]
    fn bad_patches_are_refused_in_the_server_s_words() {
        let decoding = "error decoding patch: ";
        let no_map = "json: cannot unmarshal array into Go value of type map[string]interface {}";
        for (patch, warn, ignore) in [
            (
                "{",
                format!("{decoding}unexpected end of JSON input"),
                "Invalid JSON Patch",
            ),
            (
                "",
                format!("{decoding}unexpected end of JSON input"),
                "Invalid JSON Patch",
            ),
            (
                "null",
                "Invalid JSON Patch".to_owned(),
                "Invalid JSON Patch",
            ),
            (
                r#""x""#,
                format!("{decoding}{}", no_map.replace("array", "string")),
                "Invalid JSON Patch",
            ),
        ] {
            assert_eq!(
                run("{}", patch, FieldValidation::Warn),
                Err(PatchError::BadRequest(warn.clone()))
            );
            assert_eq!(
                run("{}", patch, FieldValidation::Strict),
                Err(PatchError::BadRequest(warn))
            );
            assert_eq!(
                run("{}", patch, FieldValidation::Ignore),
                Err(PatchError::BadRequest(ignore.to_owned()))
            );
        }
        assert_eq!(
            run("{}", "[]", FieldValidation::Warn),
            Err(PatchError::BadRequest(format!("{decoding}{no_map}")))
        );
    }

    #[test]
    fn an_array_replaces_the_object_where_nobody_looks() {
        assert_eq!(
            run(r#"{"a":"b"}"#, r#"["c",null]"#, FieldValidation::Ignore)
                .unwrap()
                .shown,
            r#"["c",null]"#
        );
    }

    #[test]
    fn a_repeated_field_is_noticed_unless_ignored() {
        let patch = r#"{"a":{"x":1,"x":2}}"#;
        let patched = run("{}", patch, FieldValidation::Warn).unwrap();
        assert_eq!(
            (patched.shown.as_str(), patched.strict),
            (
                r#"{"a":{"x":2}}"#,
                vec![r#"duplicate field "a.x""#.to_owned()]
            )
        );
        assert!(
            run("{}", patch, FieldValidation::Ignore)
                .unwrap()
                .strict
                .is_empty()
        );
    }

    /// MergePatch of RFC 7396, section 2.
    fn model(target: Value, patch: &Value) -> Value {
        let Value::Object(patch) = patch else {
            return patch.clone();
        };
        let mut target = if target.is_object() {
            target
        } else {
            json!({})
        };
        for (key, value) in patch {
            let Some(members) = target.as_object_mut() else {
                break;
            };
            let old = members.remove(key);
            if !value.is_null() {
                members.insert(key.clone(), model(old.unwrap_or_default(), value));
            }
        }
        target
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9i64..9).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
            prop::collection::vec(0i64..3, 0..3).prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| object(inner).boxed())
    }

    fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
        prop::collection::btree_map("[a-d]", inner, 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    }

    fn apply_values(current: &Value, patch: &Value) -> Value {
        run(
            &current.to_string(),
            &patch.to_string(),
            FieldValidation::Strict,
        )
        .unwrap()
        .next
        .to_value()
    }

    proptest! {
        #[test]
        fn it_does_what_the_rfc_s_pseudocode_does(current in object(value()), patch in object(value())) {
            prop_assert_eq!(apply_values(&current, &patch), model(current, &patch));
        }

        #[test]
        fn applying_a_patch_twice_is_applying_it_once(current in object(value()), patch in object(value())) {
            let once = apply_values(&current, &patch);
            prop_assert_eq!(apply_values(&once, &patch), once);
        }

        #[test]
        fn the_empty_patch_changes_nothing(current in object(value())) {
            prop_assert_eq!(apply_values(&current, &json!({})), current);
        }
    }
}
