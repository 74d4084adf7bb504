//! The log of events, in the order of their revisions.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Indexed, Revision};

/// What an event takes beside the objects it holds, in bytes: itself, its place in the log, a version in its history.
const EVENT_SIZE: usize = 512;

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

impl<T> Event<T> {
    /// Whether it made an object that was not there.
    fn is_creation(&self) -> bool {
        !self.deleted && self.previous.is_none()
    }
}

pub(super) struct Log<T> {
    /// Each with its size.
    events: VecDeque<(Arc<Event<T>>, usize)>,
    limit: usize,
    /// What the events hold that nothing else does, and how much of it there may be, in bytes.
    size: usize,
    max_size: usize,
}

impl<T> Log<T> {
    pub(super) fn new(limit: usize, max_size: usize) -> Self {
        Log {
            events: VecDeque::new(),
            limit,
            size: 0,
            max_size,
        }
    }

    pub(super) fn clear(&mut self) {
        self.events = VecDeque::new();
        self.size = 0;
    }

    /// The revision to compact through, if there are more events than allowed, or larger ones. The newest one stays,
    /// whatever its size.
    pub(super) fn overflow(&self) -> Option<Revision> {
        let (mut left, mut size) = (self.events.len(), self.size);
        let mut through = None;
        for (event, event_size) in &self.events {
            if left <= 1 || left <= self.limit && size <= self.max_size {
                break;
            }
            (left, size) = (left - 1, size - event_size);
            through = Some(event.revision);
        }
        through
    }

    /// Drops the events through a revision; returns the keys they touched.
    pub(super) fn drop_through(&mut self, revision: Revision) -> Vec<Arc<str>> {
        let count = self.through(revision);
        let dropped = self.events.drain(..count);
        let keys = dropped.map(|(event, size)| {
            self.size -= size;
            event.key.clone()
        });
        let keys = keys.collect();
        if self.events.capacity() > 4 * self.events.len().max(1024) {
            self.events.shrink_to(2 * self.events.len());
        }
        keys
    }

    pub(super) fn after(&self, cursor: Revision, limit: usize) -> Vec<Arc<Event<T>>> {
        let start = self.through(cursor);
        let end = self.events.len().min(start.saturating_add(limit));
        let events = self.events.range(start..end);
        events.map(|(event, _)| event.clone()).collect()
    }

    /// How many keys were made live after the cursor, and how many ceased to be; of those that are wanted.
    pub(super) fn changes_after(
        &self,
        cursor: Revision,
        is_wanted: impl Fn(&str) -> bool,
    ) -> (usize, usize) {
        let (mut made, mut gone) = (0, 0);
        for (event, _) in self.events.range(self.through(cursor)..) {
            if is_wanted(&event.key) {
                made += usize::from(event.is_creation());
                gone += usize::from(event.deleted);
            }
        }
        (made, gone)
    }

    /// How many events there are through a revision; none is missing between two.
    fn through(&self, revision: Revision) -> usize {
        let first = self.events.front().map_or(0, |(first, _)| first.revision.0);
        let count = revision.0.saturating_add(1).saturating_sub(first);
        usize::try_from(count).map_or(self.events.len(), |count| count.min(self.events.len()))
    }
}

impl<T: Indexed> Log<T> {
    /// Its revision is the one after the last. A state that was replaced is nobody's but the log's; the one that took its
    /// place is the store's, until it is replaced in turn.
    pub(super) fn push(&mut self, event: Event<T>) {
        debug_assert!(
            self.events
                .back()
                .is_none_or(|(last, _)| last.revision.next() == event.revision)
        );
        let replaced = event.previous.as_ref().map_or(0, |object| object.size());
        let last = if event.deleted {
            event.object.size()
        } else {
            0
        };
        let size = EVENT_SIZE + replaced + last;
        self.size += size;
        self.events.push_back((Arc::new(event), size));
    }
}
