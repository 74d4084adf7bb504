//! The order of merged lists: as `$setElementOrder` says, else as in the patch, else as in the object.

use std::collections::BTreeMap;

use serde_json::Value;

use super::elements::{as_map, merge_key_of};
use super::positions::Positions;
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
    let positions = Positions::of(order, merge_key);
    let no_map = order.iter().position(|name| !name.is_object());
    let (mut named, mut others) = (Values::new(), Values::new());
    for value in list {
        let at = positions.of_same(&value);
        if let Some(key) = merge_key {
            merge_key_of(as_map(&value)?, key)?;
            // Upstream goes through the order for each element, up to the one it looks for.
            if let Some(i) = no_map.filter(|i| at.is_none_or(|at| *i < at)) {
                let message = format!("value for key {i} is not a map");
                return Err(PatchError::Internal(message));
            }
        }
        match at {
            Some(_) => named.push(value),
            None => others.push(value),
        }
    }
    Ok((named, others))
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
    let before = Positions::of(before, merge_key);
    let position = |value: &Value| before.of_same(value);
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
    let positions = Positions::of(order, merge_key);
    let places: Vec<Option<usize>> = list.iter().map(|v| positions.of_same(v)).collect();
    let mut list: Vec<Option<Value>> = list.into_iter().map(Some).collect();
    let sorted = insert_each(&places).into_iter();
    Ok(sorted.filter_map(|at| list[at].take()).collect())
}

/// The elements in the order that comes of inserting one after the other: each behind the last that is no greater, or
/// else before all others, as those are that have no place.
fn insert_each(places: &[Option<usize>]) -> Vec<usize> {
    let mut first = None;
    let mut next: Vec<Option<usize>> = vec![None; places.len()];
    let mut last_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (element, place) in places.iter().enumerate() {
        let before = place.and_then(|place| last_of.range(..=place).next_back());
        match before.map(|(_, before)| *before) {
            Some(before) => next[element] = next[before].replace(element),
            None => next[element] = first.replace(element),
        }
        last_of.extend(place.map(|place| (place, element)));
    }
    std::iter::successors(first, |element| next[*element]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same element by element, as upstream does it.
    fn model(places: &[Option<usize>]) -> Vec<usize> {
        let mut out: Vec<(Option<usize>, usize)> = Vec::new();
        for (element, place) in places.iter().enumerate() {
            let no_greater = |(other, _): &(Option<usize>, usize)| matches!((other, place), (Some(o), Some(p)) if o <= p);
            let at = out.iter().rposition(no_greater).map_or(0, |i| i + 1);
            out.insert(at, (*place, element));
        }
        out.into_iter().map(|(_, element)| element).collect()
    }

    proptest! {
        #[test]
        fn elements_are_inserted_as_one_by_one(places in prop::collection::vec(prop::option::of(0usize..6), 0..12)) {
            prop_assert_eq!(insert_each(&places), model(&places));
        }
    }
}
