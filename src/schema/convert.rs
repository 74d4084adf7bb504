//! Between the version of a kind that a client speaks and the one that is stored, where a field is called differently.

use serde_json::Value;
use smallvec::SmallVec;

use super::{conversions, prune};
use crate::kinds::{Field, Kind, Struct, Type};

/// An object of this version as the stored version has it. The caller says which version it is of.
pub(crate) fn to_stored(value: &mut Value, version: &Kind, stored: &Kind) {
    match conversions::find(version) {
        Some(conversion) => conversion.to_stored(value, stored),
        None => names_to_stored(value, &version.schema),
    }
    prune(value, &stored.schema);
}

/// A stored object as this version has it.
pub(crate) fn from_stored(value: &mut Value, version: &Kind, stored: &Kind) {
    match conversions::find(version) {
        Some(conversion) => conversion.back(value, stored),
        None => names_from_stored(value, &version.schema),
    }
    prune(value, &version.schema);
}

/// An object of this version as it comes back from the stored one, where that fills in more than names.
pub(crate) fn settle(value: &mut Value, version: &Kind, stored: &Kind) {
    if conversions::find(version).is_some() {
        to_stored(value, version, stored);
        from_stored(value, version, stored);
    }
}

fn names_to_stored(value: &mut Value, version: &Struct) {
    rename(value, version, |field| {
        let stored = field.was.as_deref().unwrap_or(&field.name);
        (&field.name, stored)
    });
}

fn names_from_stored(value: &mut Value, version: &Struct) {
    rename(value, version, |field| {
        let stored = field.was.as_deref().unwrap_or(&field.name);
        (stored, &field.name)
    });
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
            .map(|inner| &**inner);
        field.and_then(|field| field.was.as_deref()).unwrap_or(name)
    };
    names.map(stored).collect()
}

/// Renames every field; `names` tells how it is called, and how it is to be called.
fn rename(value: &mut Value, ty: &Struct, names: fn(&Field) -> (&str, &str)) {
    let Value::Object(map) = value else {
        return;
    };
    for field in &ty.fields {
        if let Some(inner) = map.get_mut(names(field).0) {
            rename_type(inner, &field.ty, names);
        }
    }
    // All are taken out before the first is put back: two fields may have changed names.
    let renamed = ty.fields.iter().map(names).filter(|(is, to)| is != to);
    let taken = renamed.filter_map(|(is, to)| Some((to.to_owned(), map.remove(is)?)));
    let taken: Vec<(String, Value)> = taken.collect();
    map.extend(taken);
}

fn rename_type(value: &mut Value, ty: &Type, names: fn(&Field) -> (&str, &str)) {
    match (ty, value) {
        (Type::Struct(inner), value) => rename(value, inner, names),
        (Type::List(list), Value::Array(items)) => {
            items
                .iter_mut()
                .for_each(|item| rename_type(item, &list.item, names));
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            map.values_mut()
                .for_each(|value| rename_type(value, inner, names));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::{self, EVENT};
    use serde_json::json;

    #[test]
    fn fields_have_the_names_of_the_version() {
        let version = samples::declared(
            "struct Pet\n  1 name string omitempty was=title\n  2 title string omitempty was=name\n  \
             3 kittens []Pet omitempty\n",
        );
        let spoken = json!({"name": "a", "kittens": [{"title": "b"}, {}]});
        let mut value = spoken.clone();
        rename(&mut value, &version, |field| {
            (&field.name, field.was.as_deref().unwrap_or(&field.name))
        });
        assert_eq!(value, json!({"title": "a", "kittens": [{"name": "b"}, {}]}));
        names_from_stored(&mut value, &version);
        prune(&mut value, &version);
        assert_eq!(value, spoken);
    }

    #[test]
    fn what_comes_out_is_canonical() {
        let version = samples::declared("struct Event\n  1 note string omitempty was=message\n");
        let mut value = json!({"note": "n"});
        names_to_stored(&mut value, &version);
        prune(&mut value, &EVENT);
        assert_eq!(
            (&value["message"], &value["source"]),
            (&json!("n"), &json!({}))
        );
        names_from_stored(&mut value, &version);
        assert_eq!(value["note"], "n");
    }
}
