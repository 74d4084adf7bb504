//! Go's scanner: the first syntax error of a document, in Go's words.

use crate::codec::quote::quote_char;

pub(super) const UNEXPECTED_END: &str = "unexpected end of JSON input";
/// Go's limit on nesting; one level more is a syntax error.
const MAX_NESTING: usize = 10_000;

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
            Err(UNEXPECTED_END.to_owned())
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

pub(super) fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\r' | b'\n')
}
