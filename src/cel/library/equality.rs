//! Whether values are equal, and how they are ordered.

use std::cmp::Ordering;

use super::{Answer, Failure};
use crate::cel::value::numbers;
use crate::cel::value::{CelValue, List, ListKind, Map, MapKey};

/// Whether two values are equal; values of different types are not.
pub(crate) fn equal(left: &CelValue, right: &CelValue) -> Result<bool, Failure> {
    Ok(match (left, right) {
        (CelValue::Null, CelValue::Null) => true,
        (CelValue::Null, _) | (_, CelValue::Null) => false,
        (
            CelValue::Int(_) | CelValue::Uint(_) | CelValue::Double(_),
            CelValue::Int(_) | CelValue::Uint(_) | CelValue::Double(_),
        ) => numbers::compare(left, right) == Some(Ordering::Equal),
        (CelValue::Bool(a), CelValue::Bool(b)) => a == b,
        (CelValue::String(a), CelValue::String(b)) => a == b,
        (CelValue::Bytes(a), CelValue::Bytes(b)) => a == b,
        (CelValue::Timestamp(a), CelValue::Timestamp(b)) => a == b,
        (CelValue::Duration(a), CelValue::Duration(b)) => a == b,
        (CelValue::List(a), CelValue::List(b)) => return lists(a, b),
        (CelValue::List(a), _) if a.kind != ListKind::Plain => {
            return Err(Failure::NoSuchOverload);
        }
        (CelValue::Map(a), CelValue::Map(b)) => return maps(a, b),
        (CelValue::Map(a), _) if a.typed => return Err(Failure::NoSuchOverload),
        (CelValue::Object(a), CelValue::Object(b)) => {
            if a.name != b.name || a.fields.len() != b.fields.len() {
                return Ok(false);
            }
            for (name, value) in &a.fields {
                match b.fields.get(name) {
                    Some(other) if equal(value, other)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (CelValue::Optional(a), CelValue::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => return equal(a, b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (CelValue::Type(a), CelValue::Type(b)) => a.name() == b.name(),
        (CelValue::Opaque(a), CelValue::Opaque(b)) => a == b,
        (CelValue::Invalid(message), _) | (_, CelValue::Invalid(message)) => {
            return Err(Failure::new(&**message));
        }
        _ => false,
    })
}

fn lists(a: &List, b: &List) -> Result<bool, Failure> {
    if a.items.len() != b.items.len() {
        return Ok(false);
    }
    match &a.kind {
        ListKind::Set => all(&b.items, |item| contains(&a.items, item)),
        ListKind::Map(keys) => all(&b.items, |item| match same_key(&a.items, item, keys) {
            Some(index) => equal(&a.items[index], item),
            None => Ok(false),
        }),
        ListKind::Plain | ListKind::Typed => {
            for (a, b) in a.items.iter().zip(&b.items) {
                if !equal(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

fn all(
    items: &[CelValue],
    test: impl Fn(&CelValue) -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    for item in items {
        if !test(item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the value is among the items.
pub(crate) fn contains(items: &[CelValue], value: &CelValue) -> Result<bool, Failure> {
    let mut failed = None;
    for item in items {
        match equal(item, value) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    failed.map_or(Ok(false), Err)
}

fn same_key(items: &[CelValue], item: &CelValue, keys: &[String]) -> Option<usize> {
    let wanted = key_of(item, keys)?;
    items.iter().position(|other| {
        key_of(other, keys).is_some_and(|other| {
            wanted.iter().zip(&other).all(|(a, b)| match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => matches!(equal(a, b), Ok(true)),
                _ => false,
            })
        })
    })
}

fn key_of<'a>(item: &'a CelValue, keys: &[String]) -> Option<Vec<Option<&'a CelValue>>> {
    let CelValue::Map(map) = item else {
        return None;
    };
    let get = |key: &String| map.entries.get(&MapKey::text(key));
    Some(keys.iter().map(get).collect())
}

fn maps(a: &Map, b: &Map) -> Result<bool, Failure> {
    if a.entries.len() + a.hidden != b.entries.len() + b.hidden {
        return Ok(false);
    }
    for (key, value) in &a.entries {
        match b.entries.get(key) {
            Some(other) if equal(value, other)? => {}
            _ => return Ok(false),
        }
    }
    match (&a.unknown, &b.unknown) {
        (Some(a), Some(b)) => Ok(a
            .iter()
            .all(|(name, value)| b.get(name).is_none_or(|other| other == value))),
        _ => Ok(true),
    }
}

/// The sum of two lists, as their kind has it.
pub(crate) fn add_lists(a: &List, b: &List) -> Result<CelValue, Failure> {
    let mut items = a.items.clone();
    for item in &b.items {
        match &a.kind {
            ListKind::Plain | ListKind::Typed => items.push(item.clone()),
            ListKind::Set => {
                if !contains(&items, item)? {
                    items.push(item.clone());
                }
            }
            ListKind::Map(keys) => match same_key(&items, item, keys) {
                Some(index) => items[index] = item.clone(),
                None => items.push(item.clone()),
            },
        }
    }
    let kind = a.kind.clone();
    Ok(CelValue::List(std::sync::Arc::new(List { items, kind })))
}

/// How two values that can be ordered compare.
pub(crate) fn compare(left: &CelValue, right: &CelValue) -> Result<Ordering, Failure> {
    Ok(match (left, right) {
        (
            CelValue::Int(_) | CelValue::Uint(_) | CelValue::Double(_),
            CelValue::Int(_) | CelValue::Uint(_) | CelValue::Double(_),
        ) => {
            return numbers::compare(left, right)
                .ok_or_else(|| Failure::new("NaN values cannot be ordered"));
        }
        (CelValue::Bool(a), CelValue::Bool(b)) => a.cmp(b),
        (CelValue::String(a), CelValue::String(b)) => a.cmp(b),
        (CelValue::Bytes(a), CelValue::Bytes(b)) => a.cmp(b),
        (CelValue::Timestamp(a), CelValue::Timestamp(b)) => a.cmp(b),
        (CelValue::Duration(a), CelValue::Duration(b)) => a.cmp(b),
        (left, _) if is_ordered(left) => return Err(Failure::NoSuchOverload),
        _ => return Err(Failure::NoOverload),
    })
}

fn is_ordered(value: &CelValue) -> bool {
    matches!(
        value,
        CelValue::Bool(_)
            | CelValue::Int(_)
            | CelValue::Uint(_)
            | CelValue::Double(_)
            | CelValue::String(_)
            | CelValue::Bytes(_)
            | CelValue::Timestamp(_)
            | CelValue::Duration(_)
    )
}

/// The comparison as a truth.
pub(crate) fn ordered(args: &[CelValue], test: fn(Ordering) -> bool) -> Answer {
    match args {
        [left, right] => Ok(CelValue::Bool(test(compare(left, right)?))),
        _ => Err(Failure::NoOverload),
    }
}
