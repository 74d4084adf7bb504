//! Merging an applied configuration into the live object, and taking fields out again.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::field_set;
use super::path::Element;
use super::set::Set;
use super::typed::{
    ByElement, child_type, is_blank, is_granular, items, member, names, with_elements,
};
use crate::codec::json;
use crate::kinds::{List, StructRef, Type};

static NULL: Value = Value::Null;

/// The live object with the configuration on top.
pub(crate) fn merge(live: &Value, config: &Value, schema: &StructRef) -> Value {
    merge_value(Some(live), Some(config), &Type::Struct(schema.clone())).unwrap_or_default()
}

fn merge_value(left: Option<&Value>, right: Option<&Value>, ty: &Type) -> Option<Value> {
    if !is_granular(ty, &[left, right]) || (is_blank(left) && is_blank(right)) {
        return right.or(left).cloned();
    }
    if let Type::List(list) = ty {
        return Some(Value::Array(
            ListMerge::new(items(left), items(right), list).run(),
        ));
    }
    let (left, right) = (
        left.and_then(Value::as_object),
        right.and_then(Value::as_object),
    );
    let merged = |name: &str| {
        let (_, child) = member(ty, name)?;
        merge_value(
            left.and_then(|m| m.get(name)),
            right.and_then(|m| m.get(name)),
            child,
        )
    };
    let members = names(left, right)
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), merged(name)?)));
    Some(json::object(members).into())
}

