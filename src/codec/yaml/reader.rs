//! Bytes to characters: byte order marks, UTF-8, UTF-16, and the characters YAML forbids.
//!
//! go-yaml reads its input in blocks of 512 bytes while it parses, so a syntax error wins over a bad character in a
//! later block. [`Source`] hands out the good blocks and then fails.

use std::io::{self, BufRead, Read};

/// go-yaml's `input_raw_buffer_size`.
const BLOCK: usize = 512;

#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

/// The characters of a document as UTF-8, and what is wrong with the first bad one.
pub(super) struct Characters {
    pub(super) text: String,
    pub(super) problem: Option<&'static str>,
}

pub(super) fn decode(input: &[u8]) -> Characters {
    let (encoding, mut at) = match input {
        [0xff, 0xfe, ..] => (Encoding::Utf16(u16::from_le_bytes), 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16(u16::from_be_bytes), 2),
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        _ => (Encoding::Utf8, 0),
    };
    let mut text = String::with_capacity(input.len());
    // How much of the text came from whole blocks before the one at hand.
    let mut good = (0, 0);
    while at < input.len() {
        if at / BLOCK != good.0 {
            good = (at / BLOCK, text.len());
        }
        match next(&input[at..], encoding) {
            Ok((c, width)) => {
                text.push(c);
                at += width;
            }
            Err(problem) => {
                text.truncate(good.1);
                return Characters {
                    text,
                    problem: Some(problem),
                };
            }
        }
    }
    Characters {
        text,
        problem: None,
    }
}

fn next(bytes: &[u8], encoding: Encoding) -> Result<(char, usize), &'static str> {
    let (c, width) = match encoding {
        Encoding::Utf8 => next_utf8(bytes)?,
        Encoding::Utf16(unit) => next_utf16(bytes, unit)?,
    };
    if is_allowed(c) {
        Ok((c, width))
    } else {
        Err("control characters are not allowed")
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

fn next_utf8(bytes: &[u8]) -> Result<(char, usize), &'static str> {
    let (width, lead) = match bytes[0] {
        b @ 0..0x80 => return Ok((char::from(b), 1)),
        b @ 0xc0..0xe0 => (2, b & 0x1f),
        b @ 0xe0..0xf0 => (3, b & 0x0f),
        b @ 0xf0..0xf8 => (4, b & 0x07),
        _ => return Err("invalid leading UTF-8 octet"),
    };
    let rest = bytes
        .get(1..width)
        .ok_or("incomplete UTF-8 octet sequence")?;
    let mut value = u32::from(lead);
    for b in rest {
        if b & 0xc0 != 0x80 {
            return Err("invalid trailing UTF-8 octet");
        }
        value = value << 6 | u32::from(b & 0x3f);
    }
    if value < [0x80, 0x800, 0x10000][width - 2] {
        return Err("invalid length of a UTF-8 sequence");
    }
    char::from_u32(value)
        .map(|c| (c, width))
        .ok_or("invalid Unicode character")
}

fn next_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(char, usize), &'static str> {
    let at = |i: usize| Some(u32::from(unit([*bytes.get(i)?, *bytes.get(i + 1)?])));
    let first = at(0).ok_or("incomplete UTF-16 character")?;
    let (value, width) = match first & 0xfc00 {
        0xdc00 => return Err("unexpected low surrogate area"),
        0xd800 => match at(2).ok_or("incomplete UTF-16 surrogate pair")? {
            second if second & 0xfc00 == 0xdc00 => {
                (0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), 4)
            }
            _ => return Err("expected low surrogate area"),
        },
        _ => (first, 2),
    };
    char::from_u32(value)
        .map(|c| (c, width))
        .ok_or("invalid Unicode character")
}

/// What the parser reads from: the text, then an error if there is a bad character behind it.
pub(super) struct Source {
    text: Vec<u8>,
    at: usize,
    fails: bool,
}

impl Source {
    pub(super) fn new(text: String, fails: bool) -> Source {
        Source {
            text: text.into_bytes(),
            at: 0,
            fails,
        }
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match &self.text[self.at..] {
            [] if self.fails => Err(io::Error::from(io::ErrorKind::InvalidData)),
            rest => Ok(rest),
        }
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}
