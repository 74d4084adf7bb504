//! URLs, as Go's `net/url` reads them.

use crate::codec::quote::quote;

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    whole: String,
}

/// `ParseRequestURI`, and the parts without the fragment; the error is Go's.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let fail = |why: String| format!("parse {}: {why}", quote(text));
    if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err(fail("net/url: invalid control character in URL".to_owned()));
    }
    if text.is_empty() {
        return Err(fail("empty url".to_owned()));
    }
    let (scheme, rest) = scheme(text).map_err(|why| fail(why.to_owned()))?;
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') && scheme.is_empty() {
        return Err(fail("invalid URI for request".to_owned()));
    }
    if !rest.starts_with('/') {
        // Upstream has it as opaque: neither host nor path.
        return Ok(made(text, scheme, "", "", query));
    }
    let with_authority = rest.starts_with("//") && (!scheme.is_empty() || !rest.starts_with("///"));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) if with_authority && !scheme.is_empty() => {
            after.find('/').map_or((after, ""), |at| after.split_at(at))
        }
        _ => ("", rest),
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    check_host(host).map_err(&fail)?;
    check_escapes(path).map_err(&fail)?;
    Ok(made(text, scheme, host, path, query))
}

fn made(text: &str, scheme: &str, host: &str, path: &str, query: &str) -> Url {
    Url {
        scheme: scheme.to_ascii_lowercase(),
        host: host.to_owned(),
        path: escaped(path),
        query: query.to_owned(),
        whole: text.to_owned(),
    }
}

fn scheme(text: &str) -> Result<(&str, &str), &'static str> {
    for (i, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if i > 0 => {}
            ':' if i == 0 => return Err("missing protocol scheme"),
            ':' => return Ok((&text[..i], &text[i + 1..])),
            _ => return Ok(("", text)),
        }
    }
    Ok(("", text))
}

fn check_host(host: &str) -> Result<(), String> {
    if host.starts_with('[') && !host.contains(']') {
        return Err("missing ']' in host".to_owned());
    }
    let port = match host.rfind(']') {
        Some(end) => &host[end + 1..],
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if !port.is_empty() && (!port.starts_with(':') || digits.bytes().any(|b| !b.is_ascii_digit())) {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    if let Some(bad) = host.chars().find(|c| " \"<>^`{|}\\".contains(*c)) {
        return Err(format!(
            "invalid character {} in host name",
            quote(&bad.to_string())
        ));
    }
    check_escapes(host)
}

/// Whether each percent sign begins an escape.
pub(crate) fn check_escapes(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let bytes = rest.as_bytes();
        let good = bytes
            .get(at + 1..at + 3)
            .is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit));
        if !good {
            let shown: String = rest[at..].chars().take(3).collect();
            return Err(format!("invalid URL escape {}", quote(&shown)));
        }
        rest = &rest[at + 3..];
    }
    Ok(())
}

/// The path with what may not stand in one escaped.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*[]%".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The name of a host, and its port.
pub(crate) fn split_port(host: &str) -> (&str, &str) {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    (bare.unwrap_or(name), port)
}
