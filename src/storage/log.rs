//! The log of events, in the order of their revisions.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Revision;

/// One write.
#[derive(Debug)]
pub(crate) struct Event<T> {
    pub(crate) revision: Revision,
    pub(crate) key: Arc<str>,
    /// The state the write left; of a deletion the last state, under the revision of the deletion.
    pub(crate) object: Arc<T>,
    /// The state before, if there was one.
    pub(crate) previous: Option<Arc<T>>,
    pub(crate) deleted: bool,
}

pub(super) struct Log<T> {
    events: VecDeque<Arc<Event<T>>>,
    limit: usize,
}

impl<T> Log<T> {
    pub(super) fn new(limit: usize) -> Self {
        Log {
            events: VecDeque::new(),
            limit,
        }
    }

    /// Its revision is the one after the last.
    pub(super) fn push(&mut self, event: Event<T>) {
        debug_assert!(
            self.events
                .back()
                .is_none_or(|last| last.revision.next() == event.revision)
        );
        self.events.push_back(Arc::new(event));
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
    }

    /// The revision to compact through, if there are more events than allowed.
    pub(super) fn overflow(&self) -> Option<Revision> {
        let surplus = self.events.len().checked_sub(self.limit)?;
        surplus
            .checked_sub(1)
            .and_then(|last| self.events.get(last))
            .map(|e| e.revision)
    }

    /// Drops the events through a revision; returns the keys they touched.
    pub(super) fn drop_through(&mut self, revision: Revision) -> Vec<Arc<str>> {
        let count = self.through(revision);
        self.events.drain(..count).map(|e| e.key.clone()).collect()
    }

    pub(super) fn after(&self, cursor: Revision, limit: usize) -> Vec<Arc<Event<T>>> {
        let start = self.through(cursor);
        let end = self.events.len().min(start.saturating_add(limit));
        self.events.range(start..end).cloned().collect()
    }

    /// How many events there are through a revision; none is missing between two.
    fn through(&self, revision: Revision) -> usize {
        let first = self.events.front().map_or(0, |first| first.revision.0);
        let count = (revision.0 + 1).saturating_sub(first);
        usize::try_from(count).map_or(self.events.len(), |count| count.min(self.events.len()))
    }
}
