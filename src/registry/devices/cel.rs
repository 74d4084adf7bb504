//! The expressions that select devices, as far as they are looked at: whether there is one, whether it is too long or breaks
//! off, whether its names are known, and whether a literal stands where a truth value must be.

use crate::status::field::FieldError;

const EXPRESSION_MAX: usize = 10 * 1024;
const NOTHING: &str = "<input>:1:0: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/// The one variable, and its fields.
const DEVICE: &str = "device";
const FIELDS: [&str; 4] = [
    "allowMultipleAllocations",
    "attributes",
    "capacity",
    "driver",
];
/// What stands for itself.
const WORDS: [&str; 17] = [
    "true",
    "false",
    "null",
    "in",
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "type",
    "uint",
];
/// Macros that declare a variable, which then is known.
const MACROS: [&str; 6] = ["all", "exists", "exists_one", "filter", "map", "bind"];

/// `validateCELSelector`.
pub(super) fn validate(expression: &str, path: &str) -> Option<FieldError> {
    if expression.len() > EXPRESSION_MAX {
        return Some(FieldError::too_long(path, EXPRESSION_MAX));
    }
    let reason = match mistakes(expression) {
        mistakes if !mistakes.is_empty() => {
            let mistakes: Vec<String> = mistakes.iter().map(|m| format!("ERROR: {m}")).collect();
            format!("compilation failed: {}", mistakes.join("\n"))
        }
        _ => {
            let ty = plain_type(expression.trim())?;
            format!("must evaluate to bool or the unknown type, not {ty}")
        }
    };
    Some(FieldError::invalid_str(path, expression, reason))
}

/// A piece of an expression: where it begins, and its text.
type Token<'a> = (usize, &'a str);

fn mistakes(expression: &str) -> Vec<String> {
    if expression.is_empty() {
        return vec![NOTHING.to_owned()];
    }
    // Where a line breaks, the compiler shows more than is known here.
    let Some(tokens) = tokens(expression).filter(|_| !expression.contains('\n')) else {
        return Vec::new();
    };
    let told = |at: usize, what: String| {
        let dots = ".".repeat(at);
        let column = at + 1;
        format!("<input>:1:{column}: {what}\n | {expression}\n | {dots}^")
    };
    if let [.., (_, last), (_, ".")] = tokens[..]
        && is_name(last)
    {
        let what = "Syntax error: no viable alternative at input '.'".to_owned();
        return vec![told(expression.len(), what)];
    }
    unknown_names(&tokens)
        .into_iter()
        .map(|(at, what)| told(at, what))
        .collect()
}

fn unknown_names(tokens: &[Token<'_>]) -> Vec<(usize, String)> {
    let text = |i: usize| tokens.get(i).map_or("", |(_, text)| *text);
    let declares = (0..tokens.len()).any(|i| MACROS.contains(&text(i)) && text(i + 1) == "(");
    let mut unknown = Vec::new();
    for (i, (at, name)) in tokens.iter().enumerate() {
        let is_member = i > 0 && text(i - 1) == ".";
        if !is_name(name) || is_member || WORDS.contains(name) || text(i + 1) == "(" {
            continue;
        }
        let (dot, field) = (text(i + 1) == ".", text(i + 2));
        let is_call = text(i + 3) == "(";
        if *name == DEVICE {
            if dot && !is_call && is_name(field) && !FIELDS.contains(&field) {
                unknown.push((tokens[i + 1].0, format!("undefined field '{field}'")));
            }
        } else if !(declares || dot && is_call) {
            let what = format!("undeclared reference to '{name}' (in container '')");
            unknown.push((*at, what));
        }
    }
    unknown
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The pieces of an expression of plain characters, whose quotes are closed.
fn tokens(expression: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = expression;
    if !expression.is_ascii() {
        return None;
    }
    while let Some(first) = rest.chars().next() {
        let at = expression.len() - rest.len();
        let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..].find([first, '\\'])?;
                (rest.as_bytes()[1 + end] != b'\\').then_some(end + 2)?
            }
            c if is_inner(c) => rest.find(|c| !is_inner(c)).unwrap_or(rest.len()),
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        // A letter before a quote says how the text is written.
        if is_name(token) && after.starts_with(['"', '\'']) {
            return None;
        }
        if !first.is_ascii_whitespace() {
            tokens.push((at, token));
        }
        rest = after;
    }
    Some(tokens)
}

/// The type of a literal or a field that is no truth value.
fn plain_type(text: &str) -> Option<&'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_text = |quote: char| {
        let inner = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.contains([quote, '\\', '\n']))
    };
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Some("int")
    } else if is_text('"') || is_text('\'') || text == "device.driver" {
        Some("string")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_must_be_known() {
        for good in [
            "device.driver == 'a.example.com'",
            "device.attributes['a.example.com'].model == \"x\" && true",
            "device.capacity['d'].mem.compareTo(quantity('1Gi')) >= 0",
            "device.attributes.exists(k, k == 'a')",
            "cel.bind(x, device.driver, x == 'a')",
            "device.driver.startsWith('a') || 'x' in ['x']",
            "semver('1.0.0').isGreaterThan(device.attributes['d'].v)",
        ] {
            assert_eq!(mistakes(good), [""; 0], "{good}");
        }
        for (bad, mistake) in [
            (
                "device.",
                "<input>:1:8: Syntax error: no viable alternative at input '.'\n | device.\n | .......^",
            ),
            (
                "undefined",
                "<input>:1:1: undeclared reference to 'undefined' (in container '')\n | undefined\n | ^",
            ),
            (
                "device.nosuch",
                "<input>:1:7: undefined field 'nosuch'\n | device.nosuch\n | ......^",
            ),
        ] {
            assert_eq!(mistakes(bad), [mistake]);
        }
    }
}
