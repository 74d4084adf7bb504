//! Filling in defaults: `schema/defaulting`.

use serde_json::{Map, Value};

use crate::kinds::structural::{AdditionalProperties, Structural};

/// `Default`: fills in what is missing, or null where it may not be.
pub(crate) fn default(object: &mut Value, schema: &Structural) {
    match object {
        Value::Object(map) => default_members(map, schema),
        Value::Array(items) => {
            let Some(inner) = schema.items.as_deref() else {
                return;
            };
            for item in items {
                default_null(item, inner);
                default(item, inner);
            }
        }
        _ => {}
    }
}

/// `PruneNonNullableNullsWithoutDefaults`: a null that may not be one, and has no default, was not given.
pub(crate) fn prune_nulls(object: &mut Value, schema: &Structural) {
    match object {
        Value::Object(map) => map.retain(|key, value| {
            let Some(inner) = schema.member(key) else {
                return true;
            };
            if value.is_null() {
                return inner.nullable || inner.default.is_some();
            }
            prune_nulls(value, inner);
            true
        }),
        Value::Array(items) => {
            if let Some(inner) = schema.items.as_deref() {
                items.iter_mut().for_each(|item| prune_nulls(item, inner));
            }
        }
        _ => {}
    }
}

fn default_members(map: &mut Map<String, Value>, schema: &Structural) {
    for (name, property) in &schema.properties {
        let Some(value) = &property.default else {
            continue;
        };
        let is_given = map
            .get(name)
            .is_some_and(|given| !given.is_null() || property.nullable);
        if !is_given {
            map.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in map {
        if let Some(property) = schema.properties.get(name) {
            default(value, property);
        } else if let Some(AdditionalProperties::Schema(additional)) = &schema.additional_properties
        {
            default_null(value, additional);
            default(value, additional);
        }
    }
}

/// A null that may not be one becomes the default of its schema, which may be none.
fn default_null(value: &mut Value, schema: &Structural) {
    if value.is_null() && !schema.nullable {
        *value = schema.default.clone().unwrap_or_default();
    }
}
