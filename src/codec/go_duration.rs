//! Durations as Go reads them: `1h30m`, `-1.5s`.

use super::quote::quote;

/// The units, in nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The most nanoseconds there may be, of which a positive duration has fewer.
const MOST: u64 = 1 << 63;

/// `time.ParseDuration`, in nanoseconds and with its errors.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = Number::split(rest).ok_or_else(invalid)?;
        let end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let sum = number.times(nanoseconds(unit, text)?);
        let sum = sum.and_then(|amount| total.checked_add(amount));
        total = sum.filter(|sum| *sum <= MOST).ok_or_else(invalid)?;
        rest = after;
    }
    let total = i128::from(total);
    let signed = if text.starts_with('-') { -total } else { total };
    i64::try_from(signed).map_err(|_| invalid())
}

fn nanoseconds(unit: &str, text: &str) -> Result<u64, String> {
    if unit.is_empty() {
        return Err(format!("time: missing unit in duration {}", quote(text)));
    }
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    known.map(|(_, nanos)| *nanos).ok_or_else(|| {
        let (unit, text) = (quote(unit), quote(text));
        format!("time: unknown unit {unit} in duration {text}")
    })
}

/// The digits before and after the point.
struct Number<'a> {
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Number<'a> {
    /// The number that a text begins with, and what follows it.
    fn split(text: &'a str) -> Option<(Self, &'a str)> {
        let (whole, rest) = split_digits(text);
        // At most one fraction; a second one follows an empty unit.
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        let is_empty = whole.is_empty() && fraction.is_empty();
        (!is_empty).then_some((Number { whole, fraction }, rest))
    }

    /// Nothing, where it is too much.
    fn times(&self, nanos: u64) -> Option<u64> {
        let whole = match self.whole {
            "" => 0,
            digits => digits.parse::<u64>().ok()?,
        };
        whole.checked_mul(nanos)?.checked_add(self.part_of(nanos)?)
    }

    /// So much of a unit; digits beyond nineteen are not told apart.
    fn part_of(&self, nanos: u64) -> Option<u64> {
        let digits = &self.fraction[..self.fraction.len().min(19)];
        if digits.is_empty() {
            return Some(0);
        }
        let scale = 10u128.pow(u32::try_from(digits.len()).ok()?);
        let part = digits.parse::<u128>().ok()? * u128::from(nanos) / scale;
        u64::try_from(part).ok()
    }
}

/// The digits that a text begins with, and what follows them.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.split_at(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_go_takes_is_read_to_the_nanosecond() {
        for (text, nanos) in [
            ("0", 0),
            ("-0s", 0),
            ("1m1.5s", 61_500_000_000),
            ("1.s", 1_000_000_000),
            ("+.5\u{b5}s", 500),
            ("0.0000000000000000001h", 0),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ] {
            assert_eq!(parse(text), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        for (text, error) in [
            ("", r#"time: invalid duration """#),
            ("-", r#"time: invalid duration "-""#),
            ("foo", r#"time: invalid duration "foo""#),
            (".s", r#"time: invalid duration ".s""#),
            ("1", r#"time: missing unit in duration "1""#),
            ("1.2.3s", r#"time: missing unit in duration "1.2.3s""#),
            ("1x", r#"time: unknown unit "x" in duration "1x""#),
            (
                "9223372036854775808ns",
                r#"time: invalid duration "9223372036854775808ns""#,
            ),
            ("9999999h", r#"time: invalid duration "9999999h""#),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
    }
}
