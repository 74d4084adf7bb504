//! Walking values by their schema: which fields a value has, and how two values differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::path::{Element, Scalar};
use super::set::Set;
use crate::schema::{List, ListKind, Struct, Type};

/// The type one step down, if the schema knows it.
pub(crate) fn child_type(ty: &Type, element: &Element) -> Option<&'static Type> {
    match (ty, element) {
        (Type::Struct(s), Element::Field(name)) => s.field(name).map(|field| &field.ty),
        (Type::Map(inner) | Type::AtomicMap(inner), _) => Some(inner),
        (Type::List(list), _) => Some(&list.item),
        _ => None,
    }
}

/// A member of an object of this type, if the schema knows it: its element and its type.
pub(crate) fn member(ty: &Type, name: &str) -> Option<(Element, &'static Type)> {
    match ty {
        Type::Struct(s) => {
            let field = s.field(name)?;
            Some((Element::Field(field.name.into()), &field.ty))
        }
        Type::Map(inner) | Type::AtomicMap(inner) => Some((Element::field(name), inner)),
        _ => None,
    }
}

/// Whether parts of a value of this type are owned one by one.
pub(crate) fn is_granular(ty: &Type) -> bool {
    match ty {
        Type::Map(_) => true,
        Type::Struct(s) => !s.atomic,
        Type::List(list) => list.kind != ListKind::Atomic,
        _ => false,
    }
}

/// The path element of an item of a set or of a keyed list.
pub(crate) fn item_element(list: &List, item: &Value) -> Result<Element, String> {
    match list.kind {
        ListKind::Map(keys) => {
            let map = match item {
                Value::Null => {
                    return Err("associative list with keys may not have a null element".to_owned());
                }
                item => item
                    .as_object()
                    .ok_or("associative list with keys may not have non-map elements")?,
            };
            let mut fields = keys
                .iter()
                .map(|key| key_field(list, map, key))
                .collect::<Result<Vec<_>, _>>()?;
            fields.sort();
            Ok(Element::Key(fields))
        }
        _ => match item {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::Array(_) => {
                Err("not supported: associative list with lists as elements".to_owned())
            }
            Value::Null => Err(
                "associative list without keys has an element that's an explicit null".to_owned(),
            ),
            scalar => Ok(Element::Value(Scalar(scalar.clone()))),
        },
    }
}

/// One key of a list item. A key that is left out has the default the OpenAPI document gives it: its own or the zero value.
fn key_field(
    list: &List,
    item: &Map<String, Value>,
    key: &str,
) -> Result<(String, Scalar), String> {
    let missing = || match &list.item {
        Type::Struct(s) => s.field(key).and_then(|field| match field.ty {
            _ if field.default.is_some() => field.default.map(Value::from),
            Type::String | Type::Named(_) => Some(Value::from("")),
            Type::Int32 | Type::Int64 => Some(Value::from(0)),
            _ => None,
        }),
        _ => None,
    };
    match item.get(key).cloned().or_else(missing) {
        Some(value) => Ok((key.to_owned(), Scalar(value))),
        None => Err(format!(
            "associative list with keys has an element that omits key field \"{key}\" (and doesn't have default value)"
        )),
    }
}

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
pub(crate) fn compare(old: &Value, new: &Value, schema: &'static Struct) -> Comparison {
    compare_values(Some(old), Some(new), &Type::Struct(schema), "").below
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
    if !is_granular(ty) || (is_blank(old) && is_blank(new)) {
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
fn compare_items(old: &[Value], new: &[Value], list: &'static List) -> Level {
    let (old, new) = (by_element(old, list), by_element(new, list));
    let elements: BTreeSet<&Element> = old.keys().chain(new.keys()).collect();
    let compare = |before: Option<&&Value>, after: Option<&&Value>| {
        compare_values(before.copied(), after.copied(), &list.item, ".")
    };
    let mut level = Level::default();
    for element in elements {
        let before = old.get(element).map_or(&[][..], Vec::as_slice);
        let after = new.get(element).map_or(&[][..], Vec::as_slice);
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

/// Absent, null or empty: upstream compares and merges two such values as leaves, to keep the difference between them.
pub(crate) fn is_blank(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        _ => true,
    }
}

/// The names in either map, sorted.
pub(crate) fn names<'a>(
    a: Option<&'a Map<String, Value>>,
    b: Option<&'a Map<String, Value>>,
) -> BTreeSet<&'a str> {
    a.into_iter()
        .chain(b)
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect()
}

/// The items of a list; none if it is no list.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn by_element<'a>(items: &'a [Value], list: &List) -> BTreeMap<Element, Vec<&'a Value>> {
    let mut out: BTreeMap<Element, Vec<&Value>> = BTreeMap::new();
    for item in items {
        if let Ok(element) = item_element(list, item) {
            out.entry(element).or_default().push(item);
        }
    }
    out
}

/// The fields a value has, as one who applies it owns them.
pub(crate) fn field_set(value: &Value, schema: &'static Struct) -> Set {
    let mut set = Set::default();
    collect(value, &Type::Struct(schema), &mut Vec::new(), &mut set);
    set
}

fn collect(value: &Value, ty: &Type, path: &mut Vec<Element>, set: &mut Set) {
    match (ty, value) {
        (ty, _) if !is_granular(ty) => set.insert(path),
        (Type::List(list), Value::Array(items)) => collect_items(items, list, path, set),
        (ty, Value::Object(map)) => {
            for (name, value) in map {
                let Some((element, child)) = member(ty, name) else {
                    continue;
                };
                path.push(element);
                collect(value, child, path, set);
                // An empty list is not owned, unlike an empty map: so it is upstream.
                let blank = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                if blank || matches!(ty, Type::Map(_)) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        _ => {}
    }
}

fn collect_items(items: &[Value], list: &'static List, path: &mut Vec<Element>, set: &mut Set) {
    for (element, values) in by_element(items, list) {
        path.push(element);
        if let [value] = values.as_slice() {
            collect(value, &list.item, path, set);
        }
        set.insert(path);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::core::{ENDPOINTS, NAMESPACE};
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

    #[test]
    fn items_of_a_keyed_list_are_fields_of_their_own() {
        let value = json!({"status": {"conditions": [{"type": "A", "status": "True"}]}});
        let expected = json!({"f:status": {"f:conditions": {
            "k:{\"type\":\"A\"}": {".": {}, "f:type": {}, "f:status": {}}
        }}});
        assert_eq!(field_set(&value, &NAMESPACE).encode(), expected);
    }

    #[test]
    fn null_and_empty_maps_are_fields_and_empty_keyed_lists_are_not() {
        let value = json!({"metadata": {"labels": null, "annotations": {}, "finalizers": []}, "subsets": []});
        let expected =
            json!({"f:metadata": {"f:labels": {}, "f:annotations": {}}, "f:subsets": {}});
        assert_eq!(field_set(&value, &ENDPOINTS).encode(), expected);
    }

    #[test]
    fn a_list_key_that_is_left_out_counts_as_empty() {
        let value = json!({"metadata": {"ownerReferences": [{"name": "a"}]}});
        let expected = json!({"f:metadata": {"f:ownerReferences": {"k:{\"uid\":\"\"}": {}}}});
        assert_eq!(field_set(&value, &ENDPOINTS).encode(), expected);
    }
}
