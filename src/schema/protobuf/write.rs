//! Writing a canonical value of a type as a message.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::codec::json::{sorted, write_sorted};
use crate::codec::protobuf::{put_bytes, put_double, put_number};
use crate::codec::{base64, time};
use crate::kinds::{Field, Presence, SchemaOr, Struct, Type};

/// The message of an object of this type.
pub(crate) fn write(value: &Value, structure: &Struct) -> Vec<u8> {
    let mut out = Vec::new();
    let fields: Vec<&Field> = structure.fields.iter().collect();
    write_fields(&mut out, value, &fields, 0);
    out
}

/// Writes the fields that are in this message, those of messages that are embedded in it among them: so many of their
/// numbers have led here.
fn write_fields(out: &mut Vec<u8>, value: &Value, fields: &[&Field], depth: usize) {
    let mut by_number: BTreeMap<u32, Vec<&Field>> = BTreeMap::new();
    for field in fields {
        if let Some(number) = field.numbers.get(depth) {
            by_number.entry(*number).or_default().push(field);
        }
    }
    for (number, fields) in by_number {
        match fields[..] {
            [field] if field.numbers.len() == depth + 1 => {
                write_field(out, number, value.get(&*field.name), field);
            }
            // An embedded message is there, whatever is in it.
            _ => {
                let mut embedded = Vec::new();
                write_fields(&mut embedded, value, &fields, depth + 1);
                put_bytes(out, number, &embedded);
            }
        }
    }
}

fn write_field(out: &mut Vec<u8>, number: u32, value: Option<&Value>, field: &Field) {
    let is_pointer = matches!(field.presence, Presence::Pointer | Presence::Nullable);
    match value.filter(|value| !value.is_null()) {
        None if is_pointer => {}
        // What is no pointer in Go is there with its zero value; bytes, lists and maps are none.
        None if matches!(field.ty, Type::Bytes) => {}
        Some(value) => put(out, number, value, &field.ty),
        None => put(out, number, &Value::Null, &field.ty),
    }
}

/// Writes a value of a type as this field of a message.
fn put(out: &mut Vec<u8>, number: u32, value: &Value, ty: &Type) {
    match (ty, value) {
        (Type::List(list), Value::Array(items)) => {
            for item in items {
                put_one(out, number, item, &list.item);
            }
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            for (key, value) in sorted(map) {
                let mut entry = Vec::new();
                put_bytes(&mut entry, 1, key.as_bytes());
                put_one(&mut entry, 2, value, inner);
                put_bytes(out, number, &entry);
            }
        }
        (Type::List(_) | Type::Map(_) | Type::AtomicMap(_), _) => {}
        _ => put_one(out, number, value, ty),
    }
}

/// Writes one value: null is the zero value of the type, and a list is a message of its items.
fn put_one(out: &mut Vec<u8>, number: u32, value: &Value, ty: &Type) {
    let text = value.as_str().unwrap_or_default();
    match ty {
        Type::String | Type::Named(_) => put_bytes(out, number, text.as_bytes()),
        Type::Bool => put_number(out, number, value.as_bool().unwrap_or_default().into()),
        Type::Int32 | Type::Int64 => put_number(out, number, value.as_i64().unwrap_or_default()),
        Type::Float64 => put_double(out, number, value.as_f64().unwrap_or_default()),
        Type::Bytes => put_bytes(out, number, &base64::decode(text).unwrap_or_default()),
        Type::Time => put_bytes(out, number, &instant(time::parse(text).ok())),
        Type::MicroTime => put_bytes(out, number, &instant(time::parse(text).ok())),
        Type::IntOrString => put_bytes(out, number, &int_or_string(value)),
        Type::Quantity => {
            let text = if text.is_empty() { "0" } else { text };
            put_message(out, number, |message| {
                put_bytes(message, 1, text.as_bytes())
            });
        }
        Type::FieldsV1 | Type::Raw(_) | Type::Untyped => put_message(out, number, |message| {
            if !value.is_null() {
                let mut json = Vec::new();
                write_sorted(&mut json, value);
                put_bytes(message, 1, &json);
            }
        }),
        Type::Struct(structure) => put_bytes(out, number, &write(value, structure)),
        Type::SchemaOr(or, schema) => {
            put_message(out, number, |message| {
                put_schema_or(message, value, *or, schema)
            });
        }
        Type::List(_) | Type::Map(_) | Type::AtomicMap(_) => {
            put_message(out, number, |message| put(message, 1, value, ty));
        }
    }
}

/// A schema is in one field, and what stands in its place in the other.
fn put_schema_or(out: &mut Vec<u8>, value: &Value, or: SchemaOr, schema: &Struct) {
    let is_schema = value.is_object();
    let (schemas, others) = match or {
        SchemaOr::Bool => (2, 1),
        _ => (1, 2),
    };
    if or == SchemaOr::Bool {
        put_number(
            out,
            others,
            i64::from(is_schema || value == &Value::Bool(true)),
        );
    }
    if is_schema {
        put_bytes(out, schemas, &write(value, schema));
    }
    for item in value.as_array().into_iter().flatten() {
        match item {
            Value::String(text) => put_bytes(out, others, text.as_bytes()),
            item => put_bytes(out, others, &write(item, schema)),
        }
    }
}

fn put_message(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let mut message = Vec::new();
    write(&mut message);
    put_bytes(out, number, &message);
}

/// Seconds and nanoseconds; no time at all is an empty message.
fn instant(time: Option<Timestamp>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(time) = time {
        // Go counts up from the whole second before.
        let nanos = time.subsec_nanosecond();
        let (seconds, nanos) = match nanos < 0 {
            true => (time.as_second() - 1, nanos + 1_000_000_000),
            false => (time.as_second(), nanos),
        };
        put_number(&mut out, 1, seconds);
        put_number(&mut out, 2, nanos.into());
    }
    out
}

/// Which of the two it is, and both.
fn int_or_string(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, 1, value.is_string().into());
    put_number(&mut out, 2, value.as_i64().unwrap_or_default());
    put_bytes(&mut out, 3, value.as_str().unwrap_or_default().as_bytes());
    out
}
