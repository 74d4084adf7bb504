//! The text of an expression, and errors that point into it.

use std::fmt;

/// The most errors one compilation tells of.
const MAX_ERRORS: usize = 100;

/// The longest line that an error shows, in bytes.
const MAX_SNIPPET: usize = 16384;

/// One thing wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Issue {
    line: i64,
    /// Counted from zero, in characters.
    column: i64,
    message: String,
}

/// What is wrong with an expression; displays as cel-go shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompileError {
    text: String,
    issues: Vec<Issue>,
}

/// Collects what is wrong with one expression.
pub(crate) struct Issues {
    error: CompileError,
    /// Where each line begins, in characters.
    lines: Vec<usize>,
}

impl Issues {
    /// None yet, about this text.
    pub(crate) fn new(text: &str) -> Self {
        let mut lines = vec![0];
        for (i, c) in text.chars().enumerate() {
            if c == '\n' {
                lines.push(i + 1);
            }
        }
        Issues {
            error: CompileError {
                text: text.to_owned(),
                issues: Vec::new(),
            },
            lines,
        }
    }

    /// Something is wrong at this character.
    pub(crate) fn report(&mut self, offset: usize, message: impl Into<String>) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let column = offset - self.lines[line - 1];
        self.report_at(to_i64(line), to_i64(column), message);
    }

    /// Something is wrong there; the column counts from zero.
    pub(crate) fn report_at(&mut self, line: i64, column: i64, message: impl Into<String>) {
        self.error.issues.push(Issue {
            line,
            column,
            message: message.into(),
        });
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.error.issues.is_empty()
    }

    /// The error of what was reported, or the value if there is none.
    pub(crate) fn or<T>(mut self, value: T) -> Result<T, CompileError> {
        if self.is_empty() {
            return Ok(value);
        }
        self.error
            .issues
            .sort_by_key(|issue| (issue.line, issue.column));
        Err(self.error)
    }
}

fn to_i64(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.issues.iter().take(MAX_ERRORS).enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            self.show(issue, f)?;
        }
        match self.issues.len().checked_sub(MAX_ERRORS) {
            Some(more) if more > 0 => write!(f, "\n{more} more errors were truncated"),
            _ => Ok(()),
        }
    }
}

impl CompileError {
    fn show(&self, issue: &Issue, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (issue.line, issue.column + 1);
        write!(f, "ERROR: <input>:{line}:{column}: {}", issue.message)?;
        let Some(snippet) = self.snippet(line) else {
            return Ok(());
        };
        let snippet = snippet.replace('\t', " ");
        write!(f, "\n | {snippet}\n | ")?;
        let mut chars = snippet.chars();
        for _ in 0..issue.column {
            match chars.next() {
                Some(c) if c.len_utf8() > 1 => f.write_str("\u{ff0e}")?,
                Some(_) => f.write_str(".")?,
                None => break,
            }
        }
        match chars.next() {
            Some(c) if c.len_utf8() > 1 => f.write_str("\u{ff3e}"),
            _ => f.write_str("^"),
        }
    }

    fn snippet(&self, line: i64) -> Option<&str> {
        if self.text.is_empty() {
            return None;
        }
        let index = usize::try_from(line.checked_sub(1)?).ok()?;
        let text = self.text.split('\n').nth(index)?;
        (text.len() <= MAX_SNIPPET).then_some(text)
    }
}

impl std::error::Error for CompileError {}
