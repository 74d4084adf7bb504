//! The kinds of objects there are: what is declared of each, as data.
//!
//! A built-in kind is a [page] of `pages/`: adding one is all a new kind takes, unless it has rules of its own. A
//! kind knows no server and no store. What upstream programs for a kind, rather than declares, stands in
//! [`registry`](crate::registry).

pub(crate) mod custom;
pub(crate) mod family;
mod kind;
pub(crate) mod meta;
mod page;
#[cfg(test)]
pub(crate) mod samples;
mod scheme;
pub(crate) mod structural;
mod types;
pub(crate) mod verb;

pub use verb::Verb;

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::sync::{Arc, LazyLock};

use sha2::{Digest as _, Sha256};

use self::page::{Mistake, Page};
use crate::codec::base64;

pub(crate) use family::{Custom, Scale};
pub(crate) use kind::{Cell, Column, Gvk, Kind, KindRef, NameFormat, Service, Subresource, Wire};
pub(crate) use scheme::{group_order, own as own_scheme, versions as scheme_versions};
pub(crate) use types::{
    Field, List, ListKind, PatchStrategy, Presence, Raw, Rules, SchemaOr, Struct, StructRef, Type,
};

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of shared types of this name.
fn types_page(name: &str) -> Option<&'static Page> {
    TYPES.iter().find(|page| page.stem() == name)
}

/// A type of the RBAC group.
pub(crate) fn rbac(name: &str) -> StructRef {
    shared("rbac_v1", name)
}

/// A struct that the code itself speaks of.
fn shared(page: &'static str, name: &str) -> StructRef {
    let found = types_page(page).and_then(|page| page.find(name));
    page::sound(found.ok_or_else(|| Mistake::missing(page, name))).clone()
}

/// The structure of a kind of the core group.
#[cfg(test)]
pub(crate) fn core_schema(plural: &str) -> StructRef {
    let kind = Catalog::built_in().find("", "v1", plural);
    kind.unwrap().schema.clone()
}

/// All kinds at one moment. It never changes: with a kind more or less, it is another catalog.
///
/// The built-in kinds are read from their pages when they are first asked for, once in a process, and shared by all.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    /// In the order of their groups, versions and plural names.
    entries: Vec<Entry>,
}

/// One kind of a catalog.
#[derive(Clone)]
enum Entry {
    BuiltIn(&'static Page),
    Custom(KindRef),
}

impl Entry {
    fn names(&self) -> [&str; 3] {
        match self {
            Entry::BuiltIn(page) => page.names(),
            Entry::Custom(kind) => [&kind.group, &kind.version, &kind.plural],
        }
    }

    /// Whether it is a version in which custom objects are kept and nothing else.
    fn is_unserved(&self) -> bool {
        matches!(self, Entry::Custom(kind) if kind.service == Service::Part)
    }

