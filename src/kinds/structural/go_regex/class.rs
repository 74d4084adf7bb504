//! Classes of characters in brackets.

use super::escape::{class_escape, code};
use super::{ANY_SIZE, Reader, error, write_code};

/// The names that may be between `[:` and `:]`.
const NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

impl<'a> Reader<'a> {
    /// A class; the bracket is read. Every character is written by its number, so that none means more than in Go.
    pub(super) fn class(&mut self, before: &'a str) -> Result<(), String> {
        let mut text = String::from("[");
        let mut size = 1;
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            text.push('^');
            size = ANY_SIZE;
        }
        let mut is_first = true;
        loop {
            match self.rest.strip_prefix(']') {
                Some(rest) if !is_first => {
                    self.rest = rest;
                    break;
                }
                _ => size += self.member(before, &mut text)?,
            }
            is_first = false;
        }
        text.push(']');
        self.write(&text, size);
        Ok(())
    }

    fn member(&mut self, before: &str, text: &mut String) -> Result<u64, String> {
        if let Some((named, _)) = self
            .rest
            .strip_prefix("[:")
            .and_then(|t| t.split_once(":]"))
        {
            let source = &self.rest[..named.len() + 4];
            if !NAMES.contains(&named.strip_prefix('^').unwrap_or(named)) {
                return Err(error("invalid character class range", source));
            }
            text.push_str(source);
            self.rest = &self.rest[source.len()..];
            return Ok(ANY_SIZE);
        }
        if self.rest.starts_with('\\')
            && let Some((class, size, rest)) = class_escape(self.rest)?
        {
            text.push_str(&class);
            self.rest = rest;
            return Ok(size);
        }
        let range = self.rest;
        let low = self.class_char(before)?;
        write_code(text, low);
        let dashed = self.rest.strip_prefix('-');
        let Some(rest) = dashed.filter(|rest| !rest.is_empty() && !rest.starts_with(']')) else {
            return Ok(1);
        };
        self.rest = rest;
        let high = self.class_char(before)?;
        if high < low {
            let source = &range[..range.len() - self.rest.len()];
            return Err(error("invalid character class range", source));
        }
        text.push('-');
        write_code(text, high);
        Ok(if high < 0x80 { 1 } else { ANY_SIZE })
    }

    fn class_char(&mut self, before: &str) -> Result<u32, String> {
        let (code, rest) = match self.rest.chars().next() {
            None => return Err(error("missing closing ]", before)),
            Some('\\') => code(self.rest)?,
            Some(c) => (u32::from(c), &self.rest[c.len_utf8()..]),
        };
        self.rest = rest;
        Ok(code)
    }
}
