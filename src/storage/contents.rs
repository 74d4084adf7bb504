//! All live objects of one moment, to be kept and to be put back: into the same store, or into another.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::index::Indexes;
use super::ranks::Ranks;
use super::versions::Versions;
use super::{History, Indexed, Revision, State, Storage};

/// One live object.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub(crate) key: Arc<str>,
    /// When it was written.
    pub(crate) revision: Revision,
    pub(crate) object: Arc<T>,
}

// Derived, it would ask for `T: Clone`; the objects are shared.
impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Entry {
            key: self.key.clone(),
            revision: self.revision,
            object: self.object.clone(),
        }
    }
}

/// The live objects of one moment in key order, and the revision of that moment.
#[derive(Debug)]
pub(crate) struct Contents<T> {
    pub(crate) revision: Revision,
    pub(crate) entries: Vec<Entry<T>>,
    lineage: Lineage,
    settled: BTreeSet<Box<str>>,
}

/// Which stores a revision was counted in.
///
/// A number stands for one state only within one history. A fork shares that of its origin up to the moment it was made,
/// and no further.
#[derive(Clone, Debug)]
pub(super) struct Lineage(Vec<(Arc<()>, Revision)>);

impl Default for Lineage {
    fn default() -> Self {
        Lineage(vec![(Arc::new(()), Revision(u64::MAX))])
    }
}

impl Lineage {
    /// The history of a store that goes on from here on its own.
    fn fork(&self, at: Revision) -> Lineage {
        let mut fork = Lineage::default();
        let shared = self.0.iter();
        fork.0
            .extend(shared.map(|(store, last)| (store.clone(), at.min(*last))));
        fork
    }

    /// Whether what another history counted up to this revision was counted here too.
    fn has(&self, other: &Lineage, revision: Revision) -> bool {
        let Some((store, _)) = other.0.first() else {
            return false;
        };
        self.0
            .iter()
            .any(|(own, last)| Arc::ptr_eq(own, store) && revision <= *last)
    }
}

impl<T: Indexed> Storage<T> {
    /// What is there now. The objects are shared.
    pub(crate) fn contents(&self) -> Contents<T> {
        let state = self.state.read();
        let live = state.versions.iter().filter_map(|(key, versions)| {
            Some(Entry {
                key: key.clone(),
                revision: versions.since(),
                object: versions.live()?.clone(),
            })
        });
        Contents {
            revision: state.revision,
            entries: live.collect(),
            lineage: state.lineage.clone(),
            settled: state.settled.clone(),
        }
    }

    /// Puts other contents in place of all there is; nothing from before can be read or watched any more.
    ///
    /// The revision goes on, as after `etcdutl snapshot restore --bump-revision --mark-compacted`. Contents of this
    /// store's own history keep their revisions, since whoever saw those saw these very states. Others are written
    /// anew by `renew`, each under a revision of its own.
    pub(crate) fn restore(&self, contents: &Contents<T>, mut renew: impl FnMut(&T, Revision) -> T) {
        let mut state = self.state.write();
        let mut revision = state.revision;
        let mut entries = contents.entries.clone();
        if !state.lineage.has(&contents.lineage, contents.revision) {
            for entry in &mut entries {
                revision = revision.next();
                entry.revision = revision;
                entry.object = Arc::new(renew(&entry.object, revision));
            }
        }
        state.replace(entries, revision.next());
        state.settled = contents.settled.clone();
        self.tell(state.revision);
    }

    /// Starts with these contents and their revision, in a history that is shared up to here.
    pub(crate) fn begin_with(&self, contents: &Contents<T>) {
        let mut state = self.state.write();
        state.lineage = contents.lineage.fork(contents.revision);
        state.replace(contents.entries.clone(), contents.revision);
        state.settled = contents.settled.clone();
        self.tell(state.revision);
    }

    /// Whether nothing was ever written, in a history that begins where most do.
    pub(crate) fn is_untouched(&self) -> bool {
        let revision = self.revision();
        revision == History::default().first && self.state.read().versions.is_empty()
    }

