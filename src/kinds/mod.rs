//! The kinds of objects there are: what is declared of each, as data.
//!
//! A built-in kind is a [page] of `pages/`: adding one is all a new kind takes, unless it has rules of its own. A
//! kind knows no server and no store. What upstream programs for a kind, rather than declares, stands in
//! [`registry`](crate::registry).

mod kind;
pub(crate) mod meta;
mod page;
#[cfg(test)]
pub(crate) mod samples;
mod scheme;
mod types;
pub(crate) mod verb;

pub use verb::Verb;

use std::cmp::{Ordering, Reverse};
use std::sync::{Arc, LazyLock};

use self::page::{Mistake, Page};

pub(crate) use kind::{Cell, Column, Kind, KindRef, NameFormat, Subresource, Wire};
pub(crate) use scheme::group_order;
pub(crate) use types::{
    Field, List, ListKind, PatchStrategy, Presence, Rules, Struct, StructRef, Type,
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
    let kind = Catalog::default().find("", "v1", plural).cloned();
    kind.unwrap().schema.clone()
}

/// All kinds at one moment. It never changes: with a kind more or less, it is another catalog.
///
/// The built-in kinds are read from their pages when they are first asked for, once in a process, and shared by all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {}

impl Catalog {
    /// The catalog of a server without custom kinds.
    pub(crate) fn built_in() -> Arc<Catalog> {
        static BUILT_IN: LazyLock<Arc<Catalog>> = LazyLock::new(Arc::default);
        BUILT_IN.clone()
    }

    /// The kind of this group, version and plural name.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&KindRef> {
        let place = KINDS.binary_search_by(|page| page.names().cmp(&[group, version, plural]));
        Some(KINDS[place.ok()?].kind())
    }

    /// The kind of this name.
    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<&KindRef> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.of_version(group, version).find(|k| k.kind == kind)
    }

    /// The kind of this name in the version that is kept of it.
    pub(crate) fn find_stored(&self, group: &str, kind: &str) -> Option<&KindRef> {
        let mut kinds = self.of_group(group);
        kinds.find(|k| k.kind == kind && k.is_stored())
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        KINDS.iter().any(|page| page.names()[0] == group)
    }

    pub(crate) fn has_version(&self, group: &str, version: &str) -> bool {
        KINDS
            .iter()
            .any(|page| page.names()[..2] == [group, version])
    }

    /// The kind called this, as kubectl would read it: plural, singular, short name or kind, with the group after a dot.
    /// Of several versions it is the preferred one.
    pub(crate) fn find_name(&self, name: &str) -> Option<&KindRef> {
        let (name, group) = name.split_once('.').unwrap_or((name, ""));
        let mut kinds: Vec<_> = self.of_group(group).collect();
        kinds.sort_by(|a, b| compare_versions(&a.version, &b.version));
        kinds.into_iter().find(|k| {
            let names = [&k.plural, &k.singular, &k.kind];
            let mut names = names.into_iter().chain(&k.short_names);
            names.any(|n| n.eq_ignore_ascii_case(name))
        })
    }

    /// Every kind, by group, version and plural name.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &KindRef> {
        KINDS.iter().map(|page| page.kind())
    }

    /// The kinds of one group version, by their plural names.
    pub(crate) fn of_version(&self, group: &str, version: &str) -> impl Iterator<Item = &KindRef> {
        let pages = KINDS.iter();
        let of_version = move |page: &&Page| page.names()[..2] == [group, version];
        pages.filter(of_version).map(|page| page.kind())
    }

    /// The pages are in the order of their groups.
    fn of_group(&self, group: &str) -> impl Iterator<Item = &KindRef> {
        let start = KINDS.partition_point(|page| page.names()[0] < group);
        let of_group = move |page: &&Page| page.names()[0] == group;
        let pages = KINDS[start..].iter().take_while(of_group);
        pages.map(|page| page.kind())
    }

    /// The groups in the order discovery lists them, the core group first.
    pub(crate) fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<_> = KINDS.iter().map(|page| page.names()[0]).collect();
        groups.dedup();
        groups.sort_by_key(|group| group_order(group));
        groups
    }

    /// The versions of a group, the preferred one first.
    pub(crate) fn group_versions(&self, group: &str) -> Vec<&str> {
        let pages = KINDS.iter().map(Page::names);
        let mut versions: Vec<_> = pages
            .filter(|names| names[0] == group)
            .map(|names| names[1])
            .collect();
        versions.dedup();
        versions.sort_by(|a, b| compare_versions(a, b));
        versions
    }

    /// Whether the real server has a type for this kind, or one of ours.
    pub(crate) fn knows(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let mut ours = self.of_version(group, version);
        scheme::knows(api_version, kind)
            || ours.any(|k| k.kind == kind || k.list_kind == kind && k.verbs.contains(&Verb::List))
    }

    /// Whether two different versions both have this kind, and can be converted to each other.
    pub(crate) fn is_one_kind(&self, kind: &str, version: &str, other: &str) -> bool {
        let stored = |version| Some(&self.find_kind(version, kind)?.stored);
        let ours = || stored(version).is_some() && stored(version) == stored(other);
        version != other && (scheme::is_one_kind(kind, version, other) || ours())
    }
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
