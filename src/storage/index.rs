//! What live objects are found by beside their keys: who they are, who owns them, what they have taken.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What the store knows of an object. To the store these are texts and no more.
pub(crate) trait Indexed {
    /// What tells this object from every other, be it one of the same key later; empty for none.
    fn uid(&self) -> &str;

    /// The uids of the objects this one belongs to.
    fn owners(&self) -> impl Iterator<Item = &str>;

    /// What only one object may have at a time, such as an address.
    fn claims(&self) -> &[Box<str>];

    /// About how much memory it takes, in bytes.
    fn size(&self) -> usize;
}

/// Nothing here is ever iterated but the keys of one owner, which are in order.
#[derive(Default)]
pub(super) struct Indexes {
    uids: HashMap<Box<str>, Arc<str>>,
    owners: HashMap<Box<str>, BTreeSet<Arc<str>>>,
    claims: HashMap<Box<str>, Arc<str>>,
}

impl Indexes {
    pub(super) fn add(&mut self, key: &Arc<str>, object: &impl Indexed) {
        if !object.uid().is_empty() {
            self.uids.insert(object.uid().into(), key.clone());
        }
        for owner in object.owners() {
            let keys = self.owners.entry(owner.into()).or_default();
            keys.insert(key.clone());
        }
        for claim in object.claims() {
            self.claims.insert(claim.clone(), key.clone());
        }
    }

    pub(super) fn remove(&mut self, key: &Arc<str>, object: &impl Indexed) {
        // One object may take the uid of another: the index is about the last of them.
        if self.uids.get(object.uid()) == Some(key) {
            self.uids.remove(object.uid());
        }
        for owner in object.owners() {
            if let Some(keys) = self.owners.get_mut(owner) {
                keys.remove(key);
                if keys.is_empty() {
                    self.owners.remove(owner);
                }
            }
        }
        for claim in object.claims() {
            if self.claims.get(claim) == Some(key) {
                self.claims.remove(claim);
            }
        }
    }

    /// The next state of an object takes the place of the last. Most changes leave all this as it is.
    pub(super) fn replace(&mut self, key: &Arc<str>, old: &impl Indexed, new: &impl Indexed) {
        let same =
            old.uid() == new.uid() && old.owners().eq(new.owners()) && old.claims() == new.claims();
        if !same {
            self.remove(key, old);
            self.add(key, new);
        }
    }

    pub(super) fn by_uid(&self, uid: &str) -> Option<&Arc<str>> {
        self.uids.get(uid)
    }

    /// In the order of the keys.
    pub(super) fn by_owner(&self, uid: &str) -> impl Iterator<Item = &Arc<str>> {
        self.owners.get(uid).into_iter().flatten()
    }

    pub(super) fn by_claim(&self, claim: &str) -> Option<&Arc<str>> {
        self.claims.get(claim)
    }
}
