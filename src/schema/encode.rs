//! From a canonical `Value` to JSON in the field order of its kind.

use serde_json::Value;
use smallvec::SmallVec;

use crate::codec::json::{write_members, write_sorted};
use crate::kinds::{SchemaOr, Struct, Type};

/// How long most objects are, in bytes. What is longer than a kilobyte is a large piece of memory to most allocators.
const USUAL_SIZE: usize = 960;

/// A value of this kind as compact JSON, without a line end.
pub(crate) fn to_json(value: &Value, ty: &Struct) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL_SIZE);
    if ty.unstructured {
        write_sorted(&mut out, value);
        return out;
    }
    encode(&mut out, value, ty);
    out
}

/// Appends a value of any type.
fn encode_type(out: &mut Vec<u8>, value: &Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(s), _) | (Type::SchemaOr(_, s), Value::Object(_)) => encode(out, value, s),
        (Type::List(list), Value::Array(items)) => encode_items(out, items, &list.item),
        (Type::SchemaOr(SchemaOr::Array, _), Value::Array(items)) => encode_items(out, items, ty),
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            write_members(out, map, |out, item| encode_type(out, item, inner));
        }
        _ => write_sorted(out, value),
    }
}

fn encode_items(out: &mut Vec<u8>, items: &[Value], ty: &Type) {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        encode_type(out, item, ty);
    }
    out.push(b']');
}

/// Appends an object of this type.
pub(crate) fn encode(out: &mut Vec<u8>, value: &Value, ty: &Struct) {
    let Some(map) = value.as_object() else {
        return write_sorted(out, value);
    };
    // Telling the place of each member is faster than looking up each field: most objects have few of their fields.
    let place = |name: &String| ty.fields.iter().position(|field| *field.name == **name);
    let members = map.iter();
    let members = members.filter_map(|(name, inner)| Some((place(name)?, inner)));
    let mut members: SmallVec<[(usize, &Value); 16]> = members.collect();
    members.sort_unstable_by_key(|(place, _)| *place);
    out.push(b'{');
    for (n, (place, inner)) in members.into_iter().enumerate() {
        let field = &ty.fields[place];
        if n > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(field.name.as_bytes());
        out.extend_from_slice(b"\":");
        encode_type(out, inner, &field.ty);
    }
    out.push(b'}');
}
