//! Which old value a new one goes with, and whether it changed: `apiserver/pkg/cel/common`'s `CorrelatedObject`.
//!
//! Members of objects go with those of the same name, items of lists of type `map` with those of the same keys, and
//! items of other lists with none.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::codec::quote::quote;
use crate::kinds::structural::Structural;

/// The items that a list had.
pub(super) struct Items<'a> {
    keys: &'a [String],
    by_key: BTreeMap<String, &'a Value>,
}

impl<'a> Items<'a> {
    /// Of a list of another type than `map`, none.
    pub(super) fn of(old: &'a Value, schema: &'a Structural) -> Items<'a> {
        let keys = match schema.is_list_of("map") && schema.ty == "array" {
            true => schema.list_map_keys.as_slice(),
            false => &[],
        };
        let mut by_key = BTreeMap::new();
        for item in old.as_array().into_iter().flatten() {
            if let Some(key) = key(item, keys) {
                by_key.entry(key).or_insert(item);
            }
        }
        Items { keys, by_key }
    }

    /// The first item with the keys of this one.
    pub(super) fn of_item(&self, item: &Value) -> Option<&'a Value> {
        self.by_key.get(&key(item, self.keys)?).copied()
    }
}

/// `CachedDeepEqual`: whether a value is what it was. A list of type `map` is that in another order too; an object with a
/// member that its schema says nothing of never is.
pub(super) fn is_equal(new: &Value, old: &Value, schema: &Structural) -> bool {
    match (new, old) {
        (Value::Array(new), Value::Array(was)) if new.len() == was.len() => {
            if !schema.is_list_of("map") || new.is_empty() {
                return new == was;
            }
            let Some(inner) = schema.items.as_deref() else {
                return false;
            };
            let before = Items::of(old, schema);
            new.iter().all(|item| {
                let old = before.of_item(item);
                old.is_some_and(|old| is_equal(item, old, inner))
            })
        }
        (Value::Object(new), Value::Object(old)) if new.len() == old.len() => {
            new.iter().all(|(name, value)| {
                let known = old.get(name).zip(schema.member(name));
                known.is_some_and(|(old, inner)| is_equal(value, old, inner))
            })
        }
        (Value::Array(_) | Value::Object(_), _) => false,
        (new, old) => new == old,
    }
}

/// The values of the keys of an item, if it has all of them, each a scalar.
fn key(item: &Value, keys: &[String]) -> Option<String> {
    if keys.is_empty() || !item.is_object() {
        return None;
    }
    let mut out = String::new();
    for name in keys {
        out.push('\0');
        out.push_str(&scalar(item.get(name)?, keys.len() == 1)?);
    }
    Some(out)
}

/// Of several keys, numbers are told apart by six digits after the point.
fn scalar(value: &Value, is_only: bool) -> Option<String> {
    match value {
        Value::Bool(bool) => Some(bool.to_string()),
        Value::String(text) => Some(quote(text)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Some(integer.to_string()),
            (None, Some(float)) if is_only => Some(format!("{float}f")),
            (None, float) => float.map(|float| format!("{float:.6}")),
        },
        _ => None,
    }
}
