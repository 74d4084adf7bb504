//! Conditions that no request can meet.

use std::collections::BTreeSet;

use http::HeaderName;

use super::When;
use crate::codec::script::hint;
use crate::kinds::verb::Verb;
use crate::kinds::{Catalog, KindRef};
use crate::names::is_dns1123_label;
use crate::status::qualified;

/// The plural name, with its group, of the resource called this.
pub(crate) fn resource(name: &str, catalog: &Catalog) -> Result<String, String> {
    let called = |kind: &KindRef| qualified(&kind.plural, &kind.group);
    if let Some(kind) = catalog.find_name(name) {
        return Ok(called(&kind));
    }
    // A kind that is yet to be defined is named with its group.
    if let Some((_, group)) = name.split_once('.')
        && group.contains('.')
        && !catalog.has_group(group)
    {
        return Ok(name.to_owned());
    }
    let known: Vec<String> = catalog.kinds().map(called).collect();
    let hint = hint(name, known.iter().map(String::as_str));
    Err(format!("unknown resource `{name}`{hint}"))
}

impl When {
    /// Refuses what no request can match; resources get their plural names.
    pub(crate) fn checked(mut self, catalog: &Catalog) -> Result<When, String> {
        for name in &mut self.resources {
            *name = resource(name, catalog)?;
        }
        self.check(catalog)?;
        Ok(self)
    }

    fn check(&self, catalog: &Catalog) -> Result<(), String> {
        let named = self.resources.iter();
        let kinds: Vec<KindRef> = named.filter_map(|name| catalog.find_name(name)).collect();
        for subresource in &self.subresources {
            check_subresource(subresource, &kinds, catalog)?;
        }
        for (name, _) in &self.headers {
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!(
                    "the rule can never act: no header can be called `{name}`"
                ));
            }
        }
        for verb in &self.verbs {
            check_verb(*verb, &kinds, &self.subresources)?;
        }
        let patches = self.verbs.is_empty() || self.verbs.contains(&Verb::Patch);
        if !self.patches.is_empty() && !patches {
            return Err(format!(
                "the rule can never act: it asks for a kind of patch, and for the verb {}",
                Verb::names(&self.verbs).join(" or ")
            ));
        }
        self.check_names()
    }

    /// The name of what is created is in its body, where no rule looks; but that of a subresource's parent is in the path.
    fn check_names(&self) -> Result<(), String> {
        let creates = self.verbs.iter().all(|verb| *verb == Verb::Create);
        let named = self.names.iter().any(|name| !name.is_empty());
        if creates && named && !self.verbs.is_empty() && self.subresources.is_empty() {
            return Err("the rule can never act: a create has no name in its path".to_owned());
        }
        Ok(())
    }

    /// Refuses a namespace that can never be there. A request can name one all the same, but a rule that waits for it is
    /// a slip.
    pub(crate) fn check_namespaces(&self) -> Result<(), String> {
        for name in self.namespaces.iter().filter(|name| !name.is_empty()) {
            if let Some(problem) = is_dns1123_label(name).first() {
                return Err(format!("no namespace can be called `{name}`: {problem}"));
            }
        }
        Ok(())
    }
}

fn check_subresource(name: &str, kinds: &[KindRef], catalog: &Catalog) -> Result<(), String> {
    let asked: Vec<&KindRef> = match kinds {
        [] => catalog.kinds().collect(),
        some => some.iter().collect(),
    };
    let below = asked.iter().flat_map(|kind| &kind.subresources);
    let of_these: BTreeSet<&str> = below.map(|s| s.name.as_str()).collect();
    if name.is_empty() || of_these.contains(name) {
        return Ok(());
    }
    let hint = hint(name, of_these);
    if kinds.is_empty() {
        return Err(format!("no resource has the subresource `{name}`{hint}"));
    }
    let plurals = plurals(kinds);
    Err(format!("{plurals} has no subresource `{name}`{hint}"))
}

fn check_verb(verb: Verb, kinds: &[KindRef], subresources: &[String]) -> Result<(), String> {
    let has = |kind: &KindRef| {
        let mut below = kind.subresources.iter();
        match subresources {
            [] => kind.verbs.contains(&verb) || below.any(|s| s.verbs.contains(&verb)),
            asked => below.any(|s| asked.contains(&s.name) && s.verbs.contains(&verb)),
        }
    };
    if kinds.is_empty() || kinds.iter().any(has) {
        return Ok(());
    }
    let known = kinds.iter().flat_map(|kind| &kind.verbs);
    Err(format!(
        "the rule can never act: {} has no verb `{verb}`{}",
        plurals(kinds),
        hint(verb.as_str(), known.map(|verb| verb.as_str()))
    ))
}

fn plurals(kinds: &[KindRef]) -> String {
    let plurals: Vec<&str> = kinds.iter().map(|kind| &*kind.plural).collect();
    plurals.join(", ")
}
