//! From a merged map to an object of the kind, with the errors of Go's unstructured converter.
//!
//! Upstream: `k8s.io/apimachinery/pkg/runtime/converter.go`.

use serde_json::{Map, Value};

use crate::codec::go_value::{kind_name, type_name};
use crate::codec::json::{self, Node};
use crate::codec::{base64, time};
use crate::kinds::{Struct, Type};
use crate::schema::{self, int_or_string, quantity, schema_or};

/// An object, not yet in canonical form, and the fields no such object has.
#[derive(Debug, PartialEq)]
pub(super) struct Restored {
    pub(super) value: Value,
    /// `unknown field "x"`, sorted.
    pub(super) unknown: Vec<String>,
}

/// Restores an object; the error is the first value of a wrong type.
pub(super) fn restore(merged: &Value, schema: &Struct) -> Result<Restored, String> {
    let mut restorer = Restorer::default();
    let value = restorer.structure(merged, schema)?;
    restorer.unknown.sort_unstable();
    Ok(Restored {
        value,
        unknown: restorer.unknown,
    })
}

#[derive(Default)]
struct Restorer {
    path: String,
    unknown: Vec<String>,
}

impl Restorer {
    fn structure(&mut self, value: &Value, ty: &Struct) -> Result<Value, String> {
        let Value::Object(members) = value else {
            return Err(format!("cannot restore struct from: {}", kind_name(value)));
        };
        if ty.unstructured {
            return Ok(value.clone());
        }
        let mut out = Map::new();
        for field in &ty.fields {
            match members.get(&*field.name) {
                None | Some(Value::Null) => {}
                Some(member) => {
                    let mark = self.enter(&field.name);
                    out.insert(field.name.to_string(), self.value(member, &field.ty)?);
                    self.path.truncate(mark);
                }
            }
        }
        for key in members.keys().filter(|key| ty.field(key).is_none()) {
            let mark = self.enter(key);
            self.unknown
                .push(format!("unknown field \"{}\"", self.path));
            self.path.truncate(mark);
        }
        Ok(Value::Object(out))
    }

    fn value(&mut self, value: &Value, ty: &Type) -> Result<Value, String> {
        match (ty, value) {
            (_, Value::Null) => Ok(zero(ty)),
            (Type::Struct(s), _) => self.structure(value, s),
            (Type::List(list), Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| self.item(i, item, &list.item))
                .collect(),
            (Type::Bytes, Value::String(text)) => base64::decode(text)
                .map(|bytes| base64::encode(&bytes).into())
                .map_err(|e| format!("error decoding from json: {e}")),
            (Type::List(_) | Type::Bytes, other) => {
                Err(format!("cannot restore slice from {}", kind_name(other)))
            }
            (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(members)) => {
                let mut out = Map::new();
                for (k, v) in json::sorted(members) {
                    out.insert(k.clone(), self.value(v, inner)?);
                }
                Ok(out.into())
            }
            (Type::Map(_) | Type::AtomicMap(_), other) => {
                Err(format!("cannot restore map from {}", kind_name(other)))
            }
            (Type::Time, other) => restore_time(other, time::canonical),
            (Type::MicroTime, other) => restore_time(other, time::canonical_micro),
            (Type::IntOrString, other) => int_or_string(&Node::from_value(other)),
            (Type::Quantity, other) => quantity(&Node::from_value(other)),
            (Type::FieldsV1 | Type::Raw(_) | Type::Untyped, other) => Ok(other.clone()),
            (Type::SchemaOr(or, schema), other) => schema_or(Node::from_value(other), *or, schema),
            (Type::Float64, Value::Number(_)) => Ok(value.clone()),
            (Type::Int32, Value::Number(n)) => number(n, ty, wrap),
            (Type::Int64, Value::Number(n)) => number(n, ty, |n| n),
            (Type::String | Type::Named(_), Value::String(_)) | (Type::Bool, Value::Bool(_)) => {
                Ok(value.clone())
            }
            (ty, other) => Err(cannot_convert(other, ty)),
        }
    }

    fn item(&mut self, index: usize, value: &Value, ty: &Type) -> Result<Value, String> {
        let mark = self.path.len();
        self.path.push_str(&format!("[{index}]"));
        let item = self.value(value, ty)?;
        self.path.truncate(mark);
        Ok(item)
    }

    fn enter(&mut self, name: &str) -> usize {
        let mark = self.path.len();
        if mark > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        mark
    }
}

/// What `null` leaves behind in a list or a map.
fn zero(ty: &Type) -> Value {
    match ty {
        Type::Struct(_) => Value::Object(Map::new()),
        other => schema::zero_value(other),
    }
}

/// Times have a decoder of their own, which reads JSON.
fn restore_time(
    value: &Value,
    canonical: fn(&str) -> Result<String, String>,
) -> Result<Value, String> {
    let Value::String(text) = value else {
        let kind = Node::from_value(value).go_kind();
        return Err(format!(
            "json: cannot unmarshal {kind} into Go value of type string"
        ));
    };
    canonical(text).map(|text| match text.as_str() {
        // The zero of times is none.
        "" => Value::Null,
        _ => text.into(),
    })
}

