//! What the real server's type registry, its scheme, has beside the kinds of the catalog: `pages/scheme.list`.

use std::str::SplitWhitespace;

const SCHEME: &str = include_str!("pages/scheme.list");

/// The lines that begin with `same`, or the others, which begin with a version; without the first word.
fn lines(same: bool) -> impl Iterator<Item = (&'static str, SplitWhitespace<'static>)> {
    let lines = SCHEME.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words))
    });
    lines.filter(move |(word, _)| (*word == "same") == same)
}

/// Whether the real server's type registry has this kind.
pub(super) fn knows(api_version: &str, kind: &str) -> bool {
    let item = kind.strip_suffix("List");
    let mut words = lines(false).filter(|(version, _)| *version == api_version);
    words.any(|(_, mut kinds)| {
        kinds.any(|word| match word.strip_suffix("[List]") {
            Some(name) => name == kind || Some(name) == item,
            None => word == kind,
        })
    })
}

/// Whether both versions have this kind.
pub(super) fn is_one_kind(kind: &str, version: &str, other: &str) -> bool {
    lines(true).any(|(_, words)| {
        let words: Vec<&str> = words.collect();
        words.first() == Some(&kind) && words.contains(&version) && words.contains(&other)
    })
}

/// What sorts groups as `/apis` lists them: the core group, those of the real server by its priorities, then others by
/// name.
pub(crate) fn group_order(group: &str) -> (usize, &str) {
    let group_of = |version: &'static str| version.split_once('/').map_or("", |(group, _)| group);
    let place = lines(false).position(|(version, _)| group_of(version) == group);
    (place.unwrap_or(usize::MAX), group)
}
