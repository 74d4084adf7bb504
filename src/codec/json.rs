//! JSON as Go's `encoding/json` (in its `sigs.k8s.io/json` form) reads and writes it.
//!
//! [`check`] finds the first syntax error in Go's words; [`parse`] builds a [`Node`]; [`write_string`] and
//! [`compact`] write with Go's escapes.

use serde_json::Value;

use super::quote::quote_char;

/// Go's limit on nesting; one level more is a syntax error.
const MAX_NESTING: usize = 10_000;

/// Deeper values are checked but not built: no field of any kind is this deep, and an unknown field is dropped anyway.
const MAX_BUILT_DEPTH: usize = 200;

/// A JSON (or YAML) value as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    /// The literal as written: `80`, `80.0` and `8e1` are different here.
    Number(String),
    String(String),
    Array(Vec<Node>),
    /// Members in document order, repeated keys included.
    Object(Vec<(String, Node)>),
    /// Nested too deeply to be part of any known field.
    TooDeep,
}

impl Node {
    /// The last member of this name, if this is an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Object(members) => members.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// What `encoding/json` calls this kind of value in a type error.
    pub(crate) fn go_kind(&self) -> String {
        match self {
            Node::Null => "null".to_owned(),
            Node::Bool(_) => "bool".to_owned(),
            Node::Number(_) => "number".to_owned(),
            Node::String(_) => "string".to_owned(),
            Node::Array(_) => "array".to_owned(),
            Node::Object(_) | Node::TooDeep => "object".to_owned(),
        }
    }

    /// The plain value: last of repeated keys wins, numbers become the nearest JSON number.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Node::Null | Node::TooDeep => Value::Null,
            Node::Bool(b) => Value::Bool(*b),
            Node::Number(n) => number(n),
            Node::String(s) => Value::String(s.clone()),
            Node::Array(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Node::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(k, v)| (k.clone(), v.to_value()))
                    .collect(),
            ),
        }
    }

    pub(crate) fn from_value(value: &Value) -> Node {
        match value {
            Value::Null => Node::Null,
            Value::Bool(b) => Node::Bool(*b),
            Value::Number(n) => Node::Number(n.to_string()),
            Value::String(s) => Node::String(s.clone()),
            Value::Array(items) => Node::Array(items.iter().map(Node::from_value).collect()),
            Value::Object(map) => Node::Object(
                map.iter()
                    .map(|(k, v)| (k.clone(), Node::from_value(v)))
                    .collect(),
            ),
        }
    }
}

fn number(literal: &str) -> Value {
    if let Ok(n) = literal.parse::<i64>() {
        return n.into();
    }
    if let Ok(n) = literal.parse::<u64>() {
        return n.into();
    }
    literal
        .parse::<f64>()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

/// Parses one JSON document, or says in Go's words why it is none.
pub(crate) fn parse(input: &[u8]) -> Result<Node, String> {
    check(input)?;
    Ok(Builder { input, at: 0 }.value(0))
}

/// Go's `checkValid`: the first syntax error of a document.
pub(crate) fn check(input: &[u8]) -> Result<(), String> {
    let mut scanner = Scanner::default();
    for &byte in input {
        scanner.step(byte)?;
    }
    scanner.end()
}

/// What encloses the value being scanned.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    ObjectKey,
    ObjectValue,
    Array,
}

/// Where the scanner stands, named after the functions of Go's scanner.
#[derive(Clone, Copy, PartialEq, Default)]
enum State {
    #[default]
    BeginValue,
    BeginValueOrEmpty,
    BeginStringOrEmpty,
    BeginString,
    EndValue,
    EndTop,
    InString,
    InStringEsc,
    InStringEscU(u8),
    Neg,
    Digits,
    Zero,
    Dot,
    DotDigits,
    E,
    ESign,
    EDigits,
    /// The rest of `true`, `false` or `null`: the word and how much of it was seen.
    Literal(&'static str, usize),
}

#[derive(Default)]
struct Scanner {
    state: State,
    stack: Vec<Inside>,
}

impl Scanner {
    fn step(&mut self, c: u8) -> Result<(), String> {
        use State as S;
        match self.state {
            S::BeginValueOrEmpty if c == b']' => self.end_value(c),
            S::BeginValue | S::BeginValueOrEmpty => self.begin_value(c),
            S::BeginStringOrEmpty if c == b'}' => {
                if let Some(top) = self.stack.last_mut() {
                    *top = Inside::ObjectValue;
                }
                self.end_value(c)
            }
            S::BeginStringOrEmpty | S::BeginString => match c {
                c if is_space(c) => Ok(()),
                b'"' => self.go(S::InString),
                _ => fail(c, "looking for beginning of object key string"),
            },
            S::EndValue | S::EndTop => self.end_value(c),
            S::InString => match c {
                b'"' => self.go(S::EndValue),
                b'\\' => self.go(S::InStringEsc),
                c if c < 0x20 => fail(c, "in string literal"),
                _ => Ok(()),
            },
            S::InStringEsc => match c {
                b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => self.go(S::InString),
                b'u' => self.go(S::InStringEscU(4)),
                _ => fail(c, "in string escape code"),
            },
            S::InStringEscU(left) => match c {
                c if c.is_ascii_hexdigit() && left == 1 => self.go(S::InString),
                c if c.is_ascii_hexdigit() => self.go(S::InStringEscU(left - 1)),
                _ => fail(c, "in \\u hexadecimal character escape"),
            },
            S::Literal(word, seen) => self.literal(c, word, seen),
            _ => self.number(c),
        }
    }

