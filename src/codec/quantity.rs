//! `resource.Quantity`: amounts such as `100m`, `1.5Gi` or `1e3`, and the one way upstream writes each.

use std::cmp::Ordering;
use std::fmt::Write as _;

/// What a text that is no quantity is told.
const FORMAT_WRONG: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX: &str = "unable to parse quantity's suffix";

/// The smallest amount there is, as a power of ten; what is less is rounded up to it.
const NANO: i32 = -9;
const NANOS: i128 = 1_000_000_000;
/// As many digits surely fit into 64 bits.
const MAX_INT64_FACTORS: i32 = 18;
/// No binary amount is larger than this.
const MAX_ALLOWED: i128 = (1 << 63) - 1;

const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [(&str, i32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];

/// How an amount was written, which is how its results are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    DecimalExponent,
    DecimalSi,
    BinarySi,
}

/// An amount.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    /// In billionths.
    nanos: i128,
    format: Format,
    text: String,
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Quantity {
    /// Reads a quantity; the error is upstream's.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err(FORMAT_WRONG);
        }
        let parts = Parts::split(text)?;
        let (base, exponent, format) = interpret(parts.suffix).ok_or(SUFFIX)?;
        let digits = [parts.whole, parts.fraction].concat();
        let places = length(parts.fraction);
        if let Some(reused) = parts.is_canonical(&digits, base, exponent) {
            let nanos = scaled(&digits, base, exponent, places, parts.negative);
            return Ok(match reused {
                true => Quantity {
                    nanos,
                    format,
                    text: text.to_owned(),
                },
                false => Quantity::new(nanos, format),
            });
        }
        let magnitude = scaled(&digits, base, exponent, places, false);
        let magnitude = match format {
            Format::BinarySi => magnitude.min(MAX_ALLOWED * NANOS),
            _ => magnitude,
        };
        let format = match format {
            Format::BinarySi if magnitude < NANOS => Format::DecimalSi,
            format => format,
        };
        let nanos = if parts.negative {
            -magnitude
        } else {
            magnitude
        };
        Ok(Quantity::new(nanos, format))
    }

    /// So many of a whole.
    pub(crate) fn whole(amount: i64) -> Self {
        Quantity::new(i128::from(amount) * NANOS, Format::DecimalSi)
    }

    fn new(nanos: i128, format: Format) -> Self {
        Quantity {
            nanos,
            format,
            text: canonical(nanos, format),
        }
    }

    /// As upstream writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(&self) -> i32 {
        match self.nanos.cmp(&0) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// Whether it is a number of wholes.
    pub(crate) fn is_whole(&self) -> bool {
        self.nanos % NANOS == 0
    }

    /// In thousandths, rounded up.
    pub(crate) fn milli_value(&self) -> i64 {
        round_up(self.nanos, NANOS / 1000)
    }

    /// In wholes, rounded up.
    pub(crate) fn value(&self) -> i64 {
        round_up(self.nanos, NANOS)
    }

    /// The sum, written as this one is; nothing takes the format of what is added.
    pub(crate) fn plus(&self, other: &Quantity) -> Self {
        let format = if self.nanos == 0 {
            other.format
        } else {
            self.format
        };
        Quantity::new(self.nanos.saturating_add(other.nanos), format)
    }

    /// The difference, written as this one is; nothing takes the format of what is subtracted.
    pub(crate) fn minus(&self, other: &Quantity) -> Self {
        let format = if self.nanos == 0 {
            other.format
        } else {
            self.format
        };
        Quantity::new(self.nanos.saturating_sub(other.nanos), format)
    }
}

/// What a text is made of.
struct Parts<'a> {
    negative: bool,
    /// Without leading zeros.
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, &'static str> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let significant = unsigned.trim_start_matches('0');
        let (whole, rest) = split_digits(significant);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_digits(rest),
            None => ("", rest),
        };
        let letters = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
        let exponent = letters.strip_prefix(['-', '+']).unwrap_or(letters);
        if !exponent.bytes().all(|b| b.is_ascii_digit()) {
            return Err(FORMAT_WRONG);
        }
        Ok(Parts {
            negative: text.starts_with('-'),
            whole,
            fraction,
            suffix,
        })
    }

    /// Whether the text is how the amount is written, for those that are looked at so; upstream only looks at amounts of
    /// few digits.
    fn is_canonical(&self, digits: &str, base: i32, exponent: i32) -> Option<bool> {
        let whole = if self.whole.is_empty() {
            "0"
        } else {
            self.whole
        };
        let (precision, scale) = match base {
            10 => {
                let digits = length(whole) + length(self.fraction);
                (
                    MAX_INT64_FACTORS - digits,
                    exponent.saturating_sub(length(self.fraction)),
                )
            }
            _ if self.fraction.is_empty() => (15 - length(whole) - exponent * 3 / 10 - 1, 0),
            _ => return None,
        };
        if precision < 0 || scale < NANO {
            return None;
        }
        let shifted = [whole, self.fraction].concat();
        Some(match base {
            10 => scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
            _ => low_bits(digits) != 0,
        })
    }
}

