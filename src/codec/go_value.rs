//! Values as Go's `fmt` prints them, which shows in the messages of patches and of YAML.

use serde_json::Value;

use super::json::{Node, sorted};
use super::quote::quote;

/// `%v` of a value that was decoded into `interface{}`: `map[a:1 b:[x y]]`, `<nil>`.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.as_i64().map_or_else(
            || show_float(n.as_f64().unwrap_or_default()),
            |n| n.to_string(),
        ),
        Value::String(s) => s.clone(),
        Value::Array(items) => list(items.iter().map(show)),
        Value::Object(map) => members(map, show),
    }
}

/// `%s` of the same: what is no string complains about the verb.
pub(crate) fn show_as_string(value: &Value) -> String {
    match value {
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::String(s) => s.clone(),
        Value::Array(items) => list(items.iter().map(show_as_string)),
        Value::Object(map) => members(map, show_as_string),
        scalar => format!("%!s({}={})", type_name(scalar), show(scalar)),
    }
}

/// `%#v`, where a map is of that type. Its members are to be in key order.
pub(crate) fn syntax(node: &Node, map: &str) -> String {
    match node {
        Node::Null | Node::TooDeep => "interface {}(nil)".to_owned(),
        Node::Bool(b) => b.to_string(),
        Node::Number(n) if n.parse::<i64>().is_ok() => n.clone(),
        Node::Number(n) => n.parse().map_or_else(|_| n.clone(), show_float),
        Node::String(s) => quote(s),
        Node::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| syntax(item, map)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Node::Object(members) => {
            let member = |(k, v): &(String, Node)| format!("{}:{}", quote(k), syntax(v, map));
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{map}{{{}}}", members.join(", "))
        }
    }
}

/// The Go type such a value has.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.as_i64().is_some() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// The Go kind of that type.
pub(crate) fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
        scalar => type_name(scalar),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(" "))
}

fn members(map: &serde_json::Map<String, Value>, show: fn(&Value) -> String) -> String {
    let members: Vec<String> = sorted(map)
        .into_iter()
        .map(|(key, value)| format!("{key}:{}", show(value)))
        .collect();
    format!("map[{}]", members.join(" "))
}

/// `%g` with as few digits as tell the number apart: an exponent is written when it is below -4 or above 5.
fn show_float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn maps_are_sorted_and_strings_are_bare() {
        let value = json!({"subsets": 5, "a": ["x", null, true, {}], "m": {"z": "", "b": 1.5}});
        assert_eq!(
            show(&value),
            "map[a:[x <nil> true map[]] m:map[b:1.5 z:] subsets:5]"
        );
    }

    #[test]
    fn a_large_or_small_float_has_an_exponent() {
        for (number, text) in [
            (80.0, "80"),
            (123_456.5, "123456.5"),
            (1e6, "1e+06"),
            (1.5e-7, "1.5e-07"),
            (-2.0, "-2"),
        ] {
            assert_eq!(show(&json!(number)), text);
        }
    }

    #[test]
    fn go_syntax_names_the_types() {
        let value = Node::from_value(&json!({"b": [null, true, "x"], "a": 1.5}));
        assert_eq!(
            syntax(&value, "map[string]int"),
            r#"map[string]int{"a":1.5, "b":[]interface {}{interface {}(nil), true, "x"}}"#
        );
    }

    #[test]
    fn the_wrong_verb_names_the_type() {
        assert_eq!(show_as_string(&json!("x")), "x");
        assert_eq!(show_as_string(&json!(5)), "%!s(int64=5)");
        assert_eq!(
            show_as_string(&json!([null, true])),
            "[%!s(<nil>) %!s(bool=true)]"
        );
    }
}
