use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn patched(current: &str, patch: &str) -> Result<Patched, PatchError> {
    apply(current, patch.as_bytes(), FieldValidation::Warn)
}

/// The patched text, or nothing where an operation fails.
fn run(current: &str, patch: &str) -> Option<String> {
    match patched(current, patch) {
        Ok(patched) => Some(patched.shown),
        Err(PatchError::Unprocessable) => None,
        Err(other) => panic!("{other}"),
    }
}

fn check_all(cases: &[(&str, &str, Option<&str>)]) {
    for (current, patch, result) in cases {
        assert_eq!(run(current, patch).as_deref(), *result, "{current} {patch}");
    }
}

#[test]
fn the_examples_of_the_rfc_hold() {
    // RFC 6902, appendix A.1 to A.16.
    check_all(&[
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux"}]"#,
            Some(r#"{"baz":"qux","foo":"bar"}"#),
        ),
        (
            r#"{"foo":["bar","baz"]}"#,
            r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            Some(r#"{"foo":["bar","qux","baz"]}"#),
        ),
        (
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"remove","path":"/baz"}]"#,
            Some(r#"{"foo":"bar"}"#),
        ),
        (
            r#"{"foo":["bar","qux","baz"]}"#,
            r#"[{"op":"remove","path":"/foo/1"}]"#,
            Some(r#"{"foo":["bar","baz"]}"#),
        ),
        (
            r#"{"baz":"qux","foo":"bar"}"#,
            r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            Some(r#"{"baz":"boo","foo":"bar"}"#),
        ),
        (
            r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            Some(r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
        ),
        (
            r#"{"foo":["all","grass","cows","eat"]}"#,
            r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            Some(r#"{"foo":["all","cows","eat","grass"]}"#),
        ),
        (
            r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            Some(r#"{"baz":"qux","foo":["a",2,"c"]}"#),
        ),
        (
            r#"{"baz":"qux"}"#,
            r#"[{"op":"test","path":"/baz","value":"bar"}]"#,
            None,
        ),
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            Some(r#"{"child":{"grandchild":{}},"foo":"bar"}"#),
        ),
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
            Some(r#"{"baz":"qux","foo":"bar"}"#),
        ),
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#,
            None,
        ),
        (
            r#"{"foo":"bar"}"#,
            r#"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#,
            None,
        ),
        (
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":10}]"#,
            Some(r#"{"/":9,"~1":10}"#),
        ),
        (
            r#"{"/":9,"~1":10}"#,
            r#"[{"op":"test","path":"/~01","value":"10"}]"#,
            None,
        ),
        (
            r#"{"foo":["bar"]}"#,
            r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            Some(r#"{"foo":["bar",["abc","def"]]}"#),
        ),
    ]);
}

#[test]
fn the_container_of_every_path_must_be_there() {
    check_all(&[
        ("{}", r#"[{"op":"add","path":"/a/b","value":1}]"#, None),
        (
            r#"{"a":null}"#,
            r#"[{"op":"add","path":"/a/b","value":1}]"#,
            None,
        ),
        (
            r#"{"a":5}"#,
            r#"[{"op":"replace","path":"/a/b","value":1}]"#,
            None,
        ),
        ("{}", r#"[{"op":"test","path":"/a/b","value":null}]"#, None),
    ]);
}

#[test]
fn a_replace_of_a_missing_member_sets_it_and_of_a_missing_element_fails() {
    check_all(&[
        (
            "{}",
            r#"[{"op":"replace","path":"/a","value":1}]"#,
            Some(r#"{"a":1}"#),
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"replace","path":"/a/1","value":2}]"#,
            None,
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"replace","path":"/a/-","value":2}]"#,
            None,
        ),
        (
            r#"{"a":[1]}"#,
            r#"[{"op":"replace","path":"/a/0","value":2}]"#,
            Some(r#"{"a":[2]}"#),
        ),
    ]);
}

#[test]
fn a_remove_of_something_missing_fails() {
    check_all(&[
        ("{}", r#"[{"op":"remove","path":"/a"}]"#, None),
        (r#"{"a":[]}"#, r#"[{"op":"remove","path":"/a/0"}]"#, None),
        (r#"{"a":[]}"#, r#"[{"op":"remove","path":"/a/-"}]"#, None),
        ("{}", r#"[{"op":"move","from":"/a","path":"/b"}]"#, None),
    ]);
}

#[test]
fn indices_count_from_either_end() {
    let add = |index: &str| {
        run(
            r#"{"a":[1,2]}"#,
            &format!(r#"[{{"op":"add","path":"/a/{index}","value":0}}]"#),
        )
    };
    for (index, result) in [
        ("0", "[0,1,2]"),
        ("02", "[1,2,0]"),
        ("-1", "[1,2,0]"),
        ("-3", "[0,1,2]"),
        ("-", "[1,2,0]"),
    ] {
        assert_eq!(add(index), Some(format!(r#"{{"a":{result}}}"#)), "{index}");
    }
    for index in ["3", "-4", "x", ""] {
        assert_eq!(add(index), None, "{index}");
    }
    check_all(&[
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"remove","path":"/a/-1"}]"#,
            Some(r#"{"a":[1]}"#),
        ),
        (
            r#"{"a":[1,2]}"#,
            r#"[{"op":"test","path":"/a/-2","value":1}]"#,
            Some(r#"{"a":[1,2]}"#),
        ),
    ]);
}

#[test]
fn a_test_for_null_passes_on_a_missing_member() {
    check_all(&[
        (
            "{}",
            r#"[{"op":"test","path":"/a","value":null}]"#,
            Some("{}"),
        ),
        ("{}", r#"[{"op":"test","path":"/a"}]"#, Some("{}")),
        ("{}", r#"[{"op":"test","path":"/a","value":"x"}]"#, None),
        (
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/a","value":null}]"#,
            None,
        ),
        (r#"{"a":1}"#, r#"[{"op":"test","path":"/a"}]"#, None),
        (
            r#"{"a":[]}"#,
            r#"[{"op":"test","path":"/a/0","value":null}]"#,
            None,
        ),
    ]);
}

#[test]
fn scalars_are_tested_as_text() {
    check_all(&[
        (
            r#"{"a":1}"#,
            r#"[{"op":"test","path":"/a","value":1.0}]"#,
            None,
        ),
        (
            r#"{"a":"\u003c"}"#,
            r#"[{"op":"test","path":"/a","value":"<"}]"#,
            None,
        ),
        (
            r#"{"a":{"b":[1]}}"#,
            r#"[{"op":"test","path":"/a","value":{ "b": [ 1 ] }}]"#,
            Some(r#"{"a":{"b":[1]}}"#),
        ),
    ]);
}

#[test]
fn the_whole_document_can_only_be_tested_or_replaced() {
    check_all(&[
        (
            r#"{"b":1,"a":2}"#,
            r#"[{"op":"test","path":"","value":{"a":2,"b":1}}]"#,
            Some(r#"{"a":2,"b":1}"#),
        ),
        (
            r#"{"a":2}"#,
            r#"[{"op":"test","path":"","value":{}}]"#,
            None,
        ),
        (
            r#"{"a":2}"#,
            r#"[{"op":"replace","path":"","value":{"c":3}}]"#,
            Some(r#"{"c":3}"#),
        ),
        (
            r#"{"a":2}"#,
            r#"[{"op":"replace","path":"","value":[]}]"#,
            Some("[]"),
        ),
        (
            r#"{"a":2}"#,
            r#"[{"op":"replace","path":"","value":5}]"#,
            None,
        ),
        (r#"{"a":2}"#, r#"[{"op":"add","path":"","value":{}}]"#, None),
        (r#"{"a":2}"#, r#"[{"op":"remove","path":""}]"#, None),
        (
            r#"{"a":2}"#,
            r#"[{"op":"copy","from":"","path":"/b"}]"#,
            None,
        ),
    ]);
    for op in ["test", "replace"] {
        let patch = format!(r#"[{{"op":"{op}","path":""}}]"#);
        assert_eq!(patched("{}", &patch), Err(PatchError::Panic));
    }
}

#[test]
fn an_add_without_a_value_writes_null() {
    check_all(&[("{}", r#"[{"op":"add","path":"/a"}]"#, Some(r#"{"a":null}"#))]);
}

#[test]
fn a_copy_needs_a_from_and_copies_a_missing_member_as_null() {
    check_all(&[
        (
            r#"{"a":{"b":1}}"#,
            r#"[{"op":"copy","from":"/a","path":"/a/c"}]"#,
            Some(r#"{"a":{"b":1,"c":{"b":1}}}"#),
        ),
        (
            "{}",
            r#"[{"op":"copy","from":"/a","path":"/b"}]"#,
            Some(r#"{"b":null}"#),
        ),
        (r#"{"a":1}"#, r#"[{"op":"copy","path":"/b"}]"#, None),
        (
            r#"{"a":[]}"#,
            r#"[{"op":"copy","from":"/a/0","path":"/b"}]"#,
            None,
        ),
    ]);
}

#[test]
fn copies_add_up_to_three_mebibytes() {
    let current = format!(r#"{{"a":"{}"}}"#, "x".repeat(1024 * 1024 - 2));
    let copies = |n: usize| {
        let ops: Vec<String> = (0..n)
            .map(|i| format!(r#"{{"op":"copy","from":"/a","path":"/b{i}"}}"#))
            .collect();
        run(&current, &format!("[{}]", ops.join(",")))
    };
    assert!(copies(3).is_some());
    assert!(copies(4).is_none());
}

#[test]
fn unknown_operations_fail() {
    check_all(&[
        ("{}", r#"[{"op":"merge","path":"/a"}]"#, None),
        ("{}", r#"[{"path":"/a"}]"#, None),
        ("{}", r#"[{"op":"add","value":1}]"#, None),
        ("{}", "[null]", None),
    ]);
}

#[test]
fn empty_patches_change_nothing() {
    check_all(&[
        (
            r#"{"b":1,"a":{"d":1,"c":2}}"#,
            "[]",
            Some(r#"{"a":{"d":1,"c":2},"b":1}"#),
        ),
        ("{}", "null", Some("{}")),
    ]);
}

#[test]
fn more_than_ten_thousand_operations_are_too_many() {
    let patch = |n: usize| {
        format!(
            "[{}]",
            vec![r#"{"op":"add","path":"/a","value":1}"#; n].join(",")
        )
    };
    assert_eq!(run("{}", &patch(10_000)).as_deref(), Some(r#"{"a":1}"#));
    assert_eq!(
        patched("{}", &patch(10_001)),
        Err(PatchError::TooLarge(
            "The allowed maximum operations in a JSON patch is 10000, got 10001".to_owned()
        ))
    );
}

#[test]
fn what_is_no_patch_is_refused_in_the_decoder_s_words() {
    for (patch, warn, ignore) in [
        (
            r#"{"op":"add"}"#,
            "object into Go value of type []handlers.jsonPatchOp",
            "object into Go value of type jsonpatch.Patch",
        ),
        (
            "[1]",
            "number into Go value of type handlers.jsonPatchOp",
            "number into Go value of type jsonpatch.Operation",
        ),
        (
            "true",
            "bool into Go value of type []handlers.jsonPatchOp",
            "bool into Go value of type jsonpatch.Patch",
        ),
    ] {
        let warn = format!("error decoding patch: json: cannot unmarshal {warn}");
        assert_eq!(patched("{}", patch), Err(PatchError::BadRequest(warn)));
        let ignore = format!("json: cannot unmarshal {ignore}");
        assert_eq!(
            apply("{}", patch.as_bytes(), FieldValidation::Ignore),
            Err(PatchError::BadRequest(ignore))
        );
    }
    let wrong_path = "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string";
    assert_eq!(
        patched("{}", r#"[{"op":"add","path":5}]"#),
        Err(PatchError::BadRequest(wrong_path.to_owned()))
    );
    let cut = "error decoding patch: unexpected end of JSON input";
    assert_eq!(
        patched("{}", "["),
        Err(PatchError::BadRequest(cut.to_owned()))
    );
}

#[test]
fn unknown_and_repeated_members_of_an_operation_are_noticed() {
    let patch = r#"[{"op":"add","op":"add","path":"/a","value":{"x":1,"x":2},"zz":1,"zz":2}]"#;
    let found = patched("{}", patch).unwrap().strict;
    assert_eq!(
        found,
        [
            r#"json patch duplicate field "[0].op""#,
            r#"json patch duplicate field "[0].value.x""#,
            r#"json patch unknown field "[0].zz""#
        ]
    );
    assert!(
        apply("{}", patch.as_bytes(), FieldValidation::Ignore)
            .unwrap()
            .strict
            .is_empty()
    );
}

#[test]
fn a_value_keeps_its_form_and_so_its_repeated_keys() {
    check_all(&[(
        "{}",
        r#"[{"op":"add","path":"/a","value":{"x": 1.0,"x":2}}]"#,
        Some(r#"{"a":{"x":1.0,"x":2}}"#),
    )]);
}

#[test]
fn what_stands_before_the_first_slash_is_ignored() {
    check_all(&[(
        "{}",
        r#"[{"op":"add","path":"x/a","value":1}]"#,
        Some(r#"{"a":1}"#),
    )]);
}

fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-9i64..9).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from)
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-d/~]", inner, 0..3)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-d/~]", value, 0..4)
        .prop_map(|m| Value::Object(m.into_iter().collect()))
}

fn steps(current: &Value, operations: &Value) -> Option<Value> {
    run(&current.to_string(), &operations.to_string())
        .map(|text| serde_json::from_str(&text).unwrap())
}

proptest! {
    #[test]
    fn what_was_added_can_be_removed(current in object(), value in object()) {
        let patch = json!([{"op": "add", "path": "/new", "value": value}, {"op": "remove", "path": "/new"}]);
        prop_assert_eq!(steps(&current, &patch), Some(current));
    }

    #[test]
    fn what_was_added_is_there(current in object(), value in object(), key in "[a-d]") {
        let path = format!("/{key}");
        let patch = json!([{"op": "add", "path": path, "value": value}, {"op": "test", "path": path, "value": value}]);
        prop_assert_eq!(steps(&current, &patch).and_then(|next| next.get(&key).cloned()), Some(value));
    }

    #[test]
    fn a_document_passes_the_test_for_itself(current in object()) {
        let patch = json!([{"op": "test", "path": "", "value": current}]);
        prop_assert_eq!(steps(&current, &patch), Some(current));
    }

    #[test]
    fn moving_there_and_back_changes_nothing(current in object(), value in object()) {
        let mut with = current;
        with["here"] = value;
        let patch = json!([{"op": "move", "from": "/here", "path": "/there"}, {"op": "move", "from": "/there", "path": "/here"}]);
        prop_assert_eq!(steps(&with, &patch), Some(with));
    }
}
