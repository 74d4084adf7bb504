//! Values as errors show them that quote upstream's internal types: these name their fields in capitals, and write every
//! one of them.

use std::fmt::Write as _;

use serde_json::Value;

use crate::kinds::{Kind, Presence, Struct, Type};

/// How Go's JSON shows the field of a kind at this path.
pub(crate) fn shown(object: &Value, kind: &Kind, path: &[&str]) -> String {
    let mut ty = None;
    let mut structure: Option<&Struct> = Some(&kind.schema);
    let mut at = object;
    for name in path {
        let field = structure.and_then(|structure| structure.field(name));
        ty = field.map(|field| (&field.ty, field.presence));
        structure = field.and_then(|field| field.ty.innermost_struct().map(|inner| &**inner));
        at = &at[*name];
    }
    let mut out = String::new();
    if let Some((ty, presence)) = ty {
        write(&mut out, at, ty, presence);
    }
    out
}

/// How Go's JSON shows one value of a struct.
pub(crate) fn shown_struct(value: &Value, structure: &Struct) -> String {
    let mut out = String::new();
    write_struct(&mut out, value, structure);
    out
}

fn write(out: &mut String, value: &Value, ty: &Type, presence: Presence) {
    let is_pointer = matches!(presence, Presence::Pointer | Presence::Nullable);
    match (ty, value) {
        (_, Value::Null) if is_pointer => out.push_str("null"),
        (Type::Struct(structure), value) => write_struct(out, value, structure),
        (Type::List(list), Value::Array(items)) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write(out, item, &list.item, Presence::Always);
            }
            out.push(']');
        }
        (Type::String | Type::Named(_), Value::Null) => out.push_str("\"\""),
        (Type::Bool, Value::Null) => out.push_str("false"),
        (Type::Int32 | Type::Int64 | Type::Float64, Value::Null) => out.push('0'),
        (_, value) => {
            let _ = write!(out, "{value}");
        }
    }
}

fn write_struct(out: &mut String, value: &Value, structure: &Struct) {
    out.push('{');
    for (i, field) in structure.fields.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let _ = write!(out, "{comma}\"{}\":", go_name(&field.name));
        write(out, &value[&*field.name], &field.ty, field.presence);
    }
    out.push('}');
}

/// What Go calls a field: abbreviations are all capitals.
fn go_name(name: &str) -> String {
    const ABBREVIATIONS: [&str; 6] = ["api", "uid", "url", "ip", "ca", "tls"];
    let word = name.find(|c: char| c.is_ascii_uppercase());
    let (first, rest) = name.split_at(word.unwrap_or(name.len()));
    if ABBREVIATIONS.contains(&first) {
        return first.to_ascii_uppercase() + rest;
    }
    let mut chars = name.chars();
    let head = chars.next().map(|c| c.to_ascii_uppercase());
    head.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples;
    use serde_json::json;

    #[test]
    fn every_field_is_there_in_capitals() {
        let pet = samples::declared(
            "struct Pet\n  1 name string omitempty\n  2 legs *int32\n  3 apiGroups []string omitempty\n  \
             4 owner *Owner\n  5 home Owner\n  6 tame bool omitempty\n\nstruct Owner\n  1 nonResourceURLs []string\n",
        );
        assert_eq!(
            shown_struct(&json!({"name": "Rex", "apiGroups": ["a"]}), &pet),
            r#"{"Name":"Rex","Legs":null,"APIGroups":["a"],"Owner":null,"Home":{"NonResourceURLs":null},"Tame":false}"#
        );
    }
}
