//! Whether a schema is structural: all that gives objects their shape stands outside of `allOf`, `anyOf`, `oneOf` and `not`.

mod complete;

use serde_json::Value;

use super::super::support::unsupported;
use super::super::walk;
use crate::kinds::meta::OBJECT_META;
use crate::kinds::structural::Structural;
use crate::names::name_is_path_segment;
use crate::registry::validation::meta;
use crate::registry::validation::read::{list_at, members_at, text_at};
use crate::schema::structural::{DefaultChecks, check_defaults, prune_defaults};
use crate::status::field::FieldError;

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// `ValidateStructural`, in the order of the errors.
pub(super) fn validate(schema: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(schema, Level::Root, path, &mut errors);
    complete::check(schema, path, &mut errors);
    errors.sort_by_cached_key(ToString::to_string);
    errors
}

/// Whether a schema is not structural.
pub(super) fn is_violated(schema: &Value) -> bool {
    unsupported(schema).is_some() || !validate(schema, "").is_empty()
}

/// Whether the defaults of a structural schema are valid under it.
pub(super) fn validate_defaults(schema: &Value, path: &str, pruned: bool) -> Vec<FieldError> {
    if !has_defaults(schema) {
        return Vec::new();
    }
    let checks = DefaultChecks {
        object_meta: &OBJECT_META,
        meta_check: &|metadata, namespaced, path| {
            meta::validate_object_meta(metadata, namespaced, name_is_path_segment, path)
        },
        requires_pruned: pruned,
    };
    check_defaults(&Structural::of(schema), path, &checks)
}

fn has_defaults(schema: &Value) -> bool {
    walk::has(schema, |inner| !inner["default"].is_null())
}

/// Whether a default of a structural schema says more than the schema knows.
pub(super) fn has_unpruned_defaults(schema: &Value) -> bool {
    if !has_defaults(schema) || is_violated(schema) {
        return false;
    }
    let mut pruned = Structural::of(schema);
    let before = format!("{pruned:?}");
    prune_defaults(&mut pruned, &OBJECT_META);
    before != format!("{pruned:?}")
}

/// `validateStructuralInvariants`
fn check(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let items = &schema["items"];
    if text_at(schema, "type") == "array" && !items.is_object() {
        errors.push(FieldError::required(
            format!("{path}.items"),
            "must be specified",
        ));
    }
    if items.is_object() {
        check(items, Level::Item, &format!("{path}.items"), errors);
    }
    for (name, each) in members_at(schema, "properties") {
        check(
            each,
            Level::Field,
            &format!("{path}.properties[{name}]"),
            errors,
        );
    }
    let additional = &schema["additionalProperties"];
    if !additional.is_null() && level == Level::Root {
        let path = format!("{path}.additionalProperties");
        errors.push(FieldError::forbidden(path, "must not be used at the root"));
    }
    if additional.is_object() {
        check(
            additional,
            Level::Field,
            &format!("{path}.additionalProperties"),
            errors,
        );
    }
    check_extensions(schema, path, errors);
    let first = list_at(schema, "allOf").first().unwrap_or(&Value::Null);
    check_values(
        schema,
        is_either_type(schema),
        is_either_type(first),
        path,
        errors,
    );
    check_type(schema, level, path, errors);
    check_resource(schema, level, path, errors);
}

fn check_extensions(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if schema[INT_OR_STRING] != true {
        return;
    }
    for field in [PRESERVE, EMBEDDED] {
        if schema[field] == true {
            let reason = format!("must be false if {INT_OR_STRING} is true");
            errors.push(FieldError::invalid(
                format!("{path}.{field}"),
                &true.into(),
                reason,
            ));
        }
    }
}

fn check_type(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let (ty, path) = (text_at(schema, "type"), format!("{path}.type"));
    let is_embedded = schema[EMBEDDED] == true;
    if is_embedded && ty != "object" {
        let detail = format!("must be object if {EMBEDDED} is true");
        errors.push(match ty {
            "" => FieldError::required(path.as_str(), detail),
            _ => FieldError::invalid_str(path.as_str(), ty, detail),
        });
    } else if ty.is_empty() && schema[INT_OR_STRING] != true && schema[PRESERVE] != true {
        let detail = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(path.as_str(), detail));
    }
    if level == Level::Root && !ty.is_empty() && ty != "object" {
        errors.push(FieldError::invalid_str(
            path,
            ty,
            "must be object at the root",
        ));
    }
}

/// What is known of all objects.
fn check_resource(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let is_embedded = schema[EMBEDDED] == true;
    if is_embedded && !schema["additionalProperties"].is_null() {
        let detail = format!("must not be used if {EMBEDDED} is set");
        errors.push(FieldError::forbidden(
            format!("{path}.additionalProperties"),
            detail,
        ));
    }
    if is_embedded || level == Level::Root {
        for (name, wanted) in [
            ("kind", "string"),
            ("apiVersion", "string"),
            ("metadata", "object"),
        ] {
            let property = &schema["properties"][name];
            let ty = text_at(property, "type");
            if !property.is_null() && ty != wanted {
                let path = format!("{path}.properties[{name}].type");
                errors.push(FieldError::invalid_str(
                    path,
                    ty,
                    format!("must be {wanted}"),
                ));
            }
        }
    }
    if level == Level::Root && restricts_metadata(&schema["properties"]["metadata"]) {
        let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.push(FieldError::forbidden(
            format!("{path}.properties[metadata]"),
            detail,
        ));
    }
    if is_embedded && schema[PRESERVE] != true && members_at(schema, "properties").is_empty() {
        let detail = format!("must not be empty if {EMBEDDED} is true without {PRESERVE}");
        errors.push(FieldError::required(format!("{path}.properties"), detail));
    }
}

