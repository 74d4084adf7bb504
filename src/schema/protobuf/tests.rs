use serde_json::{Map, Value, json};

use super::*;
use crate::codec::json::Node;
use crate::codec::protobuf::{put_bytes, put_number};
use crate::kinds::samples::{ENDPOINTS, declared};
use crate::kinds::{Catalog, SchemaOr, Struct, Type};
use crate::schema::decode;

/// A value, read, written as a message and read again.
fn there_and_back(value: &Value, structure: &Struct) -> (Value, Value) {
    let read_as = |node| decode(node, structure).unwrap().value;
    let before = read_as(Node::from_value(value));
    let message = write(&before, structure);
    (before, read_as(read(&message, structure).unwrap()))
}

/// Numbers that look random, the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn value(&mut self, ty: &Type, depth: usize) -> Value {
        let number = i64::try_from(self.roll(5)).unwrap() - 1;
        match ty {
            Type::String => ["", "text", "\u{e9}"][self.index(3)].into(),
            Type::Named(named) => named.values.first().map_or("text", String::as_str).into(),
            Type::Bool => (number > 0).into(),
            Type::Int32 | Type::Int64 => number.into(),
            Type::IntOrString => [number.into(), Value::from("50%")][self.index(2)].clone(),
            Type::Bytes => "AAE=".into(),
            Type::Time => "2033-05-18T03:33:20Z".into(),
            Type::MicroTime => "1960-05-18T03:33:20.000001Z".into(),
            Type::Quantity => "1500m".into(),
            Type::Float64 => 1.5.into(),
            Type::Raw(_) | Type::Untyped => json!({"a": [number, "b"]}),
            Type::SchemaOr(SchemaOr::Bool, _) => (number > 0).into(),
            Type::SchemaOr(_, inner) => self.structure(inner, depth),
            Type::FieldsV1 => json!({"f:a": {}}),
            Type::Map(inner) | Type::AtomicMap(inner) => {
                json!({"b": self.value(inner, depth), "a": self.value(inner, depth)})
            }
            Type::List(list) => {
                // A message does not tell an empty list from none.
                let count = 1 + self.roll(2);
                (0..count).map(|_| self.value(&list.item, depth)).collect()
            }
            Type::Struct(inner) => self.structure(inner, depth),
        }
    }

    fn index(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll(sides as u64)).unwrap()
    }

    fn structure(&mut self, structure: &Struct, depth: usize) -> Value {
        let mut members = Map::new();
        for field in &structure.fields {
            let in_message = !field.numbers.is_empty() && depth > 0;
            if in_message && (field.required || self.roll(3) > 0) {
                members.insert(field.name.to_string(), self.value(&field.ty, depth - 1));
            }
        }
        Value::Object(members)
    }
}

#[test]
fn an_object_of_every_kind_is_the_same_after_a_message() {
    let mut dice = Dice(1);
    for kind in Catalog::built_in().kinds() {
        for _ in 0..8 {
            let value = dice.structure(&kind.schema, 7);
            let (before, after) = there_and_back(&value, &kind.schema);
            assert_eq!(after, before, "{}", kind.kind);
        }
    }
}

#[test]
fn an_empty_object_of_every_kind_is_the_same_after_a_message() {
    for kind in Catalog::built_in().kinds() {
        let (before, after) = there_and_back(&json!({}), &kind.schema);
        assert_eq!(after, before, "{}", kind.kind);
    }
}

#[test]
fn a_message_becomes_the_object_it_stands_for() {
    let message = |parts: &[(u32, &[u8])]| {
        let mut out = Vec::new();
        parts
            .iter()
            .for_each(|(n, part)| put_bytes(&mut out, *n, part));
        out
    };
    let label = message(&[(1, b"app"), (2, b"shop")]);
    let created = [0x08, 0x80, 0xa8, 0xd6, 0xb9, 0x07];
    let meta = message(&[(1, b"db"), (2, b""), (8, &created), (11, &label)]);
    let mut port = message(&[(1, b"")]);
    put_number(&mut port, 2, 80);
    let subset = message(&[(1, &message(&[(1, b"10.0.0.1")])), (3, &port)]);
    let node = read(&message(&[(1, &meta), (2, &subset), (15, b"")]), &ENDPOINTS).unwrap();
    assert_eq!(
        decode(node, &ENDPOINTS).unwrap().value,
        json!({
            "metadata": {"name": "db", "creationTimestamp": "2033-05-18T03:33:20Z", "labels": {"app": "shop"}},
            "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}],
        })
    );
}

#[test]
fn what_is_no_pointer_is_written_with_its_zero_value() {
    let structure = declared(
        "struct Sample\n  1  a  string  omitempty\n  2  b  *string\n  3  c  int32  omitempty\n  4  d  []string  omitempty\n  \
         5/1  e  *string\n  5/2  f  bool  omitempty\n  6  g  IntOrString\n  7  h  Time\n",
    );
    let expected = b"\x0a\x00\x18\x00\x2a\x02\x10\x00\x32\x06\x08\x00\x10\x00\x1a\x00\x3a\x00";
    assert_eq!(write(&json!({}), &structure), expected);
}

#[test]
fn a_list_that_a_map_has_is_a_message_of_its_own() {
    let structure = declared("struct Sample\n  1  extra  map[string][]string  omitempty\n");
    let value = json!({"extra": {"b": [], "a": ["x", "y"]}});
    let expected = b"\x0a\x0b\x0a\x01a\x12\x06\x0a\x01x\x0a\x01y\x0a\x05\x0a\x01b\x12\x00";
    assert_eq!(write(&value, &structure), expected);
    let (before, after) = there_and_back(&value, &structure);
    assert_eq!(after, before);
}

#[test]
fn a_repeated_message_is_merged_and_numbers_may_be_packed() {
    let structure = declared(
        "struct Sample\n  1  inner  *Inner\n  2  numbers  []int32  omitempty\nstruct Inner\n  1  a  string  omitempty\n  2  b  string  omitempty\n",
    );
    let message = b"\x0a\x03\x0a\x01x\x0a\x03\x12\x01y\x12\x02\x01\x02\x10\x03";
    let node = read(message, &structure).unwrap();
    assert_eq!(
        node.into_value(),
        json!({"inner": {"a": "x", "b": "y"}, "numbers": [1, 2, 3]})
    );
}

#[test]
fn a_value_of_another_wire_type_is_refused() {
    assert_eq!(
        read(b"\x08\x01", &ENDPOINTS).unwrap_err(),
        "proto: wrong wireType = 0 for field ObjectMeta"
    );
    assert_eq!(
        read(b"\x0a\x01\x00", &ENDPOINTS).unwrap_err(),
        "proto: ObjectMeta: illegal tag 0 (wire type 0)"
    );
}
