//! Regular expressions as Go has them, for the crate that has others.
//!
//! A pattern is read as `regexp/syntax` reads it, with its errors, and written again as the `regex` crate reads it: there
//! `\d` is more than ten digits, `\<` a boundary, `&&` in a class an intersection, and `{` never a character.

mod class;
mod escape;

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};

/// How large a compiled pattern may be, in bytes.
const MAX_COMPILED: usize = 8 << 20;

/// How often something may be repeated, counted repetitions within each other taken together.
const MAX_REPEAT: u32 = 1000;

/// How many instructions a pattern may be. Go allows three times as many, but counts a class as one.
const MAX_SIZE: u64 = 1 << 20;

/// How errors begin that Go does not know.
const UNSUPPORTED: &str = "not supported here: ";

/// What a character that may be one of many costs, in instructions of the crate.
const ANY_SIZE: u64 = 16;

/// A pattern of Go in the words of the crate.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// About how many instructions it is.
    pub(super) size: u64,
}

impl Translated {
    pub(super) fn of(pattern: &str) -> Result<Translated, String> {
        let mut reader = Reader {
            whole: pattern,
            rest: pattern,
            out: String::with_capacity(pattern.len() * 2),
            groups: Vec::new(),
            group: Group::default(),
            last_repeat: None,
            is_lazy: false,
        };
        reader.read()?;
        Ok(Translated {
            size: reader.group.size(),
            pattern: reader.out,
        })
    }

    /// The error is not Go's: it would take this one.
    pub(super) fn compile(&self) -> Result<Regex, String> {
        let mut builder = RegexBuilder::new(&self.pattern);
        let built = builder.size_limit(MAX_COMPILED).build();
        built.map_err(|error| format!("{UNSUPPORTED}{error}"))
    }
}

/// Reads and compiles a pattern.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    Translated::of(pattern)?.compile()
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    /// Those around the group that is being read.
    groups: Vec<Group>,
    group: Group,
    /// Where the repetition began that was just read.
    last_repeat: Option<&'a str>,
    /// `(?U)`: whether repetitions are lazy that do not say so.
    is_lazy: bool,
}

/// A group, as far as it was read.
#[derive(Default)]
struct Group {
    /// What was read last, which may be repeated.
    atom: Option<Atom>,
    /// Where it begins in what is written.
    start: usize,
    /// All before the atom.
    size: u64,
    repeats: u32,
    /// Whether repetitions were lazy before it.
    was_lazy: bool,
}

#[derive(Clone, Copy)]
struct Atom {
    /// Where it begins and ends in what is written.
    start: usize,
    end: usize,
    is_repeated: bool,
    /// Whether repetitions are lazy where it is written.
    is_lazy: bool,
    size: u64,
    /// How often the most repeated of it is.
    repeats: u32,
}

impl Group {
    fn size(&self) -> u64 {
        self.size + self.atom.map_or(0, |atom| atom.size)
    }

    fn repeats(&self) -> u32 {
        self.repeats.max(self.atom.map_or(0, |atom| atom.repeats))
    }

