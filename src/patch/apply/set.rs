//! A set of fields: a tree of path elements, as `fieldsV1` stores it.

use serde_json::{Map, Value};

use super::path::{Element, Parsed};
use super::typed;
use crate::kinds::Type;

/// A set of field paths. A child is there only to hold members further down: it is not a member for that.
///
/// Both lists are sorted and name an element once. Most have a handful of elements, and every write goes through several
/// sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Set {
    members: Vec<Element>,
    children: Vec<(Element, Set)>,
}

impl Set {
    /// From parts in any order. Of several children of one element the last counts.
    pub(crate) fn of_parts(mut members: Vec<Element>, mut children: Vec<(Element, Set)>) -> Set {
        if !members.is_sorted_by(|a, b| a < b) {
            members.sort_unstable();
            members.dedup();
        }
        if !children.is_sorted_by(|(a, _), (b, _)| a < b) {
            children.reverse();
            children.sort_by(|(a, _), (b, _)| a.cmp(b));
            children.dedup_by(|(a, _), (b, _)| a == b);
        }
        Set { members, children }
    }

    /// Adds one path, not its parents. Nobody owns the whole object: the empty path is no field.
    pub(crate) fn insert(&mut self, path: &[Element]) {
        match path {
            [] => {}
            [last] => self.add(last),
            [first, rest @ ..] => match self.child(first) {
                Ok(at) => self.children[at].1.insert(rest),
                Err(at) => {
                    let mut set = Set::default();
                    set.insert(rest);
                    self.children.insert(at, (first.clone(), set));
                }
            },
        }
    }

    /// Adds a member.
    fn add(&mut self, element: &Element) {
        if let Err(at) = self.members.binary_search(element) {
            self.members.insert(at, element.clone());
        }
    }

    /// Where a child is, or where it would be.
    fn child(&self, element: &Element) -> Result<usize, usize> {
        self.children.binary_search_by(|(e, _)| e.cmp(element))
    }

    /// A set of plain field paths.
    pub(crate) fn of_fields<S: AsRef<str>, P: AsRef<[S]>>(paths: &[P]) -> Set {
        let mut set = Set::default();
        for path in paths {
            set.insert(
                &path
                    .as_ref()
                    .iter()
                    .map(|name| Element::field(name.as_ref()))
                    .collect::<Vec<_>>(),
            );
        }
        set
    }

    pub(crate) fn has(&self, element: &Element) -> bool {
        self.members.binary_search(element).is_ok()
    }

    /// Whether a path is a member.
    pub(crate) fn contains(&self, path: &[Element]) -> bool {
        match path {
            [] => false,
            [last] => self.has(last),
            [first, rest @ ..] => self.below(first).is_some_and(|set| set.contains(rest)),
        }
    }

