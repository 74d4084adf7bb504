//! `libyaml-safer`, made to behave like the copy of libyaml inside go-yaml v2.
//!
//! What is different there and mended here:
//!
//! - It has no limit on nesting; go-yaml stops at 10,000 flow levels and at 10,000 indents.
//! - It takes any leading 0xEF byte for a broken byte order mark and misreads UTF-16; `reader.rs` decodes instead.
//! - It panics on a block scalar whose last line has no line break. [`Events`] adds one, and takes away again what that
//!   adds to the scalar and to the line of an error.
//! - It panics (a `TODO`) on a tag that touches a comma in a flow collection, such as `[!!str,a]`. That one cannot be
//!   seen from outside, so the panic is caught; go-yaml takes the comma for a part of the tag.
//! - It accepts `%YAML 1.2`, which go-yaml refuses.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{
    Encoding, Error, ErrorKind, Event, EventData, MappingStyle, Mark, Parser, ScalarStyle,
    SequenceStyle,
};

use super::reader::{self, Source};

/// go-yaml's `max_flow_level` and `max_indents`.
const MAX_DEPTH: usize = 10_000;

/// How an open collection was written, which decides the limit it counts against.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Flow,
    Indent,
    /// A sequence as far left as the key above it, or a lone `key: value` in a flow sequence.
    Free,
}

pub(super) struct Events {
    parser: Parser<Source>,
    problem: Option<&'static str>,
    /// The length of the text and its last line, if that had no line break and got one.
    open_end: Option<(u64, String)>,
    /// Where the last error is, if that is known.
    pub(super) failed_at: Option<Mark>,
    levels: Vec<Level>,
    flows: usize,
    indents: usize,
}

impl Events {
    pub(super) fn new(input: &[u8]) -> Events {
        let mut decoded = reader::decode(input);
        let open_end = close_last_line(&mut decoded.text);
        let mut parser = Parser::new();
        parser.set_encoding(Encoding::Utf8);
        parser.set_input(Source::new(decoded.text, decoded.problem.is_some()));
        Events {
            parser,
            problem: decoded.problem,
            open_end,
            failed_at: None,
            levels: Vec::new(),
            flows: 0,
            indents: 0,
        }
    }

    pub(super) fn next(&mut self) -> Result<Event, String> {
        let parser = &mut self.parser;
        let result = catch_unwind(AssertUnwindSafe(|| parser.parse()));
        let Ok(parsed) = result else {
            return Err("yaml: did not find expected whitespace or line break".to_owned());
        };
        let mut event = parsed.map_err(|e| {
            self.failed_at = e.problem_mark().or(e.context_mark());
            self.describe(&e)
        })?;
        self.count(&event)?;
        self.refuse_version(&event)?;
        self.trim_last_scalar(&mut event);
        Ok(event)
    }

    /// go-yaml's `parser.fail`.
    fn describe(&self, error: &Error) -> String {
        if error.kind() == ErrorKind::Io {
            return format!("yaml: {}", self.problem.unwrap_or("input error"));
        }
        let scanner = error.kind() == ErrorKind::Scanner;
        let mut mark = error.problem_mark().unwrap_or_default();
        if self.open_end.is_some() && error.problem() == "found unexpected end of stream" {
            mark.line -= 1;
        }
        let line = match mark.line {
            0 => error.context_mark().unwrap_or_default().line,
            line => line + u64::from(scanner),
        };
        say(line, error.problem())
    }

    fn count(&mut self, event: &Event) -> Result<(), String> {
        let level = match &event.data {
            EventData::SequenceStart {
                style: SequenceStyle::Flow,
                ..
            } => Level::Flow,
            EventData::MappingStart {
                style: MappingStyle::Flow,
                ..
            } if is_empty(event) => Level::Free,
            EventData::MappingStart {
                style: MappingStyle::Flow,
                ..
            } => Level::Flow,
            EventData::SequenceStart { .. } if !is_empty(event) => Level::Free,
            EventData::SequenceStart { .. } | EventData::MappingStart { .. } => Level::Indent,
            EventData::SequenceEnd | EventData::MappingEnd => {
                match self.levels.pop() {
                    Some(Level::Flow) => self.flows -= 1,
                    Some(Level::Indent) => self.indents -= 1,
                    _ => {}
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.levels.push(level);
        self.flows += usize::from(level == Level::Flow);
        self.indents += usize::from(level == Level::Indent);
        if self.flows > MAX_DEPTH || self.indents > MAX_DEPTH {
            let line = event.start_mark.line;
            return Err(say(
                if line == 0 { 0 } else { line + 1 },
                "exceeded max depth of 10000",
            ));
        }
        Ok(())
    }

    fn refuse_version(&self, event: &Event) -> Result<(), String> {
        match &event.data {
            EventData::DocumentStart {
                version_directive: Some(version),
                ..
            } if version.minor != 1 => Err(say(
                event.start_mark.line,
                "found incompatible YAML document",
            )),
            _ => Ok(()),
        }
    }

    /// Takes the line break away that [`close_last_line`] gave a block scalar.
    fn trim_last_scalar(&self, event: &mut Event) {
        let (Some((end, last_line)), EventData::Scalar { value, style, .. }) =
            (&self.open_end, &mut event.data)
        else {
            return;
        };
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            || event.end_mark.index != *end
        {
            return;
        }
        // A last line of nothing but blanks is content only as far as it goes beyond the indentation.
        let body = value.strip_suffix('\n').unwrap_or(value);
        let tail = &body[body.rfind('\n').map_or(0, |i| i + 1)..];
        let content = !is_blank(last_line) || (!tail.is_empty() && is_blank(tail));
        if content || value.ends_with("\n\n") || value == "\n" {
            value.truncate(body.len());
        }
    }
}

/// Gives the last line a break if it lacks one.
fn close_last_line(text: &mut String) -> Option<(u64, String)> {
    let is_break = |c| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if text.is_empty() || text.ends_with(is_break) {
        return None;
    }
    let last_line = text.rsplit(is_break).next().unwrap_or_default().to_owned();
    text.push('\n');
    Some((text.len() as u64, last_line))
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b == b' ')
}

/// Whether an event stands for no character of the input: its token was implied by the ones around it.
fn is_empty(event: &Event) -> bool {
    event.start_mark == event.end_mark
}

fn say(line: u64, problem: &str) -> String {
    if line == 0 {
        format!("yaml: {problem}")
    } else {
        format!("yaml: line {line}: {problem}")
    }
}
