//! What a schema accepts, by the rules of OpenAPI 3.0 as Kubernetes has them, written down once more in another way.
//!
//! Where Go shows through upstream, it does here: null is of no enumeration, a number is cut to an integer before it is
//! compared with one of an enumeration, and to lists `1` and `1.0` are two values.

use serde_json::Value;

/// A pattern, and what it matches.
type Pattern = (&'static str, fn(&str) -> bool);

/// The patterns that are known.
pub(super) const PATTERNS: [Pattern; 5] = [
    ("^[a-c]+$", |text| {
        !text.is_empty() && text.chars().all(|c| ('a'..='c').contains(&c))
    }),
    ("b", |text| text.contains('b')),
    ("^$", str::is_empty),
    ("^.{2}$", |text| text.chars().count() == 2),
    (r"\d", |text| text.contains(|c: char| c.is_ascii_digit())),
];

pub(super) fn accepts(schema: &Value, value: &Value) -> bool {
    if value.is_null() {
        let may_be_null = schema["nullable"] == true || types(schema).is_empty();
        return may_be_null && listed(schema).is_none();
    }
    is_of_type(schema, value)
        && is_listed(schema, value)
        && satisfies_others(schema, value)
        && match value {
            Value::String(text) => fits_text(schema, text),
            Value::Number(_) => fits_number(schema, value.as_f64().unwrap()),
            Value::Array(items) => fits_array(schema, items),
            Value::Object(_) => fits_object(schema, value),
            _ => true,
        }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema["x-kubernetes-int-or-string"] == true {
        true => vec!["integer", "string"],
        false => schema["type"].as_str().into_iter().collect(),
    }
}

fn is_of_type(schema: &Value, value: &Value) -> bool {
    let is_one = |ty: &&str| match *ty {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        other => panic!("there is no type {other}"),
    };
    let types = types(schema);
    types.is_empty() || types.iter().any(is_one)
}

fn listed(schema: &Value) -> Option<&Vec<Value>> {
    let listed = schema["enum"].as_array();
    listed.filter(|listed| !listed.is_empty())
}

fn is_listed(schema: &Value, value: &Value) -> bool {
    let Some(listed) = listed(schema) else {
        return true;
    };
    listed
        .iter()
        .any(|one| match (one.as_i64(), value.as_f64()) {
            (Some(one), Some(number)) => one as f64 == number.trunc(),
            _ => match (one.as_f64(), value.as_f64()) {
                (Some(one), Some(number)) => one == number,
                _ => one == value,
            },
        })
}

fn satisfies_others(schema: &Value, value: &Value) -> bool {
    let all = |name: &str| schema[name].as_array();
    let accepting = |schemas: &Vec<Value>| {
        let accepting = schemas.iter().filter(|schema| accepts(schema, value));
        accepting.count()
    };
    all("allOf").is_none_or(|schemas| accepting(schemas) == schemas.len())
        && all("anyOf").is_none_or(|schemas| accepting(schemas) > 0)
        && all("oneOf").is_none_or(|schemas| accepting(schemas) == 1)
        && (schema["not"].is_null() || !accepts(&schema["not"], value))
}

fn is_between(schema: &Value, least: &str, count: usize, most: &str) -> bool {
    let count = count as u64;
    schema[least].as_u64().is_none_or(|least| count >= least)
        && schema[most].as_u64().is_none_or(|most| count <= most)
}

fn fits_text(schema: &Value, text: &str) -> bool {
    let matches = |pattern: &str| {
        let (_, is_match) = PATTERNS
            .iter()
            .find(|(known, _)| *known == pattern)
            .unwrap();
        is_match(text)
    };
    is_between(schema, "minLength", text.chars().count(), "maxLength")
        && schema["pattern"].as_str().is_none_or(matches)
}

fn fits_number(schema: &Value, number: f64) -> bool {
    let least =
        schema["minimum"]
            .as_f64()
            .is_none_or(|least| match schema["exclusiveMinimum"] == true {
                true => number > least,
                false => number >= least,
            });
    let most =
        schema["maximum"]
            .as_f64()
            .is_none_or(|most| match schema["exclusiveMaximum"] == true {
                true => number < most,
                false => number <= most,
            });
    least
        && most
        && schema["multipleOf"]
            .as_f64()
            .is_none_or(|factor| number % factor == 0.0)
}

fn fits_array(schema: &Value, items: &[Value]) -> bool {
    let is_unique = (1..items.len()).all(|at| !items[..at].contains(&items[at]));
    is_between(schema, "minItems", items.len(), "maxItems")
        && (schema["uniqueItems"] != true || is_unique)
        && (schema["items"].is_null() || items.iter().all(|item| accepts(&schema["items"], item)))
}

fn fits_object(schema: &Value, value: &Value) -> bool {
    let members = value.as_object().unwrap();
    let required = schema["required"].as_array().into_iter().flatten();
    let is_fine = |(name, value): (&String, &Value)| match schema["properties"].get(name) {
        Some(property) => accepts(property, value),
        None => match &schema["additionalProperties"] {
            Value::Object(_) => accepts(&schema["additionalProperties"], value),
            additional => additional != false,
        },
    };
    is_between(schema, "minProperties", members.len(), "maxProperties")
        && required
            .into_iter()
            .all(|name| members.contains_key(name.as_str().unwrap()))
        && members.iter().all(is_fine)
}

/// Whether no list below has an item twice, as their types tell items apart.
pub(super) fn has_no_item_twice(schema: &Value, value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            let is_unique = match schema["x-kubernetes-list-type"].as_str() {
                Some("set") => are_different(items),
                Some("map") => has_no_key_twice(&schema["x-kubernetes-list-map-keys"], items),
                _ => true,
            };
            is_unique
                && items
                    .iter()
                    .all(|item| has_no_item_twice(&schema["items"], item))
        }
        Value::Object(members) => members.iter().all(|(name, value)| {
            let inner = schema["properties"].get(name);
            has_no_item_twice(inner.unwrap_or(&schema["additionalProperties"]), value)
        }),
        _ => true,
    }
}

/// Scalars as they are, all else as it is written.
fn are_different(items: &[Value]) -> bool {
    let is_same = |one: &Value, other: &Value| match one.is_array() || one.is_object() {
        true => as_written(one) == as_written(other),
        false => one == other,
    };
    let is_new = |at: usize| !items[..at].iter().any(|other| is_same(&items[at], other));
    (1..items.len()).all(is_new)
}

/// A whole float is written like an integer.
fn as_written(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_written).collect(),
        Value::Object(members) => {
            let written = |(name, value): (&String, &Value)| (name.clone(), as_written(value));
            Value::Object(members.iter().map(written).collect())
        }
        Value::Number(number) => number.as_f64().into(),
        other => other.clone(),
    }
}

/// An only key is compared as it is, several of them as an object, and one that is missing is one like any other.
fn has_no_key_twice(keys: &Value, items: &[Value]) -> bool {
    let keys: Vec<&str> = keys
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let given = |item: &Value| {
        let given = |key: &&str| Some(((*key).to_owned(), item.get(key)?.clone()));
        Value::Object(keys.iter().filter_map(given).collect())
    };
    let only = |item: &Value| item.get(keys[0]).cloned().unwrap_or("missing".into());
    let all: Vec<Value> = match keys.len() {
        1 => items.iter().map(only).collect(),
        _ => items.iter().map(given).collect(),
    };
    items.iter().all(|item| item.is_object() || item.is_null()) && are_different(&all)
}
