//! Where the objects are: every version of every object, one revision counter and one log of events.
//!
//! It knows no HTTP, no kind and no JSON: keys, revisions and opaque values behind an `Arc`. It is not async. A write is
//! optimistic: whoever writes has read, decides without a lock, and [commits](Storage::commit), which is refused if what
//! was read is no longer so.
//!
//! Old versions stay until they are compacted. That makes one structure answer everything time-related: a list at an
//! exact revision, pages that all show the revision of the first, a watch from a revision, and "too old" afterwards.
//! A watcher is a cursor into the log ([`View::events_after`]): replay and live are the same read, so nothing is lost or
//! repeated between them, and a slow watcher costs nothing but its place.

mod commit;
mod contents;
mod index;
mod log;
mod ranks;
mod stale;
mod versions;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::RwLock;
use tokio::sync::watch;

pub(crate) use commit::{Commit, Moved, Op};
pub(crate) use contents::Contents;
use contents::Lineage;
pub(crate) use index::Indexed;
use index::Indexes;
pub(crate) use log::Event;
use log::Log;
use ranks::Ranks;
pub use stale::Stale;
use versions::Versions;
pub(crate) use view::{Moment, View};

/// How many events the log keeps before it compacts the oldest away.
const DEFAULT_EVENT_LOG_LIMIT: usize = 100_000;

/// How much the log keeps that is no longer of any object, in bytes, before it compacts the oldest away.
const DEFAULT_EVENT_LOG_SIZE: usize = 48 * 1024 * 1024;

/// The largest revision a store may start at: far from the end of what counts revisions, and of what clients read them
/// into.
pub(crate) const MAX_FIRST_REVISION: u64 = 1 << 62;

/// A point in the history of the whole store: etcd's revision, the number inside every `resourceVersion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Revision(pub(crate) u64);

impl Revision {
    pub(crate) fn next(self) -> Revision {
        Revision(self.0 + 1)
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How much of its history a store keeps, and at which number that begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// How many events.
    pub(crate) events: usize,
    /// How much they may hold, in bytes.
    pub(crate) size: usize,
    /// The revision of an empty store.
    pub(crate) first: Revision,
}

impl Default for History {
    fn default() -> Self {
        History {
            events: DEFAULT_EVENT_LOG_LIMIT,
            size: DEFAULT_EVENT_LOG_SIZE,
            first: Revision(1),
        }
    }
}

struct State<T> {
    revision: Revision,
    /// Nothing before this revision can be read any more.
    compacted: Revision,
    /// The versions of each object, oldest first, by keys in etcd's order, bytewise.
    versions: BTreeMap<Arc<str>, Versions<T>>,
    /// Of the keys with a live object.
    ranks: Ranks,
    indexes: Indexes,
    log: Log<T>,
    /// How often other contents took the place of all there was.
    epoch: u64,
    lineage: Lineage,
    /// Below these prefixes is also what was there from the first revision.
    settled: BTreeSet<Box<str>>,
}

/// The store. Cheap to share behind an `Arc`.
pub(crate) struct Storage<T> {
    state: RwLock<State<T>>,
    first: Revision,
    /// The size of the largest object there has been.
    largest: AtomicUsize,
    latest: watch::Sender<Revision>,
    /// The same, for who only looks: every request does, several times.
    newest: AtomicU64,
}

impl<T> Storage<T> {
    pub(crate) fn new(history: History) -> Self {
        let first = history.first;
        let state = State {
            revision: first,
            compacted: Revision(0),
            versions: BTreeMap::new(),
            ranks: Ranks::default(),
            indexes: Indexes::default(),
            log: Log::new(history.events, history.size),
            epoch: 0,
            lineage: Lineage::default(),
            settled: BTreeSet::new(),
        };
        Storage {
            state: RwLock::new(state),
            first,
            largest: AtomicUsize::new(0),
            latest: watch::Sender::new(first),
            newest: AtomicU64::new(first.0),
        }
    }

    /// A consistent look at the store; writers wait while it is held.
    pub(crate) fn view(&self) -> View<'_, T> {
        View::new(self.state.read())
    }

    /// The newest revision.
    pub(crate) fn revision(&self) -> Revision {
        Revision(self.newest.load(Ordering::Acquire))
    }

