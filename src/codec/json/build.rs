//! From text to a [`Node`], in one pass; what is no JSON is left to the scanner to explain.

use super::scan::{check, is_space};
use super::{Node, plain_but};

/// Deeper values are checked but not built: no field of any kind is this deep, and an unknown field is dropped anyway.
const MAX_BUILT_DEPTH: usize = 200;

/// For how many members of an object there is room before there has to be more.
const USUAL_MEMBERS: usize = 4;

/// Which bytes stand for themselves in a string literal.
const PLAIN: [bool; 256] = plain_but(b"\"\\");

/// The one value of a document, if it is JSON.
pub(super) fn document(text: &str) -> Option<Node> {
    let mut builder = Builder {
        text,
        at: 0,
        is_checked: false,
    };
    let value = builder.value(0)?;
    builder.space();
    (builder.at == text.len()).then_some(value)
}

struct Builder<'a> {
    text: &'a str,
    at: usize,
    /// The whole text is known to be JSON.
    is_checked: bool,
}

impl Builder<'_> {
    fn value(&mut self, depth: usize) -> Option<Node> {
        self.space();
        match self.peek()? {
            b'{' | b'[' if depth >= MAX_BUILT_DEPTH => self.skip_deep(),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Node::String),
            b't' => self.word("true", Node::Bool(true)),
            b'f' => self.word("false", Node::Bool(false)),
            b'n' => self.word("null", Node::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node> {
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        if self.opens_and_closes(b'}') {
            return Some(Node::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.take(b':')?;
            members.push((key, self.value(depth + 1)?));
            if self.ends(b'}')? {
                return Some(Node::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Node> {
        let mut items = Vec::new();
        if self.opens_and_closes(b']') {
            return Some(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']')? {
                return Some(Node::Array(items));
            }
        }
    }

    /// Goes past an opening bracket, and past the closing one if there is nothing between.
    fn opens_and_closes(&mut self, close: u8) -> bool {
        self.at += 1;
        self.space();
        let closes = self.peek() == Some(close);
        self.at += usize::from(closes);
        closes
    }

    /// After a member or an item: whether it was the last.
    fn ends(&mut self, close: u8) -> Option<bool> {
        self.space();
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Some(false),
            next => (next == close).then_some(true),
        }
    }

    fn word(&mut self, word: &str, node: Node) -> Option<Node> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(node)
    }

    fn number(&mut self) -> Option<Node> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(Node::Number(self.text[start..self.at].to_owned()))
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let start = self.at;
        if self.skip_plain()? == b'"' {
            self.at += 1;
            return Some(self.text[start..self.at - 1].to_owned());
        }
        let mut out = self.text[start..self.at].to_owned();
        loop {
            match self.peek()? {
                b'\\' => out.push(self.escape()?),
                b'"' => {
                    self.at += 1;
                    return Some(out);
                }
                byte if PLAIN[usize::from(byte)] => {
                    let start = self.at;
                    self.skip_plain()?;
                    out.push_str(&self.text[start..self.at]);
                }
                _ => return None,
            }
        }
    }

    /// Goes to the next byte of a string literal that does not stand for itself.
    fn skip_plain(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().position(|b| !PLAIN[usize::from(*b)])?;
        self.at += length;
        Some(rest[length])
    }

    fn escape(&mut self) -> Option<char> {
        self.at += 1;
        let c = self.peek()?;
        self.at += 1;
        Some(match c {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            b'"' | b'\\' | b'/' => char::from(c),
            _ => return None,
        })
    }

    /// A `\u` escape; a pair of surrogates is one character, a lone one is U+FFFD.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex(self.at)?;
        self.at += 4;
        let rest = &self.text.as_bytes()[self.at..];
        if (0xd800..0xdc00).contains(&first) && rest.starts_with(b"\\u") {
            let second = self.hex(self.at + 2)?;
            if (0xdc00..0xe000).contains(&second) {
                self.at += 6;
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Some(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
        }
        Some(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 4)?;
        digits
            .iter()
            .try_fold(0, |n, &b| Some(n * 16 + char::from(b).to_digit(16)?))
    }

    fn skip_deep(&mut self) -> Option<Node> {
        if !self.is_checked {
            check(self.text.as_bytes()).ok()?;
            self.is_checked = true;
        }
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    self.string()?;
                    continue;
                }
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(Node::TooDeep);
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let is_there = self.peek() == Some(byte);
        self.at += 1;
        is_there.then_some(())
    }

    fn space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What JSON is made of, and what it is not.
    const PIECES: [&str; 32] = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\"a\"",
        "\"b\":",
        "true",
        "false",
        "null",
        "tru",
        "0",
        "1",
        "01",
        "-",
        "-1",
        "1.5",
        "1.",
        "e",
        "1e5",
        "1e+",
        " ",
        "\n",
        "\u{1}",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\u12",
        "\"\\n\"",
        "é",
    ];

    proptest! {
        #[test]
        fn it_takes_what_the_scanner_takes(pieces in prop::collection::vec(0..PIECES.len(), 0..12)) {
            let text: String = pieces.iter().map(|i| PIECES[*i]).collect();
            prop_assert_eq!(document(&text).is_some(), check(text.as_bytes()).is_ok(), "{}", text);
        }

        #[test]
        fn what_is_json_is_taken_however_it_is_spaced(members in prop::collection::vec((".{0,6}", any::<i32>()), 0..6)) {
            let value: serde_json::Value = members.into_iter().map(|(k, v)| (k, vec![v])).collect();
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert_eq!(document(&text).map(|node| node.to_value()), Some(value.clone()));
            }
        }
    }
}
