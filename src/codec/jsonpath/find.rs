//! Following the steps of a path.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Filter, Slice, Step};
use crate::codec::json::sorted;

/// How many values one path may find.
const MAX_FOUND: usize = 100_000;

/// A step that does not fit the value.
pub(super) struct Misfit;

/// What there is after these steps.
pub(super) fn walk(mut values: Vec<Value>, steps: &[Step]) -> Result<Vec<Value>, Misfit> {
    for step in steps {
        values = match step {
            Step::Field(name) => {
                let members = values.iter().filter_map(|value| value.get(name).cloned());
                members.collect()
            }
            Step::Wildcard => values.iter().flat_map(members).collect(),
            Step::Recursive => {
                let mut all = Vec::new();
                values.iter().for_each(|value| descend(value, &mut all));
                all
            }
            Step::Slice(slice) => {
                let lists = values.iter().filter(|value| !value.is_null());
                let parts = lists.map(|value| cut(value, *slice));
                parts.collect::<Result<Vec<_>, _>>()?.concat()
            }
            Step::Union(parts) => {
                let parts = parts.iter().map(|part| walk(values.clone(), part));
                parts.collect::<Result<Vec<_>, _>>()?.concat()
            }
            Step::Filter(filter) => {
                let parts = values.iter().map(|value| keep(value, filter));
                parts.collect::<Result<Vec<_>, _>>()?.concat()
            }
            Step::Literal(literal) => values.iter().map(|_| literal.clone()).collect(),
            Step::Identifier(_) => return Err(Misfit),
        };
        if values.len() > MAX_FOUND {
            return Err(Misfit);
        }
    }
    Ok(values)
}

/// The members or items of a value.
fn members(value: &Value) -> Vec<Value> {
    match value {
        // Go goes through a map in no order; here it is that of the names.
        Value::Object(map) => sorted(map).into_iter().map(|(_, v)| v.clone()).collect(),
        Value::Array(items) => items.clone(),
        _ => Vec::new(),
    }
}

/// A value that holds others, and all it holds that do.
fn descend(value: &Value, out: &mut Vec<Value>) {
    let inner = members(value);
    if inner.is_empty() || out.len() > MAX_FOUND {
        return;
    }
    out.push(value.clone());
    inner.iter().for_each(|value| descend(value, out));
}

fn cut(value: &Value, slice: Slice) -> Result<Vec<Value>, Misfit> {
    let items = value.as_array().ok_or(Misfit)?;
    let length = i64::try_from(items.len()).map_err(|_| Misfit)?;
    let from = match slice.from.unwrap_or(0) {
        from if from < 0 => from.saturating_add(length),
        from => from,
    };
    let to = match slice.to.unwrap_or(length) {
        to if to < 0 || to == 0 && slice.is_index => to.saturating_add(length),
        to => to,
    };
    if from == to {
        return Ok(Vec::new());
    }
    let step = slice.step.unwrap_or(1);
    if from < 0 || from >= length || to < 0 || to > length || from > to || step <= 0 {
        return Err(Misfit);
    }
    let place = |n: i64| usize::try_from(n).map_err(|_| Misfit);
    let part = &items[place(from)?..place(to)?];
    Ok(part.iter().step_by(place(step)?).cloned().collect())
}

fn keep(value: &Value, filter: &Filter) -> Result<Vec<Value>, Misfit> {
    let items = value.as_array().ok_or(Misfit)?;
    let mut kept = Vec::new();
    for item in items {
        if passes(item, filter)? {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn passes(item: &Value, filter: &Filter) -> Result<bool, Misfit> {
    let left = walk(vec![item.clone()], &filter.left);
    if filter.operator == "exists" {
        return Ok(left.is_ok_and(|found| !found.is_empty()));
    }
    let (left, right) = (left?, walk(vec![item.clone()], &filter.right)?);
    match (left.as_slice(), right.as_slice()) {
        ([], _) | (_, []) => Ok(false),
        ([left], [right]) => compare(left, right, &filter.operator),
        _ => Err(Misfit),
    }
}

fn compare(left: &Value, right: &Value, operator: &str) -> Result<bool, Misfit> {
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ if a.is_f64() == b.is_f64() => a.as_f64().partial_cmp(&b.as_f64()),
            _ => None,
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) if matches!(operator, "==" | "!=") => Some(a.cmp(b)),
        _ => None,
    };
    let order = order.ok_or(Misfit)?;
    match operator {
        "==" => Ok(order == Ordering::Equal),
        "!=" => Ok(order != Ordering::Equal),
        "<" => Ok(order == Ordering::Less),
        "<=" => Ok(order != Ordering::Greater),
        ">" => Ok(order == Ordering::Greater),
        ">=" => Ok(order != Ordering::Less),
        _ => Err(Misfit),
    }
}
