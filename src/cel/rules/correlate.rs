//! Which old value a new one goes with, and whether it changed.

use serde_json::Value;

use super::node::Node;

/// A new value, and the old one it goes with.
#[derive(Clone, Copy)]
pub(super) struct Correlated<'a> {
    pub(super) value: &'a Value,
    pub(super) old: &'a Value,
    node: Node<'a>,
}

impl<'a> Correlated<'a> {
    pub(super) fn new(value: &'a Value, old: &'a Value, node: Node<'a>) -> Self {
        Correlated { value, old, node }
    }

    /// The member of this name, if both have it and the schema knows it.
    fn member(self, name: &str) -> Option<Correlated<'a>> {
        let (value, old) = (self.value.get(name)?, self.old.get(name)?);
        let node = self
            .node
            .property(name)
            .or_else(|| self.node.additional())?;
        Some(Correlated { value, old, node })
    }

    fn item(self, index: usize) -> Option<Correlated<'a>> {
        let value = self.value.as_array()?.get(index)?;
        let old = old_item(self.node, self.old.as_array()?, value)?;
        let node = self.node.items()?;
        Some(Correlated { value, old, node })
    }

    /// Whether nothing changed, as far as the values go with each other.
    fn is_same(self) -> bool {
        match (self.value, self.old) {
            (Value::Array(new), Value::Array(old)) => {
                if new.len() != old.len() {
                    return false;
                }
                if self.node.text("x-kubernetes-list-type") != "map" {
                    return new == old;
                }
                (0..new.len()).all(|i| self.item(i).is_some_and(Correlated::is_same))
            }
            (Value::Object(new), Value::Object(old)) => {
                new.len() == old.len()
                    && new
                        .keys()
                        .all(|name| self.member(name).is_some_and(Correlated::is_same))
            }
            (new, old) => new == old,
        }
    }
}

/// The old item with the keys of the new one, in lists that have keys.
pub(super) fn old_item<'a>(node: Node<'_>, old: &'a [Value], item: &Value) -> Option<&'a Value> {
    if node.text("x-kubernetes-list-type") != "map" {
        return None;
    }
    let keys = node.texts("x-kubernetes-list-map-keys");
    let defaulted = |item: &Value, key: &str| {
        item.get(key).cloned().or_else(|| {
            let property = node.items()?.property(key)?;
            property.value.get("default").cloned()
        })
    };
    let same = |other: &&Value| {
        keys.iter()
            .all(|key| defaulted(item, key) == defaulted(other, key))
    };
    if !item.is_object() || keys.is_empty() {
        return None;
    }
    old.iter().find(same)
}

/// Which values errors are forgiven for: those that did not change.
#[derive(Clone, Copy, Default)]
pub(super) struct Ratcheting<'a> {
    pub(super) current: Option<Correlated<'a>>,
    pub(super) parent: Option<Correlated<'a>>,
}

impl<'a> Ratcheting<'a> {
    pub(super) fn member(self, name: &str) -> Self {
        let Some(current) = self.current else {
            return self;
        };
        if self.parent.is_none() && matches!(name, "apiVersion" | "kind") {
            return Ratcheting::default();
        }
        Ratcheting {
            current: current.member(name),
            parent: Some(current),
        }
    }

    pub(super) fn item(self, index: usize) -> Self {
        match self.current {
            None => self,
            Some(current) => Ratcheting {
                current: current.item(index),
                parent: Some(current),
            },
        }
    }

    /// Whether an error of this value is a warning only.
    pub(super) fn forgives(self) -> bool {
        self.current
            .or(self.parent)
            .is_some_and(Correlated::is_same)
    }
}
