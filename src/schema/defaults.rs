//! The defaults that a page states: what a client leaves out is filled in.

use serde_json::{Map, Value};

use crate::kinds::{Field, Kind, Presence, Struct, Type};

/// Fills in what an object of this kind leaves out.
pub(crate) fn fill(object: &mut Value, kind: &Kind) {
    if kind.has_fills() {
        fill_struct(object, &kind.schema);
    }
}

/// From the outside in, as upstream's generated defaults go: what was filled in is filled in turn.
pub(crate) fn fill_struct(value: &mut Value, ty: &Struct) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for field in &ty.fields {
        if let Some(default) = &field.fill {
            fill_field(members, field, default);
        }
        if let Some(inner) = members.get_mut(&*field.name) {
            fill_type(inner, &field.ty);
        }
    }
}

fn fill_field(members: &mut Map<String, Value>, field: &Field, default: &Value) {
    match members.get_mut(&*field.name) {
        None => {
            members.insert(field.name.to_string(), default.clone());
        }
        Some(there) if is_unset(there, field) => *there = default.clone(),
        Some(_) => {}
    }
}

/// Only a pointer tells an empty value from none.
fn is_unset(value: &Value, field: &Field) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() && field.presence.is_always_written(),
        Value::Number(number) => number.as_i64() == Some(0) && field.presence == Presence::Always,
        _ => false,
    }
}

fn fill_type(value: &mut Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(inner), value) => fill_struct(value, inner),
        (Type::List(list), Value::Array(items)) => {
            items
                .iter_mut()
                .for_each(|item| fill_type(item, &list.item));
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            map.values_mut().for_each(|value| fill_type(value, inner));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples;
    use serde_json::json;

    #[test]
    fn what_is_left_out_is_filled_in_from_the_outside_in() {
        let pet = samples::declared(
            "struct Pet\n  1 food string omitempty fill=hay\n  2 legs *int32 fill=4\n  3 name string fill=Rex\n  \
             4 kittens []Pet omitempty\n  5 bowl *Bowl fill={}\n\nstruct Bowl\n  1 full *bool fill=true\n",
        );
        let mut value =
            json!({"name": "", "kittens": [{"legs": 0, "name": "Tom", "food": "fish"}]});
        fill_struct(&mut value, &pet);
        assert_eq!(
            value,
            json!({
                "food": "hay", "legs": 4, "name": "Rex", "bowl": {"full": true},
                "kittens": [{"legs": 0, "name": "Tom", "food": "fish", "bowl": {"full": true}}],
            })
        );
        let once = value.clone();
        fill_struct(&mut value, &pet);
        assert_eq!(value, once);
    }
}
