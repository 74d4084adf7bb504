use super::*;
use crate::names::name_is_dns_subdomain;
use serde_json::json;

const NAME_PART: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const SUBDOMAIN: &str = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// The errors of good metadata with these members added or replaced.
fn with(changes: Value) -> Vec<String> {
    let meta = merged(json!({"name": "n", "namespace": "default"}), changes);
    shown(&validate_object_meta(
        &meta,
        true,
        name_is_dns_subdomain,
        "metadata",
    ))
}

/// The errors of an update from good metadata with the first members to the same with the second.
fn update(old: Value, new: Value) -> Vec<String> {
    let stored =
        || json!({"name": "n", "namespace": "default", "uid": "u", "resourceVersion": "1"});
    shown(&validate_object_meta_update(
        &merged(stored(), new),
        &merged(stored(), old),
        "metadata",
    ))
}

fn merged(mut base: Value, changes: Value) -> Map<String, Value> {
    let base = base.as_object_mut().unwrap();
    base.extend(changes.as_object().unwrap().clone());
    base.clone()
}

fn shown(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn good_metadata_passes() {
    let meta = json!({
        "generateName": "n-",
        "generation": 3,
        "labels": {"a": "", "example.com/b": "x_y.z"},
        "annotations": {"UPPER/x": "any thing", "A": "\u{0}"},
        "finalizers": ["example.com/f", "orphan"],
        "managedFields": [{"manager": "m", "operation": "Update", "fieldsType": "FieldsV1"}, {"operation": "Apply"}],
    });
    assert_eq!(with(meta), [""; 0]);
}

#[test]
fn a_name_is_needed_and_obeys_the_rule_of_its_kind() {
    assert_eq!(
        with(json!({"name": ""})),
        ["metadata.name: Required value: name or generateName is required"]
    );
    for (prefix, name, errors) in [
        ("", "Bad", vec![("name", "Bad")]),
        ("A-", "A-r42qb", vec![("name", "A-r42qb")]),
        (
            "a_",
            "a_r42qb",
            vec![("generateName", "a_"), ("name", "a_r42qb")],
        ),
        ("a.", "a.r42qb", vec![("generateName", "a.")]),
    ] {
        let expected: Vec<String> = errors
            .into_iter()
            .map(|(field, value)| {
                format!("metadata.{field}: Invalid value: \"{value}\": {SUBDOMAIN}")
            })
            .collect();
        assert_eq!(
            with(json!({"name": name, "generateName": prefix})),
            expected,
            "{prefix} {name}"
        );
    }
    let long = "a".repeat(254);
    let error =
        format!("metadata.name: Invalid value: \"{long}\": must be no more than 253 characters");
    assert_eq!(with(json!({"name": long})), [error]);
}

#[test]
fn a_namespace_belongs_to_namespaced_kinds_only() {
    assert_eq!(
        with(json!({"namespace": ""})),
        ["metadata.namespace: Required value"]
    );
    assert_eq!(
        with(json!({"namespace": "A_b"})),
        [
            r#"metadata.namespace: Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"#
        ]
    );
    let meta = json!({"name": "n", "namespace": "default"});
    let errors = validate_object_meta(
        meta.as_object().unwrap(),
        false,
        name_is_dns_subdomain,
        "metadata",
    );
    assert_eq!(
        shown(&errors),
        ["metadata.namespace: Forbidden: not allowed on this type"]
    );
}

#[test]
fn a_generation_is_not_negative() {
    assert_eq!(
        with(json!({"generation": -1})),
        ["metadata.generation: Invalid value: -1: must be greater than or equal to 0"]
    );
}

#[test]
fn labels_are_checked_key_and_value() {
    for (labels, errors) in [
        (json!({"a b": "x"}), vec![("a b", NAME_PART)]),
        (json!({"a": "x y"}), vec![("x y", LABEL_VALUE)]),
        (
            json!({"": "x"}),
            vec![("", "name part must be non-empty"), ("", NAME_PART)],
        ),
        (
            json!({"b b": "-", "a": "-"}),
            vec![("-", LABEL_VALUE), ("b b", NAME_PART), ("-", LABEL_VALUE)],
        ),
        (
            json!({"UPPER/x": ""}),
            vec![("UPPER/x", &*format!("prefix part {SUBDOMAIN}"))],
        ),
    ] {
        let expected: Vec<String> = errors
            .into_iter()
            .map(|(value, text)| format!("metadata.labels: Invalid value: \"{value}\": {text}"))
            .collect();
        assert_eq!(with(json!({ "labels": labels })), expected);
    }
}

#[test]
fn annotations_are_checked_by_key_and_total_size() {
    assert_eq!(
        with(json!({"annotations": {"B b": "x"}})),
        [format!(
            "metadata.annotations: Invalid value: \"B b\": {NAME_PART}"
        )]
    );
    assert_eq!(
        with(json!({"annotations": {"a": "x".repeat(262_143)}})),
        [""; 0]
    );
    assert_eq!(
        with(json!({"annotations": {"a": "x".repeat(262_144)}})),
        ["metadata.annotations: Too long: may not be more than 262144 bytes"]
    );
}

#[test]
fn finalizers_are_qualified_names_and_agree_on_deletion() {
    assert_eq!(
        with(json!({"finalizers": ["a b"]})),
        [format!(
            "metadata.finalizers: Invalid value: \"a b\": {NAME_PART}"
        )]
    );
    assert_eq!(
        with(json!({"finalizers": ["orphan", "foregroundDeletion"]})),
        [
            r#"metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set"#
        ]
    );
}

#[test]
fn managed_fields_are_checked_entry_by_entry() {
    let entries = json!([
        {"operation": "Update"},
        {"manager": "m".repeat(129), "fieldsType": "FieldsV2", "subresource": "s".repeat(257)},
        {"operation": "Apply", "manager": "a\u{0}b"},
    ]);
    assert_eq!(
        with(json!({ "managedFields": entries })),
        [
            r#"metadata.managedFields[1].operation: Invalid value: "": must be `Apply` or `Update`"#,
            r#"metadata.managedFields[1].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`"#,
            "metadata.managedFields[1].manager: Too long: may not be more than 128 bytes",
            "metadata.managedFields[1].subresource: Too long: may not be more than 256 bytes",
            r#"metadata.managedFields[2].manager: Invalid value: "a\x00b": invalid character U+0000 (at position 1)"#,
        ]
    );
}

#[test]
fn errors_come_in_the_order_of_the_fields() {
    let meta = json!({
        "name": "",
        "generateName": "_",
        "namespace": "",
        "generation": -1,
        "labels": {"": ""},
        "annotations": {"": ""},
        "ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": ""}],
        "finalizers": [""],
        "managedFields": [{}],
    });
    let errors = with(meta);
    let mut fields: Vec<&str> = errors.iter().filter_map(|e| e.split(": ").next()).collect();
    fields.dedup();
    assert_eq!(
        fields,
        [
            "metadata.generateName",
            "metadata.name",
            "metadata.namespace",
            "metadata.generation",
            "metadata.labels",
            "metadata.annotations",
            "metadata.ownerReferences.uid",
            "metadata.finalizers",
            "metadata.managedFields[0].operation",
        ]
    );
}

