//! The functions of lists.

use std::cmp::Ordering;

use super::arithmetic::bounded;
use super::equality::{compare, equal};
use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "isSorted" => is_sorted,
        "sum" => sum,
        "max" => |args| extreme(args, "max", Ordering::Less),
        "min" => |args| extreme(args, "min", Ordering::Greater),
        "slice" => slice,
        "flatten" => flatten,
        "sort" => |args| match args {
            [list] => sort(list, list),
            _ => Err(Failure::NoOverload),
        },
        "@sortByAssociatedKeys" => |args| match args {
            [list, keys] => sort(list, keys),
            _ => Err(Failure::NoOverload),
        },
        "lists.range" => range,
        "reverse" => |args| {
            let mut items = items(args)?.to_vec();
            items.reverse();
            Ok(CelValue::list(items))
        },
        "distinct" => distinct,
        _ => return None,
    })
}

fn items(args: &[CelValue]) -> Result<&[CelValue], Failure> {
    match args.first() {
        Some(CelValue::List(list)) => Ok(&list.items),
        _ => Err(Failure::NoOverload),
    }
}

fn index(found: Option<usize>) -> CelValue {
    CelValue::Int(found.map_or(-1, |i| i64::try_from(i).unwrap_or(i64::MAX)))
}

/// The first place of an item.
pub(super) fn index_of(args: &[CelValue]) -> Answer {
    let item = args.get(1).ok_or(Failure::NoOverload)?;
    let found = items(args)?
        .iter()
        .position(|i| matches!(equal(i, item), Ok(true)));
    Ok(index(found))
}

/// The last place of an item.
pub(super) fn last_index_of(args: &[CelValue]) -> Answer {
    let item = args.get(1).ok_or(Failure::NoOverload)?;
    let found = items(args)?
        .iter()
        .rposition(|i| matches!(equal(i, item), Ok(true)));
    Ok(index(found))
}

fn is_sorted(args: &[CelValue]) -> Answer {
    for pair in items(args)?.windows(2) {
        if let [a, b] = pair
            && compare(a, b)? == Ordering::Greater
        {
            return Ok(CelValue::Bool(false));
        }
    }
    Ok(CelValue::Bool(true))
}

fn sum(args: &[CelValue]) -> Answer {
    let add = super::arithmetic::find("_+_").ok_or(Failure::NoOverload)?;
    let mut items = items(args)?.iter();
    let Some(first) = items.next() else {
        return Ok(CelValue::Int(0));
    };
    items.try_fold(first.clone(), |sum, item| add(&[sum, item.clone()]))
}

/// What an empty list sums to, by the overload.
pub(crate) fn zero(overload: &str) -> CelValue {
    match overload {
        "list_uint_sum_uint" => CelValue::Uint(0),
        "list_double_sum_double" => CelValue::Double(0.0),
        "list_duration_sum_duration" => CelValue::Duration(0),
        _ => CelValue::Int(0),
    }
}

fn extreme(args: &[CelValue], name: &str, prefer: Ordering) -> Answer {
    let mut items = items(args)?.iter();
    let Some(mut best) = items.next() else {
        return Err(Failure::new(format!("{name} called on empty list")));
    };
    for item in items {
        if compare(best, item)? == prefer {
            best = item;
        }
    }
    Ok(best.clone())
}

fn slice(args: &[CelValue]) -> Answer {
    let items = items(args)?;
    let [_, CelValue::Int(start), CelValue::Int(end)] = args else {
        return Err(Failure::NoOverload);
    };
    let wrong = |why: String| Failure::new(format!("cannot slice({start}, {end}), {why}"));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return Err(wrong("negative indexes not supported".to_owned()));
    };
    if from > to {
        return Err(wrong(
            "start index must be less than or equal to end index".to_owned(),
        ));
    }
    match items.get(from..to) {
        Some(part) => Ok(CelValue::list(part.to_vec())),
        None => Err(wrong(format!("list is length {}", items.len()))),
    }
}

fn flatten(args: &[CelValue]) -> Answer {
    let depth = match args {
        [_] => 1,
        [_, CelValue::Int(depth)] => {
            u64::try_from(*depth).map_err(|_| Failure::new("level must be non-negative"))?
        }
        _ => return Err(Failure::NoOverload),
    };
    let mut out = Vec::new();
    flatten_into(items(args)?, depth, &mut out)?;
    Ok(CelValue::list(out))
}

fn flatten_into(items: &[CelValue], depth: u64, out: &mut Vec<CelValue>) -> Result<(), Failure> {
    for item in items {
        match item {
            CelValue::List(inner) if depth > 0 => flatten_into(&inner.items, depth - 1, out)?,
            other => out.push(other.clone()),
        }
        bounded(out.len())?;
    }
    Ok(())
}

fn sort(list: &CelValue, keys: &CelValue) -> Answer {
    let (CelValue::List(list), CelValue::List(keys)) = (list, keys) else {
        return Err(Failure::NoOverload);
    };
    let (size, count) = (list.items.len(), keys.items.len());
    if size != count {
        return Err(Failure::new(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {size} and {count} elements respectively"
        )));
    }
    let mut pairs: Vec<(&CelValue, &CelValue)> = keys.items.iter().zip(&list.items).collect();
    let mut failed = false;
    pairs.sort_by(|(a, _), (b, _)| {
        if std::mem::discriminant(*a) != std::mem::discriminant(*b) {
            failed = true;
        }
        compare(a, b).unwrap_or(Ordering::Equal)
    });
    if failed {
        return Err(Failure::new("list elements must have the same type"));
    }
    if let [(key, _), ..] = pairs.as_slice()
        && matches!(compare(key, key), Err(Failure::NoOverload))
    {
        return Err(Failure::new("list elements must be comparable"));
    }
    Ok(CelValue::list(
        pairs.into_iter().map(|(_, item)| item.clone()).collect(),
    ))
}

fn range(args: &[CelValue]) -> Answer {
    match args {
        [CelValue::Int(n)] => {
            // Such a list costs more than an evaluation may.
            if *n > 1_000_000 {
                return Err(Failure::Limit);
            }
            Ok(CelValue::list((0..*n).map(CelValue::Int).collect()))
        }
        _ => Err(Failure::NoOverload),
    }
}

fn distinct(args: &[CelValue]) -> Answer {
    let items = items(args)?;
    // Each item is compared with each before it.
    bounded(items.len().saturating_mul(items.len()) / 8)?;
    let mut unique: Vec<CelValue> = Vec::new();
    for item in items {
        if !unique
            .iter()
            .any(|seen| matches!(equal(item, seen), Ok(true)))
        {
            unique.push(item.clone());
        }
    }
    Ok(CelValue::list(unique))
}
