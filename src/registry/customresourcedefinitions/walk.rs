//! Looking for something in a schema, and in those that are in it.

use serde_json::Value;

use crate::registry::validation::read::{list_at, members_at};

/// Shows every schema there is in one, in upstream's order, from the outside in.
pub(super) fn visit<'a>(schema: &'a Value, see: &mut dyn FnMut(&'a Value)) {
    see(schema);
    match &schema["items"] {
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        items => visit_one(items, see),
    }
    for field in ["allOf", "anyOf", "oneOf"] {
        list_at(schema, field)
            .iter()
            .for_each(|inner| visit(inner, see));
    }
    visit_one(&schema["not"], see);
    visit_all(schema, "properties", see);
    visit_one(&schema["additionalProperties"], see);
    visit_all(schema, "patternProperties", see);
    visit_one(&schema["additionalItems"], see);
    visit_all(schema, "definitions", see);
    visit_all(schema, "dependencies", see);
}

/// Whether there is a schema like that.
pub(super) fn has(schema: &Value, is_one: impl Fn(&Value) -> bool) -> bool {
    let mut found = false;
    visit(schema, &mut |inner| found = found || is_one(inner));
    found
}

fn visit_one<'a>(schema: &'a Value, see: &mut dyn FnMut(&'a Value)) {
    if schema.is_object() {
        visit(schema, see);
    }
}

fn visit_all<'a>(schema: &'a Value, field: &str, see: &mut dyn FnMut(&'a Value)) {
    for (_, inner) in members_at(schema, field) {
        visit_one(inner, see);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_schema_is_seen_once() {
        let leaf = |n: i32| json!({"n": n});
        let schema = json!({
            "n": 0, "items": leaf(1), "allOf": [leaf(2)], "anyOf": [leaf(3)], "oneOf": [leaf(4)], "not": leaf(5),
            "properties": {"b": leaf(7), "a": leaf(6)}, "additionalProperties": leaf(8), "patternProperties": {"a": leaf(9)},
            "additionalItems": leaf(10), "definitions": {"a": leaf(11)}, "dependencies": {"a": leaf(12), "b": ["x"]},
        });
        let mut seen = Vec::new();
        visit(&schema, &mut |inner| {
            seen.push(inner["n"].as_i64().unwrap())
        });
        assert_eq!(seen, (0..13).collect::<Vec<_>>());
        assert!(has(&schema, |inner| inner["n"] == 12) && !has(&schema, |inner| inner["n"] == 13));
    }
}
