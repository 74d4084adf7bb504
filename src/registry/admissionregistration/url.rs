//! URLs of webhooks: as much of Go's `net/url` as its errors and parts show.

use crate::codec::quote::quote;
use crate::status::field::FieldError;

const FORM: &str = "; desired format: https://host[/path]";

/// `ValidateWebhookURL`.
pub(in crate::registry) fn validate(text: &str, path: &str) -> Vec<FieldError> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(why) => {
            let shown = quote(text);
            let detail = format!("url must be a valid URL: parse {shown}: {why}{FORM}");
            return vec![FieldError::required(path, detail)];
        }
    };
    let mut errors = Vec::new();
    let mut refuse = |value: &str, reason: String| {
        errors.push(FieldError::invalid_str(path, value, reason));
    };
    if url.scheme != "https" {
        let reason = format!("'https' is the only allowed URL scheme{FORM}");
        refuse(&url.scheme, reason);
    }
    if url.host.is_empty() {
        refuse(url.host, format!("host must be specified{FORM}"));
    }
    if let Some(user) = url.user {
        refuse(
            user,
            "user information is not permitted in the URL".to_owned(),
        );
    }
    if !url.fragment.is_empty() {
        refuse(
            url.fragment,
            "fragments are not permitted in the URL".to_owned(),
        );
    }
    if !url.query.is_empty() {
        refuse(
            url.query,
            "query parameters are not permitted in the URL".to_owned(),
        );
    }
    errors
}

/// The parts of a URL that are looked at.
#[derive(Debug, Default, PartialEq)]
struct Url<'a> {
    scheme: String,
    user: Option<&'a str>,
    host: &'a str,
    query: &'a str,
    fragment: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        check_escapes(fragment)?;
        if rest.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let (scheme, rest) = split_scheme(rest)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Url {
            scheme: scheme.to_ascii_lowercase(),
            query,
            fragment,
            ..Url::default()
        };
        if !rest.starts_with('/') {
            let (first, _) = rest.split_once('/').unwrap_or((rest, ""));
            return match scheme {
                "" if first.contains(':') => {
                    Err("first path segment in URL cannot contain colon".to_owned())
                }
                // What follows the scheme is opaque.
                _ => Ok(url),
            };
        }
        let mut path = rest;
        let has_authority = !scheme.is_empty() || !rest.starts_with("///");
        if let Some(after) = rest.strip_prefix("//").filter(|_| has_authority) {
            let end = after.find('/').unwrap_or(after.len());
            let (authority, below) = after.split_at(end);
            (url.user, url.host) = split_authority(authority)?;
            path = below;
        }
        check_escapes(path)?;
        Ok(url)
    }
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (i, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if i > 0 => {}
            ':' if i == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..i], &text[i + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn split_authority(authority: &str) -> Result<(Option<&str>, &str), String> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return check_host(authority).map(|()| (None, authority));
    };
    check_host(host)?;
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(is_fine) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    check_escapes(user)?;
    Ok((Some(user), host))
}

fn check_host(host: &str) -> Result<(), String> {
    let port = match host.strip_prefix('[') {
        Some(_) => {
            let end = host.rfind(']').ok_or("missing ']' in host")?;
            &host[end + 1..]
        }
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    check_escapes(host)?;
    let is_fine = |c: char| {
        !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(c)
    };
    match host.chars().find(|c| !is_fine(*c)) {
        Some(c) => Err(format!(
            "invalid character {} in host name",
            quote(&c.to_string())
        )),
        None => Ok(()),
    }
}

/// Every percent sign begins two hexadecimal digits.
fn check_escapes(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('%') {
        let rest = &text.as_bytes()[at..];
        let is_escape = rest.len() > 2 && rest[1..3].iter().all(u8::is_ascii_hexdigit);
        if !is_escape {
            let shown = String::from_utf8_lossy(&rest[..rest.len().min(3)]);
            return Err(format!("invalid URL escape {}", quote(&shown)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_parts() {
        let url = Url::parse("HTTPS://u:p@a:1/b?c=d#e").unwrap();
        assert_eq!(
            (&*url.scheme, url.user, url.host),
            ("https", Some("u:p"), "a:1")
        );
        assert_eq!((url.query, url.fragment), ("c=d", "e"));
    }

    #[test]
    fn what_is_no_url_is_told_why() {
        for (text, why) in [
            (":::", "missing protocol scheme"),
            ("a b:c", "first path segment in URL cannot contain colon"),
            ("https://a:b/", "invalid port \":b\" after host"),
            ("https://a/%zz", "invalid URL escape \"%zz\""),
            ("https://a b/", "invalid character \" \" in host name"),
            ("https://[a/", "missing ']' in host"),
        ] {
            assert_eq!(Url::parse(text).unwrap_err(), why, "{text}");
        }
    }
}
