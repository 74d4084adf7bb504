//! Writing to the store.

use std::sync::Arc;

use super::log::Event;
use super::versions::Versions;
use super::{Indexed, Revision, State};

/// One write to the store.
pub(crate) struct Commit<'a, T> {
    pub(crate) key: &'a str,
    /// The very state that was read, or that nothing was there.
    pub(crate) expected: Option<&'a Arc<T>>,
    pub(crate) op: Op,
    /// The key of an object without which this one cannot be.
    pub(crate) within: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Put,
    Delete,
}

/// Something else was written in the meantime; whoever decides has to read and decide again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moved;

impl<T: Indexed> State<T> {
    pub(super) fn commit(
        &mut self,
        commit: &Commit<'_, T>,
        make: impl FnOnce(Revision) -> T,
    ) -> Result<Arc<T>, Moved> {
        let live = self.live(commit.key);
        if live.map(Arc::as_ptr) != commit.expected.map(Arc::as_ptr) {
            return Err(Moved);
        }
        if commit.within.is_some_and(|key| self.live(key).is_none()) {
            return Err(Moved);
        }
        let object = make(self.revision.next());
        if commit.op == Op::Put && self.is_claimed(commit.key, &object) {
            return Err(Moved);
        }
        Ok(self.append(commit.key, Arc::new(object), commit.op))
    }

    /// Whether another object has what this one claims.
    fn is_claimed(&self, key: &str, object: &T) -> bool {
        let of_another = |claim| {
            self.indexes
                .by_claim(claim)
                .is_some_and(|holder| **holder != *key)
        };
        object.claims().iter().any(|claim| of_another(claim))
    }

    fn append(&mut self, key: &str, object: Arc<T>, op: Op) -> Arc<T> {
        let revision = self.revision.next();
        let key: Arc<str> = match self.versions.get_key_value(key) {
            Some((key, _)) => key.clone(),
            None => key.into(),
        };
        let previous = self.live(&key).cloned();
        let current = (op == Op::Put).then(|| object.clone());
        match (&previous, &current) {
            (Some(old), Some(new)) => self.indexes.replace(&key, &**old, &**new),
            (Some(old), None) => self.indexes.remove(&key, &**old),
            (None, Some(new)) => self.indexes.add(&key, &**new),
            (None, None) => {}
        }
        let (was, is) = (previous.is_some(), current.is_some());
        match self.versions.get_mut(&key) {
            Some(versions) => versions.push(revision, current),
            None => drop(
                self.versions
                    .insert(key.clone(), Versions::of(revision, current)),
            ),
        }
        match (was, is) {
            (false, true) => self.count(&key),
            (true, false) => self.ranks.remove(&key),
            _ => {}
        }
        self.log.push(Event {
            revision,
            key,
            object: object.clone(),
            previous,
            deleted: op == Op::Delete,
        });
        self.revision = revision;
        object
    }
}
