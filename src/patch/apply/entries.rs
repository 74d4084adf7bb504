//! The entries of `managedFields`, one for each identity.

use super::set::Set;

/// `operation` of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// What makes an entry one of its own. The order of the fields is the order of managers in a conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    /// Empty for Apply: a manager applies in one version at a time.
    pub(crate) api_version: String,
    pub(crate) subresource: String,
}

/// The rest of an entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Owned {
    pub(crate) set: Set,
    pub(crate) api_version: String,
    pub(crate) time: Option<String>,
}

/// Sorted by identity. Most objects have one or two of them: a map would make room for eleven.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entries(Vec<(Identity, Owned)>);

impl Entries {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Identity, &Owned)> {
        self.0.iter().map(|(id, owned)| (id, owned))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&Identity, &mut Owned)> {
        self.0.iter_mut().map(|(id, owned)| (&*id, owned))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter().map(|(id, _)| id)
    }

    pub(crate) fn get(&self, id: &Identity) -> Option<&Owned> {
        self.place(id).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn get_mut(&mut self, id: &Identity) -> Option<&mut Owned> {
        self.place(id).ok().map(|at| &mut self.0[at].1)
    }

    /// Puts an entry in the place of any of that identity.
    pub(crate) fn insert(&mut self, id: Identity, owned: Owned) {
        match self.place(&id) {
            Ok(at) => self.0[at].1 = owned,
            Err(at) => self.0.insert(at, (id, owned)),
        }
    }

    pub(crate) fn remove(&mut self, id: &Identity) -> Option<Owned> {
        self.place(id).ok().map(|at| self.0.remove(at).1)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&Owned) -> bool) {
        self.0.retain(|(_, owned)| keep(owned));
    }

    pub(crate) fn into_vec(self) -> Vec<(Identity, Owned)> {
        self.0
    }

    /// Where an identity is, or belongs.
    fn place(&self, id: &Identity) -> Result<usize, usize> {
        self.0.binary_search_by(|(of, _)| of.cmp(id))
    }
}

/// The last of several of one identity stays.
impl FromIterator<(Identity, Owned)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Identity, Owned)>>(all: I) -> Self {
        let mut all: Vec<(Identity, Owned)> = all.into_iter().collect();
        if !all.is_sorted_by(|(a, _), (b, _)| a < b) {
            all.reverse();
            all.sort_by(|(a, _), (b, _)| a.cmp(b));
            all.dedup_by(|(a, _), (b, _)| a == b);
        }
        Entries(all)
    }
}