/// The merge of two sets or keyed lists. Items in both come in the order of the right list; items of the left list only
/// keep their place among them.
struct ListMerge<'a> {
    list: &'a List,
    left: Vec<(Element, &'a Value)>,
    right: Vec<(Element, &'a Value)>,
    by_element: ByElement<'a>,
    in_right: BTreeSet<Element>,
    merged: BTreeSet<Element>,
    /// The items in both, in the order of the right list, and how many of them are through.
    shared: Vec<Element>,
    through: usize,
    out: Vec<Value>,
}

impl<'a> ListMerge<'a> {
    fn new(left: &'a [Value], right: &'a [Value], list: &'a List) -> Self {
        let (left, right) = (with_elements(left, list), with_elements(right, list));
        let by_element = ByElement::new(left.clone());
        let in_right = right.iter().map(|(element, _)| element.clone()).collect();
        let shared = right
            .iter()
            .map(|(element, _)| element)
            .filter(|e| !by_element.get(e).is_empty())
            .cloned()
            .collect();
        ListMerge {
            list,
            left,
            right,
            by_element,
            in_right,
            merged: BTreeSet::new(),
            shared,
            through: 0,
            out: Vec::new(),
        }
    }

    /// Step by step what upstream's `visitListItems` does, so that odd orders come out the same.
    fn run(mut self) -> Vec<Value> {
        let (mut l, mut r) = (0, 0);
        while l < self.left.len() || r < self.right.len() {
            if let (Some((a, _)), Some((b, _))) = (self.left.get(l), self.right.get(r)) {
                if a == b {
                    self.take_right(r);
                    self.through += 1;
                    (l, r) = (l + 1, r + 1);
                    continue;
                }
                if self.in_right.contains(a) && self.next_shared().is_some_and(|next| next != a) {
                    l += 1;
                    continue;
                }
            }
            if let Some((a, value)) = self.left.get(l) {
                if !self.in_right.contains(a) {
                    self.out.push((*value).clone());
                    l += 1;
                    continue;
                }
                if self.merged.contains(a) {
                    l += 1;
                }
            }
            if r < self.right.len() {
                if self.next_shared() == Some(&self.right[r].0) {
                    self.through += 1;
                }
                self.take_right(r);
                r += 1;
            }
        }
        self.out
    }

    fn next_shared(&self) -> Option<&Element> {
        self.shared.get(self.through)
    }

    fn take_right(&mut self, index: usize) {
        let (element, value) = &self.right[index];
        // With nothing where the element is repeated.
        let partner = match self.by_element.get(element) {
            [] => None,
            [(_, only)] => Some(*only),
            _ => Some(&NULL),
        };
        self.out
            .extend(merge_value(partner, Some(value), &self.list.item));
        self.merged.insert(element.clone());
    }
}

/// Takes the fields out that a manager applied before (`last`) and that no one claims now (`claimed`, this manager's
/// new fields included).
///
/// Upstream does it in three steps, and so does this: remove all of `last`, put back what is claimed, put back what was
/// never in `last` and only went because its container did.
pub(crate) fn prune(merged: Value, last: &Set, claimed: &Set, schema: &StructRef) -> Value {
    if last.is_empty() {
        return merged;
    }
    let ty = Type::Struct(schema.clone());
    let fields_of = |value: &Value| field_set(value, schema).with_named_fields(&ty);
    let (last, claimed, all) = (
        last.with_named_fields(&ty),
        claimed.with_named_fields(&ty),
        fields_of(&merged),
    );
    let bare = fields_of(&remove(&merged, &last, &ty));
    let owned = fields_of(&remove(
        &merged,
        &all.difference(&bare.union(&claimed)),
        &ty,
    ));
    remove(&merged, &all.difference(&owned).intersection(&last), &ty)
}

/// A value without some fields. A container that loses everything becomes null.
fn remove(value: &Value, fields: &Set, ty: &Type) -> Value {
    if is_blank(Some(value)) {
        return if value.is_array() || value.is_object() {
            Value::Null
        } else {
            value.clone()
        };
    }
    if !is_granular(ty, &[Some(value)]) {
        return Value::Null;
    }
    match (ty, value) {
        (Type::List(list), Value::Array(items)) => {
            let left = with_elements(items, list);
            let left = left.into_iter().filter(|(element, _)| !fields.has(element));
            let left: Vec<Value> = left
                .map(|(element, item)| remove_below(item, fields, &element, ty))
                .collect();
            if left.is_empty() {
                Value::Null
            } else {
                Value::Array(left)
            }
        }
        (ty, Value::Object(map)) => {
            let left = map
                .iter()
                .map(|(name, value)| (name, Element::field(name), value));
            let left = left.filter(|(_, element, _)| !fields.has(element));
            let left = json::object(left.map(|(name, element, value)| {
                (name.clone(), remove_below(value, fields, &element, ty))
            }));
            if left.is_empty() {
                Value::Null
            } else {
                Value::Object(left)
            }
        }
        _ => value.clone(),
    }
}

fn remove_below(value: &Value, fields: &Set, element: &Element, ty: &Type) -> Value {
    match (
        fields.below(element).filter(|set| !set.is_empty()),
        child_type(ty, element),
    ) {
        (Some(set), Some(child)) if matches!(value, Value::Array(_) | Value::Object(_)) => {
            remove(value, set, child)
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::{ENDPOINTS, NAMESPACE};
    use serde_json::json;

    fn finalizers(live: &[&str], config: &[&str]) -> Value {
        let object = |list: &[&str]| json!({"metadata": {"finalizers": list}});
        merge(&object(live), &object(config), &ENDPOINTS)["metadata"]["finalizers"].take()
    }

    fn set(value: Value) -> Set {
        Set::decode(&value).unwrap()
    }

    #[test]
    fn applied_items_keep_their_order_and_the_others_their_place() {
        assert_eq!(
            finalizers(&["a", "b", "c"], &["b", "a"]),
            json!(["b", "c", "a"])
        );
    }

    #[test]
    fn new_items_go_after_those_that_are_there() {
        assert_eq!(finalizers(&["a"], &["b"]), json!(["a", "b"]));
        assert_eq!(finalizers(&["a", "c"], &["b", "c"]), json!(["a", "b", "c"]));
    }

    #[test]
    fn repeats_in_the_live_list_stay_unless_they_are_applied() {
        assert_eq!(
            finalizers(&["a", "a", "b"], &["c"]),
            json!(["a", "a", "b", "c"])
        );
        assert_eq!(finalizers(&["a", "a", "b"], &["a"]), json!(["a", "b"]));
    }

    #[test]
    fn items_of_a_keyed_list_are_merged_field_by_field() {
        let object = |conditions| json!({"status": {"conditions": conditions}});
        let live = object(json!([{"type": "A", "status": "True", "reason": "R"}, {"type": "B"}]));
        let config = object(json!([{"type": "A", "status": "False"}]));
        let expected =
            object(json!([{"type": "A", "status": "False", "reason": "R"}, {"type": "B"}]));
        assert_eq!(merge(&live, &config, &NAMESPACE), expected);
    }

    #[test]
    fn null_replaces_a_value_and_leaves_the_members_of_a_map() {
        let live = json!({"metadata": {"labels": {"a": "1"}, "annotations": {"b": "2"}}});
        let config = json!({"metadata": {"labels": null, "annotations": {"b": null}}});
        let expected = json!({"metadata": {"labels": {"a": "1"}, "annotations": {"b": null}}});
        assert_eq!(merge(&live, &config, &ENDPOINTS), expected);
    }

    #[test]
    fn what_is_claimed_and_what_was_never_applied_stays() {
        let merged = json!({"metadata": {"name": "n", "labels": {"a": "1", "b": "2", "c": "3"}}});
        let last = set(json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}}));
        let claimed = set(json!({"f:metadata": {"f:name": {}, "f:labels": {"f:b": {}}}}));
        let expected = json!({"metadata": {"name": "n", "labels": {"b": "2", "c": "3"}}});
        assert_eq!(prune(merged, &last, &claimed, &ENDPOINTS), expected);
    }

    #[test]
    fn a_container_goes_with_the_last_thing_in_it() {
        let merged = json!({"metadata": {"name": "n", "labels": {"a": "1"}}});
        let last = set(json!({"f:metadata": {"f:labels": {"f:a": {}}}}));
        let claimed = set(json!({"f:metadata": {"f:name": {}}}));
        assert_eq!(
            prune(merged, &last, &claimed, &ENDPOINTS),
            json!({"metadata": {"name": "n"}})
        );
    }
}
