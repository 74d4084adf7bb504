//! Values as text and as JSON.

use base64::Engine as _;
use serde_json::{Map, Number, Value};

use super::numbers::show_double;
use super::{CelValue, MapKey, duration, time};

/// A value as error texts show it.
pub(crate) fn show(value: &CelValue) -> String {
    match value {
        CelValue::Null => "null".to_owned(),
        CelValue::Bool(b) => b.to_string(),
        CelValue::Int(i) => i.to_string(),
        CelValue::Uint(u) => u.to_string(),
        CelValue::Double(d) => show_double(*d),
        CelValue::String(s) => (**s).to_owned(),
        CelValue::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
        CelValue::Timestamp(t) => time::show(*t),
        CelValue::Duration(d) => duration::show(*d),
        CelValue::List(list) => {
            let items: Vec<String> = list.items.iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        CelValue::Map(map) => {
            let entry = |(key, value): (&MapKey, &CelValue)| {
                format!("{}: {}", show(&key.to_value()), show(value))
            };
            let entries: Vec<String> = map.entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        CelValue::Optional(Some(inner)) => format!("optional({})", show(inner)),
        CelValue::Optional(None) => "optional.none()".to_owned(),
        CelValue::Type(ty) => ty.name().to_owned(),
        CelValue::Invalid(message) => (**message).to_owned(),
        other => other.type_of().name().to_owned(),
    }
}

impl CelValue {
    /// The value as JSON, or what cannot be JSON.
    pub(crate) fn to_json(&self) -> Result<Value, String> {
        Ok(match self {
            CelValue::Null => Value::Null,
            CelValue::Bool(b) => Value::Bool(*b),
            CelValue::Int(i) => Value::from(*i),
            CelValue::Uint(u) => Value::from(*u),
            CelValue::Double(d) => Value::Number(
                Number::from_f64(*d).ok_or_else(|| format!("unsupported value: {}", show(self)))?,
            ),
            CelValue::String(s) => Value::from(&**s),
            CelValue::Bytes(b) => Value::from(base64::engine::general_purpose::STANDARD.encode(b)),
            CelValue::Timestamp(t) => Value::from(time::show(*t)),
            CelValue::Duration(d) => Value::from(duration::show(*d)),
            CelValue::List(list) => Value::Array(
                list.items
                    .iter()
                    .map(CelValue::to_json)
                    .collect::<Result<_, _>>()?,
            ),
            CelValue::Map(map) => {
                let mut members = Map::new();
                for (key, value) in &map.entries {
                    members.insert(show(&key.to_value()), value.to_json()?);
                }
                Value::Object(members)
            }
            CelValue::Object(object) => {
                let mut members = Map::new();
                for (name, value) in &object.fields {
                    members.insert(name.clone(), value.to_json()?);
                }
                Value::Object(members)
            }
            CelValue::Optional(Some(inner)) => return inner.to_json(),
            other => {
                return Err(format!(
                    "unsupported type {} for JSON",
                    other.type_of().name()
                ));
            }
        })
    }
}
