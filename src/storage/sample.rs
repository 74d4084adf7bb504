//! A store of numbers, for tests: each object is the revision it was written at.

use super::{Commit, History, Indexed, Op, Storage};

impl Indexed for u64 {
    fn uid(&self) -> &str {
        ""
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    fn claims(&self) -> &[Box<str>] {
        &[]
    }

    fn size(&self) -> usize {
        size_of::<u64>()
    }
}

/// An empty store that keeps so many events.
pub(super) fn storage(events: usize) -> Storage<u64> {
    Storage::new(History {
        events,
        ..History::default()
    })
}

pub(super) fn put(storage: &Storage<u64>, key: &str) -> u64 {
    write(storage, key, Op::Put)
}

pub(super) fn delete(storage: &Storage<u64>, key: &str) -> u64 {
    write(storage, key, Op::Delete)
}

fn write(storage: &Storage<u64>, key: &str, op: Op) -> u64 {
    let live = storage.view().get(key).cloned();
    let commit = Commit {
        key,
        expected: live.as_ref(),
        op,
        within: None,
    };
    *storage.commit(&commit, |revision| revision.0).unwrap()
}
