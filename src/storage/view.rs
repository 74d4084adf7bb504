//! Reading the store.

use std::ops::Bound;
use std::sync::Arc;

use parking_lot::RwLockReadGuard;

use super::{Event, Revision, State, end_of};

/// The revision asked for is gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compacted {
    /// Everything before this was compacted.
    pub(crate) through: Revision,
}

/// Stands for one state of the store: revisions alone may be counted anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    epoch: u64,
    pub(crate) revision: Revision,
}

impl Moment {
    /// Whether it is in the same history as an earlier one, and not before it.
    pub(crate) fn follows(&self, earlier: &Moment) -> bool {
        self.epoch == earlier.epoch && self.revision >= earlier.revision
    }
}

/// A consistent look at the store.
pub(crate) struct View<'a, T> {
    state: RwLockReadGuard<'a, State<T>>,
}

impl<'a, T> View<'a, T> {
    pub(super) fn new(state: RwLockReadGuard<'a, State<T>>) -> Self {
        View { state }
    }

    pub(crate) fn revision(&self) -> Revision {
        self.state.revision
    }

    /// Changes when other contents take the place of all there was; cursors from before mean nothing then.
    pub(crate) fn epoch(&self) -> u64 {
        self.state.epoch
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            epoch: self.state.epoch,
            revision: self.state.revision,
        }
    }

    /// The live object of this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<T>> {
        self.state.live(key)
    }

    /// The object of this key as it was at that revision.
    pub(crate) fn get_at(&self, key: &str, at: Revision) -> Option<&Arc<T>> {
        if at >= self.state.revision {
            return self.state.live(key);
        }
        self.state.versions.get(key)?.at(at)
    }

    /// The object of this key as it was at that revision, with the key as it is shared.
    pub(crate) fn entry_at(&self, key: &str, at: Revision) -> Option<(&Arc<str>, &Arc<T>)> {
        let object = self.get_at(key, at)?;
        let (key, _) = self.state.versions.get_key_value(key)?;
        Some((key, object))
    }

    /// How many live objects have keys that start with `prefix`.
    pub(crate) fn count(&self, prefix: &str) -> usize {
        let end = end_of(prefix);
        self.state.live_between(Bound::Included(prefix), &end)
    }

    /// How many objects of that moment have keys that start with `prefix` and come after this one.
    pub(crate) fn count_after(&self, prefix: &str, last: &str, at: Revision) -> usize {
        let end = end_of(prefix);
        let now = self.state.live_between(Bound::Excluded(last), &end);
        if at >= self.state.revision {
            return now;
        }
        let is_counted = |key: &str| last < key && key < end.as_str();
        let (made, gone) = self.state.log.changes_after(at, is_counted);
        (now + gone).saturating_sub(made)
    }

    /// Whether the store can still show this revision.
    pub(crate) fn check(&self, revision: Revision) -> Result<(), Compacted> {
        if revision < self.state.compacted {
            Err(Compacted {
                through: self.state.compacted,
            })
        } else {
            Ok(())
        }
    }

    /// The objects of that moment whose keys start with `prefix` and are not before `prefix + start`, in key order.
    pub(crate) fn range(
        &self,
        prefix: &str,
        start: &str,
        at: Revision,
    ) -> impl Iterator<Item = (&Arc<str>, &Arc<T>)> + use<'_, 'a, T> {
        let latest = at >= self.state.revision;
        self.state
            .below(prefix, start)
            .filter_map(move |(key, versions)| {
                let object = if latest {
                    versions.live()
                } else {
                    versions.at(at)
                };
                Some((key, object?))
            })
    }

    /// The key of the live object of this uid.
    pub(crate) fn key_of(&self, uid: &str) -> Option<&Arc<str>> {
        self.state.indexes.by_uid(uid)
    }

    /// The live objects that belong to the object of this uid, in key order.
    pub(crate) fn owned_by(&self, uid: &str) -> impl Iterator<Item = (&Arc<str>, &Arc<T>)> {
        let keys = self.state.indexes.by_owner(uid);
        keys.filter_map(|key| Some((key, self.state.live(key)?)))
    }

    /// The key of the live object that has claimed this.
    pub(crate) fn holder(&self, claim: &str) -> Option<&Arc<str>> {
        self.state.indexes.by_claim(claim)
    }

    /// At most `limit` events after the cursor, oldest first.
    pub(crate) fn events_after(
        &self,
        cursor: Revision,
        limit: usize,
    ) -> Result<Vec<Arc<Event<T>>>, Compacted> {
        self.check(cursor)?;
        Ok(self.state.log.after(cursor, limit))
    }
}