    fn begin_value(&mut self, c: u8) -> Result<(), String> {
        use State as S;
        match c {
            c if is_space(c) => Ok(()),
            b'{' => self.push(c, Inside::ObjectKey, S::BeginStringOrEmpty),
            b'[' => self.push(c, Inside::Array, S::BeginValueOrEmpty),
            b'"' => self.go(S::InString),
            b'-' => self.go(S::Neg),
            b'0' => self.go(S::Zero),
            b't' => self.go(S::Literal("true", 1)),
            b'f' => self.go(S::Literal("false", 1)),
            b'n' => self.go(S::Literal("null", 1)),
            b'1'..=b'9' => self.go(S::Digits),
            _ => fail(c, "looking for beginning of value"),
        }
    }

    fn end_value(&mut self, c: u8) -> Result<(), String> {
        use State as S;
        let Some(inside) = self.stack.last().copied() else {
            self.state = S::EndTop;
            return if is_space(c) {
                Ok(())
            } else {
                fail(c, "after top-level value")
            };
        };
        if is_space(c) && !matches!(self.state, S::BeginValueOrEmpty | S::BeginStringOrEmpty) {
            return self.go(S::EndValue);
        }
        match (inside, c) {
            (Inside::ObjectKey, b':') => {
                self.set_top(Inside::ObjectValue);
                self.go(S::BeginValue)
            }
            (Inside::ObjectKey, _) => fail(c, "after object key"),
            (Inside::ObjectValue, b',') => {
                self.set_top(Inside::ObjectKey);
                self.go(S::BeginString)
            }
            (Inside::ObjectValue, b'}') | (Inside::Array, b']') => {
                self.stack.pop();
                self.go(if self.stack.is_empty() {
                    S::EndTop
                } else {
                    S::EndValue
                })
            }
            (Inside::ObjectValue, _) => fail(c, "after object key:value pair"),
            (Inside::Array, b',') => self.go(S::BeginValue),
            (Inside::Array, _) => fail(c, "after array element"),
        }
    }

    fn number(&mut self, c: u8) -> Result<(), String> {
        use State as S;
        match (self.state, c) {
            (S::Neg, b'0') => self.go(S::Zero),
            (S::Neg, b'1'..=b'9') => self.go(S::Digits),
            (S::Neg, _) => fail(c, "in numeric literal"),
            (S::Digits, b'0'..=b'9') => Ok(()),
            (S::Digits | S::Zero, b'.') => self.go(S::Dot),
            (S::Digits | S::Zero | S::DotDigits, b'e' | b'E') => self.go(S::E),
            (S::Dot, b'0'..=b'9') => self.go(S::DotDigits),
            (S::Dot, _) => fail(c, "after decimal point in numeric literal"),
            (S::DotDigits, b'0'..=b'9') => Ok(()),
            (S::E, b'+' | b'-') => self.go(S::ESign),
            (S::E | S::ESign | S::EDigits, b'0'..=b'9') => self.go(S::EDigits),
            (S::E | S::ESign, _) => fail(c, "in exponent of numeric literal"),
            _ => {
                self.state = S::EndValue;
                self.end_value(c)
            }
        }
    }

    fn literal(&mut self, c: u8, word: &'static str, seen: usize) -> Result<(), String> {
        let expected = word.as_bytes()[seen];
        if c != expected {
            return fail(
                c,
                &format!("in literal {word} (expecting {})", quote_char(expected)),
            );
        }
        self.go(if seen + 1 == word.len() {
            State::EndValue
        } else {
            State::Literal(word, seen + 1)
        })
    }

    fn end(&mut self) -> Result<(), String> {
        let complete = self.stack.is_empty()
            && matches!(
                self.state,
                State::EndTop
                    | State::EndValue
                    | State::Digits
                    | State::Zero
                    | State::DotDigits
                    | State::EDigits
            );
        if complete {
            Ok(())
        } else {
            Err("unexpected end of JSON input".to_owned())
        }
    }

    fn push(&mut self, c: u8, inside: Inside, next: State) -> Result<(), String> {
        self.stack.push(inside);
        if self.stack.len() > MAX_NESTING {
            return fail(c, "exceeded max depth");
        }
        self.go(next)
    }

