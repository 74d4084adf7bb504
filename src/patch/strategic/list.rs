//! Merging lists: in whole, as sets of plain values, or element by element by a key.

use serde_json::Value;

use super::elements::{element_type, merge_key_of};
use super::lookup::Place;
use super::positions::Positions;
use super::{Members, PATCH, merge_map, order, unknown_patch_type};
use crate::kinds::PatchStrategy;
use crate::patch::PatchError;

type Values = Vec<Value>;

/// Merges the list of a patch into the one of the object; `deleting`, takes its plain values out instead.
pub(super) fn merge(
    original: Values,
    patch: &mut Values,
    item: Place<'_>,
    strategy: &PatchStrategy,
    deleting: bool,
) -> Result<Values, PatchError> {
    match strategy {
        PatchStrategy::Replace if deleting => merge_as(original, patch, item, None, deleting),
        PatchStrategy::Replace => Ok(patch.clone()),
        _ if original.is_empty() && patch.is_empty() => Ok(original),
        PatchStrategy::MergePrimitives => merge_as(original, patch, item, None, deleting),
        PatchStrategy::MergeBy(key) => merge_as(original, patch, item, Some(key), deleting),
    }
}

fn merge_as(
    original: Values,
    patch: &mut Values,
    item: Place<'_>,
    merge_key: Option<&str>,
    deleting: bool,
) -> Result<Values, PatchError> {
    match (element_type(&original, patch)?, merge_key) {
        ("map[string]interface {}", None) => Err(PatchError::Internal(format!(
            "cannot merge lists without merge key for {}",
            item.kind()
        ))),
        ("map[string]interface {}", Some(key)) => merge_maps(original, patch, item, key),
        _ if deleting => {
            let gone = Positions::of(patch, None);
            let kept = original.into_iter().filter(|value| !gone.has(value));
            Ok(kept.collect())
        }
        _ => {
            let both = [original.as_slice(), patch].concat();
            order::arrange(deduplicate(both), patch, &original, merge_key)
        }
    }
}

fn merge_maps(
    mut original: Values,
    patch: &mut Values,
    item: Place<'_>,
    key: &str,
) -> Result<Values, PatchError> {
    let replace = follow_directives(&mut original, patch, key)?;
    let plain: Values = patch
        .iter()
        .filter(|element| element.get(PATCH).is_none())
        .cloned()
        .collect();
    if replace {
        return order::arrange(plain.clone(), &[], &plain, Some(key));
    }
    let before = original.clone();
    let mut positions = Positions::of(&original, Some(key));
    for element in patch
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .filter(|e| !e.contains_key(PATCH))
    {
        merge_element(&mut original, &mut positions, element, item, key)?;
    }
    order::arrange(original, &plain, &before, Some(key))
}

/// Deletes what the patch says to delete. True if the list is to be replaced by the other elements of the patch.
fn follow_directives(original: &mut Values, patch: &Values, key: &str) -> Result<bool, PatchError> {
    let mut replace = false;
    let mut gone = Positions::of(&[], Some(key));
    for element in patch.iter().filter_map(Value::as_object) {
        let Some(directive) = element.get(PATCH) else {
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                merge_key_of(element, key)?;
                gone.push(&Value::Object(element.clone()));
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(PatchError::Internal(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => return Err(unknown_patch_type(directive, element)),
        }
    }
    original.retain(|element| !gone.has(element));
    Ok(replace)
}

fn merge_element(
    original: &mut Values,
    positions: &mut Positions<'_>,
    patch: &mut Members,
    item: Place<'_>,
    key: &str,
) -> Result<(), PatchError> {
    merge_key_of(patch, key)?;
    let element = Value::Object(patch.clone());
    let known = positions.of_same(&element);
    match known.and_then(|at| original.get_mut(at)) {
        Some(Value::Object(old)) => *old = merge_map(std::mem::take(old), patch, item)?,
        _ => {
            positions.push(&element);
            original.push(element);
        }
    }
    Ok(())
}

fn deduplicate(values: Values) -> Values {
    let mut seen = Positions::of(&[], None);
    let is_new = |value: &Value| {
        let is_new = !seen.has(value);
        seen.push(value);
        is_new
    };
    values.into_iter().filter(is_new).collect()
}
