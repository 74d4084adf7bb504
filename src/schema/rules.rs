//! The rules of fields that a page states.

use serde_json::Value;

use crate::kinds::{Field, Kind, Rules, Struct, Type};
use crate::status::field::FieldError;

/// What is wrong with a new object, or with one that takes the place of an old one, in the order of the fields.
pub(crate) fn validate(object: &Value, old: Option<&Value>, kind: &Kind) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if kind.has_rules() {
        check_struct(object, old, &kind.schema, "", &mut errors);
    }
    errors
}

/// Takes out what belongs to features that are off, unless the old object has it.
pub(crate) fn drop_off(object: &mut Value, old: Option<&Value>, kind: &Kind) {
    if kind.has_rules() {
        drop_off_struct(object, old, &kind.schema);
    }
}

fn drop_off_struct(object: &mut Value, old: Option<&Value>, ty: &Struct) {
    let Some(members) = object.as_object_mut() else {
        return;
    };
    for field in &ty.fields {
        let before = old.and_then(|old| old.get(&*field.name));
        let is_off = field.rules.as_deref().is_some_and(|rules| rules.off);
        if is_off && before.is_none() {
            members.remove(&*field.name);
        } else if let Some(value) = members.get_mut(&*field.name) {
            drop_off_type(value, before, &field.ty);
        }
    }
}

/// Nothing says which item of an old list or map an item was: none of them has what is off.
fn drop_off_type(value: &mut Value, old: Option<&Value>, ty: &Type) {
    match (ty, value) {
        (Type::Struct(inner), value) => drop_off_struct(value, old, inner),
        (Type::List(list), Value::Array(items)) => {
            for item in items {
                drop_off_type(item, None, &list.item);
            }
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(map)) => {
            map.values_mut()
                .for_each(|value| drop_off_type(value, None, inner));
        }
        _ => {}
    }
}

fn check_struct(
    value: &Value,
    old: Option<&Value>,
    ty: &Struct,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let dot = if path.is_empty() { "" } else { "." };
    for field in &ty.fields {
        let before = old.and_then(|old| old.get(&*field.name));
        let path = || format!("{path}{dot}{}", field.name);
        let now = value.get(&*field.name);
        if let Some(rules) = &field.rules {
            let reasons = check(now, old.map(|_| before), rules);
            let shown = now.unwrap_or(&Value::Null);
            errors.extend(reasons.map(|reason| FieldError::invalid(path(), shown, reason)));
        }
        if let Some(now) = now {
            descend(now, before, field, path, errors);
        }
    }
}

fn descend(
    value: &Value,
    old: Option<&Value>,
    field: &Field,
    path: impl Fn() -> String,
    errors: &mut Vec<FieldError>,
) {
    match (&field.ty, value) {
        (Type::Struct(inner), value) => check_struct(value, old, inner, &path(), errors),
        (Type::List(list), Value::Array(items)) => {
            if let Type::Struct(inner) = &list.item {
                for (i, item) in items.iter().enumerate() {
                    check_struct(item, None, inner, &format!("{}[{i}]", path()), errors);
                }
            }
        }
        _ => {}
    }
}

/// Why a value does not do. `old` is there for an update, and tells what the value was.
fn check(
    value: Option<&Value>,
    old: Option<Option<&Value>>,
    rules: &Rules,
) -> impl Iterator<Item = String> {
    let number = value.and_then(Value::as_i64);
    let fails = |bound: Option<i64>, holds: fn(i64, i64) -> bool| {
        bound.filter(|bound| number.is_some_and(|number| !holds(number, *bound)))
    };
    let min = fails(rules.min, |number, bound| number >= bound);
    let above = fails(rules.above, |number, bound| number > bound);
    let max = fails(rules.max, |number, bound| number <= bound);
    let changed = rules.immutable && old.is_some_and(|old| old != value);
    let reasons = [
        min.map(|bound| format!("must be greater than or equal to {bound}")),
        above.map(|bound| format!("must be greater than {bound}")),
        max.map(|bound| format!("must be less than or equal to {bound}")),
        changed.then(|| "field is immutable".to_owned()),
    ];
    reasons.into_iter().flatten()
}