/// The three lowest bits of a number.
fn low_bits(digits: &str) -> i128 {
    digits.parse::<i128>().unwrap_or(0) & 7
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| !b.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn length(text: &str) -> i32 {
    i32::try_from(text.len()).unwrap_or(i32::MAX)
}

/// Base, exponent and format that a suffix stands for.
fn interpret(suffix: &str) -> Option<(i32, i32, Format)> {
    let find = |table: &[(&str, i32)]| {
        let found = table.iter().find(|(name, _)| *name == suffix);
        found.map(|(_, exponent)| *exponent)
    };
    if let Some(exponent) = find(&DECIMAL) {
        return Some((10, exponent, Format::DecimalSi));
    }
    if let Some(exponent) = find(&BINARY) {
        return Some((2, exponent, Format::BinarySi));
    }
    let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let exponent = exponent.clamp(i32::MIN.into(), i32::MAX.into());
    Some((10, i32::try_from(exponent).ok()?, Format::DecimalExponent))
}

/// So many billionths, rounded away from zero; more than fits is as much as fits.
fn scaled(digits: &str, base: i32, exponent: i32, places: i32, negative: bool) -> i128 {
    let mut nanos: i128 = 0;
    for digit in digits.bytes() {
        nanos = nanos
            .saturating_mul(10)
            .saturating_add(i128::from(digit - b'0'));
    }
    let (factor, tens) = match base {
        2 => (1_i128 << exponent, -places),
        _ => (1, exponent.saturating_sub(places)),
    };
    nanos = nanos.saturating_mul(factor);
    let tens = tens.saturating_sub(NANO);
    if nanos != 0 {
        nanos = match 10_i128.checked_pow(tens.unsigned_abs()) {
            Some(power) if tens < 0 => (nanos + power - 1) / power,
            Some(power) => nanos.saturating_mul(power),
            None if tens < 0 => 1,
            None => i128::MAX,
        };
    }
    if negative { -nanos } else { nanos }
}

fn round_up(nanos: i128, unit: i128) -> i64 {
    let units = nanos.div_euclid(unit) + i128::from(nanos.rem_euclid(unit) != 0);
    i64::try_from(units).unwrap_or(if units < 0 { i64::MIN } else { i64::MAX })
}

/// How upstream writes an amount.
fn canonical(nanos: i128, format: Format) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    let is_small = nanos.abs() < 1024 * NANOS;
    match format {
        Format::BinarySi if !is_small && nanos % NANOS == 0 => binary(nanos / NANOS),
        Format::DecimalExponent => decimal(nanos, true),
        _ => decimal(nanos, false),
    }
}

/// With the largest power of 1024 that leaves a whole number.
fn binary(mut amount: i128) -> String {
    let mut power = 0;
    while amount % 1024 == 0 && power < BINARY.len() {
        amount /= 1024;
        power += 1;
    }
    let suffix = power.checked_sub(1).map_or("", |place| BINARY[place].0);
    format!("{amount}{suffix}")
}

/// With the largest power of 1000 that leaves a whole number.
fn decimal(mut nanos: i128, with_exponent: bool) -> String {
    let mut exponent = NANO;
    while nanos % 1000 == 0 {
        nanos /= 1000;
        exponent += 3;
    }
    let mut text = nanos.to_string();
    if !with_exponent {
        let suffix = DECIMAL.iter().find(|(_, power)| *power == exponent);
        text.push_str(suffix.map_or("", |(suffix, _)| suffix));
    } else if exponent != 0 {
        let _ = write!(text, "e{exponent}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_one_way() {
        for (text, written) in [
            ("0", "0"),
            ("000", "0"),
            ("0Gi", "0"),
            ("0.0", "0"),
            ("-0", "0"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1.5", "1500m"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("1024Ki", "1Mi"),
            ("100Mi", "100Mi"),
            ("512Ki", "512Ki"),
            ("1Ki", "1Ki"),
            ("0.5Ki", "512"),
            ("0.0001Ki", "102400u"),
            ("1000", "1k"),
            ("128974848", "128974848"),
            ("129e6", "129e6"),
            ("129M", "129M"),
            ("1e3", "1e3"),
            ("1000e3", "1e6"),
            ("+5", "+5"),
            ("0.1n", "1n"),
            ("-1500m", "-1500m"),
            ("9223372036854775808Ki", "9223372036854775807"),
            ("100", "100"),
            ("5Ei", "5Ei"),
        ] {
            let quantity = Quantity::parse(text).unwrap();
            assert_eq!(quantity.as_str(), written, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_told_what_one_looks_like() {
        for (text, error) in [
            ("", FORMAT_WRONG),
            ("abc", FORMAT_WRONG),
            ("1 Gi", FORMAT_WRONG),
            ("1Zi", FORMAT_WRONG),
            ("1mm", SUFFIX),
            ("1Kii", SUFFIX),
            ("1e", SUFFIX),
        ] {
            assert_eq!(Quantity::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn amounts_compare_and_add_up() {
        let quantity = |text| Quantity::parse(text).unwrap();
        assert!(quantity("1Gi") > quantity("1G"));
        assert_eq!(quantity("1"), quantity("1000m"));
        assert_eq!(quantity("1").plus(&quantity("500m")).as_str(), "1500m");
        assert_eq!(quantity("2Gi").minus(&quantity("1Gi")).as_str(), "1Gi");
        assert_eq!(quantity("1.1").value(), 2);
        assert_eq!(quantity("1.1").milli_value(), 1100);
        assert_eq!(quantity("-1").sign(), -1);
        assert!(!quantity("1m").is_whole());
        assert_eq!(Quantity::whole(3).as_str(), "3");
    }
}
