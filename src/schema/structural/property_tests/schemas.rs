//! Made-up structural schemas, and values of which many fit them.

use serde_json::{Map, Value, json};

use super::checker;
use crate::kinds::samples::choices::Choices;

/// How deep schemas and values are.
const MAX_DEPTH: usize = 3;

const NAMES: [&str; 4] = ["a", "b", "c", "metadata"];
const TEXTS: [&str; 8] = [
    "a",
    "",
    "b",
    "abc",
    "b1",
    "\u{e9}\u{e9}",
    "\u{1f600}a",
    "xyz1",
];
const INTEGERS: [i64; 7] = [1, 0, 2, 3, 6, -4, 5];
const FLOATS: [f64; 5] = [1.5, 2.0, 6.0, -3.0, 0.5];
const BOUNDS: [i64; 4] = [2, 0, 3, 5];
const COUNTS: [u64; 3] = [1, 2, 0];

/// What a schema may have.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    /// Defaults, which are valid.
    pub(super) defaults: bool,
    /// What is asked of an object or a list as a whole, which its members can break.
    pub(super) wholes: bool,
}

pub(super) fn schema(row: &[u16], parts: Parts) -> Value {
    let choices = Choices::of(row);
    Schemas { choices, parts }.root()
}

/// Some value that may be one of a schema.
pub(super) fn value(schema: &Value, row: &[u16]) -> Value {
    let choices = Choices::of(row);
    Values { choices }.object(schema, MAX_DEPTH).into()
}

struct Schemas<'a> {
    choices: Choices<'a>,
    parts: Parts,
}

