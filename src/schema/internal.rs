//! Values as messages show those of upstream's internal types: JSON of Go structs whose fields have no other names.

use serde_json::Value;

use super::to_json;
use crate::codec::json::{sorted, write_string};
use crate::kinds::{Field, Presence, Struct, Type};

/// The package whose types are the same inside as outside.
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// What Go writes all in capitals at the start of a name.
const CAPITALS: [&str; 5] = ["api", "cel", "dns", "fs", "tty"];

/// The JSON of what is in the field at this path below a struct.
pub(crate) fn show_at(value: &Value, root: &Struct, path: &[&str]) -> String {
    let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
    let mut out = Vec::new();
    match root.at(&path) {
        Some(field) => write_field(&mut out, Some(value), field),
        None => out.extend_from_slice(b"null"),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The JSON of a struct's internal twin.
#[cfg(test)]
fn show(value: &Value, ty: &Struct) -> String {
    let mut out = Vec::new();
    write_struct(&mut out, value, ty);
    String::from_utf8_lossy(&out).into_owned()
}

fn write_struct(out: &mut Vec<u8>, value: &Value, ty: &Struct) {
    if ty.package == META {
        return out.extend(to_json(value, ty));
    }
    out.push(b'{');
    for (i, field) in ty.fields.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(out, &go_name(&field.name));
        out.push(b':');
        write_field(out, value.get(&*field.name), field);
    }
    out.push(b'}');
}

fn write_field(out: &mut Vec<u8>, value: Option<&Value>, field: &Field) {
    match (value.filter(|value| !value.is_null()), &field.ty) {
        (Some(value), ty) => write(out, value, ty),
        (None, Type::Struct(inner)) if field.presence != Presence::Pointer => {
            write_struct(out, &Value::Null, inner);
        }
        (None, ty) => out.extend_from_slice(zero(ty, field.presence).as_bytes()),
    }
}

fn write(out: &mut Vec<u8>, value: &Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(inner), value) => write_struct(out, value, inner),
        (Type::List(list), Value::Array(items)) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(out, item, &list.item);
            }
            out.push(b']');
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            out.push(b'{');
            for (i, (key, value)) in sorted(map).into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(out, key);
                out.push(b':');
                write(out, value, inner);
            }
            out.push(b'}');
        }
        (_, value) => out.extend_from_slice(crate::codec::json::compact(value).as_bytes()),
    }
}

/// What Go writes for a field nobody set.
fn zero(ty: &Type, presence: Presence) -> &'static str {
    match ty {
        _ if presence == Presence::Pointer => "null",
        Type::String | Type::Named(_) => "\"\"",
        Type::Bool => "false",
        Type::Int32 | Type::Int64 | Type::Float64 | Type::IntOrString => "0",
        Type::Quantity => "\"0\"",
        _ => "null",
    }
}

fn go_name(name: &str) -> String {
    let rest = |word: &str| {
        let rest = &name[word.len()..];
        !rest.starts_with(|c: char| c.is_ascii_lowercase())
    };
    let word = CAPITALS
        .into_iter()
        .find(|word| name.starts_with(word) && rest(word));
    let at = word.map_or(1.min(name.len()), str::len);
    name[..at].to_uppercase() + &name[at..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples;
    use serde_json::json;

    #[test]
    fn every_field_is_shown_by_its_go_name() {
        let pet = samples::declared(
            "struct Pet\n  1 name string omitempty\n  2 legs *int32\n  3 dnsPolicy string omitempty\n  \
             4 kittens []Pet omitempty\n  5 bowl Bowl\n\nstruct Bowl\n  1 full bool omitempty\n",
        );
        assert_eq!(
            show(&json!({"legs": 4, "kittens": [{"name": "a"}]}), &pet),
            r#"{"Name":"","Legs":4,"DNSPolicy":"","Kittens":[{"Name":"a","Legs":null,"DNSPolicy":"","Kittens":null,"Bowl":{"Full":false}}],"Bowl":{"Full":false}}"#
        );
    }
}
