//! What the pages declare of fields: an object in which one of them is wrong is refused, and told where.

mod places;
mod unchecked;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::places::{Place, places};
use self::unchecked::UNCHECKED;
use crate::codec::json::Node;
use crate::codec::yaml;
use crate::kinds::{Catalog, Field, KindRef, Type};
use crate::registry::validation::meta;
use crate::registry::{generic, sample, set_defaults, strategy};
use crate::schema::decode;
use crate::status::field::FieldError;

/// A valid object of every stored kind.
const MANIFESTS: &str = include_str!("../../../tests/manifests/every-kind.yaml");

/// What some fields go together with.
const MORE: &str = include_str!("declared/more.yaml");

/// Those kinds in the version that is stored, which is the one that is checked.
fn manifests() -> Vec<(KindRef, Value)> {
    let catalog = Catalog::built_in();
    let read = |document: &str| {
        let object = yaml::parse(document.as_bytes()).unwrap().node.to_value();
        let text = |name: &str| object[name].as_str().unwrap();
        let kind = catalog.find_kind(text("apiVersion"), text("kind"));
        (kind.unwrap(), object)
    };
    let documents = [MANIFESTS, MORE]
        .into_iter()
        .flat_map(|all| all.split("\n---\n"));
    let documents = documents.map(read);
    documents.filter(|(kind, _)| kind.is_stored()).collect()
}

/// What is wrong with a new object.
fn errors(kind: &KindRef, sent: &Value) -> Vec<FieldError> {
    let mut object = decode(Node::from_value(sent), &kind.schema).unwrap().value;
    set_defaults(kind, &mut object);
    let lister = sample::Claimed::default();
    let write = sample::write(kind, &lister);
    let strategy = strategy(kind);
    strategy.prepare_for_create(&write, &mut object);
    generic::fill_system_fields(&mut object, "uid".to_owned(), "2024-01-01T00:00:00Z");
    // Where there is nothing to take, what is wrong with the object is told all the same.
    let _ = strategy.allocate(&write, &mut object, None);
    let mut errors = strategy.validate(&write, &object);
    if errors.is_empty() {
        errors = meta::validate_create_generic(&object, kind.namespaced);
    }
    errors
}

/// The rules of a field, each with a value that breaks it, or none where the field is missing.
fn broken(field: &Field) -> Vec<(&'static str, Option<Value>)> {
    let mut broken = Vec::new();
    if field.required {
        broken.push(("required", None));
    }
    match &field.ty {
        Type::Named(named) if !named.values.is_empty() => {
            broken.push(("enum", Some(json!("Bogus"))));
        }
        Type::List(list) if matches!(&list.item, Type::Named(named) if !named.values.is_empty()) => {
            broken.push(("enum", Some(json!(["Bogus"]))));
        }
        _ => {}
    }
    if let Some(rules) = &field.rules {
        let bounds = [
            ("min", rules.min.map(|least| least - 1)),
            ("above", rules.above),
            ("max", rules.max.map(|most| most + 1)),
        ];
        let bounds = bounds.into_iter().filter(|(_, value)| value.is_some());
        broken.extend(bounds.map(|(rule, value)| (rule, value.map(Value::from))));
    }
    broken
}

/// Whether an object is told that it is wrong there once the field has this value, or none; nothing, where it makes no
/// difference to what is decoded.
fn is_refused(
    kind: &KindRef,
    intact: &Value,
    place: &Place<'_>,
    value: Option<&Value>,
) -> Option<bool> {
    let mut broken = intact.clone();
    place.set(&mut broken, value);
    let read = |object| {
        decode(Node::from_value(object), &kind.schema)
            .unwrap()
            .value
    };
    if read(&broken) == read(intact) {
        return None;
    }
    let before = errors(kind, intact);
    let mut new = errors(kind, &broken).into_iter();
    Some(new.any(|error| !before.contains(&error) && place.is_told_of(&error.field)))
}

/// The kinds by whether they refuse what breaks a rule.
#[derive(Default)]
struct Kinds {
    refuse: BTreeSet<String>,
    accept: BTreeSet<String>,
}

/// Every rule of every struct, by its name, with the kinds that have it.
fn rules() -> BTreeMap<String, Kinds> {
    let mut rules: BTreeMap<String, Kinds> = BTreeMap::new();
    for (kind, object) in manifests() {
        assert_eq!(errors(&kind, &object), [], "{}", kind.kind);
        for place in places(&kind.schema) {
            for (rule, value) in broken(place.field) {
                // Some fields go together with others, and some instead of them.
                let intact = [false, true].map(|is_alone| place.with_plausible(&object, is_alone));
                let refused =
                    intact.map(|intact| is_refused(&kind, &intact, &place, value.as_ref()));
                let kinds = rules.entry(format!("{rule} {}", place.name())).or_default();
                let kinds = match refused {
                    [None, None] => continue,
                    _ if refused.contains(&Some(true)) => &mut kinds.refuse,
                    _ => &mut kinds.accept,
                };
                kinds.insert(kind.kind.clone());
            }
        }
    }
    rules
}

#[test]
fn what_breaks_a_rule_is_refused_but_where_upstream_does_not_look() {
    let mut accepted: BTreeSet<String> = BTreeSet::new();
    let mut refused = 0;
    for (rule, kinds) in rules() {
        refused += kinds.refuse.len();
        match kinds.refuse.is_empty() {
            true if kinds.accept.is_empty() => {}
            true => drop(accepted.insert(rule)),
            false => {
                let accepting = kinds.accept.difference(&kinds.refuse);
                accepted.extend(accepting.map(|kind| format!("{kind}: {rule}")));
            }
        }
    }
    let known = UNCHECKED.iter().flat_map(|(_, rules)| *rules);
    let known: BTreeSet<String> = known.map(|rule| (*rule).to_owned()).collect();
    assert_eq!(accepted, known);
    assert!(refused > 1000, "only {refused} are refused");
}
