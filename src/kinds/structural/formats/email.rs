//! `mail.ParseAddress`: whether a text is one address of RFC 5322, with a name or without.

use std::net::IpAddr;

use crate::codec::base64;

/// The character sets of encoded words that are known.
const CHARSETS: [&str; 3] = ["utf-8", "iso-8859-1", "us-ascii"];

pub(crate) fn is_email(text: &str) -> bool {
    let mut reader = Reader { rest: text };
    let count = reader.address(true);
    count == Some(1) && reader.comments().is_some() && reader.rest.is_empty()
}

struct Reader<'a> {
    rest: &'a str,
}

/// Each reads what it is named after, or gives none where that is not what comes next.
impl<'a> Reader<'a> {
    /// A mailbox, or a group of them; gives how many there are.
    fn address(&mut self, may_be_group: bool) -> Option<usize> {
        self.space();
        if self.rest.is_empty() {
            return None;
        }
        if self.attempt(Reader::spec).is_some() {
            self.space();
            if self.take('(') {
                self.display_comment()?;
            }
            return Some(1);
        }
        if !self.rest.starts_with('<') {
            self.phrase()?;
        }
        self.space();
        if may_be_group && self.take(':') {
            return self.group();
        }
        self.expect('<')?;
        self.spec()?;
        self.expect('>')?;
        Some(1)
    }

    fn group(&mut self) -> Option<usize> {
        self.space();
        if self.take(';') {
            self.comments()?;
            return Some(0);
        }
        let mut count = 0;
        loop {
            self.space();
            count += self.address(false)?;
            self.comments()?;
            if self.take(';') {
                self.comments()?;
                return Some(count);
            }
            self.expect(',')?;
        }
    }

    /// `local@domain`.
    fn spec(&mut self) -> Option<()> {
        self.space();
        if self.rest.starts_with('"') {
            self.quoted().filter(|is_empty| !is_empty)?;
        } else {
            self.atom(false)?;
        }
        self.expect('@')?;
        self.space();
        if self.take('[') {
            return self.domain_literal();
        }
        self.atom(false).map(|_| ())
    }

    fn domain_literal(&mut self) -> Option<()> {
        let (address, rest) = self.rest.split_once(']')?;
        self.rest = rest;
        address.parse::<IpAddr>().is_ok().then_some(())
    }

    /// One word at least; what follows them is not looked at here.
    fn phrase(&mut self) -> Option<()> {
        let mut count = 0;
        loop {
            if count > 0 {
                self.comments()?;
            }
            self.space();
            let word = match self.rest.chars().next() {
                None => break,
                Some('"') => self.quoted().map(|_| false),
                Some(_) => self.atom(true).and_then(is_empty_word),
            };
            match word {
                Some(is_empty) => count += usize::from(!is_empty),
                None => break,
            }
        }
        (count > 0).then_some(())
    }

    /// Gives whether there is nothing between the quotes.
    fn quoted(&mut self) -> Option<bool> {
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                c if is_escaped && (is_visible(c) || is_space(c)) => is_escaped = false,
                _ if is_escaped => return None,
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(at == 1);
                }
                '\\' => is_escaped = true,
                c if is_visible(c) || is_space(c) => {}
                _ => return None,
            }
        }
        None
    }

    /// With dots; unless that does not matter, none at an end and no two together.
    fn atom(&mut self, is_permissive: bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_atom(c)).unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at(end);
        if atom.is_empty() {
            return None;
        }
        self.rest = rest;
        let has_stray_dot = atom.split('.').any(str::is_empty);
        (is_permissive || !has_stray_dot).then_some(atom)
    }

    /// A comment that is the name; its parenthesis is read.
    fn display_comment(&mut self) -> Option<()> {
        let comment = self.comment()?;
        let mut words = comment.split([' ', '\t']).filter(|word| !word.is_empty());
        words
            .all(|word| is_empty_word(word).is_some())
            .then_some(())
    }

    fn comments(&mut self) -> Option<()> {
        self.space();
        while self.take('(') {
            self.comment()?;
            self.space();
        }
        Some(())
    }

    /// Up to the parenthesis that closes it.
    fn comment(&mut self) -> Option<String> {
        let mut depth = 1usize;
        let mut text = String::new();
        let mut chars = self.rest.chars();
        while let Some(c) = chars.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = chars.as_str();
                return Some(text);
            }
            text.push(match c {
                '\\' => chars.next().unwrap_or(c),
                c => c,
            });
        }
        None
    }

    /// Goes back where there is none.
    fn attempt<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.rest;
        let found = read(self);
        if found.is_none() {
            self.rest = before;
        }
        found
    }

    fn expect(&mut self, c: char) -> Option<()> {
        self.take(c).then_some(())
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }
}

/// Whether nothing comes of an encoded word. None if it is of a character set that is not known.
fn is_empty_word(word: &str) -> Option<bool> {
    let inner = word
        .strip_prefix("=?")
        .and_then(|rest| rest.strip_suffix("?="))
        .filter(|_| word.len() >= 8 && word.matches('?').count() == 4);
    let parts: Vec<&str> = inner.unwrap_or_default().split('?').collect();
    let [charset, encoding, text] = parts[..] else {
        return Some(false);
    };
    let is_encoded = match encoding {
        "b" | "B" => base64::decode(text).is_ok(),
        "q" | "Q" => is_quoted_printable(text),
        _ => false,
    };
    let is_known = CHARSETS.contains(&charset.to_ascii_lowercase().as_str());
    match (is_encoded && !charset.is_empty(), is_known) {
        (false, _) => Some(false),
        (true, true) => Some(text.is_empty()),
        (true, false) => None,
    }
}

fn is_quoted_printable(text: &str) -> bool {
    let is_hex = |digits: Option<&str>| {
        digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    text.bytes()
        .all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
        && text
            .match_indices('=')
            .all(|(at, _)| is_hex(text.get(at + 1..at + 3)))
}

fn is_atom(c: char) -> bool {
    is_visible(c) && !"()<>[]:;@\\,\"".contains(c)
}

fn is_visible(c: char) -> bool {
    c.is_ascii_graphic() || !c.is_ascii()
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}