impl Schemas<'_> {
    fn root(&mut self) -> Value {
        let mut schema = Map::new();
        self.object(MAX_DEPTH, &mut schema);
        self.rest(MAX_DEPTH, &mut schema);
        schema.into()
    }

    fn schema(&mut self, depth: usize) -> Value {
        let mut schema = Map::new();
        match self.choices.choose(if depth == 0 { 6 } else { 12 }) {
            0 => self.text("string", &mut schema),
            1 => self.number("integer", &mut schema),
            2 => self.number("number", &mut schema),
            3 => {
                schema.insert("type".to_owned(), "boolean".into());
            }
            4 => self.int_or_string(&mut schema),
            5 => self.any(&mut schema),
            6 | 7 => self.object(depth, &mut schema),
            _ => self.array(depth, &mut schema),
        }
        if self.choices.once_in(5) {
            schema.insert("nullable".to_owned(), true.into());
        }
        self.rest(depth, &mut schema);
        let mut schema = schema.into();
        if self.parts.defaults && self.choices.once_in(2) {
            self.default(&mut schema);
        }
        schema
    }

    /// What any schema may say beside its type.
    fn rest(&mut self, depth: usize, schema: &mut Map<String, Value>) {
        let is_whole = ["object", "array"]
            .iter()
            .any(|ty| schema.get("type") == Some(&json!(ty)));
        if is_whole && !self.parts.wholes {
            return;
        }
        if self.choices.once_in(8) {
            let (whole, choices) = (Value::Object(schema.clone()), &mut self.choices);
            let values = (0..3).map(|_| Values::value_with(choices, &whole, depth));
            let values = values.filter(|value| !value.is_null()).collect();
            schema.insert("enum".to_owned(), values);
        }
        if self.choices.once_in(4) {
            self.junctor(depth, schema);
        }
    }

    /// Schemas in which no types are said.
    fn junctor(&mut self, depth: usize, schema: &mut Map<String, Value>) {
        let typeless = |schemas: &mut Self| {
            let mut inner = Map::new();
            schemas.validations(schema.get("type"), depth, &mut inner);
            Value::Object(inner)
        };
        let (name, inner) = match self.choices.choose(4) {
            0 => ("not", typeless(self)),
            which => {
                let count = 1 + self.choices.choose(3);
                let all = (0..count).map(|_| typeless(self)).collect();
                (["allOf", "anyOf", "oneOf"][which - 1], all)
            }
        };
        schema.insert(name.to_owned(), inner);
    }

    fn validations(&mut self, ty: Option<&Value>, depth: usize, schema: &mut Map<String, Value>) {
        match ty.and_then(Value::as_str) {
            Some("string") => self.lengths(schema),
            Some("integer" | "number") => self.bounds(schema),
            Some("object") => {
                self.counts("minProperties", "maxProperties", schema);
                self.required(schema);
                if depth > 0 && self.choices.once_in(2) {
                    let mut inner = Map::new();
                    let ty = json!(self.choices.pick(&["string", "integer", "object"]));
                    self.validations(Some(&ty), depth - 1, &mut inner);
                    let name = self.choices.pick(&NAMES);
                    schema.insert("properties".to_owned(), json!({name: inner}));
                }
            }
            Some("array") => self.counts("minItems", "maxItems", schema),
            _ => {
                self.lengths(schema);
                self.bounds(schema);
            }
        }
        if depth > 0 && self.choices.once_in(6) {
            self.junctor(depth - 1, schema);
        }
    }

    fn text(&mut self, ty: &str, schema: &mut Map<String, Value>) {
        schema.insert("type".to_owned(), ty.into());
        self.lengths(schema);
    }

    fn lengths(&mut self, schema: &mut Map<String, Value>) {
        self.counts("minLength", "maxLength", schema);
        if self.choices.once_in(3) {
            let (pattern, _) = self.choices.pick(&checker::PATTERNS);
            schema.insert("pattern".to_owned(), pattern.into());
        }
    }

    fn number(&mut self, ty: &str, schema: &mut Map<String, Value>) {
        schema.insert("type".to_owned(), ty.into());
        self.bounds(schema);
    }

    fn bounds(&mut self, schema: &mut Map<String, Value>) {
        for (bound, exclusive) in [
            ("minimum", "exclusiveMinimum"),
            ("maximum", "exclusiveMaximum"),
        ] {
            if self.choices.once_in(4) {
                schema.insert(bound.to_owned(), self.choices.pick(&BOUNDS).into());
                if self.choices.once_in(3) {
                    schema.insert(exclusive.to_owned(), true.into());
                }
            }
        }
        if self.choices.once_in(5) {
            let factor = self.choices.pick(&[2, 3]);
            schema.insert("multipleOf".to_owned(), factor.into());
        }
    }

    fn counts(&mut self, least: &str, most: &str, schema: &mut Map<String, Value>) {
        for bound in [least, most] {
            if self.choices.once_in(5) {
                schema.insert(bound.to_owned(), self.choices.pick(&COUNTS).into());
            }
        }
    }

    fn int_or_string(&mut self, schema: &mut Map<String, Value>) {
        schema.insert("x-kubernetes-int-or-string".to_owned(), true.into());
        self.lengths(schema);
        self.bounds(schema);
    }

    fn any(&mut self, schema: &mut Map<String, Value>) {
        schema.insert(
            "x-kubernetes-preserve-unknown-fields".to_owned(),
            true.into(),
        );
        if self.choices.once_in(2) {
            schema.insert("type".to_owned(), "object".into());
        }
    }

    fn required(&mut self, schema: &mut Map<String, Value>) {
        if self.choices.once_in(3) {
            schema.insert("required".to_owned(), json!([self.choices.pick(&NAMES)]));
        }
    }

    fn object(&mut self, depth: usize, schema: &mut Map<String, Value>) {
        schema.insert("type".to_owned(), "object".into());
        if self.parts.wholes {
            self.counts("minProperties", "maxProperties", schema);
        }
        self.required(schema);
        if self.choices.once_in(6) {
            schema.insert("x-kubernetes-embedded-resource".to_owned(), true.into());
        }
        if self.choices.once_in(6) {
            schema.insert(
                "x-kubernetes-preserve-unknown-fields".to_owned(),
                true.into(),
            );
        }
        if self.choices.once_in(3) {
            let additional = match self.choices.choose(4) {
                0 => true.into(),
                1 => false.into(),
                _ => self.schema(depth - 1),
            };
            schema.insert("additionalProperties".to_owned(), additional);
        } else {
            let count = 1 + self.choices.choose(4);
            let properties = (0..count).map(|_| {
                let name = self.choices.pick(&NAMES).to_owned();
                (name, self.schema(depth - 1))
            });
            let properties = Value::Object(properties.collect());
            schema.insert("properties".to_owned(), properties);
        }
    }

    fn array(&mut self, depth: usize, schema: &mut Map<String, Value>) {
        schema.insert("type".to_owned(), "array".into());
        self.counts("minItems", "maxItems", schema);
        match self.choices.choose(4) {
            0 => {}
            1 if self.parts.wholes => {
                schema.insert("uniqueItems".to_owned(), true.into());
            }
            1 | 2 => {
                schema.insert("x-kubernetes-list-type".to_owned(), "set".into());
            }
            _ => {
                let keys = [&NAMES[..1], &NAMES[..2]][self.choices.choose(2)];
                schema.insert("x-kubernetes-list-type".to_owned(), "map".into());
                schema.insert("x-kubernetes-list-map-keys".to_owned(), json!(keys));
            }
        }
        schema.insert("items".to_owned(), self.schema(depth - 1));
    }

    /// Sets a default that is one of its schema as it stands. Upstream takes nulls that it prunes from what is stored.
    fn default(&mut self, schema: &mut Value) {
        let value = Values::value_with(&mut self.choices, schema, 1);
        if !has_null(&value) && checker::accepts(schema, &value) {
            schema["default"] = value;
        }
    }
}

