//! Values as upstream's internal types show them: an error that quotes a whole struct writes it with the names of Go, every
//! field in its order, and `null` for what is not there.
//!
//! What the types are is data, see `types.txt`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::codec::json::{compact, sorted};
use crate::codec::unified_diff::unified_diff;

static TYPES: LazyLock<BTreeMap<&str, Vec<Line>>> =
    LazyLock::new(|| parse(include_str!("types.txt")));

/// What stands in the place of a line of a struct.
enum Line {
    Field(Field),
    Embed(&'static str),
}

struct Field {
    name: &'static str,
    /// The field, perhaps in another.
    at: Vec<&'static str>,
    shape: Shape,
    omit_empty: bool,
}

#[derive(Clone, Copy)]
enum Shape {
    Text,
    Number,
    Flag,
    /// `null`, or whatever is there.
    Pointer,
    Map,
    List,
    Struct(&'static str),
    PointerTo(&'static str),
    ListOf(&'static str),
}

/// A value of an internal type on one line.
pub(crate) fn shown(ty: &str, value: &Value) -> String {
    let mut out = String::new();
    Writer {
        out: &mut out,
        indented: false,
    }
    .pointer(ty, value, 0);
    out
}

/// A list of them.
pub(crate) fn shown_list(ty: &str, items: &[Value]) -> String {
    let items: Vec<String> = items.iter().map(|item| shown(ty, item)).collect();
    format!("[{}]", items.join(","))
}

/// What is different between two values of an internal type, as upstream's `diff.Diff` shows it.
pub(crate) fn diff(ty: &str, old: &Value, new: &Value) -> String {
    unified_diff(&pretty(ty, old), &pretty(ty, new))
}

fn pretty(ty: &str, value: &Value) -> String {
    let mut out = String::new();
    Writer {
        out: &mut out,
        indented: true,
    }
    .structure(ty, value, 0);
    out
}

struct Writer<'a> {
    out: &'a mut String,
    indented: bool,
}

impl Writer<'_> {
    fn pointer(&mut self, ty: &str, value: &Value, depth: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            _ => self.structure(ty, value, depth),
        }
    }

    fn structure(&mut self, ty: &str, value: &Value, depth: usize) {
        let mut fields = Vec::new();
        collect(ty, &mut fields);
        let shown = fields.into_iter().filter_map(|field| {
            let inner = field.at.iter().fold(value, |at, name| &at[*name]);
            let is_left_out = field.omit_empty && is_empty(inner);
            (!is_left_out).then_some((field, inner))
        });
        self.members("{", "}", depth, shown, |writer, (field, inner)| {
            writer.name(field.name);
            writer.shape(field.shape, inner, depth + 1);
        });
    }

    fn shape(&mut self, shape: Shape, value: &Value, depth: usize) {
        match (shape, value) {
            (Shape::Text, Value::Null) => self.out.push_str("\"\""),
            (Shape::Number, Value::Null) => self.out.push('0'),
            (Shape::Flag, Value::Null) => self.out.push_str("false"),
            (Shape::Struct(ty), value) => self.structure(ty, value, depth),
            (_, Value::Null) => self.out.push_str("null"),
            (Shape::PointerTo(ty), value) => self.structure(ty, value, depth),
            (Shape::ListOf(ty), Value::Array(items)) => {
                self.members("[", "]", depth, items.iter(), |writer, item| {
                    writer.structure(ty, item, depth + 1);
                });
            }
            (_, value) => self.plain(value, depth),
        }
    }

    fn plain(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(items) => self.members("[", "]", depth, items.iter(), |writer, item| {
                writer.plain(item, depth + 1);
            }),
            Value::Object(map) => {
                let members = sorted(map).into_iter();
                self.members("{", "}", depth, members, |writer, (key, value)| {
                    writer.name(key);
                    writer.plain(value, depth + 1);
                });
            }
            value => self.out.push_str(&compact(value)),
        }
    }

    fn name(&mut self, name: &str) {
        self.out.push_str(&compact(&Value::from(name)));
        self.out.push_str(if self.indented { ": " } else { ":" });
    }

    fn members<T>(
        &mut self,
        open: &str,
        close: &str,
        depth: usize,
        members: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.out.push_str(open);
        let mut is_empty = true;
        for member in members {
            if !is_empty {
                self.out.push(',');
            }
            is_empty = false;
            self.line(depth + 1);
            write(self, member);
        }
        if !is_empty {
            self.line(depth);
        }
        self.out.push_str(close);
    }

    fn line(&mut self, depth: usize) {
        if self.indented {
            self.out.push('\n');
            self.out.push_str(&" ".repeat(depth));
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The fields of a struct and of those that are embedded in it.
fn collect(ty: &str, fields: &mut Vec<&'static Field>) {
    for line in TYPES.get(ty).into_iter().flatten() {
        match line {
            Line::Field(field) => fields.push(field),
            Line::Embed(other) => collect(other, fields),
        }
    }
}

fn parse(text: &'static str) -> BTreeMap<&'static str, Vec<Line>> {
    let mut types: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["struct", name] => current = name,
            ["embed", name] => types.entry(current).or_default().push(Line::Embed(name)),
            [name, at, ty] => {
                let field = field(name, at, ty);
                types.entry(current).or_default().push(Line::Field(field));
            }
            _ => {}
        }
    }
    types
}

fn field(name: &'static str, at: &'static str, ty: &'static str) -> Field {
    let (ty, omit_empty) = match ty.strip_suffix('?') {
        Some(ty) => (ty, true),
        None => (ty, false),
    };
    let shape = match ty {
        "string" => Shape::Text,
        "int" => Shape::Number,
        "bool" => Shape::Flag,
        "map" => Shape::Map,
        "*" => Shape::Pointer,
        "[]" => Shape::List,
        _ => match (ty.strip_prefix('*'), ty.strip_prefix("[]")) {
            (Some(ty), _) => Shape::PointerTo(ty),
            (_, Some(ty)) => Shape::ListOf(ty),
            _ => Shape::Struct(ty),
        },
    };
    Field {
        name,
        at: at.split('.').collect(),
        shape,
        omit_empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_struct_shows_all_its_fields_in_the_words_of_go() {
        assert_eq!(
            shown(
                "ParentReference",
                &json!({"name": "t", "resource": "services"})
            ),
            r#"{"Group":"","Resource":"services","Namespace":"","Name":"t"}"#
        );
        assert_eq!(shown("ParentReference", &Value::Null), "null");
        assert_eq!(
            shown(
                "CSINodeDriver",
                &json!({"name": "a", "nodeID": "x", "allocatable": {"count": 1}})
            ),
            r#"{"Name":"a","NodeID":"x","TopologyKeys":null,"Allocatable":{"Count":1}}"#
        );
        assert_eq!(
            shown("LabelSelector", &json!({"matchLabels": {"b": "", "a": ""}})),
            r#"{"matchLabels":{"a":"","b":""}}"#
        );
    }

    #[test]
    fn every_type_that_is_referred_to_is_there() {
        let known = |ty: &str| assert!(TYPES.contains_key(ty), "{ty}");
        for line in TYPES.values().flatten() {
            match line {
                Line::Embed(ty) => known(ty),
                Line::Field(field) => match field.shape {
                    Shape::Struct(ty) | Shape::PointerTo(ty) | Shape::ListOf(ty) => known(ty),
                    _ => {}
                },
            }
        }
    }
}