    fn set_top(&mut self, inside: Inside) {
        if let Some(top) = self.stack.last_mut() {
            *top = inside;
        }
    }

    fn go(&mut self, state: State) -> Result<(), String> {
        self.state = state;
        Ok(())
    }
}

fn fail(c: u8, context: &str) -> Result<(), String> {
    Err(format!("invalid character {} {context}", quote_char(c)))
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\r' | b'\n')
}

/// Builds nodes from input that [`check`] has accepted.
struct Builder<'a> {
    input: &'a [u8],
    at: usize,
}

impl Builder<'_> {
    fn value(&mut self, depth: usize) -> Node {
        self.space();
        match self.peek() {
            b'{' if depth >= MAX_BUILT_DEPTH => self.skip_deep(),
            b'[' if depth >= MAX_BUILT_DEPTH => self.skip_deep(),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => Node::String(self.string()),
            b't' => self.word(4, Node::Bool(true)),
            b'f' => self.word(5, Node::Bool(false)),
            b'n' => self.word(4, Node::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Node {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                b'}' => break,
                b',' => self.at += 1,
                _ => {
                    let key = self.string();
                    self.space();
                    self.at += 1; // the colon
                    members.push((key, self.value(depth + 1)));
                }
            }
        }
        self.at += 1;
        Node::Object(members)
    }

    fn array(&mut self, depth: usize) -> Node {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                b']' => break,
                b',' => self.at += 1,
                _ => items.push(self.value(depth + 1)),
            }
        }
        self.at += 1;
        Node::Array(items)
    }

    fn word(&mut self, len: usize, node: Node) -> Node {
        self.at += len;
        node
    }

    fn number(&mut self) -> Node {
        let start = self.at;
        while matches!(self.peek(), b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') {
            self.at += 1;
        }
        Node::Number(String::from_utf8_lossy(&self.input[start..self.at]).into_owned())
    }

    fn string(&mut self) -> String {
        self.at += 1;
        let start = self.at;
        while !matches!(self.peek(), b'"' | b'\\') {
            self.at += 1;
        }
        let mut out = lossy(&self.input[start..self.at]);
        while self.peek() == b'\\' {
            self.escape(&mut out);
            let start = self.at;
            while !matches!(self.peek(), b'"' | b'\\') {
                self.at += 1;
            }
            out.push_str(&lossy(&self.input[start..self.at]));
        }
        self.at += 1;
        out
    }

    fn escape(&mut self, out: &mut String) {
        let c = self.input[self.at + 1];
        self.at += 2;
        match c {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => out.push(self.unicode()),
            c => out.push(char::from(c)),
        }
    }

    /// A `\u` escape; a pair of surrogates is one character, a lone one is U+FFFD.
    fn unicode(&mut self) -> char {
        let first = self.hex(self.at);
        self.at += 4;
        if (0xd800..0xdc00).contains(&first) && self.input.get(self.at..self.at + 2) == Some(b"\\u")
        {
            let second = self.hex(self.at + 2);
            if (0xdc00..0xe000).contains(&second) {
                self.at += 6;
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).unwrap_or('\u{fffd}');
            }
        }
        char::from_u32(first).unwrap_or('\u{fffd}')
    }

    fn hex(&self, at: usize) -> u32 {
        self.input[at..at + 4]
            .iter()
            .fold(0, |n, &b| n * 16 + char::from(b).to_digit(16).unwrap_or(0))
    }

    fn skip_deep(&mut self) -> Node {
        let mut depth = 0usize;
        loop {
            match self.peek() {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    self.string();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Node::TooDeep;
            }
        }
    }

    fn space(&mut self) {
        while is_space(self.peek()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> u8 {
        self.input.get(self.at).copied().unwrap_or(0)
    }
}

/// UTF-8 with every invalid byte replaced on its own, as Go ranges over a string.
fn lossy(bytes: &[u8]) -> String {
    if let Ok(s) = std::str::from_utf8(bytes) {
        return s.to_owned();
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    out
}

/// Writes a string literal with Go's escapes, HTML ones included.
pub(crate) fn write_string(out: &mut Vec<u8>, s: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = s.as_bytes();
    let mut start = 0;
    let mut i = 0;
    while i < bytes.len() {
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
        Value::Number(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Value::String(s) => write_string(out, s),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_sorted(out, item);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            out.push(b'{');
            for (i, (key, item)) in sorted(map).into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(out, key);
                out.push(b':');
                write_sorted(out, item);
            }
            out.push(b'}');
        }
    }
}

/// The members in key order, whichever map type `serde_json` was built with.
pub(crate) fn sorted(map: &serde_json::Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = map.iter().collect();
    if !members.is_sorted_by_key(|(k, _)| *k) {
        members.sort_by_key(|(k, _)| *k);
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
