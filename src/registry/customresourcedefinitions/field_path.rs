//! A path to a field of a schema, as upstream's `ValidFieldPath` reads it: `.spec.a`, or `.spec['a']`.

use std::fmt::Write as _;

use serde_json::Value;

/// Where a path leads.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The first name in it.
    pub(super) root: String,
    /// As an error would show it.
    pub(super) path: String,
    /// Nothing where any value may be.
    pub(super) schema: Option<&'a Value>,
}

/// Follows a path through a schema; `brackets` tells whether it may have some.
pub(super) fn follow<'a>(
    path: &str,
    schema: &'a Value,
    brackets: bool,
) -> Result<Found<'a>, String> {
    let mut tokens = Tokens(path);
    let mut found = Found {
        root: String::new(),
        path: String::new(),
        schema: Some(schema),
    };
    while let Some(token) = tokens.next() {
        match token {
            "[" if !brackets => return Err("array notation is not allowed".to_owned()),
            "[" => {
                let literal = tokens.next().ok_or_else(end)?;
                let name = literal
                    .strip_prefix('\'')
                    .and_then(|rest| rest.strip_suffix('\''));
                let name =
                    name.ok_or_else(|| format!("expected single quoted string but got {literal}"))?;
                let name =
                    unescape(name).map_err(|why| format!("invalid string literal: {why}"))?;
                found.step(&name)?;
                match tokens.next().ok_or_else(end)? {
                    "]" => {}
                    other => return Err(format!("expected ] but got {other}")),
                }
            }
            "." => found.step(tokens.next().ok_or_else(end)?)?,
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok(found)
}

fn end() -> String {
    "unexpected end of JSON path".to_owned()
}

impl Found<'_> {
    /// Goes to a property, or where there are none to a value of the map.
    fn step(&mut self, name: &str) -> Result<(), String> {
        let nowhere = || "does not refer to a valid field".to_owned();
        let schema = self.schema.ok_or_else(nowhere)?;
        let is_root = self.path.is_empty();
        let properties = schema["properties"]
            .as_object()
            .filter(|map| !map.is_empty());
        if let Some(properties) = properties {
            let dot = if is_root { "" } else { "." };
            let _ = write!(self.path, "{dot}{name}");
            self.schema = Some(properties.get(name).ok_or_else(nowhere)?);
        } else if !schema["additionalProperties"].is_null() {
            let _ = write!(self.path, "[{name}]");
            self.schema = Some(&schema["additionalProperties"]).filter(|inner| inner.is_object());
        } else {
            return Err(nowhere());
        }
        if is_root {
            self.root = self.path.clone();
        }
        Ok(())
    }
}

/// Delimiters, and what is between them; in quotes there is none.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0;
        let end = match text.as_bytes() {
            [] => return None,
            [b'\'', rest @ ..] => {
                let mut before = b'\'';
                let quote = rest.iter().position(|byte| {
                    let is_end = *byte == b'\'' && before != b'\\';
                    before = *byte;
                    is_end
                });
                quote.map_or(text.len(), |place| place + 2)
            }
            [b'.' | b'[' | b']', ..] => 1,
            _ => text.find(['.', '[', ']']).unwrap_or(text.len()),
        };
        let (token, rest) = text.split_at(end);
        self.0 = rest;
        Some(token)
    }
}

/// What a quoted string of Go stands for.
fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        out.push(match letters.next() {
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some(plain @ ('\'' | '\\')) => plain,
            Some(other) => return Err(format!("invalid escape char \\{other}")),
            // Nothing is escaped.
            None => '\\',
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_to_a_field_or_to_an_error() {
        let schema = json!({"properties": {
            "spec": {"properties": {"a": {"type": "string"}, "x.y": {"type": "integer"}}},
            "map": {"additionalProperties": {"type": "boolean"}},
            "any": {"additionalProperties": true},
        }});
        let ty = |path: &str| {
            follow(path, &schema, true).map(|found| {
                format!(
                    "{} {}",
                    found.path,
                    found.schema.unwrap_or(&json!({}))["type"]
                )
            })
        };
        assert_eq!(ty(".spec.a").unwrap(), "spec.a \"string\"");
        assert_eq!(ty(".spec['x.y']").unwrap(), "spec.x.y \"integer\"");
        assert_eq!(ty(".map.k").unwrap(), "map[k] \"boolean\"");
        for (path, why) in [
            (".spec.b", "does not refer to a valid field"),
            (".any.a.b", "does not refer to a valid field"),
            ("spec", "expected [ or . but got: spec"),
            (".", "unexpected end of JSON path"),
            (".spec[0]", "expected single quoted string but got 0"),
            (".spec['a'", "unexpected end of JSON path"),
            (".spec['a'.", "expected ] but got ."),
        ] {
            assert_eq!(ty(path).unwrap_err(), why, "{path}");
        }
        assert_eq!(
            follow(".spec['a']", &schema, false).unwrap_err(),
            "array notation is not allowed"
        );
        assert_eq!(follow(".spec.a", &schema, false).unwrap().root, "spec");
    }
}
