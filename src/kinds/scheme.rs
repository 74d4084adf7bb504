//! What the real server's type registry, its scheme, has beside the kinds of the catalog: `pages/scheme.list`.

const SCHEME: &str = include_str!("pages/scheme.list");

/// The words that follow this one at the beginning of a line.
fn lines(about: &str) -> impl Iterator<Item = impl Iterator<Item = &'static str> + use<>> {
    let lines = SCHEME.lines().filter_map(move |line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(about)).then_some(words)
    });
    lines.collect::<Vec<_>>().into_iter()
}

/// The groups, each with its versions; the core group has no name.
fn groups() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    lines("group").filter_map(|mut words| {
        let group = words.next()?;
        Some((if group == "core" { "" } else { group }, words))
    })
}

/// Every group and version there are types of, by name.
pub(crate) fn versions() -> Vec<(&'static str, &'static str)> {
    let versions = groups().flat_map(|(group, versions)| versions.map(move |v| (group, v)));
    let mut versions: Vec<_> = versions.collect();
    versions.sort_unstable();
    versions
}

/// Whether the real server's type registry has this kind.
pub(super) fn knows(group: &str, version: &str, kind: &str) -> bool {
    let is_among = |about| lines(about).flatten().any(|known| known == kind);
    (group, version) == ("", "v1") && is_among("core")
        || versions().contains(&(group, version)) && is_among("everywhere")
}

/// Where upstream makes the scheme of a group that has one of its own.
pub(crate) fn own(group: &str) -> Option<&'static str> {
    lines("own").find_map(|mut words| (words.next() == Some(group)).then(|| words.next())?)
}

/// Whether both versions have this kind, though no page has it in one of them.
pub(super) fn is_one_kind(kind: &str, version: &str, other: &str) -> bool {
    lines("same").any(|mut words| {
        let of_kind = words.next() == Some(kind);
        let versions: Vec<&str> = words.collect();
        of_kind && versions.contains(&version) && versions.contains(&other)
    })
}

/// What sorts groups as `/apis` lists them: the core group, those of the real server by its priorities, then others by
/// name.
pub(crate) fn group_order(group: &str) -> (usize, &str) {
    let place = groups().position(|(known, _)| known == group);
    (place.unwrap_or(usize::MAX), group)
}