/// An integer is cut to size without a word; a float must be whole, and one beyond all integers is the least, as on amd64.
fn number(n: &serde_json::Number, ty: &Type, cut: fn(i64) -> i64) -> Result<Value, String> {
    if let Some(n) = n.as_i64() {
        return Ok(cut(n).into());
    }
    let float = n.as_f64().unwrap_or_default();
    if float.fract() != 0.0 {
        return Err(format!("cannot convert float64 to {}", ty.go_type()));
    }
    // The cast saturates, where Go's does not.
    let whole = if float >= i64::MAX as f64 {
        i64::MIN
    } else {
        float as i64
    };
    Ok(cut(whole).into())
}

fn wrap(n: i64) -> i64 {
    i64::from(n as i32)
}

/// Go can convert an integer to a string, and the converter takes care not to; what Go cannot convert it does not know.
fn cannot_convert(value: &Value, ty: &Type) -> String {
    match (type_name(value), ty) {
        ("int64", Type::String | Type::Named(_)) => {
            format!("cannot convert int64 to {}", ty.go_type())
        }
        (_, Type::Named(_)) => "unrecognized type: string".to_owned(),
        _ => format!("unrecognized type: {}", ty.go_type()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::ENDPOINTS;
    use serde_json::json;

    fn error(value: Value) -> String {
        restore(&value, &ENDPOINTS).unwrap_err()
    }

    fn port(port: Value) -> Value {
        json!({"metadata": {}, "subsets": [{"ports": [{"port": port}]}]})
    }

    #[test]
    fn a_wrong_type_is_reported_in_the_converter_s_words() {
        for (value, text) in [
            (json!({"subsets": 5}), "cannot restore slice from int64"),
            (json!({"subsets": "x"}), "cannot restore slice from string"),
            (json!({"subsets": {}}), "cannot restore slice from map"),
            (
                json!({"subsets": ["x"]}),
                "cannot restore struct from: string",
            ),
            (json!({"metadata": []}), "cannot restore struct from: slice"),
            (
                json!({"metadata": {"labels": []}}),
                "cannot restore map from slice",
            ),
            (
                json!({"metadata": {"labels": {"a": 1}}}),
                "cannot convert int64 to string",
            ),
            (
                json!({"metadata": {"labels": {"a": 1.5}}}),
                "unrecognized type: string",
            ),
            (
                json!({"metadata": {"labels": {"a": true}}}),
                "unrecognized type: string",
            ),
            (
                json!({"metadata": {"uid": 5}}),
                "cannot convert int64 to types.UID",
            ),
            (
                json!({"metadata": {"uid": []}}),
                "unrecognized type: string",
            ),
            (
                json!({"metadata": {"generation": "x"}}),
                "unrecognized type: int64",
            ),
            (
                json!({"metadata": {"ownerReferences": [{"controller": "x"}]}}),
                "unrecognized type: bool",
            ),
            (
                json!({"metadata": {"creationTimestamp": 5}}),
                "json: cannot unmarshal number into Go value of type string",
            ),
            (port(json!("x")), "unrecognized type: int32"),
            (port(json!(80.5)), "cannot convert float64 to int32"),
        ] {
            assert_eq!(error(value.clone()), text, "{value}");
        }
    }

    #[test]
    fn a_number_is_cut_to_size() {
        for (sent, restored) in [
            (json!(80), 80),
            (json!(80.0), 80),
            (json!(4_294_967_376_i64), 80),
            (json!(1e300), 0),
        ] {
            let value = restore(&port(sent), &ENDPOINTS).unwrap().value;
            assert_eq!(value["subsets"][0]["ports"][0]["port"], json!(restored));
        }
    }

    #[test]
    fn unknown_fields_are_sorted_and_dropped() {
        let value = json!({"z": 1, "metadata": {"b": 2, "name": "p"}, "subsets": [{"addresses": [{"ip": "1.2.3.4", "a": 0}]}]});
        let restored = restore(&value, &ENDPOINTS).unwrap();
        assert_eq!(
            restored.unknown,
            [
                r#"unknown field "metadata.b""#,
                r#"unknown field "subsets[0].addresses[0].a""#,
                r#"unknown field "z""#
            ]
        );
        assert_eq!(
            restored.value,
            json!({"metadata": {"name": "p"}, "subsets": [{"addresses": [{"ip": "1.2.3.4"}]}]})
        );
    }

    #[test]
    fn a_null_leaves_the_zero_value() {
        let value = json!({"metadata": {"labels": {"a": null}, "name": null, "finalizers": [null]}, "subsets": [null]});
        let restored = restore(&value, &ENDPOINTS).unwrap();
        assert_eq!(
            restored.value,
            json!({"metadata": {"labels": {"a": ""}, "finalizers": [""]}, "subsets": [{}]})
        );
    }
}
