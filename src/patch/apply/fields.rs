//! Which fields a value has.

use serde_json::{Map, Value};

use super::path::Element;
use super::set::Set;
use super::typed::{ByElement, is_declared, is_granular, member, with_elements};
use crate::kinds::{List, StructRef, Type};

/// The fields a value has, as one who applies it owns them.
pub(crate) fn field_set(value: &Value, schema: &StructRef) -> Set {
    let mut set = Set::default();
    collect(
        value,
        &Type::Struct(schema.clone()),
        &mut Vec::new(),
        &mut set,
    );
    set
}

fn collect(value: &Value, ty: &Type, path: &mut Vec<Element>, set: &mut Set) {
    match (ty, value) {
        (ty, value) if !is_granular(ty, &[Some(value)]) => set.insert(path),
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
                if blank || !is_declared(ty, name) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        _ => {}
    }
}

fn collect_items(items: &[Value], list: &List, path: &mut Vec<Element>, set: &mut Set) {
    for (element, values) in ByElement::new(with_elements(items, list)).iter() {
        path.push(element.clone());
        if let [(_, value)] = values {
            collect(value, &list.item, path, set);
        }
        set.insert(path);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::{ENDPOINTS, NAMESPACE};
    use serde_json::json;

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
