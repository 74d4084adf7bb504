//! The functions of strings.

use super::arithmetic::bounded;
use super::formatting;
use super::{Answer, Failure, Function, lists};
use crate::cel::value::CelValue;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "contains" => |args| test(args, |text, part| text.contains(part)),
        "startsWith" => |args| test(args, |text, part| text.starts_with(part)),
        "endsWith" => |args| test(args, |text, part| text.ends_with(part)),
        "charAt" => char_at,
        "indexOf" => |args| match args.first() {
            Some(CelValue::List(_)) => lists::index_of(args),
            _ => index_of(args),
        },
        "lastIndexOf" => |args| match args.first() {
            Some(CelValue::List(_)) => lists::last_index_of(args),
            _ => last_index_of(args),
        },
        "lowerAscii" => |args| map(args, str::to_ascii_lowercase),
        "upperAscii" => |args| map(args, str::to_ascii_uppercase),
        "trim" => |args| map(args, |text| text.trim().to_owned()),
        "replace" => replace,
        "split" => split,
        "substring" => substring,
        "join" => join,
        "format" => formatting::format,
        "strings.quote" => |args| map(args, quote),
        "jsonpatch.escapeKey" => {
            |args| map(args, |text| text.replace('~', "~0").replace('/', "~1"))
        }
        _ => return None,
    })
}

fn test(args: &[CelValue], test: fn(&str, &str) -> bool) -> Answer {
    match args {
        [CelValue::String(text), CelValue::String(part)] => Ok(CelValue::Bool(test(text, part))),
        _ => Err(Failure::NoOverload),
    }
}

fn map(args: &[CelValue], map: fn(&str) -> String) -> Answer {
    match args {
        [CelValue::String(text)] => Ok(CelValue::string(map(text))),
        _ => Err(Failure::NoOverload),
    }
}

fn out_of_range(index: i64) -> Failure {
    Failure::new(format!("index out of range: {index}"))
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn char_at(args: &[CelValue]) -> Answer {
    let [CelValue::String(text), CelValue::Int(index)] = args else {
        return Err(Failure::NoOverload);
    };
    let at = usize::try_from(*index).map_err(|_| out_of_range(*index))?;
    match text.chars().nth(at) {
        Some(c) => Ok(CelValue::string(c.to_string())),
        None if at == text.chars().count() => Ok(CelValue::string("")),
        None => Err(out_of_range(*index)),
    }
}

fn index_of(args: &[CelValue]) -> Answer {
    let (text, part, offset) = match args {
        [CelValue::String(text), CelValue::String(part)] => (text, part, 0),
        [
            CelValue::String(text),
            CelValue::String(part),
            CelValue::Int(offset),
        ] => (text, part, *offset),
        _ => return Err(Failure::NoOverload),
    };
    if part.is_empty() {
        return Ok(CelValue::Int(offset));
    }
    let start = usize::try_from(offset).map_err(|_| out_of_range(offset))?;
    let Some((from, _)) = text.char_indices().nth(start) else {
        return Ok(CelValue::Int(-1));
    };
    Ok(CelValue::Int(match text[from..].find(&**part) {
        Some(at) => offset.saturating_add(length(text[from..from + at].chars().count())),
        None => -1,
    }))
}

fn last_index_of(args: &[CelValue]) -> Answer {
    let (text, part, offset) = match args {
        [CelValue::String(text), CelValue::String(part)] => (text, part, None),
        [
            CelValue::String(text),
            CelValue::String(part),
            CelValue::Int(offset),
        ] => (text, part, Some(*offset)),
        _ => return Err(Failure::NoOverload),
    };
    let (text, part) = (chars(text), chars(part));
    if part.is_empty() {
        return Ok(CelValue::Int(offset.unwrap_or(length(text.len()))));
    }
    let Some(last) = text.len().checked_sub(part.len()) else {
        return match offset {
            Some(offset) if offset < 0 => Err(out_of_range(offset)),
            _ => Ok(CelValue::Int(-1)),
        };
    };
    let offset = offset.unwrap_or(length(text.len()) - 1);
    let from = usize::try_from(offset).map_err(|_| out_of_range(offset))?;
    if from >= text.len() {
        return Ok(CelValue::Int(-1));
    }
    // Each place is compared with the whole part.
    bounded(text.len().saturating_mul(part.len()) / 16)?;
    let found = (0..=from.min(last))
        .rev()
        .find(|at| text[*at..].starts_with(&part));
    Ok(CelValue::Int(found.map_or(-1, length)))
}

fn replace(args: &[CelValue]) -> Answer {
    let (text, old, new, limit) = match args {
        [
            CelValue::String(text),
            CelValue::String(old),
            CelValue::String(new),
        ] => (text, old, new, -1),
        [
            CelValue::String(text),
            CelValue::String(old),
            CelValue::String(new),
            CelValue::Int(limit),
        ] => (text, old, new, *limit),
        _ => return Err(Failure::NoOverload),
    };
    let times = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = text.matches(&**old).take(times).count();
    bounded(text.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(CelValue::string(text.replacen(&**old, new, times)))
}

fn split(args: &[CelValue]) -> Answer {
    let (text, separator, limit) = match args {
        [CelValue::String(text), CelValue::String(separator)] => (text, separator, -1),
        [
            CelValue::String(text),
            CelValue::String(separator),
            CelValue::Int(limit),
        ] => (text, separator, *limit),
        _ => return Err(Failure::NoOverload),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let parts: Vec<String> = if separator.is_empty() {
        characters(text, limit)
    } else {
        text.splitn(limit, &**separator)
            .map(str::to_owned)
            .collect()
    };
    Ok(CelValue::list(
        parts.into_iter().map(CelValue::string).collect(),
    ))
}

/// Each character, and what is left beyond the limit as one.
fn characters(text: &str, limit: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if parts.len() + 1 >= limit {
            break;
        }
        parts.push(c.to_string());
        rest = &rest[c.len_utf8()..];
    }
    if !rest.is_empty() && limit > 0 {
        parts.push(rest.to_owned());
    }
    parts
}

fn substring(args: &[CelValue]) -> Answer {
    let (text, start, end) = match args {
        [CelValue::String(text), CelValue::Int(start)] => (text, *start, None),
        [
            CelValue::String(text),
            CelValue::Int(start),
            CelValue::Int(end),
        ] => (text, *start, Some(*end)),
        _ => return Err(Failure::NoOverload),
    };
    let text = chars(text);
    if end.is_some_and(|end| start > end) {
        let end = end.unwrap_or_default();
        return Err(Failure::new(format!(
            "invalid substring range. start: {start}, end: {end}"
        )));
    }
    let place = |index: i64| {
        usize::try_from(index)
            .ok()
            .filter(|at| *at <= text.len())
            .ok_or_else(|| out_of_range(index))
    };
    let from = place(start)?;
    let to = end.map_or(Ok(text.len()), place)?;
    Ok(CelValue::string(text[from..to].iter().collect::<String>()))
}

fn join(args: &[CelValue]) -> Answer {
    let (list, separator) = match args {
        [CelValue::List(list)] => (list, ""),
        [CelValue::List(list), CelValue::String(separator)] => (list, &**separator),
        _ => return Err(Failure::NoOverload),
    };
    let mut out = String::new();
    for (i, item) in list.items.iter().enumerate() {
        let CelValue::String(item) = item else {
            let shown = crate::cel::value::convert::show(item);
            return Err(Failure::new(format!("join: invalid input: {shown}")));
        };
        if i > 0 {
            out.push_str(separator);
        }
        out.push_str(item);
        bounded(out.len())?;
    }
    Ok(CelValue::string(out))
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
