//! `src/docs/kinds.md`: what is served, from the catalog. `WRITE_DOCS=1 cargo test --lib served` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use super::answer;
use crate::kinds::{Catalog, Field, Kind, Service, Struct, Verb};
use crate::registry;

const HEAD: &str = "# Kinds

Every kind of kube-apiserver 1.36 is served, with its verbs, subresources, columns, selectable fields, merge keys and
protobuf numbers. What upstream says of objects beyond that is declared on the page of the kind or programmed:

- *Declared*: so many fields have defaults, and so many have a range, cannot change, or belong to a feature that is off.
- *Programmed*: rules across fields, allocation, transitions, odd columns. A kind without has metadata and declared rules
  checked, and no more.
- What is *answered* is not kept; what is not answered is refused with a 500 that says so. Parts in parentheses lead to a
  kubelet, which this server does not have: a 500 as well.

| Kind | Version | Verbs | Parts | Declared | Programmed |
|---|---|---|---|---|---|
";

/// All of the page.
fn page(catalog: &Catalog) -> String {
    let mut out = HEAD.to_owned();
    for kind in catalog.kinds() {
        let cells = [
            kind.kind.clone(),
            kind.api_version().into_owned(),
            verbs(kind),
            parts(kind, catalog),
            declared(kind),
            programmed(kind).to_owned(),
        ];
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

fn verbs(kind: &Kind) -> String {
    match kind.verbs.len() == Verb::ALL.len() {
        true => "all".to_owned(),
        false => Verb::names(&kind.verbs).join(" "),
    }
}

fn parts(kind: &Kind, catalog: &Catalog) -> String {
    let parts = kind.subresources.iter().map(|part| {
        let leads_nowhere = part.of.is_some() && catalog.body_of(part).is_none();
        match leads_nowhere {
            true => format!("({})", part.name),
            false => part.name.clone(),
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn declared(kind: &Kind) -> String {
    let mut seen = Vec::new();
    let mut count = |is_one: fn(&Field) -> bool| {
        seen.clear();
        count(&kind.schema, is_one, &mut seen)
    };
    let fills = count(|field| field.fill.is_some());
    let rules = count(|field| field.rules.is_some());
    let said = [(fills, "default"), (rules, "rule")];
    let said = said.into_iter().filter(|(count, _)| *count > 0);
    let said = said.map(|(count, what)| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// The fields of this kind in all structs of a kind, each looked at once.
fn count<'a>(
    structure: &'a Struct,
    is_one: fn(&Field) -> bool,
    seen: &mut Vec<*const Struct>,
) -> usize {
    if seen.contains(&std::ptr::from_ref(structure)) {
        return 0;
    }
    seen.push(structure);
    let fields = structure.fields.iter();
    let counts = fields.map(|field| {
        let inner = field.ty.innermost_struct();
        usize::from(is_one(field)) + inner.map_or(0, |inner| count(inner, is_one, seen))
    });
    counts.sum()
}

fn programmed(kind: &Kind) -> &'static str {
    match kind.service {
        Service::Virtual if answer::is_answered(kind) => "answered",
        Service::Virtual => "not answered",
        _ if kind.policy.unsupported => "not supported: none can be written",
        _ if registry::is_programmed(kind) => "yes",
        _ => "",
    }
}

#[test]
fn the_page_lists_what_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/docs/kinds.md");
    let page = page(&Catalog::built_in());
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == page,
        "src/docs/kinds.md is not as the catalog has it: `WRITE_DOCS=1 cargo test --lib served` writes it anew"
    );
}
