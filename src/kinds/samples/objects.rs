//! Made-up objects of any kind, for what must hold of all of them.
//!
//! An object is built from its schema and a row of choices.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::choices::{Choices, config, rows};
use crate::codec::json::Node;
use crate::kinds::{
    Catalog, Entry, Field, KindRef, List, ListKind, PatchStrategy, Raw, SchemaOr, Struct, Type,
};
use crate::schema::decode;

/// How many structs are inside each other at most: a variable of a container of a pod template has all its fields.
const MAX_DEPTH: usize = 9;
/// How often something is tried with a small kind.
const MIN_CASES: usize = 8;
/// How many fields of a struct are set at most.
const MAX_FIELDS: usize = 8;

/// Every page, also those that are only parts of others.
pub(crate) fn every_kind() -> Vec<KindRef> {
    let catalog = Catalog::built_in();
    catalog.entries.iter().map(Entry::kind).cloned().collect()
}

/// Tries something with objects of every kind, so many at a time: once for so many of its fields.
#[track_caller]
pub(crate) fn check_every_kind<const N: usize>(
    fields_per_case: usize,
    check: impl Fn(&KindRef, &[Vec<u16>; N]) -> Result<(), TestCaseError>,
) {
    for kind in every_kind() {
        let fields = count_fields(&kind.schema, &mut BTreeSet::new());
        let cases = (fields / fields_per_case).max(MIN_CASES);
        let mut runner = TestRunner::new(config(cases.try_into().unwrap()));
        let tried = runner.run(&rows::<N>(), |chosen| check(&kind, &chosen));
        if let Err(error) = tried {
            panic!("{} {}: {error}", kind.api_version(), kind.kind);
        }
    }
}

/// How many fields there are to set, each struct looked into once.
fn count_fields(schema: &Struct, seen: &mut BTreeSet<String>) -> usize {
    if !seen.insert(schema.go_type()) {
        return 0;
    }
    let below = schema
        .fields
        .iter()
        .filter_map(|field| field.ty.innermost_struct());
    schema.fields.len() + below.map(|inner| count_fields(inner, seen)).sum::<usize>()
}

/// An object as somebody may send it, with empty values and nulls.
pub(crate) fn sent(kind: &KindRef, choices: &[u16]) -> Value {
    Builder::new(choices, true).object(kind)
}

/// An object in which nothing is empty.
pub(crate) fn filled(kind: &KindRef, choices: &[u16]) -> Value {
    Builder::new(choices, false).object(kind)
}

/// Such an object as it is kept.
pub(crate) fn canonical(kind: &KindRef, choices: &[u16]) -> Value {
    let object = Node::from_value(&filled(kind, choices));
    decode(object, &kind.schema).unwrap().value
}

struct Builder<'a> {
    choices: Choices<'a>,
    has_empty: bool,
}

impl<'a> Builder<'a> {
    fn new(choices: &'a [u16], has_empty: bool) -> Self {
        Builder {
            choices: Choices::of(choices),
            has_empty,
        }
    }

    fn choose(&mut self, alternatives: usize) -> usize {
        self.choices.choose(alternatives)
    }

    fn one_of(&mut self, values: &[Value], empty: Value) -> Value {
        let at = self.choose(values.len() + usize::from(self.has_empty));
        values.get(at).cloned().unwrap_or(empty)
    }

    fn object(&mut self, kind: &KindRef) -> Value {
        let mut members = Map::new();
        for field in &kind.schema.fields {
            if self.choose(4) > 0 {
                self.field(field, MAX_DEPTH, &mut members);
            }
        }
        members.insert("apiVersion".to_owned(), kind.api_version().into());
        members.insert("kind".to_owned(), kind.kind.as_str().into());
        Value::Object(members)
    }

    fn field(&mut self, field: &Field, depth: usize, members: &mut Map<String, Value>) {
        let value = match self.has_empty && self.choices.once_in(8) {
            true => Value::Null,
            false => self.value(&field.ty, depth),
        };
        members.insert(field.name.to_string(), value);
    }

    fn structure(&mut self, ty: &Struct, depth: usize) -> Map<String, Value> {
        let mut members = Map::new();
        if depth == 0 || ty.fields.is_empty() {
            return members;
        }
        let has_more = |field: &&Field| field.ty.innermost_struct().is_some();
        let deep: Vec<&Field> = ty.fields.iter().filter(has_more).collect();
        for _ in 0..self.choose(MAX_FIELDS + 1) {
            // What leads on is chosen more often, or hardly anything would be reached.
            let field = match !deep.is_empty() && self.choices.once_in(3) {
                true => self.choices.pick(&deep),
                false => &ty.fields[self.choose(ty.fields.len())],
            };
            self.field(field, depth - 1, &mut members);
        }
        members
    }

    fn value(&mut self, ty: &Type, depth: usize) -> Value {
        match ty {
            Type::Struct(inner) => self.structure(inner, depth).into(),
            Type::List(list) => self.list(list, depth),
            Type::Map(inner) | Type::AtomicMap(inner) => self.map(inner, depth),
            Type::SchemaOr(or, schema) => self.schema_or(*or, schema, depth),
            Type::Raw(raw) => self.raw(*raw),
            scalar => self.scalar(scalar),
        }
    }