    /// Whether there are more objects than this, or has been one that takes more bytes.
    pub(crate) fn is_larger_than(&self, objects: usize, bytes: usize) -> bool {
        self.largest.load(Ordering::Relaxed) > bytes || self.state.read().versions.len() > objects
    }

    /// Tells everybody of a new revision; who does holds the lock, so that revisions are told in order.
    fn tell(&self, revision: Revision) {
        self.newest.store(revision.0, Ordering::Release);
        self.latest.send_replace(revision);
    }

    /// Tells of every new revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Revision> {
        self.latest.subscribe()
    }

    /// Writes one object, if what was decided on is still so. `make` is told the revision, and makes the new state, or of a
    /// deletion the last one under the revision of the deletion.
    pub(crate) fn commit(
        &self,
        commit: &Commit<'_, T>,
        make: impl FnOnce(Revision) -> T,
    ) -> Result<Arc<T>, Moved>
    where
        T: Indexed,
    {
        let mut state = self.state.write();
        let object = state.commit(commit, make)?;
        self.largest.fetch_max(object.size(), Ordering::Relaxed);
        if let Some(oldest) = state.log.overflow() {
            state.compact(oldest);
        }
        self.tell(state.revision);
        Ok(object)
    }

    /// Whether what was there from the start below this prefix has been [settled](Self::settle).
    pub(crate) fn is_settled(&self, prefix: &str) -> bool {
        self.state.read().settled.contains(prefix)
    }

    /// Adds what was there from the first revision on below this prefix, unless that has been done. So it has to be made
    /// only when somebody looks, and nobody can tell. Nothing below the prefix may have been written before.
    pub(crate) fn settle(&self, prefix: &str, make: impl FnOnce(Revision) -> Vec<(String, T)>)
    where
        T: Indexed,
    {
        if self.is_settled(prefix) {
            return;
        }
        let mut state = self.state.write();
        if !state.settled.insert(prefix.into()) {
            return;
        }
        for (key, object) in make(self.first) {
            let (key, object): (Arc<str>, _) = (key.into(), Arc::new(object));
            state.indexes.add(&key, &*object);
            let versions = Versions::of(self.first, Some(object));
            state.versions.insert(key.clone(), versions);
            state.count(&key);
        }
    }

    /// The oldest revision that can still be read.
    pub(crate) fn oldest(&self) -> Revision {
        self.state.read().compacted
    }

    /// Forgets what was before this revision (at most the newest one).
    pub(crate) fn compact(&self, revision: Revision) {
        self.state.write().compact(revision);
    }
}

impl<T> State<T> {
    /// What has keys that start with `prefix`, which ends with a slash, from `prefix + start` on.
    fn below(
        &self,
        prefix: &str,
        start: &str,
    ) -> std::collections::btree_map::Range<'_, Arc<str>, Versions<T>> {
        let from = [prefix, start].concat();
        let end = end_of(prefix);
        self.versions.range::<str, _>((
            Bound::Included(from.as_str()),
            Bound::Excluded(end.as_str()),
        ))
    }

    fn live(&self, key: &str) -> Option<&Arc<T>> {
        self.versions.get(key)?.live()
    }

    fn compact(&mut self, revision: Revision) {
        let revision = revision.min(self.revision);
        if revision <= self.compacted {
            return;
        }
        self.compacted = revision;
        let touched = self.log.drop_through(revision);
        for key in touched {
            self.compact_key(&key, revision);
        }
    }

    fn compact_key(&mut self, key: &Arc<str>, revision: Revision) {
        let Some(versions) = self.versions.get_mut(key) else {
            return;
        };
        if !versions.compact(revision) {
            self.versions.remove(key);
        }
    }

    /// Counts a key that is live now.
    fn count(&mut self, key: &str) {
        let Some(overlong) = self.ranks.add(key) else {
            return;
        };
        let from = Bound::Included(&*overlong.start);
        let mut live = self.live_keys(from, Bound::Unbounded);
        if let Some(middle) = live.nth(overlong.keep).cloned() {
            drop(live);
            self.ranks.cut(&overlong, middle);
        }
    }

    fn live_keys<'a>(
        &'a self,
        from: Bound<&'a str>,
        to: Bound<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<str>> {
        let keys = self.versions.range::<str, _>((from, to));
        keys.filter_map(|(key, versions)| versions.live().map(|_| key))
    }

    /// How many live keys there are between two, without looking at each.
    fn live_between(&self, from: Bound<&str>, to: &str) -> usize {
        if matches!(from, Bound::Included(from) | Bound::Excluded(from) if from >= to) {
            return 0;
        }
        let to = Bound::Excluded(to);
        let Some((start, end, within)) = self.ranks.between(from, to) else {
            return self.live_keys(from, to).count();
        };
        let before = self.live_keys(from, Bound::Excluded(start)).count();
        before + within + self.live_keys(Bound::Included(end), to).count()
    }
}