    fn kind(&self) -> &KindRef {
        match self {
            Entry::BuiltIn(page) => page.kind(),
            Entry::Custom(kind) => kind,
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join("/"))
    }
}

impl Catalog {
    /// The catalog of a server without custom kinds.
    pub(crate) fn built_in() -> Arc<Catalog> {
        static BUILT_IN: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            let entries = KINDS.iter().map(Entry::BuiltIn).collect();
            Arc::new(Catalog { entries })
        });
        BUILT_IN.clone()
    }

    /// The built-in kinds and these. Where both have a name, the built-in kind has it.
    pub(crate) fn with_custom(kinds: impl IntoIterator<Item = KindRef>) -> Catalog {
        let mut entries = Catalog::built_in().entries.clone();
        entries.extend(kinds.into_iter().map(Entry::Custom));
        entries.sort_by(|a, b| a.names().cmp(&b.names()));
        entries.dedup_by(|next, first| next.names() == first.names());
        Catalog { entries }
    }

    /// The kind of this group, version and plural name.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<KindRef> {
        let names = [group, version, plural];
        let place = self.entries.binary_search_by(|e| e.names().cmp(&names));
        let kind = self.entries[place.ok()?].kind();
        is_served(&kind).then(|| kind.clone())
    }

    /// The kind of this name, be it served or only a part of others.
    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<KindRef> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let mut kinds = self.of(&[group, version]).map(Entry::kind);
        kinds.find(|k| k.kind == kind).cloned()
    }

    /// The kind of the bodies of a subresource, where it is one of its own and described.
    pub(crate) fn body_of(&self, subresource: &Subresource) -> Option<KindRef> {
        let of = subresource.of.as_ref()?;
        let mut kinds = self.of(&[&of.group, &of.version]).map(Entry::kind);
        kinds.find(|k| k.kind == of.kind).cloned()
    }

    /// The kind of this name in the version that is kept of it.
    pub(crate) fn find_stored(&self, group: &str, kind: &str) -> Option<KindRef> {
        let mut kinds = self.of(&[group]).map(Entry::kind);
        kinds.find(|k| k.kind == kind && k.is_stored()).cloned()
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.of(&[group]).any(|entry| !entry.is_unserved())
    }

    pub(crate) fn has_version(&self, group: &str, version: &str) -> bool {
        self.of(&[group, version]).any(|entry| !entry.is_unserved())
    }

    /// The kind called this, as kubectl would read it: plural, singular, short name or kind, perhaps with the group after a
    /// dot. Of several groups and versions it is the preferred one.
    pub(crate) fn find_name(&self, name: &str) -> Option<KindRef> {
        match name.split_once('.') {
            Some((name, group)) => self.find_in_group(name, group),
            None => {
                let groups = self.groups().into_iter();
                groups
                    .map(|group| self.find_in_group(name, group))
                    .find_map(|found| found)
            }
        }
    }

    fn find_in_group(&self, name: &str, group: &str) -> Option<KindRef> {
        let mut kinds: Vec<_> = self.of_group(group).collect();
        kinds.sort_by(|a, b| compare_versions(&a.version, &b.version));
        let found = kinds.into_iter().find(|k| {
            let names = [&k.plural, &k.singular, &k.kind];
            let mut names = names.into_iter().chain(&k.short_names);
            names.any(|n| n.eq_ignore_ascii_case(name))
        });
        found.cloned()
    }

    /// Every kind, by group, version and plural name.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &KindRef> {
        self.entries.iter().map(Entry::kind).filter(is_served)
    }

    /// The kinds of one group version, by their plural names.
    pub(crate) fn of_version(&self, group: &str, version: &str) -> impl Iterator<Item = &KindRef> {
        let kinds = self.of(&[group, version]).map(Entry::kind);
        kinds.filter(is_served)
    }

    /// The kinds of a group, in all their versions.
    pub(crate) fn of_group(&self, group: &str) -> impl Iterator<Item = &KindRef> {
        self.of(&[group]).map(Entry::kind).filter(is_served)
    }

    /// The entries whose path begins like this.
    fn of(&self, names: &[&str]) -> std::slice::Iter<'_, Entry> {
        let begin = |entry: &Entry| entry.names()[..names.len()].cmp(names);
        let start = self.entries.partition_point(|e| begin(e) == Ordering::Less);
        let end = self
            .entries
            .partition_point(|e| begin(e) != Ordering::Greater);
        self.entries[start..end].iter()
    }

    /// The groups in the order discovery lists them, the core group first.
    pub(crate) fn groups(&self) -> Vec<&str> {
        let there = self.entries.iter().filter(|entry| !entry.is_unserved());
        let mut groups: Vec<_> = there.map(|entry| entry.names()[0]).collect();
        groups.dedup();
        groups.sort_by_key(|group| group_order(group));
        groups
    }

    /// The versions of a group, the preferred one first.
    pub(crate) fn group_versions(&self, group: &str) -> Vec<&str> {
        let there = self.of(&[group]).filter(|entry| !entry.is_unserved());
        let mut versions: Vec<_> = there.map(|entry| entry.names()[1]).collect();
        versions.dedup();
        versions.sort_by(|a, b| compare_versions(a, b));
        versions
    }

    /// Whether the real server has a type for this kind, or one of ours.
    pub(crate) fn knows(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let mut ours = self.of(&[group, version]).map(Entry::kind);
        scheme::knows(group, version, kind)
            || ours.any(|k| k.kind == kind || k.list_kind == kind && k.verbs.contains(&Verb::List))
    }

    /// Whether two different versions both have this kind, and can be converted to each other.
    pub(crate) fn is_one_kind(&self, kind: &str, version: &str, other: &str) -> bool {
        let stored = |version| Some(self.find_kind(version, kind)?.stored.clone());
        let ours = || stored(version).is_some() && stored(version) == stored(other);
        version != other && (scheme::is_one_kind(kind, version, other) || ours())
    }
}

/// Whether there is a path that leads to it.
fn is_served(kind: &&KindRef) -> bool {
    kind.service != Service::Part
}

/// What discovery shows instead of the stored version.
pub(crate) fn storage_hash(group: &str, version: &str, kind: &str) -> String {
    let digest = Sha256::digest(format!("{group}/{version}/{kind}"));
    base64::encode(&digest[..8])
}

/// The Go package of the types that the real server works on, whatever version a client speaks.
pub(crate) fn internal_package(group: &str) -> &str {
    let word = group.split('.').next();
    word.filter(|word| !word.is_empty()).unwrap_or("core")
}

/// The more stable version first, as upstream's `CompareKubeAwareVersionStrings` has it; what is none comes last, by name.
pub(crate) fn compare_versions(a: &str, b: &str) -> Ordering {
    (Reverse(stability(a)), a).cmp(&(Reverse(stability(b)), b))
}

/// Level, major and minor of `v1`, `v2beta1`, `v1alpha1`.
fn stability(version: &str) -> Option<(u8, u32, u32)> {
    let rest = version.strip_prefix('v')?;
    let split = |level, word| {
        rest.split_once(word)
            .map(|(major, minor)| (level, major, minor))
    };
    let (level, major, minor) = split(0, "alpha")
        .or_else(|| split(1, "beta"))
        .unwrap_or((2, rest, "0"));
    Some((level, major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests;
