//! Which of the names that a definition asks for it has: upstream's naming controller. A name belongs to one definition of a
//! group; who has it keeps it, and who comes later gets it when it is free.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::conditions::{Condition, ESTABLISHED, NAMES_ACCEPTED, find, is_true};
use crate::codec::quote::quote;
use crate::object::{meta_str, object_mut};
use crate::registry::strategy::Lister;
use crate::registry::validation::read::{text_at, texts_at};

/// What a name is for: those of resources and those of kinds do not meet.
#[derive(Clone, Copy)]
enum Space {
    Resource,
    Kind,
}

/// What a definition holds while it is stored: its accepted names, and a mark if it would have others.
pub(super) fn claims(crd: &Value) -> Vec<Box<str>> {
    let (group, accepted) = (
        text_at(&crd["spec"], "group"),
        &crd["status"]["acceptedNames"],
    );
    let resources = [text_at(accepted, "plural"), text_at(accepted, "singular")];
    let resources = resources
        .into_iter()
        .chain(texts_at(accepted, "shortNames"))
        .map(|name| (Space::Resource, name));
    let kinds = ["kind", "listKind"].map(|field| (Space::Kind, text_at(accepted, field)));
    let names = resources.chain(kinds).filter(|(_, name)| !name.is_empty());
    let mut claims: BTreeSet<Box<str>> = names
        .map(|(space, name)| claim(space, group, name))
        .collect();
    if *accepted != crd["spec"]["names"] {
        claims.insert(waiting(meta_str(crd, "name")));
    }
    claims.into_iter().collect()
}

fn claim(space: Space, group: &str, name: &str) -> Box<str> {
    let space = match space {
        Space::Resource => "resource",
        Space::Kind => "kind",
    };
    format!("customresourcedefinitions/{space}/{group}/{name}").into()
}

/// The mark of a definition that waits for names.
pub(super) fn waiting(name: &str) -> Box<str> {
    format!("customresourcedefinitions/waiting/{name}").into()
}

/// The definition with the names that it gets now and the conditions that tell of them, if anything changes by that.
pub(super) fn name(crd: &Value, lister: &dyn Lister, now: &str) -> Option<Value> {
    let (requested, accepted) = (&crd["spec"]["names"], &crd["status"]["acceptedNames"]);
    if requested == accepted {
        return None;
    }
    let (names, condition) = decide(crd, lister);
    if names == *accepted && condition.is_in(crd) {
        return None;
    }
    let established = established(crd, &condition);
    let mut named = crd.clone();
    object_mut(&mut named)["status"]["acceptedNames"] = names;
    condition.set(&mut named, now);
    if let Some(established) = established {
        established.set(&mut named, now);
    }
    Some(named)
}

/// Until the names are accepted nothing is established, and what is established stays so.
fn established(crd: &Value, names: &Condition) -> Option<Condition> {
    let say = |reason, message| Condition::new(ESTABLISHED, "False", reason, message);
    if is_true(crd, ESTABLISHED) {
        return None;
    }
    if names.status == "True" {
        return Some(say("Installing", "the initial names have been accepted"));
    }
    find(crd, ESTABLISHED)
        .is_none()
        .then(|| say("NotAccepted", "not all names are accepted"))
}

/// The names, as many of them as are free, and what is to be said of it: the last conflict counts.
fn decide(crd: &Value, lister: &dyn Lister) -> (Value, Condition) {
    const ONES: [(&str, Space, &str); 2] = [
        ("plural", Space::Resource, "PluralConflict"),
        ("singular", Space::Resource, "SingularConflict"),
    ];
    const KINDS: [(&str, Space, &str); 2] = [
        ("kind", Space::Kind, "KindConflict"),
        ("listKind", Space::Kind, "ListKindConflict"),
    ];
    let (requested, accepted) = (&crd["spec"]["names"], &crd["status"]["acceptedNames"]);
    let group = text_at(&crd["spec"], "group");
    let mut names = accepted.as_object().cloned().unwrap_or_default();
    let mut condition = Condition::new(NAMES_ACCEPTED, "True", "NoConflicts", "no conflicts found");
    let is_used =
        |space, name: &str| !name.is_empty() && lister.is_claimed(&claim(space, group, name));
    let in_use = |name: &str| format!("{} is already in use", quote(name));
    let one = |(field, space, reason): (&'static str, Space, &'static str),
               names: &mut Map<String, Value>,
               condition: &mut Condition| {
        let wanted = text_at(requested, field);
        if wanted != text_at(accepted, field) && is_used(space, wanted) {
            *condition = Condition::new(NAMES_ACCEPTED, "False", reason, in_use(wanted));
        } else {
            put(names, field, &requested[field]);
        }
    };
    for each in ONES {
        one(each, &mut names, &mut condition);
    }
    let (short, ours) = (
        texts_at(requested, "shortNames"),
        texts_at(accepted, "shortNames"),
    );
    let taken = short
        .iter()
        .filter(|name| !ours.contains(name) && is_used(Space::Resource, name));
    let taken: Vec<String> = taken.map(|name| in_use(name)).collect();
    if taken.is_empty() {
        put(&mut names, "shortNames", &requested["shortNames"]);
    } else if short != ours {
        let message = aggregate(&taken);
        condition = Condition::new(NAMES_ACCEPTED, "False", "ShortNamesConflict", message);
    }
    for each in KINDS {
        one(each, &mut names, &mut condition);
    }
    put(&mut names, "categories", &requested["categories"]);
    (names.into(), condition)
}

fn put(names: &mut Map<String, Value>, field: &str, value: &Value) {
    match value {
        Value::Null => names.remove(field),
        value => names.insert(field.to_owned(), value.clone()),
    };
}

/// Several errors as one, without repeats.
fn aggregate(errors: &[String]) -> String {
    let mut seen = BTreeSet::new();
    let mut once = errors.to_vec();
    once.retain(|error| seen.insert(error.clone()));
    match once.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", once.join(", ")),
    }
}
