//! The names of fields as expressions write them.

use crate::names::EXPRESSION_WORDS;

/// The escaped form of a reserved word; an expression may also write the word itself.
pub(crate) fn reserved(name: &str) -> Option<String> {
    EXPRESSION_WORDS
        .contains(&name)
        .then(|| format!("__{name}__"))
}

/// The name escaped, or nothing if no expression can name such a field.
pub(crate) fn escape(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(escaped) = reserved(name) {
        return Some(escaped);
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let taken = if rest.starts_with("__") {
            2
        } else {
            c.len_utf8()
        };
        match c {
            '_' if taken == 2 => out.push_str("__underscores__"),
            '.' => out.push_str("__dot__"),
            '-' => out.push_str("__dash__"),
            '/' => out.push_str("__slash__"),
            '_' => out.push('_'),
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ => return None,
        }
        rest = &rest[taken..];
    }
    Some(out)
}
