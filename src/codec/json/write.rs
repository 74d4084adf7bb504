//! JSON as Go writes it.

use std::io::Write as _;

use serde_json::Value;

use super::{Node, plain_but};

/// Which bytes stand for themselves in a string literal. That of the line and paragraph separators is also that of
/// other characters.
const PLAIN: [bool; 256] = plain_but(b"\"\\<>&\xe2");

/// Writes a string literal with Go's escapes, HTML ones included.
pub(crate) fn write_string(out: &mut Vec<u8>, s: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = s.as_bytes();
    let mut start = 0;
    let mut i = 0;
    loop {
        let plain = bytes[i..].iter().position(|b| !PLAIN[usize::from(*b)]);
        match plain {
            Some(length) => i += length,
            None => break,
        }
        let b = bytes[i];
        let (escape, len): (&[u8], usize) = match b {
            b'"' => (b"\\\"", 1),
            b'\\' => (b"\\\\", 1),
            b'\n' => (b"\\n", 1),
            b'\r' => (b"\\r", 1),
            b'\t' => (b"\\t", 1),
            0x08 => (b"\\b", 1),
            0x0c => (b"\\f", 1),
            0..=0x1f | b'<' | b'>' | b'&' => {
                out.extend_from_slice(&bytes[start..i]);
                out.extend_from_slice(&[
                    b'\\',
                    b'u',
                    b'0',
                    b'0',
                    HEX[usize::from(b >> 4)],
                    HEX[usize::from(b & 15)],
                ]);
                i += 1;
                start = i;
                continue;
            }
            0xe2 if bytes[i..].starts_with(&[0xe2, 0x80, 0xa8]) => (b"\\u2028", 3),
            0xe2 if bytes[i..].starts_with(&[0xe2, 0x80, 0xa9]) => (b"\\u2029", 3),
            _ => {
                i += 1;
                continue;
            }
        };
        out.extend_from_slice(&bytes[start..i]);
        out.extend_from_slice(escape);
        i += len;
        start = i;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// Appends a value as compact JSON with sorted keys: how Go writes what it has no struct for.
pub(crate) fn write_sorted(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Number(n) => write_number(out, n),
        Value::String(s) => write_string(out, s),
        Value::Array(items) => write_items(out, items, write_sorted),
        Value::Object(map) => write_members(out, map, write_sorted),
    }
}

/// Appends a value as compact JSON, its members in their order.
pub(super) fn write_node(out: &mut Vec<u8>, node: &Node) {
    match node {
        Node::Null | Node::TooDeep => out.extend_from_slice(b"null"),
        Node::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Node::Number(literal) => out.extend_from_slice(literal.as_bytes()),
        Node::String(s) => write_string(out, s),
        Node::Array(items) => write_items(out, items, write_node),
        Node::Object(members) => {
            let mut object = Members::of(out);
            for (name, value) in members {
                write_node(object.name(name), value);
            }
            object.end();
        }
    }
}

/// Writes the members of one object in the order they are given.
pub(crate) struct Members<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'a> Members<'a> {
    pub(crate) fn of(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        let is_first = true;
        Members { out, is_first }
    }

    /// Begins a member: what is written next is its value.
    pub(crate) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(b',');
        }
        write_string(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// Appends a list, its items written by `write`.
pub(crate) fn write_items<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// Appends an object with sorted keys, its values written by `write`.
pub(crate) fn write_members(
    out: &mut Vec<u8>,
    map: &serde_json::Map<String, Value>,
    write: impl Fn(&mut Vec<u8>, &Value),
) {
    let mut object = Members::of(out);
    let mut member = |(key, item): (&String, &Value)| write(object.name(key), item);
    match map.keys().is_sorted() {
        true => map.iter().for_each(&mut member),
        false => sorted(map).into_iter().for_each(&mut member),
    }
    object.end();
}

/// Floats as Go writes them: whole ones without a point, and an exponent only for the very large and the very small.
fn write_number(out: &mut Vec<u8>, number: &serde_json::Number) {
    // A `Vec` takes all there is to write.
    let _ = match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) if float == 0.0 || (1e-6..1e21).contains(&float.abs()) => {
            write!(out, "{float}")
        }
        Some(float) if float.abs() >= 1.0 => {
            write!(out, "{}", format!("{float:e}").replace('e', "e+"))
        }
        Some(float) => write!(out, "{float:e}"),
        None => write!(out, "{number}"),
    };
}

/// The members in key order, whichever map type `serde_json` was built with.
pub(crate) fn sorted(map: &serde_json::Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = map.iter().collect();
    if !members.is_sorted_by_key(|(k, _)| *k) {
        members.sort_unstable_by_key(|(k, _)| *k);
    }
    members
}

/// A value as one line of JSON, keys sorted.
pub(crate) fn compact(value: &Value) -> String {
    let mut out = Vec::new();
    write_sorted(&mut out, value);
    String::from_utf8(out).unwrap_or_default()
}

/// Re-indents compact JSON with two spaces, as `json.Indent` does; the order of the members stays.
pub(crate) fn indent(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut previous = 0u8;
    for &b in compact {
        if in_string {
            out.push(b);
            in_string = escaped || b != b'"';
            escaped = b == b'\\' && !escaped;
            continue;
        }
        match b {
            b'{' | b'[' => {
                open_line(&mut out, previous, depth);
                depth += 1;
                out.push(b);
            }
            b'}' | b']' => {
                depth -= 1;
                if !matches!(previous, b'{' | b'[') {
                    new_line(&mut out, depth);
                }
                out.push(b);
            }
            b',' => {
                out.push(b);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            b'\n' => continue,
            _ => {
                open_line(&mut out, previous, depth);
                in_string = b == b'"';
                out.push(b);
            }
        }
        previous = b;
    }
    out
}

fn open_line(out: &mut Vec<u8>, previous: u8, depth: usize) {
    if matches!(previous, b'{' | b'[') {
        new_line(out, depth);
    }
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}
