//! Scalars of YAML, each style as it is written.

use super::emit::Emitter;
use super::style::{Style, is_break};

impl Emitter {
    pub(super) fn scalar(
        &mut self,
        text: &str,
        wanted: Style,
        indent: Option<usize>,
        is_key: bool,
    ) {
        let indent = indent.map_or(2, |i| i + 2);
        match Analysis::of(text, self.in_flow).style(wanted, is_key) {
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
                if may_fold && !spaces && self.folds() && inside && !rest.starts_with(' ') {
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
                if may_fold && !spaces && self.folds() && at > 0 && !rest.is_empty() {
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
}

/// Which styles a text can be written in.
struct Analysis {
    multiline: bool,
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Analysis {
    fn of(text: &str, in_flow: bool) -> Analysis {
        let brackets = in_flow && text.contains([',', '?', '[', ']', '{', '}']);
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
            plain: !(edged
                || break_space
                || special
                || multiline
                || brackets
                || has_indicators(text)),
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