    fn push(&mut self, atom: Option<Atom>) {
        (self.size, self.repeats) = (self.size(), self.repeats());
        self.atom = atom;
    }
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.chars().next() {
            let before = self.rest;
            self.rest = &self.rest[c.len_utf8()..];
            let is_repeat = match c {
                '*' | '+' | '?' => {
                    self.repeat(before, &before[..1], None)?;
                    true
                }
                '{' => self.counted(before)?,
                c => {
                    self.atom(c, before)?;
                    false
                }
            };
            self.last_repeat = is_repeat.then_some(before);
            if self.group.size() > MAX_SIZE {
                return Err(format!("{UNSUPPORTED}it is too large"));
            }
        }
        match self.groups.is_empty() {
            true => Ok(()),
            false => Err(error("missing closing )", self.whole)),
        }
    }

    fn atom(&mut self, c: char, before: &'a str) -> Result<(), String> {
        match c {
            '(' if self.rest.starts_with('?') => self.flags(before)?,
            '(' => self.open("("),
            '|' => {
                self.out.push('|');
                self.group.push(None);
                self.group.size += 1;
            }
            ')' => self.close()?,
            '^' => self.write("(?:^)", 1),
            '$' => self.write("(?:$)", 1),
            '.' => self.write(".", ANY_SIZE),
            '[' => self.class(before)?,
            '\\' => self.escape(before)?,
            c => self.literal(c),
        }
        Ok(())
    }

    fn open(&mut self, how: &str) {
        let inner = Group {
            start: self.out.len(),
            was_lazy: self.is_lazy,
            ..Group::default()
        };
        self.out.push_str(how);
        self.groups.push(std::mem::replace(&mut self.group, inner));
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(outer) = self.groups.pop() else {
            return Err(error("unexpected )", self.whole));
        };
        self.out.push(')');
        let inner = std::mem::replace(&mut self.group, outer);
        self.is_lazy = inner.was_lazy;
        self.group.push(Some(Atom {
            start: inner.start,
            end: self.out.len(),
            is_repeated: false,
            is_lazy: self.is_lazy,
            size: inner.size() + 2,
            repeats: inner.repeats(),
        }));
        Ok(())
    }

    /// Writes one thing that may be repeated.
    fn write(&mut self, text: &str, size: u64) {
        let start = self.out.len();
        self.out.push_str(text);
        self.group.push(Some(Atom {
            start,
            end: self.out.len(),
            is_repeated: false,
            is_lazy: self.is_lazy,
            size,
            repeats: 1,
        }));
    }

    fn literal(&mut self, c: char) {
        let size = u64::try_from(c.len_utf8()).unwrap_or(4);
        let text = c.encode_utf8(&mut [0; 4]).to_owned();
        self.write(&regex::escape(&text), size);
    }

    /// `{2,5}`, if it is one; else the brace is a character.
    fn counted(&mut self, before: &'a str) -> Result<bool, String> {
        let Some((least, most, after)) = read_counts(self.rest) else {
            self.literal('{');
            return Ok(false);
        };
        self.rest = after;
        let source = &before[..before.len() - after.len()];
        let is_too_many = |count: u32| count > MAX_REPEAT;
        let is_backwards = most.is_some_and(|most| most < least);
        if is_too_many(least) || most.is_some_and(is_too_many) || is_backwards {
            return Err(error("invalid repeat count", source));
        }
        self.repeat(before, source, Some((least, most)))?;
        Ok(true)
    }

    fn repeat(
        &mut self,
        before: &'a str,
        operator: &str,
        counts: Option<(u32, Option<u32>)>,
    ) -> Result<(), String> {
        let lazy = self.rest.strip_prefix('?');
        self.rest = lazy.unwrap_or(self.rest);
        let source = |from: &'a str| &from[..from.len() - self.rest.len()];
        if let Some(last) = self.last_repeat {
            return Err(error("invalid nested repetition operator", source(last)));
        }
        let Some(atom) = &mut self.group.atom else {
            let why = "missing argument to repetition operator";
            return Err(error(why, source(before)));
        };
        match counts {
            Some((least, most)) => {
                let count = most.unwrap_or(least);
                atom.size = atom.size.saturating_mul(u64::from(count.max(1))) + u64::from(count);
                atom.repeats = match count {
                    0 => 1,
                    count => count.saturating_mul(atom.repeats),
                };
                if count >= 2 && atom.repeats > MAX_REPEAT {
                    return Err(error("invalid repeat count", source(before)));
                }
            }
            None => atom.size += 2,
        }
        if atom.is_repeated {
            // Flags came between two repetitions, which makes them two.
            self.out.insert(atom.end, ')');
            self.out.insert_str(atom.start, "(?:");
            atom.end += ")(?:".len();
        }
        atom.is_repeated = true;
        // Flags that came after the atom hold for its repetition.
        let is_marked = lazy.is_some() != (self.is_lazy != atom.is_lazy);
        let lazy = if is_marked { "?" } else { "" };
        self.out.insert_str(atom.end, &format!("{operator}{lazy}"));
        atom.end += operator.len() + lazy.len();
        Ok(())
    }

    /// `(?P<name>`, `(?i:` or `(?i)`.
    fn flags(&mut self, before: &'a str) -> Result<(), String> {
        let named = before
            .strip_prefix("(?P<")
            .or_else(|| before.strip_prefix("(?<"))
            .filter(|named| !named.is_empty());
        if let Some(named) = named {
            let Some((name, rest)) = named.split_once('>') else {
                return Err(error("invalid named capture", before));
            };
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(is_word) {
                let capture = &before[..before.len() - rest.len()];
                return Err(error("invalid named capture", capture));
            }
            self.rest = rest;
            self.open("(");
            return Ok(());
        }
        let (mut is_negative, mut has_flag) = (false, false);
        let mut is_lazy = self.is_lazy;
        let mut chars = before[2..].chars();
        for c in chars.by_ref() {
            match c {
                'i' | 'm' | 's' => has_flag = true,
                'U' => (is_lazy, has_flag) = (!is_negative, true),
                '-' if !is_negative => (is_negative, has_flag) = (true, false),
                ':' | ')' if has_flag || !is_negative => {
                    self.rest = chars.as_str();
                    let flags = &before[..before.len() - self.rest.len()];
                    match (c, flags) {
                        (':', flags) => self.open(flags),
                        (_, "(?)") => {}
                        (_, flags) => self.out.push_str(flags),
                    }
                    self.is_lazy = is_lazy;
                    return Ok(());
                }
                _ => break,
            }
        }
        let read = &before[..before.len() - chars.as_str().len()];
        Err(error("invalid or unsupported Perl syntax", read))
    }
}

