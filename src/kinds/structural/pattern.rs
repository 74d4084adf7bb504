//! The patterns of texts, as Go's `regexp` reads them.

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;

use super::go_regex::Translated;

/// How many instructions all patterns of a schema may be together.
const MAX_INSTRUCTIONS: u64 = 1 << 20;

/// A pattern. It is compiled when the first text is held against it.
pub(crate) struct Pattern {
    source: String,
    translated: Result<Translated, String>,
    compiled: OnceLock<Result<Regex, String>>,
}

/// How many more instructions the patterns of a schema may be.
pub(super) struct Budget(u64);

impl Default for Budget {
    fn default() -> Self {
        Budget(MAX_INSTRUCTIONS)
    }
}

impl Pattern {
    pub(super) fn of(source: &str, budget: &mut Budget) -> Pattern {
        let mut translated = Translated::of(source);
        if let Ok(pattern) = &translated {
            match budget.0.checked_sub(pattern.size) {
                Some(left) => budget.0 = left,
                None => translated = Err("the patterns of the schema are too large".to_owned()),
            }
        }
        Pattern {
            source: source.to_owned(),
            translated,
            compiled: OnceLock::new(),
        }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Why this is no pattern, in Go's words, or that it is a larger one than there may be.
    pub(crate) fn error(&self) -> Option<&str> {
        self.compiled().as_ref().err().map(String::as_str)
    }

    /// Whether a text matches, somewhere in it.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, &str> {
        match self.compiled() {
            Ok(regex) => Ok(regex.is_match(text)),
            Err(why) => Err(why),
        }
    }

    fn compiled(&self) -> &Result<Regex, String> {
        self.compiled.get_or_init(|| match &self.translated {
            Ok(translated) => translated.compile(),
            Err(why) => Err(why.clone()),
        })
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}
