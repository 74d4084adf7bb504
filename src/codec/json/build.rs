//! From text that was checked to a [`Node`].

use super::Node;
use super::scan::is_space;

/// Deeper values are checked but not built: no field of any kind is this deep, and an unknown field is dropped anyway.
const MAX_BUILT_DEPTH: usize = 200;

/// Builds nodes from input that [`check`] has accepted.
pub(super) struct Builder<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Builder { input, at: 0 }
    }

    pub(super) fn value(&mut self, depth: usize) -> Node {
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
