//! The rules of custom resources.

use serde_json::{Value, json};

use crate::cel::rules::{Validator, check};

/// A schema of an object with this under `spec`.
fn spec(schema: Value) -> Value {
    json!({"type": "object", "properties": {"spec": schema}})
}

fn ruled(mut schema: Value, rule: Value) -> Value {
    schema["x-kubernetes-validations"] = json!([rule]);
    schema
}

fn refused(schema: &Value) -> Vec<String> {
    check(schema, "s", false)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn broken(schema: &Value, object: Value, old: Option<Value>) -> Vec<String> {
    let validator = Validator::new(schema).unwrap();
    let validation = validator.validate(&object, old.as_ref());
    validation.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn rules_are_compiled_against_the_schema() {
    let schema = |rule: &str| {
        spec(ruled(
            json!({"type": "object", "properties": {"a-b": {"type": "integer"}, "namespace": {"type": "string", "maxLength": 5}}}),
            json!({"rule": rule}),
        ))
    };
    assert_eq!(
        refused(&schema(
            "self.a__dash__b > 1 && self.namespace == 'x' && self.__namespace__ != ''"
        )),
        [""; 0]
    );
    let errors = refused(&schema("self.c == 1"));
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("s.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"self.c == 1\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:5: undefined field 'c'"), "{}", errors[0]);
    assert!(
        refused(&schema("self.namespace"))[0].ends_with("cel expression must evaluate to a bool")
    );
}

#[test]
fn costly_rules_are_refused() {
    let list = |max: Option<u64>| {
        let mut list = ruled(
            json!({"type": "array", "items": {"type": "string", "maxLength": 10}}),
            json!({"rule": "self.all(a, self.all(b, a != b + 'x'))"}),
        );
        if let Some(max) = max {
            list["maxItems"] = json!(max);
        }
        spec(list)
    };
    assert_eq!(refused(&list(Some(10))), [""; 0]);
    let errors = refused(&list(None));
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(
        errors[0]
            .contains("Forbidden: estimated rule cost exceeds budget by factor of more than 100x")
    );
    assert!(errors[1].ends_with(
        "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
    ));
    assert!(
        errors[2].starts_with("s: Forbidden: x-kubernetes-validations estimated rule cost total")
    );
    assert_eq!(check(&list(None), "s", true).len(), 2);
}

#[test]
fn old_values_are_known_where_they_can_be() {
    let list = |kind: &str, rule: Value| {
        let item = ruled(
            json!({"type": "object", "properties": {"k": {"type": "string", "maxLength": 3}, "v": {"type": "integer"}}}),
            rule,
        );
        spec(
            json!({"type": "array", "maxItems": 3, "x-kubernetes-list-type": kind, "x-kubernetes-list-map-keys": ["k"], "items": item}),
        )
    };
    let rule = json!({"rule": "self.v >= oldSelf.v"});
    let errors = refused(&list("atomic", rule.clone()));
    assert!(errors[0].ends_with("oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[spec]"), "{errors:?}");
    let unused = refused(&list(
        "map",
        json!({"rule": "self.v > 0", "optionalOldSelf": true}),
    ));
    assert!(
        unused[0].ends_with(
            "optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule"
        ),
        "{unused:?}"
    );
    let map = list("map", rule);
    assert_eq!(refused(&map), [""; 0]);
    let old = json!({"spec": [{"k": "a", "v": 2}, {"k": "b", "v": 2}]});
    let new = json!({"spec": [{"k": "b", "v": 1}, {"k": "c", "v": 0}]});
    assert_eq!(
        broken(&map, new.clone(), Some(old)),
        ["spec[0]: Invalid value: failed rule: self.v >= oldSelf.v"]
    );
    assert_eq!(broken(&map, new, None), [""; 0]);
}

#[test]
fn what_is_told_of_a_broken_rule() {
    let integer = |rule: Value| spec(ruled(json!({"type": "integer"}), rule));
    let zero = || json!({"spec": 0});
    for (rule, wanted) in [
        (
            json!({"rule": "self > 0"}),
            "spec: Invalid value: 0: failed rule: self > 0",
        ),
        (
            json!({"rule": "self > 0", "message": " m "}),
            "spec: Invalid value: 0: m",
        ),
        (
            json!({"rule": "self > 0", "messageExpression": "'got ' + string(self)", "message": "m"}),
            "spec: Invalid value: 0: got 0",
        ),
        (
            json!({"rule": "self > 0", "messageExpression": "string(1 / self)", "message": "m"}),
            "spec: Invalid value: 0: m",
        ),
        (
            json!({"rule": "self > 0", "reason": "FieldValueForbidden"}),
            "spec: Forbidden: failed rule: self > 0",
        ),
        (
            json!({"rule": "self > 0", "reason": "FieldValueDuplicate"}),
            "spec: Duplicate value: 0",
        ),
        (
            json!({"rule": "1 / self > 0", "message": "m"}),
            "spec: Invalid value: \"integer\": division by zero evaluating rule: m",
        ),
    ] {
        assert_eq!(broken(&integer(rule), zero(), None), [wanted]);
    }
    let object = ruled(
        json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
        json!({"rule": "self.a > 0", "fieldPath": ".a"}),
    );
    assert_eq!(
        broken(&spec(object), json!({"spec": {"a": 0}}), None),
        ["spec.a: Invalid value: failed rule: self.a > 0"]
    );
    let root = ruled(
        json!({"type": "object"}),
        json!({"rule": "self.metadata.name != 'x'"}),
    );
    assert_eq!(
        broken(&root, json!({"metadata": {"name": "x"}}), None),
        ["<nil>: Invalid value: failed rule: self.metadata.name != 'x'"]
    );
}

#[test]
fn what_did_not_change_is_forgiven() {
    let schema = spec(json!({"type": "object", "properties": {
        "a": ruled(json!({"type": "integer"}), json!({"rule": "self > 0"})),
        "b": {"type": "integer"},
    }}));
    let validator = Validator::new(&schema).unwrap();
    let (old, new) = (
        json!({"spec": {"a": 0, "b": 1}}),
        json!({"spec": {"a": 0, "b": 2}}),
    );
    let validation = validator.validate(&new, Some(&old));
    assert_eq!((validation.errors.len(), validation.warnings.len()), (0, 1));
    let changed = json!({"spec": {"a": -1, "b": 1}});
    assert_eq!(validator.validate(&changed, Some(&old)).errors.len(), 1);
}

#[test]
fn data_is_of_the_types_its_schema_says() {
    let schema = |rule: &str| {
        spec(ruled(
            json!({"type": "object", "properties": {
                "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "t": {"type": "string", "format": "date-time"},
                "d": {"type": "string", "format": "duration"},
                "b": {"type": "string", "format": "byte"},
                "f": {"type": "number"},
                "x": {"x-kubernetes-int-or-string": true},
                "n": {"type": "string", "nullable": true},
            }}),
            json!({"rule": rule}),
        ))
    };
    let object = json!({"spec": {"set": ["a", "b"], "t": "2024-01-02T03:04:05Z", "d": "90s", "b": "aGk=", "f": 1, "x": 5, "n": null}});
    for rule in [
        "self.set == ['b', 'a'] && self.set + ['a', 'c'] == ['a', 'b', 'c']",
        "self.t.getFullYear() == 2024 && self.t < timestamp('2025-01-01T00:00:00Z')",
        "self.d == duration('1m30s')",
        "self.b == b'hi'",
        "self.f == 1.0 && type(self.f) == double",
        "type(self.x) == int && self.x < 6",
        "!has(self.n)",
    ] {
        assert_eq!(
            broken(&schema(rule), object.clone(), None),
            [""; 0],
            "{rule}"
        );
    }
}

#[test]
fn the_budget_is_for_the_whole_object() {
    let item = ruled(
        json!({"type": "array", "items": {"type": "integer"}}),
        json!({"rule": "self.all(a, self.all(b, a + b >= 0))"}),
    );
    let schema = spec(json!({"type": "array", "items": item}));
    let numbers: Vec<u32> = (0..300).collect();
    let object = json!({"spec": vec![numbers; 30]});
    let errors = broken(&schema, object, None);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0].contains("validation failed due to running out of cost budget"),
        "{errors:?}"
    );
}
