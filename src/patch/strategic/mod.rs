//! Strategic merge patch: a merge patch that knows the kind.
//!
//! Maps merge member by member, lists as their schema says: in whole, as sets or by a key. Directives in the patch
//! (`$patch`, `$retainKeys`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x`) say what a plain merge cannot.
//! A directive that was followed leaves the patch, so that an error about the next object shows the patch without it,
//! as it does upstream. Where upstream goes through members in random order, the order here is by name.
//!
//! Upstream: `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`.

#[cfg(test)]
mod diff;
mod elements;
mod list;
mod lookup;
mod order;
mod positions;
mod set_order;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use self::lookup::Place;
use super::{PatchError, Patched, decode, restore};
use crate::codec::go_value;
use crate::codec::json::{self, Node};
use crate::kinds::Struct;
use crate::request::options::FieldValidation;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ELEMENT_ORDER: &str = "$setElementOrder";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList";

type Members = Map<String, Value>;

/// Applies a strategic merge patch to an object. What comes back decodes without errors.
pub(super) fn apply(
    current: &Value,
    patch: &[u8],
    schema: &Struct,
    validation: FieldValidation,
) -> Result<Patched, PatchError> {
    let (patch, mut strict) = decode::map(patch).map_err(PatchError::BadRequest)?;
    let mut patch = members(to_value(&patch));
    let merged = merge_map(members(current.clone()), &mut patch, Place::Struct(schema))?;
    let shown = go_value::show(&Value::Object(patch));
    let restored = match restore::restore(&Value::Object(merged), schema) {
        Ok(restored) => restored,
        Err(why) => return Err(PatchError::Invalid { shown, why }),
    };
    strict.extend(restored.unknown);
    if validation == FieldValidation::Ignore {
        strict.clear();
    }
    let mut next = restored.value;
    keep_kind(&mut next, current);
    Ok(Patched {
        next: Node::from_value(&next),
        shown,
        strict,
    })
}

fn members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

/// The value as Go decodes it: a number is an `int64` if it is written as one and fits, else a `float64`.
fn to_value(node: &Node) -> Value {
    match node {
        Node::Number(literal) => literal.parse::<i64>().map_or_else(
            |_| literal.parse::<f64>().map_or(Value::Null, Value::from),
            Value::from,
        ),
        Node::Array(items) => Value::Array(items.iter().map(to_value).collect()),
        Node::Object(members) => {
            json::object(members.iter().map(|(k, v)| (k.clone(), to_value(v)))).into()
        }
        other => other.to_value(),
    }
}

/// Upstream merges into an object of the kind, whatever kind the patch names.
fn keep_kind(next: &mut Value, current: &Value) {
    let Some(next) = next.as_object_mut() else {
        return;
    };
    for key in ["apiVersion", "kind"] {
        match current.get(key) {
            Some(value) => next.insert(key.to_owned(), value.clone()),
            None => next.remove(key),
        };
    }
}

/// Merges a patch into a map. What is left in the patch is what an error shows of it.
fn merge_map(
    mut original: Members,
    patch: &mut Members,
    place: Place<'_>,
) -> Result<Members, PatchError> {
    if let Some(directive) = patch.get(PATCH) {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(PATCH);
                Ok(patch.clone())
            }
            Some("delete") => Ok(Members::new()),
            _ => Err(unknown_patch_type(directive, patch)),
        };
    }
    retain_keys(&mut original, patch)?;
    set_order::merge_ordered_lists(&mut original, patch, place)?;
    for key in sorted_keys(patch) {
        if let Some(value) = patch.get_mut(&key) {
            merge_member(&mut original, &key, value, place)?;
        }
    }
    Ok(original)
}

fn sorted_keys(members: &Members) -> Vec<String> {
    let mut keys: Vec<String> = members.keys().cloned().collect();
    keys.sort_unstable();
    keys
}

fn unknown_patch_type(directive: &Value, patch: &Members) -> PatchError {
    let directive = go_value::show_as_string(directive);
    PatchError::Internal(format!(
        "unknown patch type: {directive} in map: {}",
        show_members(patch)
    ))
}

fn show_members(members: &Members) -> String {
    go_value::show(&Value::Object(members.clone()))
}

/// `$retainKeys` names every member the patched map keeps, those of the patch included.
fn retain_keys(original: &mut Members, patch: &mut Members) -> Result<(), PatchError> {
    let bad_format = || PatchError::BadRequest("invalid patch format of retainKeys".to_owned());
    let keys = match patch.remove(RETAIN_KEYS) {
        None => return Ok(()),
        Some(Value::Array(keys)) => keys,
        Some(_) => return Err(bad_format()),
    };
    if keys.iter().any(|key| key.is_array() || key.is_object()) {
        return Err(PatchError::Panic);
    }
    let keys: BTreeSet<&str> = keys.iter().filter_map(Value::as_str).collect();
    let parallel = |key: &str| {
        key.starts_with(DELETE_FROM_PRIMITIVE_LIST) || key.starts_with(SET_ELEMENT_ORDER)
    };
    if patch
        .iter()
        .any(|(key, value)| !value.is_null() && !parallel(key) && !keys.contains(key.as_str()))
    {
        return Err(bad_format());
    }
    original.retain(|key, _| keys.contains(key.as_str()));
    Ok(())
}

fn merge_member(
    original: &mut Members,
    key: &str,
    patch: &mut Value,
    place: Place<'_>,
) -> Result<(), PatchError> {
    let (key, deleting) = match key.strip_prefix(DELETE_FROM_PRIMITIVE_LIST) {
        None => (key, false),
        Some("/") => (key, true),
        Some(rest) => {
            let format =
                || PatchError::BadRequest("invalid patch format of primitive list".to_owned());
            (rest.strip_prefix('/').ok_or_else(format)?, true)
        }
    };
    if patch.is_null() {
        original.remove(key);
        return Ok(());
    }
    let merged = match (original.get_mut(key), patch) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            Value::Object(merge_map(std::mem::take(old), new, place.member(key)?)?)
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let (item, strategy) = place.list(key)?;
            Value::Array(list::merge(
                std::mem::take(old),
                new,
                item,
                strategy,
                deleting,
            )?)
        }
        (Some(old), new) if go_value::type_name(old) == go_value::type_name(new) => new.clone(),
        _ if deleting => return Ok(()),
        (_, new) => {
            discard_nulls(new);
            if !remove_directives(new) {
                original.remove(key);
                return Ok(());
            }
            new.clone()
        }
    };
    original.insert(key.to_owned(), merged);
    Ok(())
}

/// Takes the `null` members out of what has nothing to delete.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// Takes every map with a `$patch` out of what has nothing to merge with; says whether anything is left.
fn remove_directives(value: &mut Value) -> bool {
    match value {
        Value::Object(members) if members.contains_key(PATCH) => return false,
        Value::Object(members) => {
            for key in sorted_keys(members) {
                if !members.get_mut(&key).is_some_and(remove_directives) {
                    members.remove(&key);
                }
            }
        }
        Value::Array(items) => items.retain_mut(remove_directives),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests;
