//! How two values of a kind differ, field by field.

use serde_json::{Map, Value};

use super::path::Element;
use super::set::Set;
use super::typed::{ByElement, is_blank, is_granular, items, member, with_elements};
use crate::kinds::{List, StructRef, Type};

/// What a change did to each field.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) added: Set,
    pub(crate) modified: Set,
    pub(crate) removed: Set,
}

impl Comparison {
    /// The fields that have another value than before, or that are new.
    pub(crate) fn changed(&self) -> Set {
        self.added.union(&self.modified)
    }

    /// The [`changed`](Self::changed) fields, and those that are gone.
    pub(crate) fn into_changed_and_removed(self) -> (Set, Set) {
        let mut changed = self.added;
        if !self.modified.is_empty() {
            changed.extend(&self.modified);
        }
        (changed, self.removed)
    }

    /// Without the fields that the strategy of the resource sets back anyway.
    pub(crate) fn without(self, reset: &Set) -> Comparison {
        if reset.is_empty() {
            return self;
        }
        Comparison {
            added: self.added.recursive_difference(reset),
            modified: self.modified.recursive_difference(reset),
            removed: self.removed.recursive_difference(reset),
        }
    }
}

/// Compares two objects of a kind. `metadata.managedFields` is no field of theirs.
pub(crate) fn compare(old: &Value, new: &Value, schema: &StructRef) -> Comparison {
    compare_values(Some(old), Some(new), &Type::Struct(schema.clone()), "").below
}

/// What became of one value.
#[derive(Default)]
struct Difference {
    own: Option<Fate>,
    below: Comparison,
}

/// What became of a field itself.
#[derive(Clone, Copy)]
enum Fate {
    Added,
    Modified,
    Removed,
}

impl Fate {
    fn of(old: Option<&Value>, new: Option<&Value>) -> Option<Fate> {
        match (old, new) {
            (None, _) => Some(Fate::Added),
            (_, None) => Some(Fate::Removed),
            (Some(_), Some(_)) => None,
        }
    }
}

/// The differences of the members or items of one value, in the order they were met.
#[derive(Default)]
struct Level {
    added: (Vec<Element>, Vec<(Element, Set)>),
    modified: (Vec<Element>, Vec<(Element, Set)>),
    removed: (Vec<Element>, Vec<(Element, Set)>),
}

impl Level {
    fn put(&mut self, element: &Element, difference: Difference) {
        if let Some(fate) = difference.own {
            self.mark(element, fate);
        }
        let below = difference.below;
        for (children, set) in [
            (&mut self.added.1, below.added),
            (&mut self.modified.1, below.modified),
            (&mut self.removed.1, below.removed),
        ] {
            if !set.is_empty() {
                children.push((element.clone(), set));
            }
        }
    }

    fn mark(&mut self, element: &Element, fate: Fate) {
        let members = match fate {
            Fate::Added => &mut self.added.0,
            Fate::Modified => &mut self.modified.0,
            Fate::Removed => &mut self.removed.0,
        };
        members.push(element.clone());
    }

    fn into_comparison(self) -> Comparison {
        let set = |(members, children)| Set::of_parts(members, children);
        Comparison {
            added: set(self.added),
            modified: set(self.modified),
            removed: set(self.removed),
        }
    }
}

/// `name` is what the value is called, where it is a member of the object itself.
fn compare_values(old: Option<&Value>, new: Option<&Value>, ty: &Type, name: &str) -> Difference {
    if old.is_some() && old == new {
        return Difference::default();
    }
    if !is_granular(ty, &[old, new]) || (is_blank(old) && is_blank(new)) {
        let changed = || (old != new).then_some(Fate::Modified);
        return Difference {
            own: Fate::of(old, new).or_else(changed),
            below: Comparison::default(),
        };
    }
    let level = match ty {
        Type::List(list) => compare_items(items(old), items(new), list),
        ty => {
            let (old, new) = (
                old.and_then(Value::as_object),
                new.and_then(Value::as_object),
            );
            compare_members(old, new, ty, name)
        }
    };
    Difference {
        own: Fate::of(old, new),
        below: level.into_comparison(),
    }
}

