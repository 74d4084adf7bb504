//! What a scalar means: go-yaml v2's `resolve`, and how Go prints what comes of it.

/// The prefix that `!!` stands for.
const PREFIX: &str = "tag:yaml.org,2002:";

/// A scalar by its meaning.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer too large for `Int`.
    Uint(u64),
    Float(f64),
    /// A time by its looks. It stays text everywhere but is quoted when written.
    Timestamp,
    Text,
}

impl Scalar {
    fn tag(&self) -> &'static str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(_) => "bool",
            Scalar::Int(_) | Scalar::Uint(_) => "int",
            Scalar::Float(_) => "float",
            Scalar::Timestamp => "timestamp",
            Scalar::Text => "str",
        }
    }
}

/// The meaning of a scalar that carries a tag.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Result<Scalar, String> {
    let short = tag.strip_prefix(PREFIX).unwrap_or_default();
    if !matches!(short, "bool" | "int" | "float" | "null" | "timestamp") {
        return Ok(Scalar::Text);
    }
    let scalar = match resolve(text) {
        Scalar::Timestamp if short != "timestamp" => Scalar::Text,
        Scalar::Int(n) if short == "float" => Scalar::Float(n as f64),
        other => other,
    };
    if scalar.tag() == short {
        return Ok(scalar);
    }
    Err(format!(
        "yaml: cannot decode !!{} `{text}` as a !!{short}",
        scalar.tag()
    ))
}

/// The meaning of a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ if text.starts_with('.') => float(text).map_or(Scalar::Text, Scalar::Float),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-') => {
            number_or_time(text)
        }
        _ => Scalar::Text,
    }
}

fn number_or_time(text: &str) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain = text.replace('_', "");
    integer(&plain)
        .or_else(|| float(&plain).map(Scalar::Float))
        .unwrap_or(Scalar::Text)
}

/// `strconv.ParseInt`, then `ParseUint`, of base 0: the prefix says which base.
fn integer(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, radix) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (&unsigned[2..], 16),
        [b'0', b'b' | b'B', _, ..] => (&unsigned[2..], 2),
        [b'0', b'o' | b'O', _, ..] => (&unsigned[2..], 8),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if text.starts_with('-') {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(n) => Some(Scalar::Int(n)),
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Scalar::Uint(magnitude)),
    }
}

/// Digits with at most one point, then an exponent; out of range is no number.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let starts_well = match unsigned.as_bytes() {
        [b'.', next, ..] => next.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    };
    if !starts_well {
        return None; // `inf` and `nan`, which Rust would take
    }
    text.parse().ok().filter(|f: &f64| f.is_finite())
}

/// go-yaml's `parseTimestamp`: a date, alone or with a time.
fn is_timestamp(text: &str) -> bool {
    let mut rest = Fields { rest: text };
    let Some(year) = rest.exactly(4) else {
        return false;
    };
    let date = (|| {
        rest.literal("-")?;
        let month = rest.upto_two(1..=12)?;
        rest.literal("-")?;
        rest.upto_two(1..=days_in(year, month))
    })();
    if date.is_none() || rest.rest.is_empty() {
        return date.is_some();
    }
    let zoned = rest.literal("T").or_else(|| rest.literal("t")).is_some();
    if !zoned && rest.literal(" ").is_none() {
        return false;
    }
    rest.time().is_some() && (!zoned || rest.zone().is_some()) && rest.rest.is_empty()
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The part of a timestamp that is still to be read.
struct Fields<'a> {
    rest: &'a str,
}

impl Fields<'_> {
    fn literal(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    fn exactly(&mut self, count: usize) -> Option<u32> {
        let digits = self
            .rest
            .get(..count)
            .filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
        let value = digits.parse().ok()?;
        self.rest = &self.rest[count..];
        Some(value)
    }

    fn upto_two(&mut self, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let value = self.exactly(2).or_else(|| self.exactly(1))?;
        range.contains(&value).then_some(value)
    }

    fn time(&mut self) -> Option<()> {
        self.upto_two(0..=23)?;
        self.literal(":")?;
        self.upto_two(0..=59)?;
        self.literal(":")?;
        self.upto_two(0..=59)?;
        let fraction = self.rest.strip_prefix(['.', ',']).unwrap_or_default();
        let digits = fraction.len()
            - fraction
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        if digits > 0 {
            self.rest = &fraction[digits..];
        }
        Some(())
    }

    fn zone(&mut self) -> Option<()> {
        if self.literal("Z").is_some() {
            return Some(());
        }
        self.literal("+").or_else(|| self.literal("-"))?;
        let hours = self.exactly(2)?;
        self.literal(":")?;
        let minutes = self.exactly(2)?;
        (hours <= 24 && minutes <= 60).then_some(())
    }
}

/// A float as `encoding/json` writes it.
pub(super) fn json_float(f: f64) -> String {
    let size = f.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{f:e}");
        return if size < 1.0 {
            text
        } else {
            text.replace('e', "e+")
        };
    }
    format!("{f}")
}

/// `strconv.FormatFloat(f, 'g', -1, 64)`, in YAML's words for what is no number.
pub(super) fn go_float(f: f64) -> String {
    go_shortest(f, &format!("{f}"), &format!("{f:e}"))
}

/// `strconv.FormatFloat(f, 'g', -1, 32)`, in YAML's words for what is no number.
pub(super) fn go_float32(f: f64) -> String {
    let short = f as f32;
    go_shortest(f, &format!("{short}"), &format!("{short:e}"))
}

fn go_shortest(f: f64, plain: &str, scientific: &str) -> String {
    let exponent = scientific
        .split_once('e')
        .and_then(|(digits, e)| Some((digits, e.parse::<i32>().ok()?)));
    match exponent {
        None if f.is_nan() => ".nan".to_owned(),
        None if f > 0.0 => ".inf".to_owned(),
        None => "-.inf".to_owned(),
        Some((digits, e)) if !(-4..6).contains(&e) => {
            format!("{digits}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs())
        }
        Some(_) => plain.to_owned(),
    }
}

/// Whether YAML 1.1 readers would take it for a number of base 60, such as `10:30`.
pub(super) fn is_base60_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut groups = unsigned.split(':');
    let first = groups.next().unwrap_or_default();
    let digits_only = |t: &str| t.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !first.starts_with(|c: char| c.is_ascii_digit())
        || !digits_only(first)
        || !unsigned.contains(':')
    {
        return false;
    }
    let mut groups = groups.peekable();
    while let Some(group) = groups.next() {
        let whole = match group.split_once('.') {
            Some((whole, fraction)) if groups.peek().is_none() && digits_only(fraction) => whole,
            Some(_) => return false,
            None => group,
        };
        if !matches!(whole.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']) {
            return false;
        }
    }
    true
}
