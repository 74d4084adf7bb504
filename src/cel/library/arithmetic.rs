//! The operators.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::equality::{add_lists, contains, ordered};
use super::{Answer, Failure, Function, MAX_RESULT};
use crate::cel::value::numbers;
use crate::cel::value::{CelValue, MapKey};

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "_+_" => |args| two(args, add),
        "_-_" => |args| two(args, subtract),
        "_*_" => |args| two(args, multiply),
        "_/_" => |args| two(args, divide),
        "_%_" => |args| two(args, modulo),
        "-_" => negate,
        "!_" => |args| match args {
            [CelValue::Bool(b)] => Ok(CelValue::Bool(!b)),
            _ => Err(Failure::NoSuchOverload),
        },
        "_<_" => |args| ordered(args, Ordering::is_lt),
        "_<=_" => |args| ordered(args, Ordering::is_le),
        "_>_" => |args| ordered(args, Ordering::is_gt),
        "_>=_" => |args| ordered(args, Ordering::is_ge),
        "@in" => |args| two(args, within),
        "size" => size,
        "cel.@mapInsert" => insert,
        _ => return None,
    })
}

fn two(args: &[CelValue], operator: fn(&CelValue, &CelValue) -> Answer) -> Answer {
    match args {
        [left, right] => operator(left, right),
        _ => Err(Failure::NoOverload),
    }
}

fn int(result: Option<i64>) -> Answer {
    result
        .map(CelValue::Int)
        .ok_or_else(|| Failure::new("integer overflow"))
}

fn uint(result: Option<u64>) -> Answer {
    result
        .map(CelValue::Uint)
        .ok_or_else(|| Failure::new("unsigned integer overflow"))
}

fn duration(result: Option<i64>) -> Answer {
    result
        .map(CelValue::Duration)
        .ok_or_else(|| Failure::new("duration overflow"))
}

fn moved(time: Timestamp, nanos: i64, back: bool) -> Answer {
    let by = SignedDuration::from_nanos(nanos);
    let moved = if back {
        time.checked_sub(by)
    } else {
        time.checked_add(by)
    };
    moved
        .ok()
        .filter(|time| crate::cel::value::time::in_range(*time))
        .map(CelValue::Timestamp)
        .ok_or_else(|| Failure::new("timestamp overflow"))
}

/// What is wrong: the other value, or this one already.
fn mismatch(left: &CelValue) -> Failure {
    match left {
        CelValue::Int(_)
        | CelValue::Uint(_)
        | CelValue::Double(_)
        | CelValue::String(_)
        | CelValue::Bytes(_)
        | CelValue::List(_)
        | CelValue::Timestamp(_)
        | CelValue::Duration(_) => Failure::NoSuchOverload,
        _ => Failure::NoOverload,
    }
}

fn add(left: &CelValue, right: &CelValue) -> Answer {
    match (left, right) {
        (CelValue::Int(a), CelValue::Int(b)) => int(a.checked_add(*b)),
        (CelValue::Uint(a), CelValue::Uint(b)) => uint(a.checked_add(*b)),
        (CelValue::Double(a), CelValue::Double(b)) => Ok(CelValue::Double(a + b)),
        (CelValue::String(a), CelValue::String(b)) => {
            bounded(a.len() + b.len())?;
            Ok(CelValue::string([&**a, &**b].concat()))
        }
        (CelValue::Bytes(a), CelValue::Bytes(b)) => {
            bounded(a.len() + b.len())?;
            Ok(CelValue::Bytes([&**a, &**b].concat().into()))
        }
        (CelValue::List(a), CelValue::List(b)) => {
            bounded(a.items.len() + b.items.len())?;
            add_lists(a, b)
        }
        (CelValue::Duration(a), CelValue::Duration(b)) => duration(a.checked_add(*b)),
        (CelValue::Timestamp(t), CelValue::Duration(d))
        | (CelValue::Duration(d), CelValue::Timestamp(t)) => moved(*t, *d, false),
        (left, _) => Err(mismatch(left)),
    }
}

/// Whether a result of this size may be made.
pub(super) fn bounded(size: usize) -> Result<(), Failure> {
    if size > MAX_RESULT {
        Err(Failure::Limit)
    } else {
        Ok(())
    }
}

fn subtract(left: &CelValue, right: &CelValue) -> Answer {
    match (left, right) {
        (CelValue::Int(a), CelValue::Int(b)) => int(a.checked_sub(*b)),
        (CelValue::Uint(a), CelValue::Uint(b)) => uint(a.checked_sub(*b)),
        (CelValue::Double(a), CelValue::Double(b)) => Ok(CelValue::Double(a - b)),
        (CelValue::Duration(a), CelValue::Duration(b)) => duration(a.checked_sub(*b)),
        (CelValue::Timestamp(t), CelValue::Duration(d)) => moved(*t, *d, true),
        (CelValue::Timestamp(a), CelValue::Timestamp(b)) => {
            let nanos = a.as_nanosecond() - b.as_nanosecond();
            duration(i64::try_from(nanos).ok())
        }
        (CelValue::String(_) | CelValue::Bytes(_) | CelValue::List(_), _) => {
            Err(Failure::NoOverload)
        }
        (left, _) => Err(mismatch(left)),
    }
}

