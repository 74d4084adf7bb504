//! What holds of the objects of every kind: nothing is lost, and what is done twice is done once.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{decode, defaults, keep, protobuf, prune, to_json};
use crate::codec::json::{self, Node};
use crate::kinds::samples::objects::{check_every_kind, filled, sent};
use crate::kinds::{Struct, Type};

fn read(bytes: &[u8], schema: &Struct) -> Value {
    let decoded = decode(json::parse(bytes).unwrap(), schema).unwrap();
    assert_eq!(decoded.strict, [""; 0]);
    decoded.value
}

/// Whether two values differ in members at most that one of them has and in which there is nothing.
fn is_same_but_for_zeros(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys());
            names
                .into_iter()
                .all(|name| match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => is_same_but_for_zeros(one, other),
                    (alone, None) | (None, alone) => alone.is_none_or(is_zero),
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| is_same_but_for_zeros(one, other))
        }
        // A whole float loses its point.
        (one, other) if one.is_f64() => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_zero),
        Value::Null => true,
        scalar => [json!(0), json!(""), json!("0"), json!(false)].contains(scalar),
    }
}

#[test]
fn what_is_decoded_is_encoded_to_itself() {
    check_every_kind(2, |kind, [choices]| {
        let object = Node::from_value(&sent(kind, choices));
        let value = decode(object, &kind.schema).unwrap().value;
        let written = to_json(&value, &kind.schema);
        let again = read(&written, &kind.schema);
        prop_assert_eq!(to_json(&again, &kind.schema), written);
        prop_assert_eq!(again, value);
        Ok(())
    });
}

#[test]
fn what_is_decoded_has_what_was_sent_and_nothing_else() {
    check_every_kind(2, |kind, [choices]| {
        let object = filled(kind, choices);
        let value = read(object.to_string().as_bytes(), &kind.schema);
        prop_assert!(is_same_but_for_zeros(&object, &value), "{object}\n{value}");
        Ok(())
    });
}

/// Takes out what no message has: the version and kind stand in the envelope around it.
fn keep_numbered(value: &mut Value, schema: &Struct) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    members.retain(|name, _| !schema.field(name).unwrap().numbers.is_empty());
    for (name, value) in members {
        keep_numbered_below(value, &schema.field(name).unwrap().ty);
    }
}

fn keep_numbered_below(value: &mut Value, ty: &Type) {
    match (ty, value) {
        (Type::Struct(schema) | Type::SchemaOr(_, schema), value @ Value::Object(_)) => {
            keep_numbered(value, schema);
        }
        (Type::List(list), Value::Array(items)) => {
            items
                .iter_mut()
                .for_each(|item| keep_numbered_below(item, &list.item));
        }
        (Type::Map(inner) | Type::AtomicMap(inner), Value::Object(members)) => {
            members
                .values_mut()
                .for_each(|value| keep_numbered_below(value, inner));
        }
        _ => {}
    }
}

/// A message cannot tell an empty list from none, and so neither can what is kept.
#[test]
fn an_object_is_the_same_after_a_message() {
    check_every_kind(2, |kind, [choices]| {
        let mut value = read(filled(kind, choices).to_string().as_bytes(), &kind.schema);
        keep_numbered(&mut value, &kind.schema);
        let message = protobuf::write(&value, &kind.schema);
        let node = protobuf::read(&message, &kind.schema).unwrap();
        let again = decode(node, &kind.schema).unwrap();
        prop_assert_eq!(again.strict, [""; 0]);
        prop_assert_eq!(&again.value, &value);
        prop_assert_eq!(protobuf::write(&again.value, &kind.schema), message);
        let mut kept = value.clone();
        keep(&mut kept, &kind.schema);
        prop_assert_eq!(kept, value);
        Ok(())
    });
}

#[test]
fn what_is_canonical_stays_as_it_is() {
    check_every_kind(2, |kind, [choices]| {
        let mut once = sent(kind, choices);
        prune(&mut once, &kind.schema);
        let mut twice = once.clone();
        prune(&mut twice, &kind.schema);
        prop_assert_eq!(twice, once);
        Ok(())
    });
}

#[test]
fn defaults_that_are_filled_in_twice_are_filled_in_once() {
    check_every_kind(2, |kind, [choices]| {
        let mut once = read(sent(kind, choices).to_string().as_bytes(), &kind.schema);
        let sent = once.clone();
        defaults::fill(&mut once, kind);
        prop_assert!(adds_only(&sent, &once), "{sent}\n{once}");
        let mut twice = once.clone();
        defaults::fill(&mut twice, kind);
        prop_assert_eq!(twice, once);
        Ok(())
    });
}

/// Whether a value differs from another only where there was nothing.
fn adds_only(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .all(|(name, value)| after.get(name).is_some_and(|after| adds_only(value, after))),
        (Value::Array(before), Value::Array(after)) => {
            let mut pairs = before.iter().zip(after);
            before.len() == after.len() && pairs.all(|(before, after)| adds_only(before, after))
        }
        (before, after) => is_zero(before) || before == after,
    }
}
