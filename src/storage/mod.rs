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

mod contents;
mod index;
mod log;
mod stale;
mod view;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use tokio::sync::watch;

pub(crate) use contents::Contents;
use contents::Lineage;
pub(crate) use index::Indexed;
use index::Indexes;
pub(crate) use log::Event;
use log::Log;
pub use stale::Stale;
pub(crate) use view::{Moment, View};

/// How many events the log keeps before it compacts the oldest away.
pub(crate) const DEFAULT_EVENT_LOG_LIMIT: usize = 100_000;

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

/// An empty store's.
const FIRST_REVISION: Revision = Revision(1);

/// One state of one object; `None` is its absence.
struct Version<T> {
    revision: Revision,
    object: Option<Arc<T>>,
}

struct State<T> {
    revision: Revision,
    /// Nothing before this revision can be read any more.
    compacted: Revision,
    /// The versions of each object, oldest first, by keys in etcd's order, bytewise.
    versions: BTreeMap<Arc<str>, Vec<Version<T>>>,
    indexes: Indexes,
    log: Log<T>,
    /// How often other contents took the place of all there was.
    epoch: u64,
    lineage: Lineage,
}

/// The store. Cheap to share behind an `Arc`.
pub(crate) struct Storage<T> {
    state: RwLock<State<T>>,
    latest: watch::Sender<Revision>,
    /// The same, for who only looks: every request does, several times.
    newest: AtomicU64,
}

impl<T> Storage<T> {
    pub(crate) fn new(event_log_limit: usize) -> Self {
        let state = State {
            revision: FIRST_REVISION,
            compacted: Revision(0),
            versions: BTreeMap::new(),
            indexes: Indexes::default(),
            log: Log::new(event_log_limit),
            epoch: 0,
            lineage: Lineage::default(),
        };
        Storage {
            state: RwLock::new(state),
            latest: watch::Sender::new(FIRST_REVISION),
            newest: AtomicU64::new(FIRST_REVISION.0),
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
        if let Some(oldest) = state.log.overflow() {
            state.compact(oldest);
        }
        self.tell(state.revision);
        Ok(object)
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
    ) -> std::collections::btree_map::Range<'_, Arc<str>, Vec<Version<T>>> {
        let from = [prefix, start].concat();
        // What follows the slash in ASCII ends the range, so that no key has to be looked at for it.
        let end = [prefix.strip_suffix('/').unwrap_or(prefix), "0"].concat();
        self.versions.range::<str, _>((
            Bound::Included(from.as_str()),
            Bound::Excluded(end.as_str()),
        ))
    }

    fn live(&self, key: &str) -> Option<&Arc<T>> {
        self.versions.get(key)?.last()?.object.as_ref()
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

    /// Keeps the newest version at or before the revision, unless it is an absence, and all later ones.
    fn compact_key(&mut self, key: &Arc<str>, revision: Revision) {
        let Some(versions) = self.versions.get_mut(key) else {
            return;
        };
        let visible = versions
            .partition_point(|v| v.revision <= revision)
            .saturating_sub(1);
        let absent = versions
            .get(visible)
            .is_some_and(|v| v.object.is_none() && v.revision <= revision);
        versions.drain(..visible + usize::from(absent));
        if versions.is_empty() {
            self.versions.remove(key);
        }
    }
}

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
    fn commit(
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
        let versions = self.versions.entry(key.clone()).or_default();
        let previous = versions.last().and_then(|v| v.object.clone());
        let current = (op == Op::Put).then(|| object.clone());
        match (&previous, &current) {
            (Some(old), Some(new)) => self.indexes.replace(&key, &**old, &**new),
            (Some(old), None) => self.indexes.remove(&key, &**old),
            (None, Some(new)) => self.indexes.add(&key, &**new),
            (None, None) => {}
        }
        versions.push(Version {
            revision,
            object: current,
        });
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

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests {
    use super::*;

    use super::sample::{delete, put};

    fn list(storage: &Storage<u64>, prefix: &str, at: u64) -> Vec<u64> {
        let view = storage.view();
        view.range(prefix, "", Revision(at))
            .map(|(_, o)| **o)
            .collect()
    }

    #[test]
    fn a_list_at_a_revision_shows_that_moment() {
        let storage = Storage::new(100);
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
        let storage = Storage::new(100);
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
        let storage = Storage::new(100);
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
    fn a_full_log_compacts_its_oldest_events() {
        let storage = Storage::new(3);
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
