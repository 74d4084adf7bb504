//! Data as expressions see it, by the schema it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map as Members, Value};

use super::decl::has_type_and_meta;
use super::node::Node;
use crate::cel::escape::escape;
use crate::cel::value::{CelValue, List, ListKind, Map, MapKey, time};
use crate::codec::go_duration;

fn invalid(message: impl Into<Arc<str>>) -> CelValue {
    CelValue::Invalid(message.into())
}

/// The value of the data; what is not as the schema says is an error where it is used.
pub(crate) fn value(data: &Value, node: Node<'_>, is_root: bool) -> CelValue {
    if data.is_null() {
        return match node.flag("nullable") {
            true => CelValue::Null,
            false => invalid("invalid data, got null for schema with nullable=false"),
        };
    }
    if node.is_int_or_string() {
        return match data {
            Value::String(text) => CelValue::string(text.as_str()),
            Value::Number(number) if number.as_i64().is_some() => CelValue::from(data),
            _ => invalid(
                "invalid data, expected XIntOrString value to be either a string or integer",
            ),
        };
    }
    match (node.ty(), data) {
        ("object", Value::Object(members)) => object(members, node, is_root || node.is_embedded()),
        ("object", _) => {
            invalid("invalid data, expected a map for the provided schema with type=object")
        }
        ("array", Value::Array(items)) => list(items, node),
        ("array", _) => {
            invalid("invalid data, expected an array for the provided schema with type=array")
        }
        ("string", Value::String(text)) => string(text, node),
        ("number", Value::Number(number)) => {
            CelValue::Double(number.as_f64().unwrap_or(f64::INFINITY))
        }
        ("integer", Value::Number(number)) if number.as_i64().is_some() => CelValue::from(data),
        ("integer", Value::Number(number)) if is_whole(number.as_f64()) => {
            whole(number.as_f64().unwrap_or(0.0))
        }
        ("boolean", Value::Bool(b)) => CelValue::Bool(*b),
        ("string", _) => invalid(format!(
            "invalid data, expected string, got {}",
            go_type(data)
        )),
        ("number", _) => invalid(format!(
            "invalid data, expected float, got {}",
            go_type(data)
        )),
        ("integer", _) => invalid(format!("invalid data, expected int, got {}", go_type(data))),
        ("boolean", _) => invalid(format!(
            "invalid data, expected bool, got {}",
            go_type(data)
        )),
        (ty, _) if node.flag("x-kubernetes-preserve-unknown-fields") && ty.is_empty() => {
            CelValue::from(data)
        }
        (ty, _) => invalid(format!(
            "invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got {ty}"
        )),
    }
}

fn is_whole(number: Option<f64>) -> bool {
    number.is_some_and(|number| number.fract() == 0.0)
}

fn whole(number: f64) -> CelValue {
    crate::cel::value::numbers::to_int(number)
        .unwrap_or_else(|| invalid("invalid data, expected int, got float64"))
}

fn go_type(data: &Value) -> &'static str {
    crate::codec::go_value::type_name(data)
}

fn object(members: &Members<String, Value>, node: Node<'_>, with_meta: bool) -> CelValue {
    let added = with_meta && !has_type_and_meta(node);
    if node.properties().is_none() && !added {
        return map(members, node);
    }
    let mut entries = BTreeMap::new();
    let mut unknown = BTreeMap::new();
    let mut hidden = 0;
    for (name, member) in members {
        let inner = match name.as_str() {
            "kind" | "apiVersion" | "metadata" if added => Some(meta(name, member)),
            _ => node
                .property(name)
                .map(|schema| value(member, schema, false)),
        };
        match inner {
            Some(_) if member.is_null() => hidden += 1,
            Some(inner) => {
                let named = escape(name).unwrap_or_else(|| name.clone());
                entries.insert(MapKey::text(&named), inner);
            }
            None => {
                hidden += 1;
                unknown.insert(name.clone(), member.clone());
            }
        }
    }
    CelValue::Map(Arc::new(Map {
        entries,
        unknown: Some(unknown),
        typed: true,
        hidden,
    }))
}

/// What every resource has, even where its schema does not say so.
fn meta(name: &str, member: &Value) -> CelValue {
    let Value::Object(members) = member else {
        return CelValue::from(member);
    };
    let mut entries = BTreeMap::new();
    let mut unknown = BTreeMap::new();
    for (field, value) in members {
        if name == "metadata" && matches!(field.as_str(), "name" | "generateName") {
            entries.insert(MapKey::text(field), CelValue::from(value));
        } else {
            unknown.insert(field.clone(), value.clone());
        }
    }
    let hidden = unknown.len();
    CelValue::Map(Arc::new(Map {
        entries,
        unknown: Some(unknown),
        typed: true,
        hidden,
    }))
}

fn map(members: &Members<String, Value>, node: Node<'_>) -> CelValue {
    let mut map = Map {
        typed: true,
        ..Map::default()
    };
    match node.additional() {
        Some(schema) => {
            for (name, member) in members {
                map.entries
                    .insert(MapKey::text(name), value(member, schema, false));
            }
        }
        None => {
            map.hidden = members.len();
            map.unknown = Some(
                members
                    .iter()
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
            );
        }
    }
    CelValue::Map(Arc::new(map))
}

fn list(items: &[Value], node: Node<'_>) -> CelValue {
    let Some(schema) = node.items() else {
        return invalid("invalid array type, expected Items with a non-empty Schema");
    };
    let kind = match node.text("x-kubernetes-list-type") {
        "set" => ListKind::Set,
        "map" => {
            let keys = node.texts("x-kubernetes-list-map-keys");
            ListKind::Map(
                keys.into_iter()
                    .map(|key| escape(key).unwrap_or_else(|| key.to_owned()))
                    .collect(),
            )
        }
        _ => ListKind::Typed,
    };
    let items = items
        .iter()
        .map(|item| value(item, schema, false))
        .collect();
    CelValue::List(Arc::new(List { items, kind }))
}

fn string(text: &str, node: Node<'_>) -> CelValue {
    match node.text("format") {
        "duration" => go_duration::parse(text)
            .map(CelValue::Duration)
            .unwrap_or_else(|_| invalid(format!("Invalid duration {text}: unable to parse"))),
        "date" => match text
            .parse::<Date>()
            .ok()
            .and_then(|d| d.to_zoned(TimeZone::UTC).ok())
        {
            Some(time) => CelValue::Timestamp(time.timestamp()),
            None => invalid(format!(
                "Invalid date formatted string {text}: unable to parse"
            )),
        },
        "date-time" => match time::parse(text) {
            Some(time) => CelValue::Timestamp(time),
            None => invalid(format!(
                "Invalid date-time formatted string {text}: unable to parse"
            )),
        },
        "byte" => match base64::engine::general_purpose::STANDARD.decode(text) {
            Ok(bytes) => CelValue::Bytes(bytes.into()),
            Err(_) => invalid(format!(
                "Invalid byte formatted string {text}: illegal base64 data"
            )),
        },
        _ => CelValue::string(text),
    }
}
