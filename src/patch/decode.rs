//! Patches as values without a kind: what Go's decoder says about them.

use std::collections::BTreeSet;

use crate::codec::json::{self, Node};
use crate::codec::quote::quote;

/// The decoder reports at most this many problems.
const MAX_STRICT_ERRORS: usize = 100;

/// A patch that is one object or `null`, and what strict decoding finds in it.
pub(super) fn map(patch: &[u8]) -> Result<(Node, Vec<String>), String> {
    let node = json::parse(patch)?;
    let mut strict = Strict::default();
    match &node {
        Node::Null => {}
        Node::Object(_) => strict.value(&node),
        other => {
            let kind = other.go_kind();
            return Err(format!(
                "json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
            ));
        }
    }
    strict.finish().map(|found| (node, found))
}

/// What one decoding finds: the repeated fields, and the first error.
#[derive(Default)]
pub(super) struct Strict {
    path: String,
    found: Vec<String>,
    error: Option<String>,
    /// The struct field the decoder is in, for its errors.
    field: Option<&'static str>,
}

impl Strict {
    pub(super) fn finish(self) -> Result<Vec<String>, String> {
        self.error.map_or(Ok(self.found), Err)
    }

    /// Anything, decoded into an `interface{}`.
    pub(super) fn value(&mut self, node: &Node) {
        match node {
            Node::Number(literal) if !literal.parse::<f64>().is_ok_and(f64::is_finite) => {
                self.type_error(&format!("number {literal}"), "float64");
            }
            Node::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.within(&format!("[{i}]"), |strict| strict.value(item));
                }
            }
            Node::Object(members) => {
                let mut seen = BTreeSet::new();
                for (key, value) in members {
                    if !seen.insert(key) {
                        self.report("duplicate", key);
                    }
                    self.within(key, |strict| strict.value(value));
                }
            }
            _ => {}
        }
    }

    /// Walks a field of a struct with that field named in its errors.
    pub(super) fn in_field(&mut self, field: &'static str, walk: impl FnOnce(&mut Self)) {
        self.field = Some(field);
        self.within(field, walk);
        self.field = None;
    }

    /// Walks something below `step`: an index or a name.
    pub(super) fn within(&mut self, step: &str, walk: impl FnOnce(&mut Self)) {
        let mark = self.path.len();
        self.enter(step);
        walk(self);
        self.path.truncate(mark);
    }

    /// Notes a field, each once.
    pub(super) fn report(&mut self, what: &str, key: &str) {
        let mark = self.path.len();
        self.enter(key);
        let problem = format!("{what} field {}", quote(&self.path));
        self.path.truncate(mark);
        if self.found.len() < MAX_STRICT_ERRORS && !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    pub(super) fn type_error(&mut self, value: &str, go_type: &str) {
        let place = self.field.map_or_else(
            || "value".to_owned(),
            |field| format!("struct field jsonPatchOp.{field}"),
        );
        self.error.get_or_insert_with(|| {
            format!("json: cannot unmarshal {value} into Go {place} of type {go_type}")
        });
    }

    fn enter(&mut self, step: &str) {
        if !self.path.is_empty() && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_field_is_reported_once_with_its_path() {
        let (_, found) =
            map(br#"{"a":{"b":1,"b":2,"b":3},"l":[{},{"x":1,"x":1}],"a":{}}"#).unwrap();
        assert_eq!(
            found,
            [
                r#"duplicate field "a.b""#,
                r#"duplicate field "l[1].x""#,
                r#"duplicate field "a""#
            ]
        );
    }

    #[test]
    fn at_most_a_hundred_problems_are_reported() {
        let members: Vec<String> = (0..300).map(|i| format!(r#""k{}":0"#, i % 150)).collect();
        let (_, found) = map(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
        assert_eq!(found.len(), 100);
    }

    #[test]
    fn what_is_no_object_or_no_number_is_refused_in_gos_words() {
        for (patch, error) in [
            (
                "[]",
                "json: cannot unmarshal array into Go value of type map[string]interface {}",
            ),
            (
                r#""x""#,
                "json: cannot unmarshal string into Go value of type map[string]interface {}",
            ),
            (
                r#"{"a":1e999}"#,
                "json: cannot unmarshal number 1e999 into Go value of type float64",
            ),
            ("{", "unexpected end of JSON input"),
        ] {
            assert_eq!(map(patch.as_bytes()).unwrap_err(), error);
        }
    }
}
