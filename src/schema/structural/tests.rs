use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::kinds::meta::OBJECT_META;
use crate::kinds::samples::choices::config;
use crate::kinds::structural::Structural;

fn found(schema: &Value, object: &Value) -> Vec<String> {
    shown(&validate(object, None, &Structural::of(schema), ""))
}

fn shown(errors: &[crate::status::field::FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

/// The schema of a member `a`, what that is, and what is found.
type Case = (Value, Value, &'static [&'static str]);

fn check(cases: &[Case]) {
    for (schema, value, expected) in cases {
        let whole = json!({"type": "object", "properties": {"a": schema}});
        assert_eq!(
            found(&whole, &json!({"a": value})),
            *expected,
            "{schema} {value}"
        );
    }
}

#[test]
fn a_value_is_of_its_type() {
    check(&[
        (json!({"type": "integer"}), json!(1), &[]),
        (json!({"type": "integer"}), json!(1.0), &[]),
        (json!({"type": "number"}), json!(1), &[]),
        (json!({}), json!([1, {}]), &[]),
        (
            json!({"type": "integer"}),
            json!("x"),
            &[r#"a: Invalid value: "string": a in body must be of type integer: "string""#],
        ),
        (
            json!({"type": "string"}),
            Value::Null,
            &[r#"a: Invalid value: "null": a in body must be of type string: "null""#],
        ),
        (
            json!({"type": "string", "nullable": true}),
            Value::Null,
            &[],
        ),
        (
            json!({"type": "integer"}),
            json!(1.5),
            &[
                r#"a: Invalid value: "number": a in body must be of type integer: "number""#,
                r#"<nil>: Invalid value: "": Checked value must be of type integer (default format) in a"#,
            ],
        ),
        (
            json!({"type": "integer", "format": "int32"}),
            json!(true),
            &[r#"a: Invalid value: "": a in body must be of type int32: """#],
        ),
        (
            json!({"type": "string", "format": "uuid"}),
            json!(5),
            &[r#"a: Invalid value: "int64": a in body must be of type uuid: "int64""#],
        ),
        // A list is as good as a text where there is a format.
        (json!({"type": "string", "format": "uuid"}), json!([5]), &[]),
        (json!({"x-kubernetes-int-or-string": true}), json!("x"), &[]),
        (
            json!({"x-kubernetes-int-or-string": true}),
            json!(true),
            &[
                r#"a: Invalid value: "boolean": a in body must be of type integer,string: "boolean""#,
            ],
        ),
        (
            json!({"type": "integer", "format": "int32"}),
            json!(1_u64 << 40),
            &[
                r#"<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a"#,
            ],
        ),
    ]);
}

#[test]
fn numbers_keep_within_their_limits() {
    check(&[
        (
            json!({"type": "integer", "minimum": 2, "maximum": 4}),
            json!(3),
            &[],
        ),
        (
            json!({"type": "integer", "maximum": 4}),
            json!(5),
            &["a: Invalid value: 5: a in body should be less than or equal to 4"],
        ),
        (
            json!({"type": "number", "minimum": 0.5, "exclusiveMinimum": true}),
            json!(0.5),
            &["a: Invalid value: 0.5: a in body should be greater than 0.5"],
        ),
        // An integer is compared with the integral part.
        (json!({"type": "number", "minimum": 0.5}), json!(0), &[]),
        (
            json!({"type": "number", "maximum": 1.5}),
            json!(2),
            &["a: Invalid value: 2: a in body should be less than or equal to 1"],
        ),
        (
            json!({"type": "integer", "maximum": 1.5}),
            json!(1),
            &[
                r#"<nil>: Invalid value: "": Maximum boundary value must be of type integer (default format) in a"#,
            ],
        ),
        (
            json!({"type": "number", "multipleOf": 0.1}),
            json!(1),
            &["a: Invalid value: 0: factor MultipleOf declared for a must be positive: 0"],
        ),
        (
            json!({"type": "number", "multipleOf": 0.1}),
            json!(0.5),
            &[],
        ),
        (
            json!({"type": "integer", "multipleOf": 3}),
            json!(7),
            &["a: Invalid value: 7: a in body should be a multiple of 3"],
        ),
        (
            json!({"type": "number", "maximum": 1e7}),
            json!(2.5e7),
            &["a: Invalid value: 2.5e+07: a in body should be less than or equal to 1e+07"],
        ),
    ]);
}

#[test]
fn texts_have_their_length_pattern_and_format() {
    check(&[
        (
            json!({"type": "string", "maxLength": 1}),
            json!("é\u{1f600}"),
            &["a: Too long: may not be more than 1 byte"],
        ),
        (
            json!({"type": "string", "minLength": 2, "pattern": "^x"}),
            json!("\""),
            &[r#"a: Invalid value: "\"": a in body should be at least 2 chars long"#],
        ),
        (
            json!({"type": "string", "pattern": "^\\d+$"}),
            json!("\u{663}"),
            &["a: Invalid value: \"\u{663}\": a in body should match '^\\d+$'"],
        ),
        (
            json!({"type": "string", "pattern": "("}),
            json!("x"),
            &[
                "a: Invalid value: \"x\": a in body should match '(, but pattern is invalid: error parsing regexp: missing closing ): `(`'",
            ],
        ),
        (
            json!({"type": "string", "format": "date-time"}),
            json!("x"),
            &[r#"a: Invalid value: "x": a in body must be of type date-time: "x""#],
        ),
        (
            json!({"type": "string", "format": "int32"}),
            json!("x"),
            &[],
        ),
        (
            json!({"type": "string", "enum": ["x", "y"]}),
            json!("z"),
            &[r#"a: Unsupported value: "z": supported values: "x", "y""#],
        ),
        (
            json!({"type": "string", "nullable": true, "enum": ["x", null]}),
            Value::Null,
            &[r#"a: Unsupported value: null: supported values: "x", "null""#],
        ),
        // Numbers are converted to the type of what is allowed.
        (json!({"type": "number", "enum": [1]}), json!(1.5), &[]),
    ]);
}

#[test]
fn lists_and_maps_have_their_size_and_members() {
    check(&[
        (
            json!({"type": "array", "maxItems": 1, "items": {"type": "integer"}}),
            json!([1, "x"]),
            &[
                r#"a[1]: Invalid value: "string": a[1] in body must be of type integer: "string""#,
                "a: Too many: 2: must have at most 1 item",
            ],
        ),
        (
            json!({"type": "array", "minItems": 1, "uniqueItems": true}),
            json!([]),
            &["a: Invalid value: 0: a in body should have at least 1 items"],
        ),
        (
            json!({"type": "array", "uniqueItems": true}),
            json!([{"x": 1}, {"x": 1.0}, {"x": 1}]),
            &[r#"a: Invalid value: "": a in body shouldn't contain duplicates"#],
        ),
        (
            json!({"type": "object", "minProperties": 2, "required": ["y", "x"], "properties": {"x": {"type": "integer"}}}),
            json!({"x": "1"}),
            &[
                "a: Invalid value: 1: a in body should have at least 2 properties",
                r#"a.x: Invalid value: "string": a.x in body must be of type integer: "string""#,
                "a.y: Required value",
            ],
        ),
        (
            json!({"type": "object", "maxProperties": 2, "additionalProperties": {"type": "string"}}),
            json!({"x/y": 1, "b": "", "c": ""}),
            &[
                "a: Too many: 3: must have at most 2 items",
                r#"a.x/y: Invalid value: "integer": a.x/y in body must be of type string: "integer""#,
            ],
        ),
        (
            json!({"type": "object", "additionalProperties": false}),
            json!({"x": 1}),
            &[r#"a: Invalid value: "x": a.x in body is a forbidden property"#],
        ),
    ]);
}

#[test]
fn junctors_tell_of_the_alternative_that_came_closest() {
    let short = json!({"maxLength": 1});
    let beginning = json!({"pattern": "^a"});
    check(&[
        (
            json!({"type": "string", "anyOf": [short, beginning]}),
            json!("bb"),
            &[
                r#"<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)"#,
                "a: Too long: may not be more than 1 byte",
            ],
        ),
        (
            json!({"type": "string", "oneOf": [short, beginning]}),
            json!("a"),
            &[
                r#"<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives"#,
            ],
        ),
        (
            json!({"type": "string", "allOf": [short, beginning]}),
            json!("bb"),
            &[
                "a: Too long: may not be more than 1 byte",
                r#"a: Invalid value: "bb": a in body should match '^a'"#,
                r#"<nil>: Invalid value: "": "a" must validate all the schemas (allOf). None validated"#,
            ],
        ),
        (
            json!({"type": "string", "not": beginning}),
            json!("a"),
            &[r#"<nil>: Invalid value: "": "a" must not validate the schema (not)"#],
        ),
        (
            json!({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
                "oneOf": [{"required": ["x"], "properties": {"x": {"minimum": 10}}}, {"required": ["y"]}]}),
            json!({"x": 1}),
            &[
                r#"<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found none valid"#,
                "a.x: Invalid value: 1: a.x in body should be greater than or equal to 10",
            ],
        ),
    ]);
}

#[test]
fn errors_are_below_the_path() {
    let schema = Structural::of(&json!({"type": "object", "required": ["x"], "not": {}}));
    let found = shown(&validate(&json!({}), None, &schema, "status"));
    assert_eq!(
        found,
        [
            r#"status: Invalid value: "": "" must not validate the schema (not)"#,
            "status.x: Required value",
        ]
    );
}

#[test]
fn what_did_not_change_may_be_as_wrong_as_it_was() {
    let positive = json!({"type": "integer", "minimum": 1});
    let schema = Structural::of(&json!({"type": "object", "properties": {
        "x": positive,
        "y": positive,
        "m": {"type": "object", "additionalProperties": positive},
        "l": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
              "items": {"type": "object", "required": ["z"], "properties": {"k": {"type": "string"}, "v": positive}}},
        "p": {"type": "array", "items": positive},
    }}));
    let cases: [(Value, Value, &[&str]); 5] = [
        (json!({"x": 0}), json!({"x": 0, "y": 1}), &[]),
        (
            json!({"x": 0}),
            json!({"x": -1}),
            &["x: Invalid value: -1: x in body should be greater than or equal to 1"],
        ),
        (json!({"m": {"a": 0}}), json!({"m": {"a": 0, "b": 1}}), &[]),
        // Items go with their keys; what is around them may still be wrong.
        (
            json!({"l": [{"k": "a", "v": 0}]}),
            json!({"l": [{"k": "b", "z": 1}, {"k": "a", "v": 0, "z": 1}, {"k": "c", "v": 0, "z": 1}]}),
            &["l[2].v: Invalid value: 0: l[2].v in body should be greater than or equal to 1"],
        ),
        (
            json!({"p": [0]}),
            json!({"p": [0, 1]}),
            &["p[0]: Invalid value: 0: p[0] in body should be greater than or equal to 1"],
        ),
    ];
    for (old, new, expected) in cases {
        assert_eq!(shown(&validate(&new, Some(&old), &schema, "")), expected);
    }
}

#[test]
fn lists_have_no_item_twice() {
    let list = |of: Value| json!({"type": "object", "properties": {"l": of}});
    let items = json!({"type": "object", "properties": {}});
    let cases: [(Value, Value, &[&str]); 4] = [
        (
            json!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}),
            json!(["a", "b", "a", "a", "b"]),
            &[
                r#"l[2]: Duplicate value: "a""#,
                r#"l[4]: Duplicate value: "b""#,
            ],
        ),
        (
            json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": items}),
            json!([{"k": 1}, {}, {"k": 1, "v": 2}, null, {"k": "1"}]),
            &[
                r#"l[2]: Duplicate value: {"k":1}"#,
                "l[3]: Duplicate value: {}",
            ],
        ),
        (
            json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["q", "p"], "items": items}),
            json!([{"p": 1, "q": 2}, {"q": 2, "p": 1}]),
            &[r#"l[1]: Duplicate value: {"p":1,"q":2}"#],
        ),
        (
            json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": items}),
            json!([{}, 1]),
            &["l[1]: Invalid value: 1: must be an object for an array of list-type map"],
        ),
    ];
    for (schema, value, expected) in cases {
        let schema = Structural::of(&list(schema));
        let object = json!({"l": value});
        assert_eq!(shown(&validate_list_types(&object, &schema)), expected);
        let update = validate_list_types_update(&object, &object, &schema);
        assert_eq!(shown(&update), Vec::<String>::new());
    }
}

#[test]
fn unknown_fields_are_dropped_unless_they_are_kept() {
    let known = json!({"type": "object", "properties": {"x": {"type": "integer"}}});
    let schema = Structural::of(&json!({"type": "object", "properties": {
        "o": known,
        "m": {"type": "object", "additionalProperties": known},
        "l": {"type": "array", "items": known},
        "k": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"o": known}},
        "e": {"type": "object", "x-kubernetes-embedded-resource": true},
        "a": {"type": "object", "additionalProperties": true},
    }}));
    let mut object = json!({
        "apiVersion": "v1", "kind": "K", "metadata": {"name": "n", "z": 1}, "z": 1,
        "o": {"x": 1, "z": {"x": 1}, "kind": "K"},
        "m": {"x": {"x": 1, "z": 1}, "y": 1},
        "l": [{"x": 1}, [{"x": 1}], {"z": 1}],
        "k": {"z": {"z": 1}, "o": {"z": 1}},
        "e": {"apiVersion": "v1", "kind": "K", "metadata": {"z": 1}, "z": 1},
        "a": {"x": 1, "y": {"z": 1}},
    });
    let dropped = prune(&mut object, &schema, true);
    let expected = [
        "a.y.z",
        "e.z",
        "k.o.z",
        "l[1][0].x",
        "l[2].z",
        "m.x.z",
        "o.kind",
        "o.z",
        "z",
    ];
    assert_eq!(dropped, expected);
    assert_eq!(
        object,
        json!({
            "apiVersion": "v1", "kind": "K", "metadata": {"name": "n", "z": 1},
            "o": {"x": 1},
            "m": {"x": {"x": 1}, "y": 1},
            "l": [{"x": 1}, [{}], {}],
            "k": {"z": {"z": 1}, "o": {}},
            "e": {"apiVersion": "v1", "kind": "K", "metadata": {"z": 1}},
            "a": {"x": 1, "y": {}},
        })
    );
}

#[test]
fn defaults_come_for_what_is_missing_and_for_nulls() {
    let schema = Structural::of(&json!({"type": "object", "properties": {
        "a": {"type": "integer", "default": 1},
        "n": {"type": "integer", "default": 1, "nullable": true},
        "w": {"type": "integer"},
        "o": {"type": "object", "properties": {"x": {"type": "string", "default": "d"}}},
        "d": {"type": "object", "default": {}, "properties": {"x": {"type": "string", "default": "d"}}},
        "m": {"type": "object", "additionalProperties": {"type": "integer", "default": 2}},
        "l": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer", "default": 3}}}},
    }}));
    let cases = [
        (json!({}), json!({"a": 1, "n": 1, "d": {"x": "d"}})),
        (
            json!({"a": null, "n": null, "w": null, "o": {}, "d": {"x": "y"}, "m": {"k": null}, "l": [{}, null]}),
            json!({"a": 1, "n": null, "o": {"x": "d"}, "d": {"x": "y"}, "m": {"k": 2}, "l": [{"x": 3}, null]}),
        ),
    ];
    for (mut object, expected) in cases {
        prune_nulls(&mut object, &schema);
        default(&mut object, &schema);
        assert_eq!(object, expected);
    }
}

fn no_meta_check(
    metadata: &serde_json::Map<String, Value>,
    _namespaced: bool,
    path: &str,
) -> Vec<crate::status::field::FieldError> {
    let is_wrong = metadata.get("name") == Some(&json!("wrong"));
    let error = crate::status::field::FieldError::forbidden(format!("{path}.name"), "wrong");
    is_wrong.then_some(error).into_iter().collect()
}

fn embedded() -> Value {
    let resource = json!({"type": "object", "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true});
    json!({"type": "object", "properties": {
        "e": resource,
        "l": {"type": "array", "items": resource},
        "m": {"type": "object", "additionalProperties": resource},
    }})
}

#[test]
fn the_metadata_of_embedded_resources_has_its_form() {
    let schema = Structural::of(&embedded());
    let resource = |metadata: Value| json!({"apiVersion": "v1", "kind": "K", "metadata": metadata});
    let coercion = |drops_invalid| Coercion {
        object_meta: &OBJECT_META,
        drops_invalid,
        is_root: false,
        path: "",
    };
    let mut object = json!({
        "metadata": {"unknown": 1},
        "e": resource(json!({"name": "n", "creationTimestamp": null, "z": 1, "labels": {}})),
        "l": [resource(json!({"z": 1}))],
        "m": {"k": resource(json!({"z": 1}))},
    });
    let unknown = coerce_metadata(&mut object, &schema, &coercion(false)).unwrap();
    assert_eq!(
        unknown,
        ["e.metadata.z", "l[0].metadata.z", "m[k].metadata.z"]
    );
    assert_eq!(object["e"], resource(json!({"name": "n"})));
    assert_eq!(object["metadata"], json!({"unknown": 1}));

    let wrong =
        json!({"e": {"apiVersion": 1, "kind": "K", "metadata": {"name": 1, "labels": {"a": "b"}}}});
    let mut object = wrong.clone();
    let error = coerce_metadata(&mut object, &schema, &coercion(false)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "e.apiVersion: Invalid value: 1: must be a string"
    );
    let mut object = wrong;
    coerce_metadata(&mut object, &schema, &coercion(true)).unwrap();
    assert_eq!(
        object,
        json!({"e": {"kind": "K", "metadata": {"labels": {"a": "b"}}}})
    );
}

#[test]
fn embedded_resources_say_what_they_are() {
    let schema = Structural::of(&embedded());
    let object = json!({
        "e": {"apiVersion": "a/b/c", "kind": "K_k", "metadata": {"name": "wrong"}},
        "l": [{"apiVersion": "", "metadata": {}}],
    });
    assert_eq!(
        shown(&validate_embedded(&object, &schema, "", &no_meta_check)),
        [
            r#"e.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c"#,
            r#"e.kind: Invalid value: "K_k": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"#,
            "e.metadata.name: Forbidden: wrong",
            "l[0].kind: Required value",
            r#"l[0].apiVersion: Invalid value: "": must not be empty"#,
        ]
    );
}

#[test]
fn defaults_are_valid_themselves() {
    let checks = DefaultChecks {
        object_meta: &OBJECT_META,
        meta_check: &no_meta_check,
        requires_pruned: true,
    };
    let cases: [(Value, &[&str]); 5] = [
        (json!({"a": {"type": "integer", "default": 1}}), &[]),
        (
            json!({"a": {"type": "integer", "default": "x"}}),
            &[
                r#"s.properties[a].default: Invalid value: "string":  in body must be of type integer: "string""#,
            ],
        ),
        (
            json!({"a": {"type": "object", "default": {"z": 1}, "properties": {"x": {"type": "string"}}}}),
            &[r#"s.properties[a].default: Invalid value: {"z":1}: must not have unknown fields"#],
        ),
        (
            json!({"a": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {}, "default": {"kind": "K"}}}),
            &["s.properties[a].default.apiVersion: Required value"],
        ),
        (
            json!({"metadata": {"type": "object", "properties": {"name": {"type": "string", "default": "wrong"}}}}),
            &[
                r#"s.properties[metadata].properties[name].default: Invalid value: "wrong": must result in valid metadata: metadata.name: Forbidden: wrong"#,
            ],
        ),
    ];
    for (properties, expected) in cases {
        let schema = Structural::of(&json!({"type": "object", "properties": properties}));
        assert_eq!(shown(&check_defaults(&schema, "s", &checks)), expected);
    }
}

#[test]
fn defaults_keep_what_their_schema_knows() {
    let mut schema = Structural::of(&json!({"type": "object", "properties": {
        "a": {"type": "object", "default": {"x": 1, "z": {}}, "properties": {"x": {"type": "integer"}}},
        "e": {"type": "object", "x-kubernetes-embedded-resource": true,
              "default": {"kind": "K", "metadata": {"name": "n", "z": 1}, "z": 1}},
    }}));
    prune_defaults(&mut schema, &OBJECT_META);
    let default_of = |name: &str| schema.properties[name].default.clone().unwrap();
    assert_eq!(default_of("a"), json!({"x": 1}));
    assert_eq!(
        default_of("e"),
        json!({"kind": "K", "metadata": {"name": "n"}})
    );
}

#[test]
fn formats_are_looked_at_as_upstream_does() {
    for (format, good, bad) in FORMATS {
        let format = crate::kinds::structural::formats::Format::named(format).unwrap();
        for text in *good {
            assert!(format.is_match(text), "{text}");
        }
        for text in *bad {
            assert!(!format.is_match(text), "{text}");
        }
    }
}

/// A format, texts of it, and texts that are not.
type Texts = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const FORMATS: &[Texts] = &[
    (
        "bsonobjectid",
        &["507f1f77bcf86cd799439011"],
        &["", "507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901g"],
    ),
    (
        "uri",
        &[
            "/a%20b?%zz",
            "http://u:p@h:80/p",
            "mailto:x",
            "*",
            "x:y",
            "http://[::1%25eth0]:1/",
        ],
        &[
            "",
            "a",
            "http://h:x",
            "http://[::1",
            "/%zz",
            "http://a b/",
            ":x",
            "http://h\u{7f}",
        ],
    ),
    (
        "email",
        &[
            "a@b",
            "A B <a@b.c>",
            "\"q q\"@[1.2.3.4]",
            "g: a@b;",
            "a@b (c)",
            "é@b",
            "=?utf-8?q?x?= <a@b>",
        ],
        &[
            "",
            "a",
            "a@",
            "a..b@c",
            "A B",
            "g: a@b, c@d;",
            "a@b c",
            "\"\"@b",
            "=?x?q?x?= <a@b>",
        ],
    ),
    (
        "hostname",
        &["a", "a-", "example.com", "1.com", "é.fr", "a+b"],
        &["", "-a", "a_b", "a.b", "a..com", "a.c0", "a-b-c", "a-.com"],
    ),
    (
        "ipv4",
        &["1.2.3.4", "001.2.3.4", "::1.2.3.4"],
        &["1.2.3", "256.1.1.1", "::1"],
    ),
    (
        "ipv6",
        &["::1", "::ffff:1.2.3.4"],
        &["1.2.3.4", "::1%eth0", "12345::"],
    ),
    (
        "cidr",
        &["10.0.0.0/8", "10.1.2.3/08", "::/128"],
        &["10.0.0.0", "10.0.0.0/33", "::/129", "::/+1"],
    ),
    (
        "mac",
        &[
            "00:00:5e:00:53:01",
            "02-00-5e-10-00-00-00-01",
            "0000.5e00.5301",
            "00005E005301",
        ],
        &["00:00:5e:00:53", "00:00-5e:00:53:01", "x"],
    ),
    (
        "uuid",
        &[
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        ],
        &["a0eebc99", ""],
    ),
    (
        "uuid3",
        &["a0eebc99-9c0b-3ef8-0b6d-6bb9bd380a11"],
        &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    ),
    (
        "uuid4",
        &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
        &["a0eebc99-9c0b-4ef8-0b6d-6bb9bd380a11"],
    ),
    (
        "uuid5",
        &["a0eebc99-9c0b-5ef8-bb6d-6bb9bd380a11"],
        &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    ),
    (
        "isbn",
        &["0321751043", "978-0321751041"],
        &["0321751042", "978"],
    ),
    (
        "isbn10",
        &["0-321-75104-3", "097522980X"],
        &["9780321751041"],
    ),
    ("isbn13", &["978 0321751041"], &["0321751043"]),
    (
        "creditcard",
        &["4111 1111 1111 1111", "x4111-1111-1111-1111"],
        &["4111111111111112", "1234"],
    ),
    (
        "ssn",
        &["111-11-1111", "111 11 1111"],
        &["111111111", "111-11-111"],
    ),
    ("hexcolor", &["#FFF", "ffffff"], &["#ffff", "ggg"]),
    (
        "rgbcolor",
        &["rgb(255,255,255)", "rgb( 0 , 1 , 2 )"],
        &["rgb(256,0,0)", "rgb(0,0)"],
    ),
    ("byte", &["aGk=", "aGkh"], &["", "aGk", "a-k=", "===="]),
    ("password", &["", "x"], &[]),
    (
        "date",
        &["2024-02-29", "0000-01-01"],
        &["2023-02-29", "2024-1-1", "2024-01-01T"],
    ),
    (
        "duration",
        &[
            "1h30m",
            "-1.5s",
            "0",
            "2 days",
            "22 ns",
            "x 3 weeks y",
            "1d",
        ],
        &["", "1", "x", "1y", "9223372036854775808ns"],
    ),
    (
        "date-time",
        &[
            "2014-12-15T19:30:20.000Z",
            "2014-12-15t19:30:20+01:00",
            "2014-12-15T19:30:20Ztx",
        ],
        &[
            "2014-12-15",
            "2014-12-15T24:00:00Z",
            "2014-12-15T19:30:20",
            "2014-12-15T19:30Z",
        ],
    ),
    ("k8s-short-name", &["a", "a-1"], &["", "A", "a-", "a.b"]),
    ("k8s-long-name", &["a.b-c", "a"], &["", "a..b", "a.B", "-a"]),
];

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn a_pattern_is_one_or_says_why_not(pattern in ".{0,12}", text in ".{0,8}") {
        let schema = Structural::of(&json!({"pattern": pattern}));
        validate(&json!(text), None, &schema, "");
    }
}