    /// What lies below an element.
    pub(crate) fn below(&self, element: &Element) -> Option<&Set> {
        let at = self.child(element).ok()?;
        Some(&self.children[at].1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.iter().all(|(_, set)| set.is_empty())
    }

    /// Whether all its paths are in the other set too.
    pub(crate) fn is_within(&self, other: &Set) -> bool {
        let below = |(element, set): &(Element, Set)| {
            set.is_empty() || other.below(element).is_some_and(|o| set.is_within(o))
        };
        self.members.iter().all(|member| other.has(member)) && self.children.iter().all(below)
    }

    /// Whether none of its paths is in the other set.
    pub(crate) fn is_apart_from(&self, other: &Set) -> bool {
        let below = |(element, set): &(Element, Set)| {
            other.below(element).is_none_or(|o| set.is_apart_from(o))
        };
        !self.members.iter().any(|member| other.has(member)) && self.children.iter().all(below)
    }

    pub(crate) fn union(&self, other: &Set) -> Set {
        let mut out = self.clone();
        out.extend(other);
        out
    }

    /// Adds the paths of another set.
    pub(crate) fn extend(&mut self, other: &Set) {
        let missing = other.members.iter().filter(|member| !self.has(member));
        let missing: Vec<Element> = missing.cloned().collect();
        merge_sorted(&mut self.members, missing, |element| element);
        let mut missing = Vec::new();
        for (element, theirs) in &other.children {
            match self.child(element) {
                Ok(at) => self.children[at].1.extend(theirs),
                Err(_) => missing.push((element.clone(), theirs.clone())),
            }
        }
        merge_sorted(&mut self.children, missing, |(element, _)| element);
    }

    /// The paths of all these sets. Halves are put together before the whole: to add one after the other would go through
    /// the sum again with each.
    pub(crate) fn union_of(mut sets: Vec<Set>) -> Set {
        while sets.len() > 1 {
            let mut rest = sets.into_iter();
            let mut pairs = Vec::with_capacity(rest.len().div_ceil(2));
            while let Some(mut set) = rest.next() {
                if let Some(other) = rest.next() {
                    set.extend(&other);
                }
                pairs.push(set);
            }
            sets = pairs;
        }
        sets.pop().unwrap_or_default()
    }

    pub(crate) fn intersection(&self, other: &Set) -> Set {
        let both = self.members.iter().filter(|member| other.has(member));
        let members = both.cloned().collect();
        let children = self
            .children
            .iter()
            .filter_map(|(element, set)| {
                Some((element.clone(), set.intersection(other.below(element)?)))
            })
            .collect();
        Set { members, children }.without_empty()
    }

    /// The paths that are not in `other`. A path below one in `other` stays.
    pub(crate) fn difference(&self, other: &Set) -> Set {
        let mut out = self.clone();
        out.subtract(other);
        out
    }

    /// Leaves the [`difference`](Self::difference).
    pub(crate) fn subtract(&mut self, other: &Set) {
        if !other.members.is_empty() {
            self.members.retain(|member| !other.has(member));
        }
        self.children.retain_mut(|(element, set)| {
            if let Some(theirs) = other.below(element) {
                set.subtract(theirs);
            }
            !set.is_empty()
        });
    }

    /// The paths that are neither in `other` nor below one in it.
    pub(crate) fn recursive_difference(&self, other: &Set) -> Set {
        let others = self.members.iter().filter(|member| !other.has(member));
        let members = others.cloned().collect();
        let children = self
            .children
            .iter()
            .filter(|(element, _)| !other.has(element))
            .map(|(element, set)| {
                (
                    element.clone(),
                    other
                        .below(element)
                        .map_or_else(|| set.clone(), |o| set.recursive_difference(o)),
                )
            })
            .collect();
        Set { members, children }.without_empty()
    }

    /// With the named fields of structs added that have members below them: owning `metadata.labels.a` is being in
    /// `metadata` and in `metadata.labels`, though not owning either.
    pub(crate) fn with_named_fields(&self, ty: &Type) -> Set {
        let mut out = self.clone();
        for (element, set) in &self.children {
            let child = typed::child_type(ty, element);
            if matches!(element, Element::Field(name) if typed::is_declared(ty, name)) {
                out.add(element);
            }
            if let (Some(child), Ok(at)) = (child, out.child(element)) {
                out.children[at].1 = set.with_named_fields(child);
            }
        }
        out
    }

    /// Brings a set in line with the schema, as the real server does before every use: what lies below an atomic field
    /// becomes that field. Fields that the schema does not have stay.
    pub(crate) fn reconcile(&mut self, ty: &Type) {
        let mut whole = Vec::new();
        self.children.retain_mut(|(element, set)| {
            if set.is_empty() {
                return true;
            }
            match typed::child_type(ty, element) {
                Some(Type::Untyped) => {}
                Some(child) if typed::is_granular(child, &[]) => set.reconcile(child),
                Some(_) => {
                    whole.push(element.clone());
                    return false;
                }
                None => {}
            }
            true
        });
        whole.retain(|element| !self.has(element));
        merge_sorted(&mut self.members, whole, |element| element);
    }

    /// Every path, members of a level before its children.
    pub(crate) fn paths(&self) -> Vec<Vec<Element>> {
        let mut out = Vec::new();
        self.collect_paths(&mut Vec::new(), &mut out);
        out
    }

    fn collect_paths(&self, prefix: &mut Vec<Element>, out: &mut Vec<Vec<Element>>) {
        for element in &self.members {
            prefix.push(element.clone());
            out.push(prefix.clone());
            prefix.pop();
        }
        for (element, set) in &self.children {
            prefix.push(element.clone());
            set.collect_paths(prefix, out);
            prefix.pop();
        }
    }

    fn without_empty(mut self) -> Set {
        self.children.retain(|(_, set)| !set.is_empty());
        self
    }

    /// The stored form. A member with others below it is marked by a `.` beside them.
    pub(crate) fn encode(&self) -> Value {
        let mut out = Map::new();
        for element in &self.members {
            out.insert(element.encode(), Value::Object(Map::new()));
        }
        for (element, set) in self.children.iter().filter(|(_, set)| !set.is_empty()) {
            let mut value = set.encode();
            if let (true, Some(map)) = (self.has(element), value.as_object_mut()) {
                map.insert(".".to_owned(), Value::Object(Map::new()));
            }
            out.insert(element.encode(), value);
        }
        Value::Object(out)
    }

    /// Reads the stored form; nothing if it is not well formed.
    pub(crate) fn decode(value: &Value) -> Option<Set> {
        let stored = match value {
            Value::Null => return Some(Set::default()),
            value => value.as_object()?,
        };
        let (mut members, mut children) = (Vec::new(), Vec::new());
        for (key, value) in stored.iter().filter(|(key, _)| *key != ".") {
            let element = match Element::parse(key) {
                Parsed::Element(element) => element,
                Parsed::Unknown => continue,
                Parsed::Invalid => return None,
            };
            let below = Set::decode(value)?;
            match (below.is_empty(), value.get(".").is_some()) {
                (true, _) => members.push(element),
                (false, true) => {
                    members.push(element.clone());
                    children.push((element, below));
                }
                (false, false) => children.push((element, below)),
            }
        }
        Some(Set::of_parts(members, children))
    }
}

/// Puts what is sorted into what is sorted; they have no element in common.
fn merge_sorted<T>(into: &mut Vec<T>, other: Vec<T>, element: impl Fn(&T) -> &Element) {
    if other.is_empty() {
        return;
    }
    let mut merged = Vec::with_capacity(into.len() + other.len());
    let mut other = other.into_iter().peekable();
    for item in into.drain(..) {
        while let Some(before) = other.next_if(|o| element(o) < element(&item)) {
            merged.push(before);
        }
        merged.push(item);
    }
    merged.extend(other);
    *into = merged;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::ENDPOINTS;
    use serde_json::json;

    fn set(value: Value) -> Set {
        Set::decode(&value).unwrap()
    }

    #[test]
    fn a_stored_set_reads_back_as_it_was() {
        let stored = json!({
            "f:metadata": {
                "f:labels": {".": {}, "f:a": {}},
                "f:finalizers": {"v:\"x.io/y\"": {}},
                "f:ownerReferences": {"k:{\"uid\":\"u1\"}": {}}
            },
            "f:subsets": {}
        });
        assert_eq!(set(stored.clone()).encode(), stored);
    }

    #[test]
    fn elements_of_an_unknown_kind_are_skipped_and_broken_ones_are_refused() {
        assert_eq!(
            set(json!({"f:a": {"x:b": {}}})).encode(),
            json!({"f:a": {}})
        );
        assert_eq!(Set::decode(&json!({"a": {}})), None);
        assert_eq!(Set::decode(&json!({"f:a": 1})), None);
        assert_eq!(Set::decode(&json!([])), None);
    }

    #[test]
    fn a_difference_keeps_what_lies_below_and_a_recursive_one_does_not() {
        let all = set(json!({"f:a": {".": {}, "f:b": {}}, "f:c": {}}));
        let a = set(json!({"f:a": {}}));
        assert_eq!(
            all.difference(&a),
            set(json!({"f:a": {"f:b": {}}, "f:c": {}}))
        );
        assert_eq!(all.recursive_difference(&a), set(json!({"f:c": {}})));
    }

    #[test]
    fn union_and_intersection_go_path_by_path() {
        let a = set(json!({"f:a": {"f:x": {}, "f:y": {}}, "f:b": {}}));
        let b = set(json!({"f:a": {".": {}, "f:y": {}}}));
        assert_eq!(
            a.union(&b),
            set(json!({"f:a": {".": {}, "f:x": {}, "f:y": {}}, "f:b": {}}))
        );
        assert_eq!(a.intersection(&b), set(json!({"f:a": {"f:y": {}}})));
    }

    #[test]
    fn sets_are_within_or_apart_from_one_another_path_by_path() {
        let all = set(json!({"f:a": {".": {}, "f:x": {}, "f:y": {}}, "f:b": {}}));
        for (part, within, apart) in [
            (json!({}), true, true),
            (json!({"f:a": {"f:x": {}}}), true, false),
            (json!({"f:a": {"f:z": {}}}), false, true),
            (json!({"f:a": {}, "f:c": {}}), false, false),
            (json!({"f:b": {"f:x": {}}}), false, true),
        ] {
            let found = set(part.clone());
            assert_eq!(found.is_within(&all), within, "{part}");
            assert_eq!(found.is_apart_from(&all), apart, "{part}");
        }
    }

    #[test]
    fn named_fields_on_the_way_are_added_and_map_keys_are_not() {
        let root = Type::Struct(ENDPOINTS.clone());
        let owned = set(json!({"f:metadata": {"f:labels": {"f:a": {}}}}));
        let expected = set(json!({"f:metadata": {".": {}, "f:labels": {".": {}, "f:a": {}}}}));
        assert_eq!(owned.with_named_fields(&root), expected);
    }

    #[test]
    fn what_lies_below_an_atomic_field_becomes_that_field() {
        let mut odd = set(json!({"f:nope": {"f:x": {}}, "f:subsets": {"i:0": {"f:ports": {}}}}));
        odd.reconcile(&Type::Struct(ENDPOINTS.clone()));
        assert_eq!(odd, set(json!({"f:nope": {"f:x": {}}, "f:subsets": {}})));
    }
}