struct Values<'a> {
    choices: Choices<'a>,
}

impl<'a> Values<'a> {
    /// Goes on with these choices.
    fn value_with(choices: &mut Choices<'a>, schema: &Value, depth: usize) -> Value {
        let taken = std::mem::replace(choices, Choices::of(&[]));
        let mut values = Values { choices: taken };
        let value = values.value(schema, depth);
        *choices = values.choices;
        value
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        let listed = schema["enum"]
            .as_array()
            .filter(|listed| !listed.is_empty());
        if let Some(listed) = listed.filter(|_| self.choices.choose(4) > 0) {
            return self.choices.pick(listed);
        }
        if self.choices.once_in(12) {
            return self.anything(depth);
        }
        if schema["nullable"] == true && self.choices.once_in(4) {
            return Value::Null;
        }
        match schema["type"].as_str() {
            Some("string") => self.choices.pick(&TEXTS).into(),
            Some("integer") => self.choices.pick(&INTEGERS).into(),
            Some("number") => self.number(),
            Some("boolean") => self.choices.once_in(2).into(),
            Some("object") => self.object(schema, depth).into(),
            Some("array") => self.array(&schema["items"], depth),
            _ if schema["x-kubernetes-int-or-string"] == true => match self.choices.once_in(2) {
                true => self.choices.pick(&TEXTS).into(),
                false => self.choices.pick(&INTEGERS).into(),
            },
            _ => self.anything(depth),
        }
    }

    fn number(&mut self) -> Value {
        match self.choices.once_in(2) {
            true => self.choices.pick(&FLOATS).into(),
            false => self.choices.pick(&INTEGERS).into(),
        }
    }

    fn anything(&mut self, depth: usize) -> Value {
        match self.choices.choose(if depth == 0 { 4 } else { 6 }) {
            0 => Value::Null,
            1 => self.choices.pick(&TEXTS).into(),
            2 => self.number(),
            3 => self.choices.once_in(2).into(),
            4 => self.object(&json!({}), depth).into(),
            _ => self.array(&Value::Null, depth),
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Map<String, Value> {
        let mut members = Map::new();
        if depth == 0 {
            return members;
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            if self.choices.choose(3) > 0 {
                members.insert(name.clone(), self.value(inner, depth - 1));
            }
        }
        let others = match &schema["additionalProperties"] {
            Value::Object(_) => 1 + self.choices.choose(2),
            _ => usize::from(self.choices.once_in(4)),
        };
        for _ in 0..others {
            let name = self.choices.pick(&["a", "b", "c", "kind", "metadata", "d"]);
            let value = self.value(&schema["additionalProperties"], depth - 1);
            members.entry(name).or_insert(value);
        }
        members
    }

    fn array(&mut self, items: &Value, depth: usize) -> Value {
        let count = if depth == 0 {
            0
        } else {
            self.choices.choose(4)
        };
        (0..count).map(|_| self.value(items, depth - 1)).collect()
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}