fn restricts_metadata(metadata: &Value) -> bool {
    let given = metadata.as_object().into_iter().flatten();
    let mut given = given.filter(|(_, value)| !value.is_null());
    given.any(|(name, value)| match name.as_str() {
        "type" | "default" => false,
        "properties" => {
            let names = value.as_object().into_iter().flatten();
            names
                .map(|(name, _)| name)
                .any(|name| name != "name" && name != "generateName")
        }
        // What values may be is restricted elsewhere.
        _ => true,
    })
}

/// The two types that a number or a text has.
fn is_either_type(schema: &Value) -> bool {
    let is_of = |choice: &Value, ty: &str| {
        let members = choice.as_object();
        members.is_some_and(|members| members.len() == 1) && choice["type"] == ty
    };
    match list_at(schema, "anyOf") {
        [integer, string] => is_of(integer, "integer") && is_of(string, "string"),
        _ => false,
    }
}

/// `validateValueValidation`; the choice of the two types may stand here, or in the first of `allOf`.
fn check_values(
    schema: &Value,
    skips_any_of: bool,
    skips_first: bool,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for field in ["anyOf", "allOf", "oneOf"] {
        if field == "anyOf" && skips_any_of {
            continue;
        }
        for (i, each) in list_at(schema, field).iter().enumerate() {
            let skips = field == "allOf" && i == 0 && skips_first;
            check_nested(each, skips, &format!("{path}.{field}[{i}]"), errors);
        }
    }
    if schema["not"].is_object() {
        check_nested(&schema["not"], false, &format!("{path}.not"), errors);
    }
    let pattern = text_at(schema, "pattern");
    if let Some(why) = pattern_error(pattern) {
        let reason = format!("must be a valid regular expression, but isn't: {why}");
        errors.push(FieldError::invalid_str(
            format!("{path}.pattern"),
            pattern,
            reason,
        ));
    }
}

fn pattern_error(pattern: &str) -> Option<String> {
    if pattern.is_empty() {
        return None;
    }
    let read = Structural::of(&serde_json::json!({"pattern": pattern}));
    read.pattern
        .and_then(|pattern| pattern.error().map(str::to_owned))
}

/// `validateNestedValueValidation`: nothing here gives a shape.
fn check_nested(schema: &Value, skips_any_of: bool, path: &str, errors: &mut Vec<FieldError>) {
    check_values(schema, skips_any_of, false, path, errors);
    if schema["items"].is_object() {
        check_nested(&schema["items"], false, &format!("{path}.items"), errors);
    }
    for (name, each) in members_at(schema, "properties") {
        check_nested(each, false, &format!("{path}.properties[{name}]"), errors);
    }
    for (field, must_be) in [
        ("type", "empty"),
        ("additionalProperties", "undefined"),
        ("default", "undefined"),
        ("title", "empty"),
        ("description", "empty"),
        ("nullable", "false"),
        (PRESERVE, "false"),
        (EMBEDDED, "false"),
        (INT_OR_STRING, "false"),
        ("x-kubernetes-list-map-keys", "empty"),
        ("x-kubernetes-list-type", "undefined"),
        ("x-kubernetes-map-type", "undefined"),
        ("x-kubernetes-validations", "empty"),
    ] {
        let value = &schema[field];
        let is_nothing = value.is_null() || (*value == false && field != "default");
        if !is_nothing {
            let detail = format!("must be {must_be} to be structural");
            errors.push(FieldError::forbidden(format!("{path}.{field}"), detail));
        }
    }
    if !schema["properties"]["metadata"].is_null() {
        let detail = "must not be specified in a nested context";
        errors.push(FieldError::forbidden(
            format!("{path}.properties[metadata]"),
            detail,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(schema: &Value) -> Vec<String> {
        validate(schema, "s")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn what_gives_a_shape_stands_outside() {
        let either = json!([{"type": "integer"}, {"type": "string"}]);
        for (schema, wanted) in [
            (
                json!({}),
                "s.type: Required value: must not be empty at the root",
            ),
            (
                json!({"type": "object", "items": {}}),
                "s.items.type: Required value: must not be empty for specified array items",
            ),
            (
                json!({"type": "object", "properties": {"a": {"x-kubernetes-int-or-string": true, "anyOf": either}}}),
                "",
            ),
            (json!({"type": "object", "allOf": [{"anyOf": either}]}), ""),
            (
                json!({"type": "object", "not": {"properties": {"a": {}}}}),
                "s.properties[a]: Required value: because it is defined in s.not.properties[a]",
            ),
            (
                json!({"type": "object", "anyOf": [{"nullable": true}]}),
                "s.anyOf[0].nullable: Forbidden: must be false to be structural",
            ),
            (
                json!({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string"}}}}}),
                "",
            ),
        ] {
            assert_eq!(said(&schema).join("; "), wanted, "{schema}");
        }
    }
}
