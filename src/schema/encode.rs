//! From a canonical `Value` to JSON in the field order of its kind.

use serde_json::Value;
use smallvec::SmallVec;

use crate::codec::json::{write_members, write_sorted};
use crate::kinds::{Kind, Struct, Type, Wire};

/// How long most objects are, in bytes. What is longer than a kilobyte is a large piece of memory to most allocators.
const USUAL_SIZE: usize = 960;

/// A value of this kind as compact JSON, without a line end.
pub(crate) fn to_json(value: &Value, ty: &Struct) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL_SIZE);
    encode(&mut out, value, ty);
    out
}

/// Appends a value of any type.
fn encode_type(out: &mut Vec<u8>, value: &Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(s), _) => encode(out, value, s),
        (Type::List(list), Value::Array(items)) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                encode_type(out, item, &list.item);
            }
            out.push(b']');
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            write_members(out, map, |out, item| encode_type(out, item, inner));
        }
        _ => write_sorted(out, value),
    }
}

/// An object of this kind as compact JSON, without a line end.
pub(crate) fn write(value: &Value, kind: &Kind) -> Vec<u8> {
    match kind.wire {
        Wire::GoStruct => to_json(value, &kind.schema),
        Wire::Unstructured => {
            let mut out = Vec::with_capacity(USUAL_SIZE);
            write_sorted(&mut out, value);
            out
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Catalog;
    use serde_json::json;

    #[test]
    fn what_no_go_struct_stands_behind_has_sorted_keys() {
        let catalog = Catalog::built_in();
        let mut kind = Kind::clone(catalog.find("", "v1", "endpoints").unwrap());
        let object =
            json!({"metadata": {"name": "a", "labels": {"b": "1", "a": "2"}}, "kind": "Endpoints"});
        let written = |kind: &Kind| String::from_utf8(write(&object, kind)).unwrap();
        let labels = r#""labels":{"a":"2","b":"1"}"#;
        let go = format!(r#"{{"kind":"Endpoints","metadata":{{"name":"a",{labels}}}}}"#);
        assert_eq!(written(&kind), go);
        kind.wire = Wire::Unstructured;
        let sorted = format!(r#"{{"kind":"Endpoints","metadata":{{{labels},"name":"a"}}}}"#);
        assert_eq!(written(&kind), sorted);
    }
}
