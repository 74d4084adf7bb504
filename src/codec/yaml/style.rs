//! The styles a text can be written in.

use super::resolve::{self, Scalar};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The style go-yaml asks for: quotes for what would not be read back as a string.
pub(super) fn string_style(text: &str) -> Style {
    if text.contains('\n') {
        Style::Literal
    } else if resolve::resolve(text) == Scalar::Text && !resolve::is_base60_float(text) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