/// `2}`, `2,}` or `2,5}`: the counts, and what follows.
fn read_counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (least, rest) = read_count(text)?;
    let (most, rest) = match rest.strip_prefix(',') {
        None => (Some(least), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => read_count(rest).map(|(most, rest)| (Some(most), rest))?,
    };
    Some((least, most, rest.strip_prefix('}')?))
}

/// Without leading zeros; one that is too large is as large as can be.
fn read_count(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    (!digits.is_empty() && !is_padded).then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}

/// A character in the words of the crate, as a member of a class too.
fn write_code(out: &mut String, code: u32) {
    let _ = write!(out, "\\x{{{code:x}}}");
}

fn error(what: &str, source: &str) -> String {
    format!("error parsing regexp: {what}: `{source}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        for (pattern, yes, no) in [
            (r"^\d$", "1", "\u{663}"),
            (r"^\s$", "\t", "\u{b}"),
            (r"^\w$", "_", "\u{e9}"),
            (r"a\b", "a\u{e9}", "ab"),
            (r"^[a&&b]$", "&", "c"),
            (r"^[[a]$", "[", "b"),
            (r"^[\D]$", "x", "1"),
            (r"^\<$", "<", ""),
            (r"^{$", "{", ""),
            (r"^x{,2}$", "x{,2}", "xx"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^\x41\101$", "AA", "aa"),
            (r"^\p{^Greek}$", "a", "\u{3b1}"),
            (r"(?i)^k$", "\u{212a}", "j"),
            (r"^a(?i)*b$", "aaB", "Ab"),
            (r"^(?s).$", "\n", ""),
            (r"^.$", "\u{1f600}", "\n"),
        ] {
            let regex = compile(pattern).unwrap();
            assert!(regex.is_match(yes), "{pattern} {yes:?}");
            assert!(!regex.is_match(no), "{pattern} {no:?}");
        }
    }

    #[test]
    fn what_was_found_is_as_long_as_in_go() {
        for (pattern, text, found) in [
            ("a+?", "aaa", "a"),
            ("(?U)a+", "aaa", "a"),
            ("(?U)a+?", "aaa", "aaa"),
            ("a(?U)+", "aaa", "a"),
            ("a+(?m)?", "aaa", "aaa"),
        ] {
            let regex = compile(pattern).unwrap();
            assert_eq!(
                regex.find(text).map(|m| m.as_str()),
                Some(found),
                "{pattern}"
            );
        }
    }

    #[test]
    fn what_is_no_pattern_is_told_in_the_words_of_go() {
        for (pattern, why) in [
            ("(", "missing closing ): `(`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){100}", "invalid repeat count: `{100}`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            (
                r"\p{Nobody}",
                r"invalid character class range: `\p{Nobody}`",
            ),
            (
                "[[:nobody:]]",
                "invalid character class range: `[:nobody:]`",
            ),
            (r"\1", r"invalid escape sequence: `\1`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            ("\\", "trailing backslash at end of expression: ``"),
            ("(?x)", "invalid or unsupported Perl syntax: `(?x`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?P<a", "invalid named capture: `(?P<a`"),
            ("(((a{900}){900}){900})", "invalid repeat count: `{900}`"),
        ] {
            let expected = format!("error parsing regexp: {why}");
            assert_eq!(compile(pattern).unwrap_err(), expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_is_not_larger_than_there_is_room() {
        for large in ["x{1000}".repeat(1100), r"[\pL\pN]{1000}".to_owned()] {
            let why = compile(&large).unwrap_err();
            assert!(why.starts_with(UNSUPPORTED), "{why}");
        }
    }
}
