//! A quick look at the text of an expression, before it is parsed.

/// The text with what is inside quotes and comments left out.
fn outside_quotes(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i];
        if byte == b'/' && bytes.get(i + 1) == Some(&b'/') {
            while i < bytes.len() && bytes[i] != b'\n' {
                i += 1;
            }
        } else if byte == b'"' || byte == b'\'' {
            out.push(byte);
            i = after_quote(bytes, i, byte);
        } else {
            out.push(byte);
            i += 1;
        }
    }
    out
}

fn after_quote(bytes: &[u8], start: usize, quote: u8) -> usize {
    let long = bytes[start..].starts_with(&[quote; 3]);
    let raw = start > 0 && matches!(bytes[start - 1], b'r' | b'R');
    let mut i = start + if long { 3 } else { 1 };
    while i < bytes.len() {
        if bytes[i] == b'\\' && !raw {
            i += 2;
        } else if long && bytes[i..].starts_with(&[quote; 3]) {
            return i + 3;
        } else if !long && (bytes[i] == quote || bytes[i] == b'\n') {
            return i + 1;
        } else {
            i += 1;
        }
    }
    i
}

/// How many operators and brackets there are: no expression is deeper.
pub(super) fn operators(text: &str) -> usize {
    let text = outside_quotes(text);
    text.iter()
        .filter(|b| b"([{.+-*/%?:&|=<>!".contains(b))
        .count()
}

/// How deep brackets are inside each other.
pub(super) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in outside_quotes(text) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// How many links the longest chain of one operator has, such as `a.b.c` or `1 + 2 + 3`.
pub(super) fn chain(text: &str) -> usize {
    let mut chains: Vec<usize> = vec![0];
    let mut longest = 0;
    for byte in outside_quotes(text) {
        match byte {
            b'(' | b'[' | b'{' => {
                if let Some(last) = chains.last_mut() {
                    *last += 1;
                }
                chains.push(0);
            }
            b')' | b']' | b'}' if chains.len() > 1 => {
                chains.pop();
            }
            b',' | b'&' | b'|' => {
                if let Some(last) = chains.last_mut() {
                    *last = 0;
                }
            }
            b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'?' => {
                if let Some(last) = chains.last_mut() {
                    *last += 1;
                }
            }
            _ => {}
        }
        longest = longest.max(chains.last().copied().unwrap_or(0));
    }
    longest
}

/// Whether cel-go's parser tells this too; the crate also tells of what follows from a first error.
pub(super) fn is_upstream_error(message: &str) -> bool {
    const OWN: [&str; 4] = ["Incomplete ", "No `", "UNKNOWN", "unsupported ident kind"];
    !OWN.iter().any(|own| message.starts_with(own))
}

/// The error in cel-go's words.
pub(super) fn upstream_error(message: &str) -> String {
    if message.starts_with("invalid string literal") {
        return "Syntax error: unable to unescape string".to_owned();
    }
    if message.starts_with("invalid bytes literal") {
        return "Syntax error: unable to unescape bytes".to_owned();
    }
    let keyword = message
        .strip_prefix("Syntax error: no viable alternative at input '.")
        .and_then(|rest| rest.strip_suffix('\''))
        .filter(|word| matches!(*word, "true" | "false" | "null" | "in"));
    match keyword {
        Some(word) => format!("Syntax error: mismatched input '{word}' expecting IDENTIFIER"),
        None => message.to_owned(),
    }
}
