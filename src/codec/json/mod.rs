//! JSON as Go's `encoding/json` (in its `sigs.k8s.io/json` form) reads and writes it.
//!
//! [`parse`] finds the first syntax error in Go's words or builds a [`Node`]; [`write_string`], [`compact`] and
//! [`indent`] write.

mod build;
mod scan;
mod write;

use std::borrow::Cow;

use serde_json::{Map, Value};

pub(crate) use scan::check;
pub(crate) use write::{
    Members, compact, indent, sorted, write_items, write_members, write_sorted, write_string,
};

/// A JSON (or YAML) value as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// The literal as written: `80`, `80.0` and `8e1` are different here.
    Number(String),
    String(String),
    Array(Vec<Node>),
    /// Members in document order, repeated keys included.
    Object(Vec<(String, Node)>),
    /// Nested too deeply to be part of any known field.
    TooDeep,
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Node {
        Node::String(text.into())
    }

    pub(crate) fn texts(texts: &[&str]) -> Node {
        Node::Array(texts.iter().map(|text| Node::text(*text)).collect())
    }

    /// An object of these members, in this order. What is null is left out.
    pub(crate) fn object<const N: usize>(members: [(&str, Node); N]) -> Node {
        let given = members
            .into_iter()
            .filter(|(_, value)| *value != Node::Null);
        Node::Object(
            given
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Null in the place of an empty text or list: what Go calls `omitempty`.
    pub(crate) fn unless_empty(self) -> Node {
        let is_empty = match &self {
            Node::String(text) => text.is_empty(),
            Node::Array(items) => items.is_empty(),
            _ => false,
        };
        if is_empty { Node::Null } else { self }
    }

    /// Compact JSON, the members in their order.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write::write_node(&mut out, self);
        out
    }

    /// The last member of this name, if this is an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Object(members) => members.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// What `encoding/json` calls this kind of value in a type error.
    pub(crate) fn go_kind(&self) -> String {
        match self {
            Node::Null => "null".to_owned(),
            Node::Bool(_) => "bool".to_owned(),
            Node::Number(_) => "number".to_owned(),
            Node::String(_) => "string".to_owned(),
            Node::Array(_) => "array".to_owned(),
            Node::Object(_) | Node::TooDeep => "object".to_owned(),
        }
    }

    /// The plain value: last of repeated keys wins, numbers become the nearest JSON number.
    pub(crate) fn to_value(&self) -> Value {
        self.clone().into_value()
    }

    /// The same of a node that is not needed any more.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Node::Null | Node::TooDeep => Value::Null,
            Node::Bool(b) => Value::Bool(b),
            Node::Number(n) => number(&n),
            Node::String(s) => Value::String(s),
            Node::Array(items) => items.into_iter().map(Node::into_value).collect(),
            Node::Object(members) => {
                object(members.into_iter().map(|(k, v)| (k, v.into_value()))).into()
            }
        }
    }

    /// The members in key order.
    pub(crate) fn from_value(value: &Value) -> Node {
        match value {
            Value::Null => Node::Null,
            Value::Bool(b) => Node::Bool(*b),
            Value::Number(n) => Node::Number(n.to_string()),
            Value::String(s) => Node::String(s.clone()),
            Value::Array(items) => Node::Array(items.iter().map(Node::from_value).collect()),
            Value::Object(map) => Node::Object(
                sorted(map)
                    .into_iter()
                    .map(|(k, v)| (k.clone(), Node::from_value(v)))
                    .collect(),
            ),
        }
    }
}

/// An object of these members, the last of repeated names.
///
/// The standard library sorts what it collects into a map, by code of its own for every kind of iterator. Here it is
/// compiled once for all of them.
pub(crate) fn object(members: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let members: Vec<(String, Value)> = members.into_iter().collect();
    members.into_iter().collect()
}

/// The bytes that are neither control characters nor these.
const fn plain_but(special: &[u8]) -> [bool; 256] {
    let mut plain = [true; 256];
    let mut i = 0;
    while i < 0x20 {
        plain[i] = false;
        i += 1;
    }
    i = 0;
    while i < special.len() {
        plain[special[i] as usize] = false;
        i += 1;
    }
    plain
}

fn number(literal: &str) -> Value {
    if let Ok(n) = literal.parse::<i64>() {
        return n.into();
    }
    if let Ok(n) = literal.parse::<u64>() {
        return n.into();
    }
    literal
        .parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

/// Parses one JSON document, or says in Go's words why it is none.
pub(crate) fn parse(input: &[u8]) -> Result<Node, String> {
    build::document(&lossy(input)).ok_or_else(|| match check(input) {
        Err(error) => error,
        Ok(()) => scan::UNEXPECTED_END.to_owned(),
    })
}

/// UTF-8 with every invalid byte replaced on its own, as Go ranges over a string.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    out.into()
}

/// What is there, as an object; anything else makes way for an empty one.
pub(crate) fn object_mut(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(fields) => fields,
        _ => unreachable!("made an object just above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_errors_are_gos() {
        for (text, error) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("{} x", "invalid character 'x' after top-level value"),
            (
                "{a:1}",
                "invalid character 'a' looking for beginning of object key string",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 \"b\"}",
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("tru", "unexpected end of JSON input"),
            (
                "trux",
                "invalid character 'x' in literal true (expecting 'e')",
            ),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            (
                "\"\\u00g0\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            ("-a", "invalid character 'a' in numeric literal"),
            (
                "1.a",
                "invalid character 'a' after decimal point in numeric literal",
            ),
            (
                "1ea",
                "invalid character 'a' in exponent of numeric literal",
            ),
            ("01", "invalid character '1' after top-level value"),
            (
                "'a'",
                "invalid character '\\'' looking for beginning of value",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn nesting_is_limited_and_never_overflows_the_stack() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(10_000).as_bytes()).is_ok());
        let error = parse(nested(10_001).as_bytes()).unwrap_err();
        assert_eq!(error, "invalid character '[' exceeded max depth");
    }

    #[test]
    fn bad_utf8_and_lone_surrogates_become_the_replacement_character() {
        assert_eq!(
            parse(b"\"a\xff\xfeb\"").unwrap(),
            Node::String("a\u{fffd}\u{fffd}b".to_owned())
        );
        assert_eq!(
            parse(br#""\ud800x""#).unwrap(),
            Node::String("\u{fffd}x".to_owned())
        );
        assert_eq!(
            parse(br#""\ud83d\ude00""#).unwrap(),
            Node::String("😀".to_owned())
        );
    }

    #[test]
    fn members_keep_their_order_and_numbers_their_form() {
        let node = parse(br#"{"b":1.0,"a":8e1,"b":2}"#).unwrap();
        let number = |text: &str| Node::Number(text.to_owned());
        let members = [
            ("b", number("1.0")),
            ("a", number("8e1")),
            ("b", number("2")),
        ];
        assert_eq!(
            node,
            Node::Object(members.map(|(k, v)| (k.to_owned(), v)).to_vec())
        );
    }

    #[test]
    fn strings_are_escaped_for_html() {
        let mut out = Vec::new();
        write_string(&mut out, "<a&b>\u{1}\u{8}\n\"\\\u{2028}é\u{7f}");
        let expected = "\"\\u003ca\\u0026b\\u003e\\u0001\\b\\n\\\"\\\\\\u2028é\u{7f}\"";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn indenting_keeps_empty_containers_on_their_line() {
        let text = indent(br#"{"a":[],"b":{},"c":[1,{"d":"x:{,"}]}"#);
        let expected = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"x:{,\"\n    }\n  ]\n}";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
