//! JSONPath as kubectl and the columns of custom resources write it: `{.status.conditions[?(@.type=="Ready")].status}`.
//!
//! What is not a plain path (`range`, text around the braces) is read, as upstream reads it, but finds nothing here.
//!
//! Upstream: `k8s.io/client-go/util/jsonpath`.

mod find;
mod parse;

use serde_json::Value;

/// A path, ready to be followed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JsonPath {
    /// The parts in braces, one after the other, and the text between them.
    parts: Vec<Vec<Step>>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Wildcard,
    Recursive,
    /// From, to and step of a slice; an index alone is a slice of one.
    Slice(Slice),
    Union(Vec<Vec<Step>>),
    Filter(Box<Filter>),
    /// A value that stands for itself.
    Literal(Value),
    Identifier(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Slice {
    from: Option<i64>,
    to: Option<i64>,
    step: Option<i64>,
    /// It was given as an index, to which the end follows.
    is_index: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Filter {
    left: Vec<Step>,
    right: Vec<Step>,
    operator: String,
}

impl JsonPath {
    /// Reads a path; the error is upstream's.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts = parse::parse(text)?;
        Ok(JsonPath { parts })
    }

    /// The steps of a path that goes by fields alone, if it does.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "selectable fields are checked by it")
    )]
    pub(crate) fn fields(&self) -> Option<Vec<&str>> {
        let [steps] = self.parts.as_slice() else {
            return None;
        };
        let field = |step: &Step| match step {
            Step::Field(name) => Some(name.len()),
            _ => None,
        };
        steps.iter().all(|step| field(step).is_some()).then(|| {
            let fields = steps.iter().filter_map(|step| match step {
                Step::Field(name) => Some(name.as_str()),
                _ => None,
            });
            fields.collect()
        })
    }

    /// The first value that is found, if any; nothing too where a step does not fit the value.
    pub(crate) fn first(&self, value: &Value) -> Option<Value> {
        let steps = self.parts.first()?;
        find::walk(vec![value.clone()], steps)
            .ok()?
            .into_iter()
            .next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Value {
        json!({
            "a": "x", "n": 7, "t": true, "null": null, "k.d": {"e": 1},
            "l": [{"type": "Ready", "status": "True", "n": 1}, {"type": "Other", "status": "False", "n": 2}],
            "m": {"z": 3, "y": 4},
            "s": ["p", "q", "r"],
        })
    }

    #[test]
    fn paths_find_what_they_lead_to() {
        for (path, found) in [
            ("{.a}", Some(json!("x"))),
            ("{.missing}", None),
            ("{.missing.too}", None),
            ("{.a.b}", None),
            ("{.null}", Some(Value::Null)),
            (r"{.k\.d.e}", Some(json!(1))),
            ("{['m'].z}", Some(json!(3))),
            ("{.s[1]}", Some(json!("q"))),
            ("{.s[-1]}", Some(json!("r"))),
            ("{.s[1:]}", Some(json!("q"))),
            ("{.s[:2]}", Some(json!("p"))),
            ("{.s[5]}", None),
            ("{.s[*]}", Some(json!("p"))),
            ("{.s[0,2]}", Some(json!("p"))),
            ("{.m.*}", Some(json!(4))),
            ("{.l[?(@.type==\"Ready\")].status}", Some(json!("True"))),
            ("{.l[?(@.type=='Other')].status}", Some(json!("False"))),
            ("{.l[?(@.n>1)].type}", Some(json!("Other"))),
            ("{.l[?(@.nope)].type}", None),
            ("{..status}", Some(json!("True"))),
            ("{.n}", Some(json!(7))),
        ] {
            let parsed = JsonPath::parse(path).unwrap();
            assert_eq!(parsed.first(&sample()), found, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_told_in_upstreams_words() {
        for (text, error) in [
            ("{.a", "unclosed action"),
            ("{.a[}", "unterminated array"),
            ("{.a[x]}", "invalid array index x"),
            ("{.a[?(@.b}", "unterminated filter"),
            ("{.a[?(@.b)}", "unclosed array expect ]"),
            ("{'a}", "unterminated quoted string"),
            ("{....a}", "invalid multiple recursive descent"),
            ("{!}", "unrecognized character in action: U+0021 '!'"),
        ] {
            assert_eq!(JsonPath::parse(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_plain_path_tells_its_fields() {
        let fields = |text| JsonPath::parse(text).unwrap().fields().map(|f| f.join("/"));
        assert_eq!(fields("{.spec.a}"), Some("spec/a".to_owned()));
        assert_eq!(fields("{.spec[0]}"), None);
    }
}