fn numeric(left: &CelValue) -> Failure {
    match left {
        CelValue::Int(_) | CelValue::Uint(_) | CelValue::Double(_) => Failure::NoSuchOverload,
        _ => Failure::NoOverload,
    }
}

fn multiply(left: &CelValue, right: &CelValue) -> Answer {
    match (left, right) {
        (CelValue::Int(a), CelValue::Int(b)) => int(a.checked_mul(*b)),
        (CelValue::Uint(a), CelValue::Uint(b)) => uint(a.checked_mul(*b)),
        (CelValue::Double(a), CelValue::Double(b)) => Ok(CelValue::Double(a * b)),
        (left, _) => Err(numeric(left)),
    }
}

fn divide(left: &CelValue, right: &CelValue) -> Answer {
    match (left, right) {
        (CelValue::Int(_), CelValue::Int(0)) | (CelValue::Uint(_), CelValue::Uint(0)) => {
            Err(Failure::new("division by zero"))
        }
        (CelValue::Int(a), CelValue::Int(b)) => int(a.checked_div(*b)),
        (CelValue::Uint(a), CelValue::Uint(b)) => uint(a.checked_div(*b)),
        (CelValue::Double(a), CelValue::Double(b)) => Ok(CelValue::Double(a / b)),
        (left, _) => Err(numeric(left)),
    }
}

fn modulo(left: &CelValue, right: &CelValue) -> Answer {
    match (left, right) {
        (CelValue::Int(_), CelValue::Int(0)) | (CelValue::Uint(_), CelValue::Uint(0)) => {
            Err(Failure::new("modulus by zero"))
        }
        (CelValue::Int(a), CelValue::Int(b)) => int(a.checked_rem(*b)),
        (CelValue::Uint(a), CelValue::Uint(b)) => uint(a.checked_rem(*b)),
        (CelValue::Double(_), _) => Err(Failure::NoOverload),
        (left, _) => Err(numeric(left)),
    }
}

fn negate(args: &[CelValue]) -> Answer {
    match args {
        [CelValue::Int(i)] => int(i.checked_neg()),
        [CelValue::Double(d)] => Ok(CelValue::Double(-d)),
        [CelValue::Duration(d)] => duration(d.checked_neg()),
        [CelValue::Bool(_)] => Err(Failure::NoSuchOverload),
        _ => Err(Failure::NoOverload),
    }
}

fn within(item: &CelValue, aggregate: &CelValue) -> Answer {
    match aggregate {
        CelValue::List(list) => contains(&list.items, item).map(CelValue::Bool),
        CelValue::Map(map) => {
            let key = match item {
                CelValue::Double(d) if d.fract() == 0.0 => numbers::to_int(*d),
                other => Some(other.clone()),
            };
            let key = key.as_ref().and_then(MapKey::of);
            Ok(CelValue::Bool(
                key.is_some_and(|key| map.entries.contains_key(&key)),
            ))
        }
        _ => Err(Failure::NoSuchOverload),
    }
}

fn size(args: &[CelValue]) -> Answer {
    match args {
        [value] => {
            let size = value.size().ok_or(Failure::NoOverload)?;
            Ok(CelValue::Int(i64::try_from(size).unwrap_or(i64::MAX)))
        }
        _ => Err(Failure::NoOverload),
    }
}

fn insert(args: &[CelValue]) -> Answer {
    let Some((CelValue::Map(map), rest)) = args.split_first() else {
        return Err(Failure::NoOverload);
    };
    let mut map = Arc::clone(map);
    let mut add = |key: MapKey, value: &CelValue| {
        let entries = &mut Arc::make_mut(&mut map).entries;
        if entries.contains_key(&key) {
            let key = crate::cel::value::convert::show(&key.to_value());
            return Err(Failure::new(format!(
                "insert failed: key {key} already exists"
            )));
        }
        entries.insert(key, value.clone());
        Ok(())
    };
    match rest {
        [key, value] => {
            let key = MapKey::of(key).ok_or(Failure::NoSuchOverload)?;
            add(key, value)?;
        }
        [CelValue::Map(more)] => {
            for (key, value) in &more.entries {
                add(key.clone(), value)?;
            }
        }
        _ => return Err(Failure::NoOverload),
    }
    Ok(CelValue::Map(map))
}