    /// Loses everything, the count of revisions too, as if etcd had been set up anew.
    pub(crate) fn wipe(&self) {
        let mut state = self.state.write();
        state.lineage = Lineage::default();
        state.replace(Vec::new(), self.first);
        state.settled = BTreeSet::new();
        state.compacted = Revision(0);
        self.tell(state.revision);
    }
}

impl<T: Indexed> State<T> {
    fn replace(&mut self, entries: Vec<Entry<T>>, revision: Revision) {
        self.indexes = Indexes::default();
        for entry in &entries {
            self.indexes.add(&entry.key, &*entry.object);
        }
        let versions = entries.into_iter();
        self.versions = versions
            .map(|entry| (entry.key, Versions::of(entry.revision, Some(entry.object))))
            .collect();
        self.ranks = Ranks::default();
        let keys: Vec<Arc<str>> = self.versions.keys().cloned().collect();
        for key in keys {
            self.count(&key);
        }
        self.log.clear();
        self.revision = revision;
        self.compacted = revision;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::storage::sample::{put, storage};

    fn shown(storage: &Storage<u64>) -> Vec<(String, u64)> {
        let contents = storage.contents();
        let entries = contents.entries.iter();
        entries.map(|e| (e.key.to_string(), *e.object)).collect()
    }

    fn restore(storage: &Storage<u64>, contents: &Contents<u64>) {
        storage.restore(contents, |_, revision| revision.0);
    }

    #[test]
    fn a_restore_brings_the_objects_back_and_the_revision_goes_on() {
        let storage = storage(100);
        let old = put(&storage, "/a");
        let contents = storage.contents();
        put(&storage, "/a");
        let newest = put(&storage, "/b");
        restore(&storage, &contents);
        assert_eq!(shown(&storage), [("/a".to_owned(), old)]);
        assert_eq!(storage.revision(), Revision(newest + 1));
        assert_eq!(put(&storage, "/c"), newest + 2);
    }

    #[test]
    fn nothing_from_before_a_restore_can_be_read_or_watched() {
        let storage = storage(100);
        put(&storage, "/a");
        let contents = storage.contents();
        let newest = Revision(put(&storage, "/b"));
        restore(&storage, &contents);
        assert!(storage.view().check(newest).is_err());
        assert!(storage.view().events_after(newest, 10).is_err());
        assert!(storage.view().check(storage.revision()).is_ok());
    }

    #[test]
    fn a_fork_shares_every_object() {
        let (storage, fork) = (storage(100), storage(100));
        put(&storage, "/a");
        fork.begin_with(&storage.contents());
        let (ours, theirs) = (storage.contents(), fork.contents());
        assert!(Arc::ptr_eq(
            &ours.entries[0].object,
            &theirs.entries[0].object
        ));
        assert_eq!(storage.revision(), fork.revision());
    }

    #[test]
    fn what_another_history_counted_gets_revisions_of_its_own() {
        let (storage, other) = (storage(100), storage(100));
        put(&storage, "/a");
        put(&other, "/b");
        restore(&storage, &other.contents());
        assert_eq!(shown(&storage), [("/b".to_owned(), 3)]);
        assert_eq!(storage.revision(), Revision(4));
    }

    #[test]
    fn a_fork_knows_the_history_it_comes_from_but_not_how_that_went_on() {
        let (storage, fork) = (storage(100), storage(100));
        let old = put(&storage, "/a");
        let shared = storage.contents();
        fork.begin_with(&shared);
        put(&fork, "/x");
        put(&storage, "/a");
        let later = storage.contents();
        restore(&fork, &shared);
        assert_eq!(shown(&fork), [("/a".to_owned(), old)]);
        restore(&fork, &later);
        assert_ne!(shown(&fork), shown(&storage));
    }

    #[test]
    fn a_wiped_store_counts_from_the_start() {
        let storage = storage(100);
        let first = put(&storage, "/a");
        let epoch = storage.view().epoch();
        storage.wipe();
        assert_ne!(storage.view().epoch(), epoch);
        assert_eq!(shown(&storage), []);
        assert_eq!(put(&storage, "/b"), first);
    }
}
