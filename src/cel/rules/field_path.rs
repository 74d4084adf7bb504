//! `fieldPath`: where an error is shown, checked against the schema.

use super::node::Node;

/// The path as errors show it, if the schema has such a field.
///
/// With `notation`, names may be written as `['name']`.
pub(crate) fn valid_field_path<'a>(
    path: &str,
    node: Node<'a>,
    notation: bool,
) -> Result<(String, Node<'a>), String> {
    let mut tokens = tokens(path).into_iter();
    let mut shown = String::new();
    let mut node = node;
    while let Some(token) = tokens.next() {
        let end = || "unexpected end of JSON path".to_owned();
        let name = match token {
            "[" if !notation => return Err("array notation is not allowed".to_owned()),
            "[" => {
                let name = quoted(tokens.next().ok_or_else(end)?)?;
                step(&mut shown, &mut node, &name)?;
                match tokens.next().ok_or_else(end)? {
                    "]" => continue,
                    other => return Err(format!("expected ] but got {other}")),
                }
            }
            "." => tokens.next().ok_or_else(end)?,
            other => return Err(format!("expected [ or . but got: {other}")),
        };
        step(&mut shown, &mut node, name)?;
    }
    Ok((shown, node))
}

fn step(shown: &mut String, node: &mut Node<'_>, name: &str) -> Result<(), String> {
    let missing = || "does not refer to a valid field".to_owned();
    if node.properties().is_some() {
        *node = node.property(name).ok_or_else(missing)?;
        if !shown.is_empty() {
            shown.push('.');
        }
        shown.push_str(name);
        return Ok(());
    }
    *node = node.additional().ok_or_else(missing)?;
    shown.push_str(&format!("[{name}]"));
    Ok(())
}

fn tokens(path: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '.' | '[' | ']' => 1,
            '\'' => end_of_quote(rest),
            _ => rest.find(['.', '[', ']']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        all.push(token);
        rest = after;
    }
    all
}

fn end_of_quote(text: &str) -> usize {
    let bytes = text.as_bytes();
    (1..bytes.len())
        .find(|i| bytes[*i] == b'\'' && bytes[*i - 1] != b'\\')
        .map_or(text.len(), |i| i + 1)
}

fn quoted(token: &str) -> Result<String, String> {
    let inner = token
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .ok_or_else(|| format!("expected single quoted string but got {token}"))?;
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('a') => out.push('\x07'),
            Some('b') => out.push('\x08'),
            Some('f') => out.push('\x0c'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('v') => out.push('\x0b'),
            Some(c @ ('\'' | '\\')) => out.push(c),
            Some(c) => return Err(format!("invalid string literal: invalid escape char \\{c}")),
            None => out.push('\\'),
        }
    }
    Ok(out)
}
