//! The order of merged lists: as `$setElementOrder` says, else as in the patch, else as in the object.

use serde_json::Value;

use super::elements::{as_map, merge_key_of};
use crate::patch::PatchError;

type Values = Vec<Value>;

/// Puts a merged list in the order of `order`; what that does not name keeps the order it has in `before`.
pub(super) fn arrange(
    merged: Values,
    order: &[Value],
    before: &[Value],
    merge_key: Option<&str>,
) -> Result<Values, PatchError> {
    let (named, others) = partition(merged, order, merge_key)?;
    interleave(named, others, order, before, merge_key)
}

/// Splits a list into what `order` names and the rest.
pub(super) fn partition(
    list: Values,
    order: &[Value],
    merge_key: Option<&str>,
) -> Result<(Values, Values), PatchError> {
    if merge_key.is_none()
        && list
            .iter()
            .chain(order)
            .any(|v| v.is_object() || v.is_array())
    {
        return Err(PatchError::Panic);
    }
    let (mut named, mut others) = (Values::new(), Values::new());
    for value in list {
        match names(order, &value, merge_key)? {
            true => named.push(value),
            false => others.push(value),
        }
    }
    Ok((named, others))
}

fn names(order: &[Value], value: &Value, merge_key: Option<&str>) -> Result<bool, PatchError> {
    let Some(key) = merge_key else {
        return Ok(order.contains(value));
    };
    let wanted = merge_key_of(as_map(value)?, key)?;
    for (i, name) in order.iter().enumerate() {
        let Some(name) = name.as_object() else {
            return Err(PatchError::Internal(format!(
                "value for key {i} is not a map"
            )));
        };
        if name.get(key) == Some(wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sorts both lists, each in its order, and puts the others among the named where the object had them.
pub(super) fn interleave(
    named: Values,
    others: Values,
    order: &[Value],
    before: &[Value],
    merge_key: Option<&str>,
) -> Result<Values, PatchError> {
    let named = sort(named, order, merge_key)?;
    let others = sort(others, before, merge_key)?;
    let position = |value: &Value| position(before, value, merge_key);
    let mut out = Values::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for value in named {
        let at = position(&value);
        while let Some(other) =
            others.next_if(|other| matches!((position(other), at), (Some(o), Some(v)) if o < v))
        {
            out.push(other);
        }
        out.push(value);
    }
    out.extend(others);
    Ok(out)
}

/// Sorts by the place in `order`. What is not in there counts as smaller than anything, as upstream compares it;
/// the insertions are those of Go's stable sort, whose outcome then depends on them.
fn sort(list: Values, order: &[Value], merge_key: Option<&str>) -> Result<Values, PatchError> {
    if let Some(key) = merge_key {
        for element in list.iter().chain(order) {
            merge_key_of(as_map(element)?, key)?;
        }
    }
    let mut out: Vec<(Option<usize>, Value)> = Vec::with_capacity(list.len());
    for value in list {
        let at = position(order, &value, merge_key);
        let after = |(other, _): &(Option<usize>, Value)| matches!((other, at), (Some(o), Some(a)) if *o <= a);
        let place = out.iter().rposition(after).map_or(0, |i| i + 1);
        out.insert(place, (at, value));
    }
    Ok(out.into_iter().map(|(_, value)| value).collect())
}

fn position(list: &[Value], value: &Value, merge_key: Option<&str>) -> Option<usize> {
    match merge_key {
        None => list.iter().position(|other| other == value),
        Some(key) => list
            .iter()
            .position(|other| other.get(key) == value.get(key)),
    }
}
