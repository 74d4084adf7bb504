//! A value to YAML: go-yaml v2's `encoder` and the part of its emitter that block style needs.
//!
//! The emitter keeps the column and whether the last thing written was white space or indentation; from these follow
//! where a line breaks, where a space goes, and whether the items of a list are indented.

use serde_json::Value;

use super::keys::sorted;
use super::resolve::{self, Scalar};

/// The column after which the next space becomes a line break.
const WIDTH: usize = 80;

/// A longer key, in bytes, is written after a `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// The object as the server answers `Accept: application/yaml`, line break included.
pub(crate) fn emit(value: &Value) -> Vec<u8> {
    let mut emitter = Emitter {
        out: String::new(),
        column: 0,
        whitespace: true,
        indention: true,
    };
    emitter.node(value, None, false);
    emitter.indent(0);
    emitter.out.into_bytes()
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

struct Emitter {
    out: String,
    column: usize,
    /// Whether the last thing written was white space.
    whitespace: bool,
    /// Whether the line holds only indentation and indicators so far.
    indention: bool,
}

impl Emitter {
    /// Writes a value inside a collection of that indentation.
    fn node(&mut self, value: &Value, indent: Option<usize>, in_mapping: bool) {
        match value {
            Value::Object(map) if map.is_empty() => self.empty('{', '}'),
            Value::Array(items) if items.is_empty() => self.empty('[', ']'),
            Value::Object(map) => {
                let inner = indent.map_or(0, |i| i + 2);
                for (key, value) in sorted(map) {
                    self.member(key, value, inner);
                }
            }
            Value::Array(items) => {
                let indentless = in_mapping && !self.indention;
                let inner = indent.map_or(0, |i| if indentless { i } else { i + 2 });
                for item in items {
                    self.indent(inner);
                    self.indicator("-", true, false, true);
                    self.node(item, Some(inner), false);
                }
            }
            Value::String(s) => self.scalar(s, string_style(s), indent, false),
            Value::Number(n) => self.scalar(&number(n), Style::Plain, indent, false),
            Value::Bool(b) => self.scalar(
                if *b { "true" } else { "false" },
                Style::Plain,
                indent,
                false,
            ),
            Value::Null => self.scalar("null", Style::Plain, indent, false),
        }
    }

    fn member(&mut self, key: &str, value: &Value, indent: usize) {
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
        self.node(value, Some(indent), true);
    }

    fn empty(&mut self, open: char, close: char) {
        self.indicator(open.encode_utf8(&mut [0; 4]), true, true, false);
        self.indicator(close.encode_utf8(&mut [0; 4]), false, false, false);
    }

    fn scalar(&mut self, text: &str, wanted: Style, indent: Option<usize>, is_key: bool) {
        let indent = indent.map_or(2, |i| i + 2);
        match Analysis::of(text).style(wanted, is_key) {
            Style::Plain => self.plain(text, indent, !is_key),
            Style::SingleQuoted => self.single_quoted(text, indent, !is_key),
            Style::DoubleQuoted => self.double_quoted(text, indent, !is_key),
            Style::Literal => self.literal(text, indent),
        }
    }

    fn plain(&mut self, text: &str, indent: usize, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        self.words(text, indent, may_fold, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.indicator("'", true, false, false);
        self.words(text, indent, may_fold, true);
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    /// The text of a plain or single-quoted scalar. The only breaks that get here are U+2028 and U+2029.
    fn words(&mut self, text: &str, indent: usize, may_fold: bool, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        for (at, c) in text.char_indices() {
            let rest = &text[at + c.len_utf8()..];
            if c == ' ' {
                let inside = !quoted || (at > 0 && !rest.is_empty());
                if may_fold && !spaces && self.column > WIDTH && inside && !rest.starts_with(' ') {
                    self.indent(indent);
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                self.line_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent(indent);
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, may_fold: bool) {
        let mut spaces = false;
        self.indicator("\"", true, false, false);
        // go-yaml looks for a byte order mark at the start of the text, whichever character it stands at.
        let marked = text.starts_with('\u{feff}');
        for (at, c) in text.char_indices() {
            let rest = &text[at + c.len_utf8()..];
            if marked || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                escape(c).chars().for_each(|e| self.put(e));
                spaces = false;
            } else if c == ' ' {
                if may_fold && !spaces && self.column > WIDTH && at > 0 && !rest.is_empty() {
                    self.indent(indent);
                    if rest.starts_with(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut from_end = text.chars().rev();
        match (
            from_end.next().is_some_and(is_break),
            from_end.next().is_none_or(is_break),
        ) {
            (false, _) => self.indicator("-", false, false, false),
            (true, true) => self.indicator("+", false, false, false),
            (true, false) => {}
        }
        self.line_break('\n');
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.line_break(c);
                self.indention = true;
            } else {
                if breaks {
                    self.indent(indent);
                }
                self.put(c);
                self.indention = false;
            }
            breaks = is_break(c);
        }
    }

    fn indicator(
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
    fn indent(&mut self, indent: usize) {
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }
}

/// The style go-yaml asks for: quotes for what would not be read back as a string.
fn string_style(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if resolve::resolve(text) == Scalar::Text && !resolve::is_base60_float(text) {
        Style::Plain
    } else {
        Style::DoubleQuoted
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

/// Which styles a text can be written in.
struct Analysis {
    multiline: bool,
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Analysis {
    fn of(text: &str) -> Analysis {
        let starts = |test: fn(char) -> bool| text.starts_with(test);
        let ends = |test: fn(char) -> bool| text.ends_with(test);
        let follows = |first: fn(char) -> bool, second: fn(char) -> bool| {
            text.chars()
                .zip(text.chars().skip(1))
                .any(|(a, b)| first(a) && second(b))
        };
        let multiline = text.contains(is_break);
        let break_space = follows(is_break, is_space);
        let special = follows(is_space, is_break) || !text.chars().all(is_printable);
        let edged = starts(is_space) || starts(is_break) || ends(is_space) || ends(is_break);
        Analysis {
            multiline,
            plain: !(edged || break_space || special || multiline || has_indicators(text)),
            single_quoted: !(break_space || special),
            block: !(text.is_empty() || ends(is_space) || special),
        }
    }

    fn style(&self, wanted: Style, is_key: bool) -> Style {
        let mut style = if is_key && self.multiline {
            Style::DoubleQuoted
        } else {
            wanted
        };
        if style == Style::Plain && !self.plain {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !self.single_quoted {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!self.block || is_key) {
            style = Style::DoubleQuoted;
        }
        style
    }
}

/// Whether a plain scalar of this text would be read as something else in block context.
fn has_indicators(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    let lone = chars.next().is_none_or(is_blank);
    match first {
        Some(
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`',
        ) => true,
        Some('?' | ':' | '-') if lone => true,
        _ if text.starts_with("---") || text.starts_with("...") => true,
        _ => {
            let pairs = text
                .chars()
                .zip(text.chars().skip(1).map(Some).chain([None]));
            let ends_key = pairs
                .clone()
                .skip(1)
                .any(|(c, next)| c == ':' && next.is_none_or(is_blank));
            let comments = pairs
                .clone()
                .any(|(c, next)| (is_blank(c) || is_break(c)) && next == Some('#'));
            ends_key || comments
        }
    }
}

fn is_space(c: char) -> bool {
    c == ' '
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml knows characters of up to three bytes; an emoji is not printable to it.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => return long_escape(u32::from(c)),
    };
    format!("\\{short}")
}

fn long_escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}
