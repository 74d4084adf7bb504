//! Which objects stay parsed: those that were changed last, since they are most likely changed again.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Object;
use crate::storage::Indexed as _;

/// How much JSON the objects have that stay parsed, in bytes. Parsed, they take several times as much.
const MAX_KEPT: usize = 4 * 1024 * 1024;

/// The objects that are parsed, the oldest first.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    objects: VecDeque<(Weak<Object>, usize)>,
    size: usize,
}

impl Kept {
    /// Keeps an object parsed, and others no longer if there are too many.
    pub(crate) fn add(&self, object: &Arc<Object>) {
        let mut queue = self.0.lock();
        let size = object.size();
        queue.size += size;
        queue.objects.push_back((Arc::downgrade(object), size));
        while queue.size > MAX_KEPT {
            let Some((oldest, size)) = queue.objects.pop_front() else {
                return;
            };
            queue.size -= size;
            if let Some(oldest) = oldest.upgrade() {
                oldest.drop_value();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Catalog;
    use serde_json::json;

    #[test]
    fn the_first_are_dropped_when_the_others_take_the_room() {
        let catalog = Catalog::built_in();
        let kind = catalog.find("", "v1", "configmaps").unwrap();
        let object = |size: usize| {
            let data = json!({"a": "x".repeat(size)});
            let value = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": data});
            Arc::new(Object::new(&kind, value, Vec::new()))
        };
        let kept = Kept::default();
        let all: Vec<_> = (0..4).map(|_| object(MAX_KEPT / 3)).collect();
        all.iter().for_each(|object| kept.add(object));
        let parsed: Vec<bool> = all.iter().map(|object| object.is_parsed()).collect();
        assert_eq!(parsed, [false, false, true, true]);
        kept.add(&object(2 * MAX_KEPT));
        assert!(!all.iter().any(|object| object.is_parsed()));
    }
}
