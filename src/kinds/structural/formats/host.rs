//! Names of hosts and of Kubernetes objects, and addresses.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

const HOSTNAME_MAX: usize = 255;
const LABEL_MAX: usize = 63;
const SHORT_NAME_MAX: usize = 63;
const LONG_NAME_MAX: usize = 253;

/// Letters and symbols of any script may be in a hostname.
static LETTER_OR_SYMBOL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\pS\pL]$").ok());
static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\pL$").ok());

/// One label with hardly a rule, or several of which the last is letters only.
pub(crate) fn is_hostname(text: &str) -> bool {
    if text.len() > HOSTNAME_MAX || text.split('.').any(|label| label.len() > LABEL_MAX) {
        return false;
    }
    match text.rsplit_once('.') {
        None => is_single_label(text),
        Some((labels, top)) => {
            let length = top.chars().count();
            (2..=LABEL_MAX).contains(&length)
                && top.chars().all(is_letter)
                && labels.split('.').all(is_label)
        }
    }
}

pub(crate) fn is_short_name(text: &str) -> bool {
    text.len() <= SHORT_NAME_MAX && is_name_segment(text)
}

pub(crate) fn is_long_name(text: &str) -> bool {
    text.len() <= LONG_NAME_MAX && text.split('.').all(is_name_segment)
}

/// Zeros may lead. So may anything that has a dot and is the address of version 6.
pub(crate) fn is_ipv4(text: &str) -> bool {
    text.contains('.') && parse_sloppy(text).is_some()
}

pub(crate) fn is_ipv6(text: &str) -> bool {
    text.contains(':') && text.parse::<Ipv6Addr>().is_ok()
}

pub(crate) fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let most = match parse_sloppy(address) {
        Some(IpAddr::V4(_)) => 32,
        Some(IpAddr::V6(_)) => 128,
        None => return false,
    };
    let length = match length.bytes().all(|b| b.is_ascii_digit()) {
        true => length.parse::<u32>().ok(),
        false => None,
    };
    length.is_some_and(|length| length <= most)
}

/// Six, eight or twenty bytes: with colons or dashes between them, in dotted pairs, or without anything.
pub(crate) fn is_mac(text: &str) -> bool {
    let is_hex =
        |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let parts = |separator: char, length: usize| {
        let parts: Vec<&str> = text.split(separator).collect();
        let is_fine = parts.iter().all(|part| is_hex(part, length));
        (is_fine && parts.len() > 1).then_some(parts.len() * length / 2)
    };
    let plain = is_hex(text, text.len()).then_some(text.len() / 2);
    let bytes = parts(':', 2)
        .or_else(|| parts('-', 2))
        .or_else(|| parts('.', 4))
        .or(plain.filter(|_| text.len().is_multiple_of(2)));
    bytes.is_some_and(|bytes| matches!(bytes, 6 | 8 | 20))
}

/// `ParseIPSloppy`: leading zeros are read as decimal, and hexadecimal groups may have more of them than there is room.
fn parse_sloppy(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let parts = text.split_inclusive(['.', ':']).map(|part| {
        let digits = part.trim_end_matches(['.', ':']);
        match digits.trim_start_matches('0') {
            "" if !digits.is_empty() => format!("0{}", &part[digits.len()..]),
            trimmed => format!("{trimmed}{}", &part[digits.len()..]),
        }
    });
    parts.collect::<String>().parse().ok()
}

fn is_name_segment(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    is_end(text.chars().next()) && is_end(text.chars().next_back()) && text.chars().all(is_inner)
}

/// A dash may come second, even last, and nowhere else.
fn is_single_label(text: &str) -> bool {
    let mut chars = text.chars();
    let is_begun = chars.next().is_some_and(is_host_char);
    let rest = chars.as_str();
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    is_begun && rest.chars().count() <= 62 && rest.chars().all(is_host_char)
}

fn is_label(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(is_host_char);
    text.chars().count() <= LABEL_MAX
        && is_end(text.chars().next())
        && is_end(text.chars().next_back())
        && text.chars().all(|c| c == '-' || is_host_char(c))
}

fn is_host_char(c: char) -> bool {
    match c.is_ascii() {
        // Of ASCII, these are the symbols.
        true => c.is_ascii_alphanumeric() || "$+<=>^`|~".contains(c),
        false => is_one(&LETTER_OR_SYMBOL, c),
    }
}

fn is_letter(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphabetic(),
        false => is_one(&LETTER, c),
    }
}

fn is_one(regex: &LazyLock<Option<Regex>>, c: char) -> bool {
    let matches = |regex: &Regex| regex.is_match(c.encode_utf8(&mut [0; 4]));
    regex.as_ref().is_some_and(matches)
}
