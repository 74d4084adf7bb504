//! From a [`Node`] to the canonical `Value` of a kind, with the errors and warnings of the real decoder.

mod null;
mod scalars;
mod schema_or;

use std::fmt::Write as _;

use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::codec::json::Node;
use crate::codec::quote::quote;
use crate::codec::{base64, time};
use crate::kinds::{Field, Presence, SchemaOr, Struct, Type};
use null::is_reset_by_null;
use scalars::{float, read_int_or_string, some_time};
pub(crate) use scalars::{int_or_string, quantity};
pub(crate) use schema_or::schema_or;

/// The decoder reports at most this many unknown and duplicate fields.
const MAX_STRICT_ERRORS: usize = 100;

/// How deep most fields are, and how long their paths.
const USUAL_DEPTH: usize = 8;
const USUAL_PATH: usize = 64;

/// A decoded object and what strict decoding has to say about it.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// Canonical: only known fields, no empty ones, except those that are always written.
    pub(crate) value: Value,
    /// `unknown field "x"` and `duplicate field "y"`, in document order.
    pub(crate) strict: Vec<String>,
}

/// Decodes a node as a type. The error is the first type error, in Go's words.
pub(crate) fn decode(node: Node, root: &Struct) -> Result<Decoded, String> {
    let mut decoder = Decoder {
        fields: Vec::with_capacity(USUAL_DEPTH),
        path: String::with_capacity(USUAL_PATH),
        ..Decoder::default()
    };
    let mut value = Value::Null;
    decoder.structure(node, root, &mut value);
    if let Some(error) = decoder.fatal.or(decoder.error) {
        return Err(error);
    }
    if value.is_null() {
        value = Value::Object(Map::new());
    }
    prune(&mut value, root);
    Ok(Decoded {
        value,
        strict: decoder.strict,
    })
}

/// Brings a value into canonical form: what Go's `omitempty` leaves out goes, what is always written is there.
pub(crate) fn prune(value: &mut Value, root: &Struct) {
    let Some(map) = value.as_object_mut() else {
        return;
    };
    if root.unstructured {
        // Of such an object a Go struct has the metadata alone.
        if let (Some(inner), Some(field)) = (map.get_mut("metadata"), root.field("metadata")) {
            prune_type(inner, &field.ty);
        }
        return;
    }
    map.retain(|name, inner| {
        let Some(field) = root.field(name) else {
            return true;
        };
        prune_type(inner, &field.ty);
        let is_there = !inner.is_null() || matches!(field.ty, Type::SchemaOr(..));
        is_there && (field.presence != Presence::OmitEmpty || !is_empty(inner))
    });
    for field in root
        .fields
        .iter()
        .filter(|f| f.presence.is_always_written())
    {
        if !map.contains_key(&*field.name) {
            map.insert(field.name.to_string(), unset(field));
        }
    }
}

/// What a field that nobody set is, if it is written all the same.
pub(crate) fn zero_of(field: &Field) -> Option<Value> {
    field.presence.is_always_written().then(|| unset(field))
}

fn prune_type(value: &mut Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(s), value) | (Type::SchemaOr(_, s), value @ Value::Object(_)) => {
            prune(value, s);
        }
        (Type::SchemaOr(SchemaOr::Array, s), Value::Array(items)) => {
            items.iter_mut().for_each(|item| prune(item, s));
        }
        (Type::List(list), Value::Array(items)) => items
            .iter_mut()
            .for_each(|item| prune_type(item, &list.item)),
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            map.values_mut().for_each(|v| prune_type(v, inner))
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_i64() == Some(0),
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(m) => m.is_empty(),
    }
}

/// What a field that is written always is when it was not given.
pub(crate) fn unset(field: &Field) -> Value {
    match field.presence {
        Presence::Nullable => Value::Null,
        _ => zero(&field.ty),
    }
}

