//! The states of one object.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Revision;

/// One state of one object; `None` is its absence.
struct Version<T> {
    revision: Revision,
    object: Option<Arc<T>>,
}

/// Most objects have one version, which is found without another step. One may have as many of them as there are events,
/// and loses the oldest with each that comes.
pub(super) struct Versions<T> {
    last: Version<T>,
    /// Those before, oldest first.
    #[expect(clippy::box_collection, reason = "it is hardly ever there")]
    older: Option<Box<VecDeque<Version<T>>>>,
}

impl<T> Versions<T> {
    pub(super) fn of(revision: Revision, object: Option<Arc<T>>) -> Self {
        Versions {
            last: Version { revision, object },
            older: None,
        }
    }

    pub(super) fn push(&mut self, revision: Revision, object: Option<Arc<T>>) {
        let next = Version { revision, object };
        let before = std::mem::replace(&mut self.last, next);
        self.older.get_or_insert_default().push_back(before);
    }

    /// Since when the object is as it is.
    pub(super) fn since(&self) -> Revision {
        self.last.revision
    }

    /// The object now.
    pub(super) fn live(&self) -> Option<&Arc<T>> {
        self.last.object.as_ref()
    }

    /// The object as it was at that revision.
    pub(super) fn at(&self, revision: Revision) -> Option<&Arc<T>> {
        if self.last.revision <= revision {
            return self.live();
        }
        let older = self.older.as_ref()?;
        let through = older.partition_point(|v| v.revision <= revision);
        older.get(through.checked_sub(1)?)?.object.as_ref()
    }

    /// Keeps the newest version at or before the revision, unless it is an absence, and all later ones; whether any is
    /// left.
    pub(super) fn compact(&mut self, revision: Revision) -> bool {
        let is_last = self.last.revision <= revision;
        let is_absent = self.at(revision).is_none();
        if is_last {
            self.older = None;
            return !is_absent;
        }
        let Some(older) = &mut self.older else {
            return true;
        };
        let through = older.partition_point(|v| v.revision <= revision);
        older.drain(..through.saturating_sub(usize::from(!is_absent)));
        if older.is_empty() {
            self.older = None;
        } else if older.capacity() > 4 * older.len().max(4) {
            older.shrink_to(2 * older.len());
        }
        true
    }
}
