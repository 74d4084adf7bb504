//! How upstream writes a part of a pod that it has in hand: its internal structs, of which all fields are told, named and
//! ordered as in Go. Some errors show them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::codec::json;

/// A field of a struct: how Go names it, its name in v1, the struct it holds, and what is written for none.
struct Field {
    name: &'static str,
    v1: &'static str,
    holds: &'static str,
    zero: &'static str,
}

static STRUCTS: LazyLock<BTreeMap<&'static str, Vec<Field>>> =
    LazyLock::new(|| read(include_str!("internal.fields")));

/// What the security context of a pod has internally, and the spec in v1: field, and whether it is told if it is not set.
const OF_THE_HOST: [(&str, bool); 5] = [
    ("hostNetwork", true),
    ("hostPID", true),
    ("hostIPC", true),
    ("shareProcessNamespace", false),
    ("hostUsers", false),
];

fn read(text: &'static str) -> BTreeMap<&'static str, Vec<Field>> {
    let mut structs: BTreeMap<&str, Vec<Field>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            &[name, v1, holds, zero] => structs.entry(current).or_default().push(Field {
                name,
                v1,
                holds,
                zero,
            }),
            words => current = words.first().copied().unwrap_or_default(),
        }
    }
    structs
}

/// In one line.
pub(crate) fn compact(name: &str, value: &Value) -> String {
    write(name, value, None)
}

/// On many lines, each step a space.
pub(crate) fn pretty(name: &str, value: &Value) -> String {
    write(name, value, Some(0))
}

fn write(name: &str, value: &Value, indent: Option<usize>) -> String {
    let mut writer = Writer {
        out: String::new(),
        indent,
    };
    match name {
        "PodSpec" => writer.any(name, &with_host(value)),
        _ => writer.any(name, value),
    }
    writer.out
}

struct Writer {
    out: String,
    /// How deep the line is; none where all is one line.
    indent: Option<usize>,
}

impl Writer {
    fn any(&mut self, holds: &str, value: &Value) {
        match value {
            Value::Array(items) => self.several(['[', ']'], items, |writer, item| {
                writer.any(holds, item);
            }),
            Value::Object(members) => match STRUCTS.get(holds) {
                Some(fields) => {
                    let fields = told(fields, value);
                    self.several(['{', '}'], &fields, |writer, (name, field, own)| {
                        writer.name(name);
                        writer.field(field, *own);
                    });
                }
                None => {
                    let members: Vec<_> = members.iter().collect();
                    self.several(['{', '}'], &members, |writer, (name, value)| {
                        writer.name(name);
                        writer.any("-", value);
                    });
                }
            },
            other => self.out.push_str(&json::compact(other)),
        }
    }

    fn field(&mut self, field: &Field, value: Option<&Value>) {
        match (value, field.zero) {
            (Some(value), _) => self.any(field.holds, value),
            (None, "struct") => self.any(field.holds, &json!({})),
            (None, zero) => self.out.push_str(zero),
        }
    }

    fn name(&mut self, name: &str) {
        self.out.push_str(&json::compact(&name.into()));
        self.out.push(':');
        if self.indent.is_some() {
            self.out.push(' ');
        }
    }

    fn several<T>(&mut self, [open, close]: [char; 2], all: &[T], one: impl Fn(&mut Self, &T)) {
        self.out.push(open);
        self.indent = self.indent.map(|indent| indent + 1);
        for (i, item) in all.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line();
            one(self, item);
        }
        self.indent = self.indent.map(|indent| indent - 1);
        if !all.is_empty() {
            self.line();
        }
        self.out.push(close);
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
    }
}

/// The fields that are written, with what they hold; what is embedded in a struct is written as if it were its own.
fn told<'a>(fields: &'a [Field], value: &'a Value) -> Vec<(&'a str, &'a Field, Option<&'a Value>)> {
    let mut all = Vec::new();
    for field in fields {
        let own = value.get(field.v1).filter(|own| !own.is_null());
        match field.zero {
            "inline" => {
                let inner = STRUCTS.get(field.holds).map_or(&[][..], Vec::as_slice);
                all.extend(told(inner, own.unwrap_or(&Value::Null)));
            }
            "omit" if own.is_none() => {}
            _ => all.push((field.name, field, own)),
        }
    }
    all
}

/// The security context with what v1 has beside it.
fn with_host(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for (field, is_told) in OF_THE_HOST {
        let given = spec.get(field).cloned();
        let value = given.or_else(|| is_told.then_some(Value::Bool(false)));
        if let Some(value) = value {
            spec["securityContext"][field] = value;
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_are_told() {
        assert_eq!(
            compact("SeccompProfile", &json!({"type": "RuntimeDefault"})),
            r#"{"Type":"RuntimeDefault","LocalhostProfile":null}"#
        );
        assert_eq!(
            compact(
                "NodeSelectorTerm",
                &json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]})
            ),
            r#"{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}"#
        );
    }

    #[test]
    fn what_is_the_hosts_is_in_the_security_context() {
        let text = pretty("PodSpec", &json!({"containers": [], "hostPID": true}));
        assert!(text.starts_with("{\n \"Volumes\": null,\n"), "{text}");
        assert!(
            text.contains("\n  \"HostNetwork\": false,\n  \"HostPID\": true,\n"),
            "{text}"
        );
    }
}