/// Go's zero value of a type.
pub(crate) fn zero(ty: &Type) -> Value {
    match ty {
        Type::String | Type::Named(_) | Type::Bytes => Value::String(String::new()),
        Type::Bool => Value::Bool(false),
        Type::Int32 | Type::Int64 | Type::Float64 | Type::IntOrString => 0.into(),
        Type::Quantity => "0".into(),
        Type::Time
        | Type::MicroTime
        | Type::FieldsV1
        | Type::Raw(_)
        | Type::Untyped
        | Type::SchemaOr(..) => Value::Null,
        Type::Map(_) | Type::AtomicMap(_) => Value::Object(Map::new()),
        Type::List(_) => Value::Array(Vec::new()),
        Type::Struct(s) => {
            let mut value = Value::Object(Map::new());
            prune(&mut value, s);
            value
        }
    }
}

#[derive(Default)]
struct Decoder<'a> {
    /// The innermost struct and the field names down to here: what Go's errors show.
    struct_name: &'a str,
    fields: Vec<&'a str>,
    /// The same with indices and map keys: what strict errors show.
    path: String,
    /// The first value of a wrong type; Go goes on decoding after it.
    error: Option<String>,
    /// The first that a type which decodes itself does not take; Go ends there.
    fatal: Option<String>,
    strict: Vec<String>,
    /// How many values that decode themselves are around: what is wrong in them is told as being in the outermost struct,
    /// and what is only strictly wrong is not told at all.
    apart: usize,
}

impl<'a> Decoder<'a> {
    fn structure(&mut self, node: Node, ty: &'a Struct, into: &mut Value) {
        let members = match node {
            Node::Null => return,
            Node::Object(members) => members,
            other => return self.type_error(&other.go_kind(), &ty.go_type()),
        };
        if !into.is_object() {
            *into = Value::Object(Map::new());
        }
        let Some(map) = into.as_object_mut() else {
            return;
        };
        let outer = self.struct_name;
        if self.apart == 0 {
            self.struct_name = &ty.name;
        }
        let mut seen: SmallVec<[bool; 32]> = SmallVec::from_elem(false, ty.fields.len());
        for (key, child) in members {
            let Some(index) = ty.fields.iter().position(|field| *field.name == *key) else {
                self.strict_error("unknown", &key);
                continue;
            };
            if std::mem::replace(&mut seen[index], true) {
                self.strict_error("duplicate", &key);
            }
            let field = &ty.fields[index];
            let is_embedded = field.numbers.len() > 1 && !ty.embeds.is_empty();
            if is_embedded {
                self.fields.push(&ty.embeds);
            }
            self.struct_field(key, child, field, map);
            if is_embedded {
                self.fields.pop();
            }
        }
        self.struct_name = outer;
    }

    fn struct_field(
        &mut self,
        key: String,
        node: Node,
        field: &'a Field,
        map: &mut Map<String, Value>,
    ) {
        let mark = self.enter(&field.name);
        self.fields.push(&field.name);
        if matches!(node, Node::Null) {
            if is_reset_by_null(field) {
                map.remove(&*field.name);
            }
        } else {
            let slot = map.entry(key).or_insert(Value::Null);
            self.value(node, &field.ty, slot);
        }
        self.fields.pop();
        self.path.truncate(mark);
    }

