//! A value to YAML: go-yaml v2's `encoder` and the part of its emitter that block style needs.
//!
//! The emitter keeps the column and whether the last thing written was white space or indentation; from these follow
//! where a line breaks, where a space goes, and whether the items of a list are indented.
//!
//! In a file for people what fits on a line is in flow style, and nothing is folded.

use serde_json::Value;

use super::keys::sorted;
use super::resolve::{self, Scalar};
use super::style::{Style, is_break, string_style};
use crate::codec::json::Node;

/// The column after which the next space becomes a line break.
const FOLD: usize = 80;

/// A longer key, in bytes, is written after a `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// The object as the server answers `Accept: application/yaml`, line break included.
pub(crate) fn emit(value: &Value) -> Vec<u8> {
    let mut emitter = Emitter::new(None);
    emitter.node(&node(value), None, false);
    emitter.indent(0);
    emitter.out.into_bytes()
}

/// The value in go-yaml's order of keys, with its spelling of numbers.
fn node(value: &Value) -> Node {
    match value {
        Value::Number(n) => Node::Number(number(n)),
        Value::Array(items) => Node::Array(items.iter().map(node).collect()),
        Value::Object(map) => {
            let members = sorted(map).into_iter();
            Node::Object(members.map(|(k, v)| (k.clone(), node(v))).collect())
        }
        scalar => Node::from_value(scalar),
    }
}

pub(super) struct Emitter {
    pub(super) out: String,
    pub(super) column: usize,
    /// Whether the last thing written was white space.
    pub(super) whitespace: bool,
    /// Whether the line holds only indentation and indicators so far.
    pub(super) indention: bool,
    /// Between the brackets of flow style.
    pub(super) in_flow: bool,
    /// Up to which column there is flow style, in a file for people.
    width: Option<usize>,
}

impl Emitter {
    pub(super) fn new(width: Option<usize>) -> Self {
        Emitter {
            out: String::new(),
            column: 0,
            whitespace: true,
            indention: true,
            in_flow: false,
            width,
        }
    }

    /// Whether a space here may become a line break.
    pub(super) fn folds(&self) -> bool {
        self.width.is_none() && self.column > FOLD
    }

    /// Writes a value inside a collection of that indentation.
    pub(super) fn node(&mut self, value: &Node, indent: Option<usize>, in_mapping: bool) {
        match value {
            Node::Object(members) if members.is_empty() => self.empty('{', '}'),
            Node::Array(items) if items.is_empty() => self.empty('[', ']'),
            Node::Object(_) | Node::Array(_) if self.fits(value) => {}
            Node::Object(members) => {
                let inner = indent.map_or(0, |i| i + 2);
                for (key, value) in members {
                    self.key(key, inner);
                    self.node(value, Some(inner), true);
                }
            }
            Node::Array(items) => {
                let inner = self.items_indent(indent, in_mapping);
                for item in items {
                    self.dash(inner);
                    self.node(item, Some(inner), false);
                }
            }
            Node::String(s) => {
                let style = match self.width {
                    // A reader takes these for line breaks, and forgets which they were.
                    Some(_) if s.contains(|c| is_break(c) && c != '\n') => Style::DoubleQuoted,
                    _ => string_style(s),
                };
                self.scalar(s, style, indent, false);
            }
            Node::Number(n) => self.scalar(n, Style::Plain, indent, false),
            Node::Bool(true) => self.scalar("true", Style::Plain, indent, false),
            Node::Bool(false) => self.scalar("false", Style::Plain, indent, false),
            Node::Null | Node::TooDeep => self.scalar("null", Style::Plain, indent, false),
        }
    }

    /// Begins a member in block style.
    pub(super) fn key(&mut self, key: &str, indent: usize) {
        self.indent(indent);
        if key.len() <= MAX_SIMPLE_KEY && !key.contains(is_break) {
            self.scalar(key, string_style(key), Some(indent), true);
            self.indicator(":", false, false, false);
        } else {
            self.indicator("?", true, false, true);
            self.scalar(key, string_style(key), Some(indent), false);
            self.indent(indent);
            self.indicator(":", true, false, true);
        }
    }

    /// Begins an item in block style.
    pub(super) fn dash(&mut self, indent: usize) {
        self.indent(indent);
        self.indicator("-", true, false, true);
    }

    pub(super) fn items_indent(&self, indent: Option<usize>, in_mapping: bool) -> usize {
        let indentless = in_mapping && !self.indention;
        indent.map_or(0, |i| if indentless { i } else { i + 2 })
    }

    pub(super) fn empty(&mut self, open: char, close: char) {
        self.indicator(open.encode_utf8(&mut [0; 4]), true, true, false);
        self.indicator(close.encode_utf8(&mut [0; 4]), false, false, false);
    }

    /// Writes a value in flow style, if the rest of the line has room for it.
    fn fits(&mut self, value: &Node) -> bool {
        let Some(width) = self.width else {
            return false;
        };
        let before = (self.out.len(), self.column, self.whitespace, self.indention);
        self.in_flow = true;
        let fits = self.flow(value, width);
        self.in_flow = false;
        if !fits {
            self.out.truncate(before.0);
            (_, self.column, self.whitespace, self.indention) = before;
        }
        fits
    }

    fn flow(&mut self, value: &Node, width: usize) -> bool {
        match value {
            Node::Array(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    self.indicator(if i == 0 { "[" } else { "," }, i == 0, i == 0, false);
                    if !self.flow(item, width) {
                        return false;
                    }
                }
                self.indicator("]", false, false, false);
            }
            Node::Object(members) if !members.is_empty() => {
                for (i, (key, value)) in members.iter().enumerate() {
                    self.indicator(if i == 0 { "{" } else { "," }, i == 0, i == 0, false);
                    self.scalar(key, string_style(key), None, true);
                    self.indicator(":", false, false, false);
                    if !self.flow(value, width) {
                        return false;
                    }
                }
                self.indicator("}", false, false, false);
            }
            Node::String(text) if text.contains(is_break) => return false,
            scalar => self.node(scalar, None, false),
        }
        self.column <= width
    }

    pub(super) fn indicator(
        &mut self,
        text: &str,
        needs_space: bool,
        is_whitespace: bool,
        is_indention: bool,
    ) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
    }

    /// Moves to that column, on a new line unless this one has only come as far.
    pub(super) fn indent(&mut self, indent: usize) {
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    pub(super) fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    pub(super) fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }
}

/// A number as go-yaml writes it after reading it back from JSON.
fn number(n: &serde_json::Number) -> String {
    if n.is_i64() || n.is_u64() {
        return n.to_string();
    }
    let Some(f) = n.as_f64() else {
        return n.to_string();
    };
    match resolve::resolve(&resolve::json_float(f)) {
        Scalar::Int(n) => n.to_string(),
        Scalar::Uint(n) => n.to_string(),
        _ => resolve::go_float(f),
    }
}
