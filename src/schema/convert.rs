//! Between the versions of one kind, as far as they differ in the names of fields: the page of a version that is not
//! stored says what its fields are called in the one that is.

use serde_json::{Map, Value};
use smallvec::SmallVec;

use super::prune;
use crate::kinds::{Kind, Struct, Type};

/// A stored object as another version of its kind has it.
pub(crate) fn from_stored(stored: &Value, kind: &Kind) -> Value {
    let mut value = rename(stored, &kind.schema, Direction::FromStored);
    set_version(&mut value, kind);
    value
}

/// An object of any version of a kind as it is stored.
pub(crate) fn to_stored(value: &Value, kind: &Kind, stored: &Kind) -> Value {
    let mut value = rename(value, &kind.schema, Direction::ToStored);
    set_version(&mut value, stored);
    value
}

/// What the stored version calls the field at a path.
pub(crate) fn stored_path<'a, S: AsRef<str>>(
    path: &'a [S],
    kind: &'a Kind,
) -> SmallVec<[&'a str; 8]> {
    let names = path.iter().map(AsRef::as_ref);
    if kind.is_stored() {
        return names.collect();
    }
    let mut at = Some(&*kind.schema);
    let stored = |name: &'a str| {
        let field = at.and_then(|structure| structure.field(name));
        at = field
            .and_then(|field| field.ty.innermost_struct())
            .map(|s| &**s);
        field.and_then(|field| field.was.as_deref()).unwrap_or(name)
    };
    names.map(stored).collect()
}

#[derive(Clone, Copy)]
enum Direction {
    FromStored,
    ToStored,
}

fn set_version(value: &mut Value, kind: &Kind) {
    value["apiVersion"] = kind.api_version().into();
    prune(value, &kind.schema);
}

/// Goes by the names of the version that is not stored.
fn rename(value: &Value, structure: &Struct, direction: Direction) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    let mut renamed = Map::new();
    for field in &structure.fields {
        let was = field.was.as_deref().unwrap_or(&field.name);
        let (from, to) = match direction {
            Direction::FromStored => (was, &*field.name),
            Direction::ToStored => (&*field.name, was),
        };
        if let Some(value) = members.get(from) {
            renamed.insert(to.to_owned(), rename_type(value, &field.ty, direction));
        }
    }
    Value::Object(renamed)
}

fn rename_type(value: &Value, ty: &Type, direction: Direction) -> Value {
    match (ty, value) {
        (Type::Struct(structure), value) => rename(value, structure, direction),
        (Type::List(list), Value::Array(items)) => {
            let items = items.iter();
            Value::Array(
                items
                    .map(|item| rename_type(item, &list.item, direction))
                    .collect(),
            )
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(members)) => {
            let members = members.iter();
            let renamed =
                members.map(|(key, value)| (key.clone(), rename_type(value, inner, direction)));
            Value::Object(renamed.collect())
        }
        (_, value) => value.clone(),
    }
}
