//! A JSON document that stays text wherever nothing reaches into it, as the lazy nodes of evanphx/json-patch do.
//!
//! What was reached into is written with sorted keys, the rest as it was. That is what the server quotes in its errors,
//! and a repeated key or a number keeps its form where it was not touched.

use std::collections::BTreeMap;

use crate::codec::json::{self, Node};

/// Deeper values stay text: no field of any kind is this deep.
const MAX_DEPTH: usize = 200;

/// A place for a value; `None` is `null`.
pub(super) type Slot = Option<Document>;

/// A value that is not `null`.
#[derive(Clone, Debug)]
pub(super) enum Document {
    /// Valid JSON without space around it.
    Text(String),
    Object(BTreeMap<String, Slot>),
    Array(Vec<Slot>),
}

impl Document {
    /// The document of a text that is known to be valid JSON.
    pub(super) fn new(text: &str) -> Slot {
        slot(text.trim_matches([' ', '\t', '\r', '\n']))
    }

    /// Makes the members or elements of a container accessible.
    pub(super) fn open(&mut self) {
        let Document::Text(text) = self else { return };
        match text.as_bytes().first() {
            Some(b'{') => *self = Document::Object(members(text)),
            Some(b'[') => *self = Document::Array(elements(text).into_iter().map(slot).collect()),
            _ => {}
        }
    }

    /// The container a JSON pointer leads to, and the key within it.
    ///
    /// What stands before the first slash is ignored, as it is upstream.
    pub(super) fn find(&mut self, pointer: &str) -> Option<(&mut Document, String)> {
        let (_, path) = pointer.split_once('/')?;
        let mut steps: Vec<&str> = path.split('/').collect();
        let key = unescape(steps.pop()?);
        if steps.len() > MAX_DEPTH {
            return None;
        }
        let mut container = self;
        for step in steps {
            container = container.slot(&unescape(step))??.as_mut()?;
            container.open();
        }
        matches!(container, Document::Object(_) | Document::Array(_)).then_some((container, key))
    }

    /// The place of a key: `None` where there can be none, `Some(None)` for a member that is missing.
    pub(super) fn slot(&mut self, key: &str) -> Option<Option<&mut Slot>> {
        match self {
            Document::Text(_) => None,
            Document::Object(members) => Some(members.get_mut(key)),
            Document::Array(items) => {
                let at = index(key, items.len())?;
                items.get_mut(at).map(Some)
            }
        }
    }

    /// Compares with another value: containers by what is in them, scalars by their text. Opens what it compares.
    pub(super) fn equal(left: &mut Slot, right: &mut Slot) -> bool {
        equal(left, right, 0)
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Document::Text(text) => compact(text, true, out),
            Document::Object(members) => {
                out.push(b'{');
                for (i, (key, value)) in members.iter().enumerate() {
                    separate(i, out);
                    json::write_string(out, key);
                    out.push(b':');
                    write_slot(value, out);
                }
                out.push(b'}');
            }
            Document::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    separate(i, out);
                    write_slot(item, out);
                }
                out.push(b']');
            }
        }
    }

    /// Takes the `null` members out of every object in here.
    pub(super) fn prune_nulls(&mut self) {
        self.prune(0);
    }

    fn prune(&mut self, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        self.open();
        match self {
            Document::Text(_) => {}
            Document::Object(members) => {
                members.retain(|_, value| value.is_some());
                members
                    .values_mut()
                    .flatten()
                    .for_each(|value| value.prune(depth + 1));
            }
            Document::Array(items) => items
                .iter_mut()
                .flatten()
                .for_each(|item| item.prune(depth + 1)),
        }
    }
}

/// The elements of the text of an array.
pub(super) fn elements(text: &str) -> Vec<&str> {
    let mut reader = Reader { text, at: 1 };
    let mut out = Vec::new();
    while let Some(value) = reader.next() {
        out.push(value);
    }
    out
}

/// The members of the text of an object; the last of repeated keys wins.
pub(super) fn members(text: &str) -> BTreeMap<String, Slot> {
    let mut reader = Reader { text, at: 1 };
    let mut out = BTreeMap::new();
    while let (Some(key), Some(value)) = (reader.next(), reader.next()) {
        out.insert(string(key), slot(value));
    }
    out
}

/// What a string literal says.
pub(super) fn string(literal: &str) -> String {
    match json::parse(literal.as_bytes()) {
        Ok(Node::String(s)) => s,
        _ => String::new(),
    }
}

/// Where in a list of this length an index points; `-1` is the last place. Leading zeros and a plus sign are no matter.
pub(super) fn index(key: &str, len: usize) -> Option<usize> {
    let at = key.parse::<i64>().ok()?;
    let len = i64::try_from(len).ok()?;
    let at = if at < 0 { at + len } else { at };
    (0..len)
        .contains(&at)
        .then(|| usize::try_from(at).ok())
        .flatten()
}

fn slot(text: &str) -> Slot {
    (text != "null").then(|| Document::Text(text.to_owned()))
}