/// Where the keys end that start with `prefix`: what follows the slash in ASCII, so that no key has to be looked at for it.
fn end_of(prefix: &str) -> String {
    [prefix.strip_suffix('/').unwrap_or(prefix), "0"].concat()
}

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests {
    use super::*;

    use super::sample::{delete, put, storage};

    fn list(storage: &Storage<u64>, prefix: &str, at: u64) -> Vec<u64> {
        let view = storage.view();
        view.range(prefix, "", Revision(at))
            .map(|(_, o)| **o)
            .collect()
    }

    #[test]
    fn a_list_at_a_revision_shows_that_moment() {
        let storage = storage(100);
        let (a, b) = (put(&storage, "/e/n/a"), put(&storage, "/e/n/b"));
        let changed = put(&storage, "/e/n/a");
        let gone = delete(&storage, "/e/n/b");
        assert_eq!(list(&storage, "/e/n/", a), [a]);
        assert_eq!(list(&storage, "/e/n/", b), [a, b]);
        assert_eq!(list(&storage, "/e/n/", changed), [changed, b]);
        assert_eq!(list(&storage, "/e/n/", gone), [changed]);
    }

    #[test]
    fn keys_come_in_bytewise_order() {
        let storage = storage(100);
        for key in ["/e/a/x", "/e/a-b/x", "/e/a.b/x", "/e/a0/x"] {
            put(&storage, key);
        }
        let view = storage.view();
        let keys: Vec<_> = view
            .range("/e/", "", storage.revision())
            .map(|(k, _)| k.to_string())
            .collect();
        assert_eq!(keys, ["/e/a-b/x", "/e/a.b/x", "/e/a/x", "/e/a0/x"]);
    }

    #[test]
    fn compaction_keeps_what_is_visible_and_refuses_what_is_not() {
        let storage = storage(100);
        let first = put(&storage, "/e/n/a");
        let second = put(&storage, "/e/n/a");
        let gone = put(&storage, "/e/n/b");
        delete(&storage, "/e/n/b");
        let last = put(&storage, "/e/n/c");
        storage.compact(Revision(last));
        assert_eq!(list(&storage, "/e/n/", last), [second, last]);
        assert!(storage.view().check(Revision(first)).is_err());
        assert!(storage.view().check(Revision(last)).is_ok());
        assert!(storage.view().events_after(Revision(gone), 10).is_err());
        assert!(!storage.state.read().versions.contains_key("/e/n/b"));
    }

    #[test]
    fn what_was_there_from_the_start_is_made_when_it_is_asked_for() {
        let storage = storage(100);
        let first = put(&storage, "/e/n/a");
        let make = |revision: Revision| vec![("/r/x".to_owned(), revision.0)];
        storage.settle("/r/", make);
        storage.settle("/r/", |_| unreachable!("it was done"));
        assert_eq!(list(&storage, "/r/", first), [History::default().first.0]);
        assert_eq!(storage.revision(), Revision(first));
        assert!(storage.is_settled("/r/") && !storage.is_settled("/e/"));
        let fork = self::storage(100);
        fork.begin_with(&storage.contents());
        assert!(fork.is_settled("/r/"));
        fork.wipe();
        assert!(!fork.is_settled("/r/"));
    }

    #[test]
    fn a_full_log_compacts_its_oldest_events() {
        let storage = storage(3);
        let revisions: Vec<_> = (0..5)
            .map(|i| put(&storage, &format!("/e/n/{i}")))
            .collect();
        assert_eq!(
            storage
                .view()
                .events_after(Revision(revisions[0]), 10)
                .unwrap_err()
                .through,
            Revision(revisions[1])
        );
        let events = storage
            .view()
            .events_after(Revision(revisions[1]), 10)
            .unwrap();
        assert_eq!(
            events.iter().map(|e| e.revision.0).collect::<Vec<_>>(),
            revisions[2..]
        );
    }
}
