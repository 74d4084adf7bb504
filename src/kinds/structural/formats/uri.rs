//! `url.ParseRequestURI`: whether a text is the URI of a request.

use std::net::Ipv6Addr;

/// An absolute path, or an absolute URI.
pub(crate) fn is_request_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let Some((scheme, rest)) = split_scheme(text) else {
        return false;
    };
    let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') {
        return !scheme.is_empty();
    }
    let authority = rest.strip_prefix("//").filter(|_| !scheme.is_empty());
    match authority {
        None => has_valid_escapes(rest),
        Some(after) => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            is_authority(&scheme.to_ascii_lowercase(), authority) && has_valid_escapes(path)
        }
    }
}

/// None where there is only the colon of a scheme.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    match end {
        Some(0) if text.starts_with(':') => None,
        Some(end) if begins && text[end..].starts_with(':') => {
            Some((&text[..end], &text[end + 1..]))
        }
        _ => Some(("", text)),
    }
}

fn is_authority(scheme: &str, authority: &str) -> bool {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return is_host(scheme, authority);
    };
    let is_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    is_host(scheme, host) && user.chars().all(is_user) && has_valid_escapes(user)
}

fn is_host(scheme: &str, host: &str) -> bool {
    match host.rfind('[') {
        Some(0) => is_literal(host),
        Some(_) => false,
        None => {
            // Hosts of other schemes may have colons of their own.
            let colon = match scheme {
                "http" | "https" => host.find(':'),
                _ => host.rfind(':'),
            };
            is_port(&host[colon.unwrap_or(host.len())..]) && has_host_bytes(host, false)
        }
    }
}

/// `[2001:db8::1%25eth0]:80`.
fn is_literal(host: &str) -> bool {
    let Some((address, port)) = host[1..].rsplit_once(']') else {
        return false;
    };
    let (address, zone) = match address.find("%25") {
        Some(at) => address.split_at(at),
        None => (address, ""),
    };
    let is_zone = zone.is_empty() || (zone.len() > 3 && has_host_bytes(zone, true));
    is_port(port) && is_zone && address.parse::<Ipv6Addr>().is_ok()
}

fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    text.is_empty() || digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// What may stand in a host. There an escape is of a byte that is no ASCII; in a zone, of one that needs none.
fn has_host_bytes(text: &str, is_zone: bool) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'%' {
            if byte.is_ascii() && !is_host_byte(byte) {
                return false;
            }
            at += 1;
            continue;
        }
        let Some(value) = escaped(bytes, at) else {
            return false;
        };
        let is_fine = match is_zone {
            true => value == b'%' || value == b' ' || is_host_byte(value),
            false => value == b'%' || value >= 0x80,
        };
        if !is_fine {
            return false;
        }
        at += 3;
    }
    true
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}

fn has_valid_escapes(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut escapes = (0..bytes.len()).filter(|at| bytes[*at] == b'%');
    escapes.all(|at| escaped(bytes, at).is_some())
}

fn escaped(bytes: &[u8], at: usize) -> Option<u8> {
    let digits = bytes.get(at + 1..at + 3)?;
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}