#[test]
fn what_the_server_set_cannot_be_changed() {
    for (old, new, error) in [
        (
            json!({}),
            json!({"name": "m"}),
            r#"name: Invalid value: "m": field is immutable"#,
        ),
        (
            json!({}),
            json!({"namespace": "x"}),
            r#"namespace: Invalid value: "x": field is immutable"#,
        ),
        (
            json!({}),
            json!({"uid": "v"}),
            r#"uid: Invalid value: "v": field is immutable"#,
        ),
        (
            json!({}),
            json!({"creationTimestamp": "2020-01-01T00:00:00Z"}),
            r#"creationTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable"#,
        ),
        (
            json!({}),
            json!({"deletionTimestamp": "2020-01-01T00:00:00Z"}),
            r#"deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable"#,
        ),
        (
            json!({}),
            json!({"deletionGracePeriodSeconds": 5}),
            "deletionGracePeriodSeconds: Invalid value: 5: field is immutable",
        ),
        (
            json!({"deletionGracePeriodSeconds": 5}),
            json!({}),
            "deletionGracePeriodSeconds: Invalid value: null: field is immutable",
        ),
        (
            json!({"generation": 2}),
            json!({"generation": 1}),
            "generation: Invalid value: 1: must not be decremented",
        ),
        (
            json!({}),
            json!({"resourceVersion": ""}),
            r#"resourceVersion: Invalid value: "": must be specified for an update"#,
        ),
    ] {
        assert_eq!(update(old, new), [format!("metadata.{error}")]);
    }
    assert_eq!(
        update(
            json!({}),
            json!({"generateName": "z-", "generation": 1, "labels": {"a": "b"}})
        ),
        [""; 0]
    );
}

#[test]
fn a_dying_object_gets_no_new_finalizers() {
    let dying = |finalizers: &[&str]| json!({"deletionTimestamp": "2020-01-01T00:00:00Z", "finalizers": finalizers});
    let old = || dying(&["x.io/a", "x.io/b"]);
    assert_eq!(update(old(), dying(&["x.io/b"])), [""; 0]);
    assert_eq!(
        update(old(), dying(&["x.io/a", "x.io/d", "x.io/c", "x.io/d"])),
        [
            r#"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.io/c", "x.io/d"}"#
        ]
    );
    assert_eq!(
        update(json!({}), json!({"finalizers": ["x.io/a"]})),
        [""; 0]
    );
}

#[test]
fn the_generic_create_check_asks_of_a_name_only_that_it_fits_a_path() {
    let object = |name: &str| json!({"metadata": {"name": name, "namespace": "default"}});
    assert_eq!(
        shown(&validate_create_generic(&object("Any thing"), true)),
        [""; 0]
    );
    assert_eq!(
        shown(&validate_create_generic(&object("a%"), true)),
        [r#"metadata.name: Invalid value: "a%": may not contain '%'"#]
    );
    assert_eq!(
        shown(&validate_create_generic(&json!({}), false)),
        ["metadata.name: Required value: name or generateName is required"]
    );
}

#[test]
fn the_generic_update_check_finds_a_label_twice_and_a_finalizer_once() {
    let object = |changes: Value| {
        let stored =
            json!({"name": "n", "namespace": "default", "uid": "u", "resourceVersion": "1"});
        json!({ "metadata": merged(stored, changes) })
    };
    let old = object(json!({}));
    let count = |changes: Value| validate_update_generic(&object(changes), &old, true).len();
    assert_eq!(count(json!({})), 0);
    assert_eq!(count(json!({"labels": {"a": "b c"}})), 2);
    assert_eq!(count(json!({"uid": "v"})), 1);
    assert_eq!(count(json!({"finalizers": ["a b"]})), 1);
}
