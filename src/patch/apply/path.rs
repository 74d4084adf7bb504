//! Elements of a field path, their order and their two written forms: `f:name` in a stored set, `.name` in a message.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::codec::json::{self, compact, sorted};
use crate::codec::quote::quote;

/// One step down into an object. The order of the variants is the order of conflicts in a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A field of a struct or a key of a map.
    Field(Arc<str>),
    /// An item of a keyed list: its keys and their values, sorted by key.
    Key(Vec<(String, Scalar)>),
    /// An item of a set.
    Value(Scalar),
    /// An item of an atomic list; only a client can send one.
    Index(usize),
}

/// A value inside an element.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar(pub(crate) Value);

impl Eq for Scalar {}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scalar {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) if a.is_i64() && b.is_i64() => {
                a.as_i64().cmp(&b.as_i64())
            }
            (a, b) => compact(a).cmp(&compact(b)),
        }
    }
}

/// What a stored key says.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    Element(Element),
    /// A kind of element of some later server: skipped, as the real server does.
    Unknown,
    Invalid,
}

impl Element {
    pub(crate) fn field(name: &str) -> Element {
        Element::Field(name.into())
    }

    /// The key of this element in a stored set. Unlike in answers, `<`, `>` and `&` are not escaped in it.
    pub(crate) fn encode(&self) -> String {
        match self {
            Element::Field(name) => ["f:", &**name].concat(),
            Element::Key(keys) => {
                let parts: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), value.0))
                    .collect();
                format!("k:{{{}}}", parts.join(","))
            }
            Element::Value(value) => format!("v:{}", value.0),
            Element::Index(index) => format!("i:{index}"),
        }
    }

    pub(crate) fn parse(text: &str) -> Parsed {
        let mut chars = text.chars();
        let (Some(kind), Some(':')) = (chars.next(), chars.next()) else {
            return Parsed::Invalid;
        };
        let rest = chars.as_str();
        let element = match kind {
            'f' => Some(Element::field(rest)),
            'v' => parse_json(rest).map(|value| Element::Value(Scalar(value))),
            'k' => parse_json(rest).and_then(|value| Some(Element::keyed(value.as_object()?))),
            'i' => rest.parse().ok().map(Element::Index),
            _ => return Parsed::Unknown,
        };
        element.map_or(Parsed::Invalid, Parsed::Element)
    }

    fn keyed(map: &Map<String, Value>) -> Element {
        Element::Key(
            sorted(map)
                .into_iter()
                .map(|(name, value)| (name.clone(), Scalar(value.clone())))
                .collect(),
        )
    }
}

fn parse_json(text: &str) -> Option<Value> {
    json::parse(text.as_bytes())
        .ok()
        .map(|node| node.to_value())
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::String(s) => f.write_str(&quote(s)),
            other => f.write_str(&compact(other)),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Field(name) => write!(f, ".{name}"),
            Element::Key(keys) => {
                let parts: Vec<String> = keys
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                write!(f, "[{}]", parts.join(","))
            }
            Element::Value(value) => write!(f, "[={value}]"),
            Element::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// `.metadata.ownerReferences[uid="u1"]`: a path as messages show it.
pub(crate) fn display(path: &[Element]) -> String {
    path.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keyed(value: Value) -> Element {
        Element::keyed(value.as_object().unwrap())
    }

    #[test]
    fn every_kind_of_element_is_written_and_read_back() {
        for (element, stored, shown) in [
            (
                Element::field("app.kubernetes.io/name"),
                "f:app.kubernetes.io/name",
                ".app.kubernetes.io/name",
            ),
            (
                keyed(json!({"uid": "u1"})),
                r#"k:{"uid":"u1"}"#,
                r#"[uid="u1"]"#,
            ),
            (
                keyed(json!({"protocol": "TCP", "port": 80})),
                r#"k:{"port":80,"protocol":"TCP"}"#,
                r#"[port=80,protocol="TCP"]"#,
            ),
            (
                Element::Value(Scalar(json!("x.io/y"))),
                r#"v:"x.io/y""#,
                r#"[="x.io/y"]"#,
            ),
            (Element::Index(3), "i:3", "[3]"),
        ] {
            assert_eq!(element.encode(), stored);
            assert_eq!(element.to_string(), shown);
            assert_eq!(Element::parse(stored), Parsed::Element(element));
        }
    }

    #[test]
    fn an_element_of_an_unknown_kind_is_told_from_a_broken_one() {
        assert_eq!(Element::parse("x:a"), Parsed::Unknown);
        for text in ["", "f", "fa", "v:{", "k:3", "i:a"] {
            assert_eq!(Element::parse(text), Parsed::Invalid, "{text}");
        }
    }

    #[test]
    fn fields_come_before_keys_and_keys_before_values() {
        let mut all = [
            Element::Index(0),
            Element::Value(Scalar(json!("a"))),
            keyed(json!({"a": 1})),
            Element::field("z"),
        ];
        all.sort_unstable();
        assert_eq!(display(&all), r#".z[a=1][="a"][0]"#);
    }
}
