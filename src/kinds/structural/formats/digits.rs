//! Numbers of all sorts that are written as texts.

use std::sync::LazyLock;

use regex::Regex;

use crate::kinds::structural::go_regex;

/// A pattern of ours.
macro_rules! pattern {
    ($source:literal, $text:expr) => {{
        static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| go_regex::compile($source).ok());
        REGEX.as_ref().is_some_and(|regex| regex.is_match($text))
    }};
}

/// Twelve bytes in hexadecimal.
pub(crate) fn is_bson_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// In the standard alphabet, padded; not empty.
pub(crate) fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    !digits.is_empty()
        && padding <= 2
        && text.len().is_multiple_of(4)
        && digits.bytes().all(is_digit)
}

pub(crate) fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

pub(crate) fn is_rgb_color(text: &str) -> bool {
    pattern!(
        r"^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$",
        text
    )
}

/// A social security number, with its separators.
pub(crate) fn is_ssn(text: &str) -> bool {
    text.len() == 11 && pattern!(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$", text)
}

/// What is no digit does not count; the digits have a known beginning and their check sum.
pub(crate) fn is_credit_card(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_known = pattern!(
        r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$",
        &digits
    );
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| match (u32::from(b - b'0'), i % 2) {
            (digit, 0) => digit,
            (digit, _) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    is_known && sum.is_multiple_of(10)
}

pub(crate) fn is_isbn(text: &str) -> bool {
    is_isbn10(text) || is_isbn13(text)
}

pub(crate) fn is_isbn10(text: &str) -> bool {
    let plain = without_separators(text);
    let (digits, check) = plain.split_at(plain.len().min(9));
    let check = match check {
        "X" => 10,
        check => match check.parse::<u32>() {
            Ok(digit) if check.len() == 1 => digit,
            _ => return false,
        },
    };
    if digits.len() != 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let weighted = (1..).zip(digits.bytes());
    let sum: u32 = weighted.map(|(i, b)| i * u32::from(b - b'0')).sum();
    (sum + 10 * check).is_multiple_of(11)
}

pub(crate) fn is_isbn13(text: &str) -> bool {
    let plain = without_separators(text);
    if plain.len() != 13 || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let weighted = plain.bytes().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted
        .map(|(b, weight)| weight * u32::from(b - b'0'))
        .sum();
    sum.is_multiple_of(10)
}

/// With dashes or without each of them. Of a version, one that says so; version 3 may have any variant.
pub(crate) fn is_uuid(text: &str, version: Option<u8>) -> bool {
    let mut bytes = text.bytes().peekable();
    let mut digits = Vec::with_capacity(32);
    for length in [8, 4, 4, 4, 12] {
        if !digits.is_empty() {
            bytes.next_if_eq(&b'-');
        }
        digits.extend(bytes.by_ref().take(length));
    }
    let is_hex = digits.len() == 32 && digits.iter().all(u8::is_ascii_hexdigit);
    let is_version = version.is_none_or(|version| digits.get(12) == Some(&version));
    let has_variant = match version {
        Some(b'4' | b'5') => digits.get(16).is_some_and(|b| b"89abAB".contains(b)),
        _ => true,
    };
    bytes.next().is_none() && is_hex && is_version && has_variant
}

fn without_separators(text: &str) -> String {
    text.replace(['-', ' ', '\t', '\n', '\x0c', '\r'], "")
}