/// Undoes the escapes of a JSON pointer, `~1` first: `~01` is `~1`.
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn equal(left: &mut Slot, right: &mut Slot, depth: usize) -> bool {
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        (left, right) => return left.is_none() && right.is_none(),
    };
    if depth <= MAX_DEPTH {
        left.open();
        right.open();
    }
    match (left, right) {
        (Document::Text(left), Document::Text(right)) => same_text(left, right),
        (Document::Object(left), Document::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter_mut()
                    .all(|(key, l)| right.get_mut(key).is_some_and(|r| equal(l, r, depth + 1)))
        }
        (Document::Array(left), Document::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter_mut()
                    .zip(right)
                    .all(|(l, r)| equal(l, r, depth + 1))
        }
        _ => false,
    }
}

fn same_text(left: &str, right: &str) -> bool {
    let (mut l, mut r) = (Vec::new(), Vec::new());
    compact(left, false, &mut l);
    compact(right, false, &mut r);
    l == r
}

fn write_slot(slot: &Slot, out: &mut Vec<u8>) {
    match slot {
        None => out.extend_from_slice(b"null"),
        Some(document) => document.write(out),
    }
}

fn separate(i: usize, out: &mut Vec<u8>) {
    if i > 0 {
        out.push(b',');
    }
}

/// Go's `json.Compact`: no space outside strings; escaped, nothing in them that HTML would mind.
fn compact(text: &str, escape: bool, out: &mut Vec<u8>) {
    let mut in_string = false;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\r' | '\n' if !in_string => continue,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if escape => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
}

/// Reads the values in a container, passing over what stands between them. The text is valid JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The text of the next value (or key).
    fn next(&mut self) -> Option<&'a str> {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n' | b',' | b':') {
            self.at += 1;
        }
        let start = self.at;
        match self.peek() {
            0 | b'}' | b']' => return None,
            b'"' => self.skip_string(),
            b'{' | b'[' => self.skip_container(),
            _ => self.skip_word(),
        }
        self.text.get(start..self.at)
    }

    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            match self.peek() {
                b'"' | 0 => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
    }

    fn skip_container(&mut self) {
        let mut depth = 0usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 || self.at >= self.text.len() {
                return;
            }
        }
    }

    fn skip_word(&mut self) {
        while !matches!(
            self.peek(),
            0 | b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'
        ) {
            self.at += 1;
        }
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new(text).unwrap()
    }

    #[test]
    fn what_is_opened_is_sorted_and_the_rest_stays() {
        let mut doc = document(r#" {"z":{"b":1,"a":[ 80.0, 8e1 ]},"a" : {"d":null,"c":"x y"}} "#);
        doc.open();
        assert_eq!(
            doc.to_text(),
            r#"{"a":{"d":null,"c":"x y"},"z":{"b":1,"a":[80.0,8e1]}}"#
        );
        assert!(doc.find("/z/a/0").is_some());
        assert_eq!(
            doc.to_text(),
            r#"{"a":{"d":null,"c":"x y"},"z":{"a":[80.0,8e1],"b":1}}"#
        );
    }

    #[test]
    fn the_last_of_repeated_keys_wins_once_it_is_opened() {
        let mut doc = document(r#"{"a":1,"a":2}"#);
        assert_eq!(doc.to_text(), r#"{"a":1,"a":2}"#);
        doc.open();
        assert_eq!(doc.to_text(), r#"{"a":2}"#);
    }

    #[test]
    fn strings_hide_brackets_and_quotes() {
        let mut doc = document(r#"{"a\"}":"]\\","b":["}",{"c":"\""}]}"#);
        doc.open();
        assert_eq!(doc.find("/b/1").unwrap().1, "1");
        assert_eq!(doc.to_text(), r#"{"a\"}":"]\\","b":["}",{"c":"\""}]}"#);
    }

    #[test]
    fn what_html_would_mind_is_escaped() {
        assert_eq!(
            document("\"<\u{2028}\u{e9}\"").to_text(),
            r#""\u003c\u2028"#.to_owned() + "\u{e9}\""
        );
    }

    #[test]
    fn scalars_are_equal_as_text_and_containers_by_content() {
        for (left, right, same) in [
            ("1", "1", true),
            ("1", "1.0", false),
            (r#""<""#, r#""\u003c""#, false),
            ("{ }", "{}", true),
            ("{}", "[]", false),
            (r#"{"a":[1,null],"b":2}"#, r#"{"b":2,"a":[1 ,null]}"#, true),
            (r#"{"a":null}"#, "{}", false),
            ("null", "null", true),
            ("null", "0", false),
        ] {
            assert_eq!(
                Document::equal(&mut Document::new(left), &mut Document::new(right)),
                same,
                "{left} {right}"
            );
        }
    }

    #[test]
    fn an_index_counts_from_either_end() {
        for (key, at) in [
            ("0", Some(0)),
            ("01", Some(1)),
            ("+2", Some(2)),
            ("-1", Some(2)),
            ("-3", Some(0)),
        ] {
            assert_eq!(index(key, 3), at, "{key}");
        }
        for key in ["3", "-4", "-", "", "x", "1e0"] {
            assert_eq!(index(key, 3), None, "{key}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
        let mut doc = document(&deep);
        doc.prune_nulls();
        assert_eq!(doc.to_text(), deep);
        assert!(doc.find(&"/0".repeat(5_000)).is_none());
    }
}
