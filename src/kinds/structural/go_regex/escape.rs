//! What follows a backslash.

use regex::Regex;

use super::{ANY_SIZE, Reader, error, write_code};

/// About how many instructions a class of Unicode is.
const UNICODE_SIZE: u64 = 800;

/// Go's `\d`, `\s` and `\w`, as members of a class.
const PERL: [(char, &str); 3] = [('d', "0-9"), ('s', r"\t\n\x0C\r\x20"), ('w', "0-9A-Za-z_")];

impl<'a> Reader<'a> {
    /// An escape outside of a class; the backslash is read.
    pub(super) fn escape(&mut self, before: &'a str) -> Result<(), String> {
        let simple = match self.rest.chars().next() {
            Some('A') => "(?:\\A)",
            Some('z') => "(?:\\z)",
            Some('b') => "(?-u:\\b)",
            Some('B') => "(?-u:\\B)",
            Some('C') => return Err(error("invalid escape sequence", &before[..2])),
            Some('Q') => {
                let quoted = &self.rest[1..];
                let (text, rest) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                self.rest = rest;
                text.chars().for_each(|c| self.literal(c));
                return Ok(());
            }
            _ => {
                if let Some((class, size, rest)) = class_escape(before)? {
                    self.rest = rest;
                    self.write(&format!("[{class}]"), size);
                    return Ok(());
                }
                let (code, rest) = code(before)?;
                self.rest = rest;
                let mut text = String::new();
                write_code(&mut text, code);
                self.write(&text, 4);
                return Ok(());
            }
        };
        self.rest = &self.rest[1..];
        self.write(simple, 1);
        Ok(())
    }
}

/// `\d`, `\pL` and the like, with the backslash: as a member of a class, with its size, and what follows.
pub(super) fn class_escape(text: &str) -> Result<Option<(String, u64, &str)>, String> {
    let mut chars = text.chars().skip(1);
    let Some(letter) = chars.next() else {
        return Ok(None);
    };
    if matches!(letter, 'p' | 'P') {
        return unicode_class(text).map(Some);
    }
    let perl = PERL
        .iter()
        .find(|(name, _)| *name == letter.to_ascii_lowercase());
    Ok(perl.map(|(name, members)| match *name == letter {
        true => ((*members).to_owned(), 1, &text[2..]),
        false => (format!("[^{members}]"), ANY_SIZE, &text[2..]),
    }))
}

fn unicode_class(text: &str) -> Result<(String, u64, &str), String> {
    const WRONG: &str = "invalid character class range";
    let rest = &text[2..];
    let (name, after) = match rest.strip_prefix('{') {
        Some(inner) => inner.split_once('}').ok_or_else(|| error(WRONG, text))?,
        None => {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            rest.split_at(length)
        }
    };
    let source = &text[..text.len() - after.len()];
    let is_inverse = name.starts_with('^') != text.starts_with("\\P");
    let name = name.strip_prefix('^').unwrap_or(name);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_- ".contains(c);
    let class = match is_inverse {
        true => format!("\\P{{{name}}}"),
        false => format!("\\p{{{name}}}"),
    };
    if !name.chars().all(is_name) || Regex::new(&class).is_err() {
        return Err(error(WRONG, source));
    }
    Ok((class, UNICODE_SIZE, after))
}

/// The character an escape stands for, and what follows it.
pub(super) fn code(text: &str) -> Result<(u32, &str), String> {
    let mut chars = text.chars();
    chars.next();
    let Some(c) = chars.next() else {
        return Err(error("trailing backslash at end of expression", ""));
    };
    let rest = chars.as_str();
    let is_octal = |c: char| ('0'..='7').contains(&c);
    let simple = |code: u32| Ok((code, rest));
    match c {
        '0'..='7' if c == '0' || rest.starts_with(is_octal) => {
            let more: String = rest.chars().take(2).take_while(|c| is_octal(*c)).collect();
            let digits = format!("{c}{more}");
            Ok((
                u32::from_str_radix(&digits, 8).unwrap_or_default(),
                &rest[more.len()..],
            ))
        }
        'x' => hexadecimal(text, rest),
        'a' => simple(0x07),
        'f' => simple(0x0c),
        'n' => simple(0x0a),
        'r' => simple(0x0d),
        't' => simple(0x09),
        'v' => simple(0x0b),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => simple(u32::from(c)),
        _ => Err(wrong_escape(text, rest)),
    }
}

/// `\x7f` or `\x{10ffff}`, from behind the `x`.
fn hexadecimal<'a>(text: &'a str, rest: &'a str) -> Result<(u32, &'a str), String> {
    let Some(inner) = rest.strip_prefix('{') else {
        let mut chars = rest.chars();
        let digits = (chars.next(), chars.next());
        let after = chars.as_str();
        let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16));
        return match (digit(digits.0), digit(digits.1)) {
            (Some(a), Some(b)) => Ok((a * 16 + b, after)),
            _ => Err(wrong_escape(text, after)),
        };
    };
    let mut code = 0;
    let mut chars = inner.chars();
    let mut count = 0;
    while let Some(c) = chars.next() {
        match c.to_digit(16) {
            Some(digit) if code * 16 + digit <= 0x10_ffff => code = code * 16 + digit,
            None if c == '}' && count > 0 => return Ok((code, chars.as_str())),
            _ => break,
        }
        count += 1;
    }
    Err(wrong_escape(text, chars.as_str()))
}

fn wrong_escape(text: &str, after: &str) -> String {
    let source = &text[..text.len() - after.len()];
    error("invalid escape sequence", source)
}
