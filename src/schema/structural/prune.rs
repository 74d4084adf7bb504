//! Dropping what a schema does not specify: `schema/pruning`.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::kinds::structural::{AdditionalProperties, Structural};

/// What a resource has without its schema saying so.
const META_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// `PruneWithOptions`: drops what the schema does not specify, and gives the paths of what was dropped, sorted. A root,
/// like an embedded resource, keeps its `apiVersion`, `kind` and `metadata`.
pub(crate) fn prune(object: &mut Value, schema: &Structural, is_root: bool) -> Vec<String> {
    let mut pruner = Pruner::default();
    pruner.value(object, Some(schema), is_root || schema.embedded_resource);
    pruner.dropped.sort();
    pruner.dropped
}

#[derive(Default)]
struct Pruner {
    path: String,
    dropped: Vec<String>,
}

impl Pruner {
    fn value(&mut self, value: &mut Value, schema: Option<&Structural>, is_resource: bool) {
        match (value, schema) {
            (Value::Object(map), Some(schema)) => self.object(map, schema, is_resource),
            (Value::Object(map), None) => map.retain(|key, _| {
                self.dropped(key);
                false
            }),
            (Value::Array(items), Some(schema)) if schema.preserve_unknown_fields => {
                self.items(items, |pruner, item| {
                    pruner.kept_item(item, schema.items.as_deref());
                });
            }
            (Value::Array(items), schema) => {
                let inner = schema.and_then(|schema| schema.items.as_deref());
                let is_resource = inner.is_some_and(|inner| inner.embedded_resource);
                self.items(items, |pruner, item| pruner.value(item, inner, is_resource));
            }
            _ => {}
        }
    }

    /// An item of a list whose unknown fields are kept: those of the item are kept as well.
    fn kept_item(&mut self, item: &mut Value, schema: Option<&Structural>) {
        match (item, schema) {
            (Value::Object(map), Some(schema)) => {
                map.iter_mut().for_each(|(key, value)| {
                    self.member(key, value, schema, schema.embedded_resource);
                });
            }
            (Value::Array(items), Some(schema)) => self.items(items, |pruner, item| {
                pruner.kept_item(item, schema.items.as_deref());
            }),
            _ => {}
        }
    }

    fn object(&mut self, map: &mut Map<String, Value>, schema: &Structural, is_resource: bool) {
        map.retain(|key, value| {
            let is_known = self.member(key, value, schema, is_resource);
            let is_kept = is_known || schema.preserve_unknown_fields;
            if !is_kept {
                self.dropped(key);
            }
            is_kept
        });
    }

    /// Prunes a member that the schema knows of, and says whether it does.
    fn member(
        &mut self,
        key: &str,
        value: &mut Value,
        schema: &Structural,
        is_resource: bool,
    ) -> bool {
        if is_resource && META_FIELDS.contains(&key) {
            return true;
        }
        let inner = match (schema.properties.get(key), &schema.additional_properties) {
            (Some(property), _) => Some(property),
            (None, Some(AdditionalProperties::Schema(additional))) => Some(&**additional),
            (None, Some(AdditionalProperties::Allowed(_))) => None,
            (None, None) => return false,
        };
        let mark = self.enter(key);
        self.value(
            value,
            inner,
            inner.is_some_and(|inner| inner.embedded_resource),
        );
        self.path.truncate(mark);
        true
    }

    fn items(&mut self, items: &mut [Value], mut each: impl FnMut(&mut Self, &mut Value)) {
        let mark = self.path.len();
        for (index, item) in items.iter_mut().enumerate() {
            let _ = write!(self.path, "[{index}]");
            each(self, item);
            self.path.truncate(mark);
        }
    }

    fn enter(&mut self, key: &str) -> usize {
        let mark = self.path.len();
        if mark > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        mark
    }

    /// The meta fields of a root that is none are dropped without a word.
    fn dropped(&mut self, key: &str) {
        if self.path.is_empty() && META_FIELDS.contains(&key) {
            return;
        }
        let mark = self.enter(key);
        self.dropped.push(self.path.clone());
        self.path.truncate(mark);
    }
}
