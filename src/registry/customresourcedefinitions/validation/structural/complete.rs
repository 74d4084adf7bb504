//! What is said of values in `allOf` and the like is said of fields that there are.

use serde_json::Value;

use crate::registry::validation::read::{list_at, members_at};
use crate::status::field::FieldError;

/// `validateStructuralCompleteness`: the validations of the root, against all it has.
pub(super) fn check(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    check_values(schema, schema, path, path, errors);
}

fn check_values(
    values: &Value,
    schema: &Value,
    schema_path: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if values["not"].is_object() {
        check_nested(
            &values["not"],
            Some(schema),
            schema_path,
            &format!("{path}.not"),
            errors,
        );
    }
    for field in ["allOf", "anyOf", "oneOf"] {
        for (i, each) in list_at(values, field).iter().enumerate() {
            let path = format!("{path}.{field}[{i}]");
            check_nested(each, Some(schema), schema_path, &path, errors);
        }
    }
}

fn check_nested(
    values: &Value,
    schema: Option<&Value>,
    schema_path: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let Some(schema) = schema else {
        let detail = format!("because it is defined in {path}");
        return errors.push(FieldError::required(schema_path, detail));
    };
    check_values(values, schema, schema_path, path, errors);
    if values["items"].is_object() {
        let items = Some(&schema["items"]).filter(|items| items.is_object());
        let (schema_path, path) = (format!("{schema_path}.items"), format!("{path}.items"));
        check_nested(&values["items"], items, &schema_path, &path, errors);
    }
    for (name, each) in members_at(values, "properties") {
        let schema_path = format!("{schema_path}.properties[{name}]");
        let path = format!("{path}.properties[{name}]");
        check_nested(
            each,
            schema["properties"].get(name),
            &schema_path,
            &path,
            errors,
        );
    }
}