fn compare_members(
    old: Option<&Map<String, Value>>,
    new: Option<&Map<String, Value>>,
    ty: &Type,
    name: &str,
) -> Level {
    let mut level = Level::default();
    let gone = old.into_iter().flatten();
    let gone = gone.filter(|(name, _)| new.is_none_or(|new| !new.contains_key(*name)));
    let gone = gone.map(|(name, value)| (name, Some(value), None));
    let there = new.into_iter().flatten();
    let there = there.map(|(name, value)| (name, old.and_then(|old| old.get(name)), Some(value)));
    for (member_name, before, after) in there.chain(gone) {
        if before == after || member_name == "managedFields" && name == "metadata" {
            continue;
        }
        if let Some((element, child)) = member(ty, member_name) {
            // Only the members of the object itself have a name that means anything.
            let child_name = if name.is_empty() { member_name } else { "." };
            level.put(&element, compare_values(before, after, child, child_name));
        }
    }
    level
}

/// Items are matched by their keys. Repeats of one key count as one atomic item.
fn compare_items(old: &[Value], new: &[Value], list: &List) -> Level {
    let old = ByElement::new(with_elements(old, list));
    let new = ByElement::new(with_elements(new, list));
    let compare = |before: Option<&(Element, &Value)>, after: Option<&(Element, &Value)>| {
        compare_values(before.map(|b| b.1), after.map(|a| a.1), &list.item, ".")
    };
    let kept = old
        .iter()
        .map(|(element, before)| (element, before, new.get(element)));
    let added = new
        .iter()
        .filter(|(element, _)| old.get(element).is_empty());
    let added = added.map(|(element, after)| (element, &[][..], after));
    let mut level = Level::default();
    for (element, before, after) in kept.chain(added) {
        match (before.len() > 1, after.len() > 1) {
            (false, false) => level.put(element, compare(before.first(), after.first())),
            (true, true) => {
                if before != after {
                    level.mark(element, Fate::Modified);
                }
            }
            (true, false) => {
                if !after.is_empty() {
                    level.put(element, compare(None, after.first()));
                }
                level.mark(element, Fate::Removed);
            }
            (false, true) => {
                if !before.is_empty() {
                    level.put(element, compare(before.first(), None));
                }
                level.mark(element, Fate::Added);
            }
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::ENDPOINTS;
    use serde_json::json;

    fn diff(old: Value, new: Value) -> [Value; 3] {
        let out = compare(&old, &new, &ENDPOINTS);
        [
            out.added.encode(),
            out.modified.encode(),
            out.removed.encode(),
        ]
    }

    #[test]
    fn a_new_map_is_added_with_its_members() {
        let added = json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}});
        assert_eq!(
            diff(
                json!({"metadata": {}}),
                json!({"metadata": {"labels": {"a": "1"}}})
            ),
            [added, json!({}), json!({})]
        );
    }

    #[test]
    fn atomic_fields_change_as_one() {
        let owner = |name: &str| {
            let reference = json!({"uid": "u", "name": name});
            json!({"metadata": {"ownerReferences": [reference]}, "subsets": [{"ports": name}]})
        };
        let modified = json!({"f:metadata": {"f:ownerReferences": {"k:{\"uid\":\"u\"}": {}}}, "f:subsets": {}});
        assert_eq!(
            diff(owner("a"), owner("b")),
            [json!({}), modified, json!({})]
        );
    }

    #[test]
    fn the_order_of_a_set_is_not_a_difference() {
        let finalizers = |list: [&str; 2]| json!({"metadata": {"finalizers": list}});
        assert_eq!(
            diff(finalizers(["a", "b"]), finalizers(["b", "a"])),
            [json!({}), json!({}), json!({})]
        );
    }

    #[test]
    fn repeats_in_a_set_count_as_one_item() {
        let twice = json!({"metadata": {"finalizers": ["a", "a"]}});
        let once = json!({"metadata": {"finalizers": ["a"]}});
        let a = json!({"f:metadata": {"f:finalizers": {"v:\"a\"": {}}}});
        assert_eq!(
            diff(twice.clone(), once.clone()),
            [a.clone(), json!({}), a.clone()]
        );
        assert_eq!(diff(once, twice.clone()), [a.clone(), json!({}), a]);
        assert_eq!(
            diff(twice.clone(), twice),
            [json!({}), json!({}), json!({})]
        );
    }
}
