//! `$setElementOrder`: lists that the patch gives an order for.

use serde_json::Value;

use super::elements::{as_map, bad_argument, element_type, same};
use super::list;
use super::lookup::Place;
use super::order::{interleave, partition};
use super::{Members, PATCH, SET_ELEMENT_ORDER, remove_directives, sorted_keys};
use crate::codec::go_value;
use crate::kinds::PatchStrategy;
use crate::patch::PatchError;

type Values = Vec<Value>;

/// Merges every list the patch gives an order for. The order and the list leave the patch.
pub(super) fn merge_ordered_lists(
    original: &mut Members,
    patch: &mut Members,
    place: Place<'_>,
) -> Result<(), PatchError> {
    for directive in sorted_keys(patch)
        .into_iter()
        .filter(|key| key.starts_with(SET_ELEMENT_ORDER))
    {
        let Some(order) = patch.remove(&directive) else {
            continue;
        };
        let order = as_list(&order)?;
        let key = directive
            .strip_prefix(SET_ELEMENT_ORDER)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or_else(|| {
                PatchError::BadRequest("invalid patch format of setElementOrder list".to_owned())
            })?;
        let old = original.get(key).map(as_list).transpose()?;
        let new = patch.get(key).map(as_list).transpose()?;
        if let Some(merged) = merge_ordered(old, new, &order, place.list(key)?)? {
            original.insert(key.to_owned(), Value::Array(merged));
            patch.remove(key);
        }
    }
    Ok(())
}

fn as_list(value: &Value) -> Result<Values, PatchError> {
    value
        .as_array()
        .cloned()
        .ok_or_else(|| bad_argument("[]interface {}", value))
}

fn merge_ordered(
    old: Option<Values>,
    new: Option<Values>,
    order: &[Value],
    (item, strategy): (Place<'_>, &PatchStrategy),
) -> Result<Option<Values>, PatchError> {
    let merge_key = match strategy {
        PatchStrategy::MergeBy(key) => Some(key.as_str()),
        _ => None,
    };
    check_order(new.as_deref().unwrap_or_default(), order, merge_key)?;
    let (before, patch) = (
        old.clone().unwrap_or_default(),
        new.clone().unwrap_or_default(),
    );
    let merged = match (old, new) {
        (None, None) => return Ok(None),
        (Some(old), None) => old,
        (None, Some(mut new)) => {
            new.retain_mut(remove_directives);
            new
        }
        (Some(old), Some(mut new)) => list::merge(old, &mut new, item, strategy, false)?,
    };
    let (named, others) = partition(merged, order, merge_key)?;
    element_type(&before, &patch)?;
    interleave(named, others, order, &before, merge_key).map(Some)
}

/// The list of the patch must be part of the order, in that order; what it deletes does not count.
fn check_order(
    patch: &[Value],
    order: &[Value],
    merge_key: Option<&str>,
) -> Result<(), PatchError> {
    if order.is_empty() || patch.is_empty() {
        return Ok(());
    }
    if merge_key.is_some() {
        patch
            .iter()
            .try_for_each(|element| as_map(element).map(drop))?;
    }
    let mut named = order.iter();
    for element in patch.iter().filter(|element| element.get(PATCH).is_none()) {
        loop {
            match named.next() {
                None => return Err(order_differs(patch, order)),
                Some(name) if same(element, name, merge_key)? => break,
                Some(_) => {}
            }
        }
    }
    Ok(())
}

fn order_differs(patch: &[Value], order: &[Value]) -> PatchError {
    let show = |values: &[Value]| go_value::show(&Value::Array(values.to_vec()));
    let (patch, order) = (show(patch), show(order));
    PatchError::Internal(format!(
        "The order in patch list:\n{patch}\n doesn't match {SET_ELEMENT_ORDER} list:\n{order}\n"
    ))
}
