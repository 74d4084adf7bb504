//! Walking values by their schema: members, items and their path elements.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::{Element, Scalar};
use crate::codec::quote::quote;
use crate::kinds::{List, ListKind, Type};

/// The type one step down, if the schema knows it.
pub(crate) fn child_type<'a>(ty: &'a Type, element: &Element) -> Option<&'a Type> {
    match (ty, element) {
        (Type::Struct(s), Element::Field(name)) => {
            let declared = s.field(name).map(|field| &field.ty);
            declared.or(s.rest.as_ref())
        }
        (Type::Untyped, Element::Field(_)) => Some(ty),
        (Type::Map(inner) | Type::AtomicMap(inner), _) => Some(inner),
        (Type::List(list), _) => Some(&list.item),
        _ => None,
    }
}

/// A member of an object of this type, if the schema knows it: its element and its type.
pub(crate) fn member<'a>(ty: &'a Type, name: &str) -> Option<(Element, &'a Type)> {
    match ty {
        Type::Struct(s) => {
            let Some(field) = s.field(name) else {
                return Some((Element::field(name), s.rest.as_ref()?));
            };
            Some((Element::Field(field.name.clone()), &field.ty))
        }
        Type::Untyped => Some((Element::field(name), ty)),
        Type::Map(inner) | Type::AtomicMap(inner) => Some((Element::field(name), inner)),
        _ => None,
    }
}

/// Whether a member of this name is a field that the schema names.
pub(crate) fn is_declared(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Struct(s) if s.field(name).is_some())
}

/// Whether parts of these values of this type are owned one by one.
pub(crate) fn is_granular(ty: &Type, values: &[Option<&Value>]) -> bool {
    match ty {
        Type::Untyped => {
            let mut there = values.iter().flatten().filter(|v| !v.is_null()).peekable();
            there.peek().is_some() && there.all(|v| v.is_object())
        }
        Type::Map(_) => true,
        Type::Struct(s) => !s.atomic,
        Type::List(list) => list.kind != ListKind::Atomic,
        _ => false,
    }
}

/// The path element of an item of a set or of a keyed list.
pub(crate) fn item_element(list: &List, item: &Value) -> Result<Element, String> {
    match &list.kind {
        ListKind::Map(keys) => {
            let map = match item {
                Value::Null => {
                    return Err("associative list with keys may not have a null element".to_owned());
                }
                item => item
                    .as_object()
                    .ok_or("associative list with keys may not have non-map elements")?,
            };
            // A key that is neither given nor has a default is no part of the element.
            let fields = keys.iter().filter_map(|key| key_field(list, map, key));
            let mut fields: Vec<_> = fields.collect();
            if fields.is_empty() {
                let keys: Vec<String> = keys.iter().map(|key| quote(key)).collect();
                return Err(format!(
                    "associative list with keys has an element that omits all key fields [{}] (and doesn't have default \
                     values for any key fields)",
                    keys.join(" ")
                ));
            }
            fields.sort_unstable();
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

/// One key of a list item. A key that is left out has the default the OpenAPI document gives it: its own, or of a Go
/// struct the zero value.
fn key_field(list: &List, item: &Map<String, Value>, key: &str) -> Option<(String, Scalar)> {
    let missing = || match &list.item {
        Type::Struct(s) => s.field(key).and_then(|field| match field.ty {
            _ if field.default.is_some() => field.default.as_deref().cloned(),
            _ if s.unstructured => None,
            Type::String | Type::Named(_) => Some(Value::from("")),
            Type::Int32 | Type::Int64 => Some(Value::from(0)),
            _ => None,
        }),
        _ => None,
    };
    let value = item.get(key).cloned().or_else(missing)?;
    Some((key.to_owned(), Scalar(value)))
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

/// The items of a list that have one, with their elements.
pub(crate) fn with_elements<'a>(items: &'a [Value], list: &List) -> Vec<(Element, &'a Value)> {
    let with_element = |item: &'a Value| Some((item_element(list, item).ok()?, item));
    items.iter().filter_map(with_element).collect()
}

/// The items of a list, to be found by their elements.
pub(crate) struct ByElement<'a>(Vec<(Element, &'a Value)>);

impl<'a> ByElement<'a> {
    pub(crate) fn new(mut items: Vec<(Element, &'a Value)>) -> Self {
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        ByElement(items)
    }

    /// The items of this element, of which there should be at most one.
    pub(crate) fn get(&self, element: &Element) -> &[(Element, &'a Value)] {
        let start = self.0.partition_point(|(e, _)| e < element);
        let found = &self.0[start..];
        &found[..found.iter().take_while(|(e, _)| e == element).count()]
    }

    /// Every element with its items.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Element, &[(Element, &'a Value)])> {
        let groups = self.0.chunk_by(|(a, _), (b, _)| a == b);
        groups.map(|items| (&items[0].0, items))
    }
}