    fn value(&mut self, node: Node, ty: &'a Type, into: &mut Value) {
        match (ty, node) {
            (Type::Struct(s), node) => self.structure(node, s, into),
            (Type::SchemaOr(or, schema), node) => self.schema_or(*or, node, schema, into),
            (_, Node::Null) => {}
            (Type::String | Type::Named(_), Node::String(s)) => *into = Value::String(s),
            (Type::Bool, Node::Bool(b)) => *into = Value::Bool(b),
            (Type::Int32, Node::Number(n)) => {
                self.integer(&n, n.parse::<i32>().ok().map(i64::from), "int32", into)
            }
            (Type::Int64, Node::Number(n)) => {
                self.integer(&n, n.parse::<i64>().ok(), "int64", into)
            }
            (Type::Time, Node::String(s)) => match time::canonical(&s) {
                Ok(text) => *into = some_time(text),
                Err(e) => self.end(e),
            },
            (Type::MicroTime, Node::String(s)) => match time::canonical_micro(&s) {
                Ok(text) => *into = some_time(text),
                Err(e) => self.end(e),
            },
            (Type::Time | Type::MicroTime, other) => {
                let error = self.wrong_type(&other.go_kind(), "string");
                self.end(error);
            }
            (Type::Bytes, Node::String(s)) => match base64::decode(&s) {
                Ok(bytes) => *into = Value::String(base64::encode(&bytes)),
                Err(e) => self.fail(e),
            },
            (Type::IntOrString, node) => match read_int_or_string(&node) {
                Ok(value) => *into = value,
                Err(shown) => {
                    let error = self.wrong_type(&shown, "int32");
                    self.end(error);
                }
            },
            (Type::Quantity, node) => match quantity(&node) {
                Ok(value) => *into = value,
                Err(e) => self.end(e),
            },
            (Type::Float64, Node::Number(n)) => match float(&n) {
                Some(number) => *into = number,
                None => self.type_error(&format!("number {n}"), "float64"),
            },
            (Type::FieldsV1 | Type::Raw(_) | Type::Untyped, node) => *into = node.into_value(),
            (Type::Map(inner) | Type::AtomicMap(inner), Node::Object(members)) => {
                self.map(members, inner, into)
            }
            (Type::List(list), Node::Array(items)) => {
                // A list given twice: as in Go, its items are decoded into those that were there.
                let mut earlier = into.as_array_mut().map(std::mem::take).unwrap_or_default();
                let values = items
                    .into_iter()
                    .enumerate()
                    .map(|(i, item)| {
                        let earlier = earlier.get_mut(i).map(Value::take).unwrap_or_default();
                        self.item(i, item, &list.item, earlier)
                    })
                    .collect();
                *into = Value::Array(values);
            }
            (ty, node) => self.type_error(&node.go_kind(), &ty.go_type()),
        }
    }

    fn map(&mut self, members: Vec<(String, Node)>, inner: &'a Type, into: &mut Value) {
        if !into.is_object() {
            *into = Value::Object(Map::new());
        }
        let Some(map) = into.as_object_mut() else {
            return;
        };
        // What stands there already came from another map, which a repeated field merges with this one.
        let mut before = std::mem::take(map);
        for (key, child) in members {
            if map.contains_key(&key) {
                self.strict_error("duplicate", &key);
            }
            let mark = self.enter(&key);
            let mut value = Value::Null;
            self.value(child, inner, &mut value);
            if value.is_null() {
                value = zero(inner);
            }
            map.insert(key, value);
            self.path.truncate(mark);
        }
        if !before.is_empty() {
            before.append(map);
            *map = before;
        }
    }

    fn item(&mut self, index: usize, node: Node, ty: &'a Type, mut value: Value) -> Value {
        let mark = self.path.len();
        let _ = write!(self.path, "[{index}]");
        self.value(node, ty, &mut value);
        if value.is_null() {
            value = zero(ty);
        }
        self.path.truncate(mark);
        value
    }

    fn integer(&mut self, literal: &str, parsed: Option<i64>, go_type: &str, into: &mut Value) {
        match parsed {
            Some(n) => *into = n.into(),
            None => self.type_error(&format!("number {literal}"), go_type),
        }
    }

    fn enter(&mut self, name: &str) -> usize {
        let mark = self.path.len();
        if mark > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        mark
    }

    /// Each is told once.
    fn strict_error(&mut self, what: &str, key: &str) {
        if self.apart > 0 || self.strict.len() == MAX_STRICT_ERRORS {
            return;
        }
        let mark = self.enter(key);
        let problem = format!("{what} field {}", quote(&self.path));
        self.path.truncate(mark);
        if !self.strict.contains(&problem) {
            self.strict.push(problem);
        }
    }

    fn type_error(&mut self, value: &str, go_type: &str) {
        let error = self.wrong_type(value, go_type);
        self.fail(error);
    }

    fn wrong_type(&self, value: &str, go_type: &str) -> String {
        let place = if self.fields.is_empty() {
            "value".to_owned()
        } else {
            format!(
                "struct field {}.{}",
                self.struct_name,
                self.fields.join(".")
            )
        };
        format!("json: cannot unmarshal {value} into Go {place} of type {go_type}")
    }

    fn end(&mut self, error: String) {
        self.fatal.get_or_insert(error);
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }
}

#[cfg(test)]
mod tests;
