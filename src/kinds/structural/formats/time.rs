//! Dates, times and durations.

use crate::codec::go_duration::{self, split_digits};

/// The units of Scala's durations: these words, or what begins with the last of a line.
const WORDS: [&[&str]; 8] = [
    &["ns", "nano"],
    &["us", "\u{b5}s", "micro"],
    &["ms", "milli"],
    &["s", "sec"],
    &["m", "min"],
    &["h", "hr", "hour"],
    &["d", "day"],
    &["w", "wk", "week"],
];

/// `2006-01-02`, a day there is.
pub(crate) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A date, a `T`, and a time of day in a zone. What comes after another `T` is not looked at.
pub(crate) fn is_date_time(text: &str) -> bool {
    let lower: String = text.chars().map(lowered).collect();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else {
        return false;
    };
    is_date(date) && is_time(time)
}

/// `1h30m` as Go has it; or anywhere in a text a number and a unit, as in `2 days`.
pub(crate) fn is_duration(text: &str) -> bool {
    go_duration::parse(text).is_ok() || has_scala_duration(text)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let two = |at: usize, most: u8| {
        let digits = bytes.get(at..at + 2);
        let is_number = |digits: &&[u8]| digits.iter().all(u8::is_ascii_digit);
        digits
            .filter(is_number)
            .is_some_and(|digits| digits[0] <= most)
    };
    let is_colon = |at: usize| bytes.get(at) == Some(&b':');
    let is_clock = two(0, b'2') && two(3, b'5') && two(6, b'5') && is_colon(2) && is_colon(5);
    if !is_clock || text.get(..2).is_none_or(|hour| hour > "23") {
        return false;
    }
    let rest = text.get(8..).unwrap_or_default();
    is_zone(rest) || after_fraction(rest).is_some_and(is_zone)
}

/// Any character may stand before the digits of a fraction.
fn after_fraction(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().filter(|c| *c != '\n')?;
    let digits = chars.as_str();
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < digits.len()).then_some(rest)
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

/// `strings.ToLower` of one character, which stays one.
fn lowered(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn has_scala_duration(text: &str) -> bool {
    let mut is_found = false;
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (digits, after) = split_digits(&rest[at..]);
        let spaced = after.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
        let is_unit = |c: char| c.is_ascii_alphabetic() || c == '\u{b5}';
        let end = spaced.find(|c| !is_unit(c)).unwrap_or(spaced.len());
        if end == 0 {
            rest = after;
            continue;
        }
        if digits.parse::<i64>().is_err() {
            return false;
        }
        is_found |= is_word(&spaced[..end].to_ascii_lowercase());
        rest = &spaced[end..];
    }
    is_found
}

fn is_word(unit: &str) -> bool {
    WORDS.iter().any(|words| {
        let last = words.last().is_some_and(|last| unit.starts_with(last));
        last || words.contains(&unit)
    })
}
