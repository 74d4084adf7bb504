//! What becomes of an object when it is kept. The real server keeps messages, and a message cannot tell a list or a map
//! without anything in it from none.

use serde_json::Value;

use crate::kinds::{Presence, Struct, Type};

/// Makes null of what is always written and has nothing in it.
pub(crate) fn keep(value: &mut Value, structure: &Struct) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for (name, inner) in members {
        let Some(field) = structure.field(name) else {
            continue;
        };
        if field.presence == Presence::Nullable && is_empty(inner, &field.ty) {
            *inner = Value::Null;
        } else {
            keep_type(inner, &field.ty);
        }
    }
}

fn keep_type(value: &mut Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(structure), value) => keep(value, structure),
        (Type::List(list), Value::Array(items)) => {
            items
                .iter_mut()
                .for_each(|item| keep_type(item, &list.item));
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(members)) => {
            members
                .values_mut()
                .for_each(|value| keep_type(value, inner));
        }
        _ => {}
    }
}

fn is_empty(value: &Value, ty: &Type) -> bool {
    match (ty, value) {
        (Type::List(_), Value::Array(items)) => items.is_empty(),
        (Type::Map(_) | Type::AtomicMap(_), Value::Object(members)) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::samples::declared;

    #[test]
    fn what_is_always_written_and_has_nothing_in_it_is_null() {
        let structure = declared(
            "struct Sample\n  1  rules  []Rule  null\n  2  set  map[string]string  null\n  3  some  *Rule  null\n\
             struct Rule\n  1  verbs  []string  null\n  2  names  []string  omitempty\n",
        );
        let mut value = json!({"rules": [{"verbs": []}, {"verbs": ["get"]}], "set": {}, "some": {"verbs": null}});
        keep(&mut value, &structure);
        let kept = json!({"rules": [{"verbs": null}, {"verbs": ["get"]}], "set": null, "some": {"verbs": null}});
        assert_eq!(value, kept);
        let mut value = json!({"rules": [], "some": {"verbs": []}});
        keep(&mut value, &structure);
        assert_eq!(value, json!({"rules": null, "some": {"verbs": null}}));
    }
}