    fn scalar(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Named(named) if !named.values.is_empty() => named.values
                [self.choose(named.values.len())]
            .as_str()
            .into(),
            Type::Bool => self.one_of(&[json!(true)], json!(false)),
            Type::Int32 => self.one_of(
                &[json!(1), json!(-1), json!(i32::MAX), json!(i32::MIN)],
                json!(0),
            ),
            Type::Int64 => self.one_of(
                &[json!(1), json!(-1), json!(i64::MAX), json!(i64::MIN)],
                json!(0),
            ),
            Type::Float64 => {
                let numbers = [1.5, -2.0, 16_777_217.0, 1e21];
                self.one_of(&numbers.map(Value::from), json!(0))
            }
            Type::IntOrString => self.one_of(
                &[json!(1), json!("50%"), json!(-1), json!("http")],
                json!(0),
            ),
            Type::Bytes => self.one_of(&[json!("AAE="), json!("//79"), json!("eA==")], json!("")),
            Type::Time => {
                let times = [
                    "2033-05-18T03:33:20Z",
                    "1960-01-01T00:00:01Z",
                    "1970-01-01T00:00:01Z",
                ];
                self.one_of(&times.map(Value::from), Value::Null)
            }
            Type::MicroTime => {
                let times = ["2033-05-18T03:33:20.000001Z", "1960-01-01T00:00:01.999999Z"];
                self.one_of(&times.map(Value::from), Value::Null)
            }
            Type::Quantity => {
                let amounts = ["1", "1500m", "2Gi", "-1", "1e3", "100k"];
                self.one_of(&amounts.map(Value::from), json!("0"))
            }
            Type::FieldsV1 => json!({"f:a": {}}),
            _ => {
                let texts = [
                    "a",
                    "b",
                    "\u{e9}",
                    "\"\\\u{7f}<&>",
                    "\u{1f600}\u{2028}",
                    " 0\n",
                ];
                self.one_of(&texts.map(Value::from), json!(""))
            }
        }
    }

    fn raw(&mut self, raw: Raw) -> Value {
        let objects = [json!({"a": 1}), json!({"b": {"c": [true, "x"]}, "a": -1.5})];
        match raw {
            Raw::Extension => self.one_of(&objects, json!({"a": null})),
            Raw::Json => {
                let [one, two] = objects;
                self.one_of(
                    &[json!("x"), json!(1), one, json!([1, 2]), two],
                    json!([null]),
                )
            }
        }
    }

    fn schema_or(&mut self, or: SchemaOr, schema: &Struct, depth: usize) -> Value {
        if self.choose(2) == 0 {
            return self.structure(schema, depth).into();
        }
        match or {
            SchemaOr::Bool => (self.choose(2) == 0).into(),
            SchemaOr::Array => {
                let count = 1 + self.choose(2);
                (0..count).map(|_| self.structure(schema, depth)).collect()
            }
            SchemaOr::StringArray => json!(["x", "y"][..=self.choose(2)]),
        }
    }

    /// How many there are of something.
    fn count(&mut self) -> usize {
        match self.has_empty && self.choices.once_in(6) {
            true => 0,
            false => 1 + self.choose(3),
        }
    }

    fn map(&mut self, inner: &Type, depth: usize) -> Value {
        let count = self.count();
        let members = (0..count).map(|_| {
            let key = ["a", "b", "c.d/e", "\u{e9}", "~1"][self.choose(5)];
            (key.to_owned(), self.value(inner, depth))
        });
        Value::Object(members.collect())
    }

    /// Items are told apart by their keys, or by themselves where the list is a set.
    fn list(&mut self, list: &List, depth: usize) -> Value {
        let mut seen = BTreeSet::new();
        let mut items = Vec::new();
        for _ in 0..self.count() {
            let mut item = self.value(&list.item, depth);
            let identities = self.identify(list, &mut item);
            if identities.iter().all(|identity| !seen.contains(identity)) {
                seen.extend(identities);
                items.push(item);
            }
        }
        items.into()
    }

    /// Gives an item the keys it is known by, to server-side apply and to strategic merges.
    fn identify(&mut self, list: &List, item: &mut Value) -> Vec<String> {
        let is_set = list.kind == ListKind::Set || list.patch == PatchStrategy::MergePrimitives;
        let (Type::Struct(structure), Value::Object(members)) = (&list.item, &mut *item) else {
            return if is_set {
                vec![item.to_string()]
            } else {
                Vec::new()
            };
        };
        let mut identities = Vec::new();
        let merge_key = match &list.patch {
            PatchStrategy::MergeBy(key) => Some(key),
            _ => None,
        };
        if let Some(key) = merge_key {
            let key = self.key(structure, key, true, members);
            identities.push(format!("merge key {key}"));
        }
        if let ListKind::Map(keys) = &list.kind {
            let keys = keys.iter().map(|key| match merge_key == Some(key) {
                true => members[key].clone(),
                false => self.key(structure, key, false, members),
            });
            identities.push(format!("keys {}", keys.collect::<Value>()));
        }
        identities
    }

    /// Sets a key; where there is a default, it may go without it.
    fn key(
        &mut self,
        structure: &Struct,
        name: &str,
        is_needed: bool,
        members: &mut Map<String, Value>,
    ) -> Value {
        let field = structure.field(name).unwrap();
        let index = self.choose(4);
        let value = match &field.ty {
            Type::Named(named) if !named.values.is_empty() => {
                named.values[index % named.values.len()].as_str().into()
            }
            Type::Int32 | Type::Int64 => (index + 1).into(),
            _ => Value::from(["k1", "k2", "k3", "k4"][index]),
        };
        if let Some(default) = field
            .default
            .as_deref()
            .filter(|_| !is_needed && index == 3)
        {
            members.remove(name);
            return default.clone();
        }
        members.insert(name.to_owned(), value.clone());
        value
    }
}
