//! `'%s'.format([…])`.

use super::conversions::find as conversion;
use super::{Answer, Failure, arithmetic::bounded};
use crate::cel::types::Type;
use crate::cel::value::numbers::show_scientific;
use crate::cel::value::{CelValue, MapKey};
use crate::codec::quote::quote;

/// Digits after the point where no precision is told.
const DEFAULT_PRECISION: usize = 6;
/// More digits are refused: no number has them.
const MAX_PRECISION: usize = 1000;

/// The text with each clause replaced by an argument.
pub(super) fn format(args: &[CelValue]) -> Answer {
    let [CelValue::String(text), CelValue::List(values)] = args else {
        return Err(Failure::NoOverload);
    };
    render(text, &values.items)
        .map(CelValue::string)
        .map_err(Failure::Message)
        .and_then(|out| match &out {
            CelValue::String(text) => bounded(text.len()).map(|()| out),
            _ => Ok(out),
        })
}

fn render(text: &str, values: &[CelValue]) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    let mut index = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let value = values
            .get(index)
            .ok_or_else(|| format!("index {index} out of range"))?;
        if rest.is_empty() {
            return Err("unexpected end of string".to_owned());
        }
        let (clause, after) =
            Clause::read(rest).map_err(|e| format!("could not parse formatting clause: {e}"))?;
        let shown = clause
            .show(value)
            .map_err(|e| format!("error during formatting: {e}"))?;
        out.push_str(&shown);
        if bounded(out.len()).is_err() {
            return Err("operation cancelled: actual cost limit exceeded".to_owned());
        }
        rest = after;
        index += 1;
    }
    out.push_str(rest);
    Ok(out)
}

/// What is wrong with a format and the types of its arguments; with the place of the argument that is wrong.
pub(crate) fn check(text: &str, args: &[Type]) -> Result<(), (Option<usize>, String)> {
    let mut rest = text;
    let mut index = 0;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return Err((None, "unexpected end of string".to_owned()));
        }
        let Some(ty) = args.get(index) else {
            return Err((None, format!("index {index} out of range")));
        };
        let (clause, after) = Clause::read(rest)
            .map_err(|e| (None, format!("could not parse formatting clause: {e}")))?;
        if !clause.takes(ty) {
            let why = clause.refusal(ty.name());
            return Err((Some(index), format!("error during formatting: {why}")));
        }
        rest = after;
        index += 1;
    }
    if args.len() > index {
        let count = args.len();
        return Err((
            None,
            format!("too many arguments supplied to string.format (expected {index}, got {count})"),
        ));
    }
    Ok(())
}

struct Clause {
    verb: char,
    precision: usize,
}

impl Clause {
    fn read(text: &str) -> Result<(Clause, &str), String> {
        let (precision, text) = match text.strip_prefix('.') {
            None => (DEFAULT_PRECISION, text),
            Some(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or(
                    "error while parsing precision: could not find end of precision specifier",
                )?;
                let precision = rest[..end]
                    .parse()
                    .ok()
                    .filter(|precision| *precision <= MAX_PRECISION)
                    .ok_or_else(|| {
                        format!(
                            "error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing {}: invalid syntax",
                            quote(&rest[..end])
                        )
                    })?;
                (precision, &rest[end..])
            }
        };
        let Some(verb) = text.chars().next() else {
            return Err("unexpected end of string".to_owned());
        };
        if !"sdfebxXo".contains(verb) {
            return Err(format!("unrecognized formatting clause \"{verb}\""));
        }
        Ok((Clause { verb, precision }, &text[verb.len_utf8()..]))
    }

    /// Whether a value of this type may stand for it.
    fn takes(&self, ty: &Type) -> bool {
        match (self.verb, ty) {
            (_, Type::Dyn) => true,
            ('s', ty) => !matches!(ty, Type::Object(_) | Type::Opaque(..) | Type::Error),
            ('d' | 'o', ty) => matches!(ty, Type::Int | Type::Uint),
            ('f' | 'e', ty) => matches!(ty, Type::Double | Type::String),
            ('b', ty) => matches!(ty, Type::Int | Type::Uint | Type::Bool),
            (_, ty) => matches!(ty, Type::Int | Type::Uint | Type::String | Type::Bytes),
        }
    }

    /// That it takes no value of this type.
    fn refusal(&self, ty: &str) -> String {
        let only = match self.verb {
            's' => {
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
            }
            'd' => "decimal clause can only be used on integers",
            'f' => "fixed-point clause can only be used on doubles",
            'e' => "scientific clause can only be used on doubles",
            'b' => "only integers and bools can be formatted as binary",
            'o' => "octal clause can only be used on integers",
            _ => "only integers, byte buffers, and strings can be formatted as hex",
        };
        format!("{only}, was given {ty}")
    }

    fn show(&self, value: &CelValue) -> Result<String, String> {
        match self.verb {
            's' => string(value),
            'd' => decimal(value),
            'f' | 'e' => self.floating(value),
            'b' => binary(value),
            'o' => octal(value),
            upper => hexadecimal(value, upper == 'X'),
        }
    }

    fn floating(&self, value: &CelValue) -> Result<String, String> {
        let number = match value {
            CelValue::Double(d) => *d,
            CelValue::String(s) if matches!(&**s, "NaN" | "Infinity" | "-Infinity") => {
                s.parse().unwrap_or(f64::NAN)
            }
            other => {
                let name = if self.verb == 'f' {
                    "fixed-point"
                } else {
                    "scientific"
                };
                return Err(format!(
                    "{name} clause can only be used on doubles, was given {}",
                    other.type_of().name()
                ));
            }
        };
        if number.is_nan() {
            return Ok("NaN".to_owned());
        }
        if number.is_infinite() {
            return Ok(if number > 0.0 { "∞" } else { "-∞" }.to_owned());
        }
        let precision = self.precision;
        if self.verb == 'f' {
            return Ok(grouped(&format!("{number:.precision$}")));
        }
        let shown = show_scientific(number, precision);
        Ok(match shown.split_once('e') {
            Some((digits, exponent)) => {
                let exponent = superscript(exponent.trim_start_matches('+'));
                format!("{digits}\u{d7}10{exponent}")
            }
            None => shown,
        })
    }
}

/// Digits in groups of three, as the English locale has them.
fn grouped(number: &str) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn superscript(exponent: &str) -> String {
    exponent
        .chars()
        .map(|c| match c {
            '-' => '\u{207b}',
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            other => other,
        })
        .collect()
}

fn string(value: &CelValue) -> Result<String, String> {
    match value {
        CelValue::Null => Ok("null".to_owned()),
        CelValue::List(_) | CelValue::Map(_) => literal(value),
        CelValue::Type(ty) => Ok(ty.name().to_owned()),
        CelValue::Bool(_)
        | CelValue::Int(_)
        | CelValue::Uint(_)
        | CelValue::Double(_)
        | CelValue::String(_)
        | CelValue::Bytes(_)
        | CelValue::Timestamp(_)
        | CelValue::Duration(_) => {
            let convert = conversion("string").ok_or("no such overload")?;
            match convert(std::slice::from_ref(value)) {
                Ok(CelValue::String(text)) => Ok((*text).to_owned()),
                Ok(_) => Err("no such overload".to_owned()),
                Err(failure) => Err(failure.message("string")),
            }
        }
        other => Err(format!(
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {}",
            other.type_of().name()
        )),
    }
}

/// A value inside a list or a map, as a literal.
fn literal(value: &CelValue) -> Result<String, String> {
    Ok(match value {
        CelValue::String(s) => quote(s),
        CelValue::Bytes(_) => format!("b{}", quote(&string(value)?)),
        CelValue::Timestamp(_) => format!("timestamp({})", quote(&string(value)?)),
        CelValue::Duration(_) => format!("duration({})", quote(&string(value)?)),
        CelValue::Double(d) if d.is_finite() => format!("{d:.DEFAULT_PRECISION$}"),
        CelValue::Double(d) => quote(&crate::cel::value::numbers::show_double(*d)),
        CelValue::List(list) => {
            let items: Result<Vec<String>, String> = list.items.iter().map(literal).collect();
            format!("[{}]", items?.join(", "))
        }
        CelValue::Map(map) => {
            let mut entries = Vec::new();
            for (key, value) in &map.entries {
                let key = match key {
                    MapKey::String(s) => quote(s),
                    other => string(&other.to_value())?,
                };
                entries.push((key, literal(value)?));
            }
            entries.sort();
            let entries: Vec<String> = entries.iter().map(|(k, v)| format!("{k}:{v}")).collect();
            format!("{{{}}}", entries.join(", "))
        }
        CelValue::Null
        | CelValue::Bool(_)
        | CelValue::Int(_)
        | CelValue::Uint(_)
        | CelValue::Type(_) => string(value)?,
        other => {
            return Err(format!(
                "no formatting function for {}",
                other.type_of().name()
            ));
        }
    })
}

fn decimal(value: &CelValue) -> Result<String, String> {
    match value {
        CelValue::Int(i) => Ok(i.to_string()),
        CelValue::Uint(u) => Ok(u.to_string()),
        other => Err(format!(
            "decimal clause can only be used on integers, was given {}",
            other.type_of().name()
        )),
    }
}

fn signed(i: i64, show: fn(u64) -> String) -> String {
    let shown = show(i.unsigned_abs());
    if i < 0 { format!("-{shown}") } else { shown }
}

fn binary(value: &CelValue) -> Result<String, String> {
    match value {
        CelValue::Int(i) => Ok(signed(*i, |n| format!("{n:b}"))),
        CelValue::Uint(u) => Ok(format!("{u:b}")),
        CelValue::Bool(b) => Ok(if *b { "1" } else { "0" }.to_owned()),
        other => Err(format!(
            "only integers and bools can be formatted as binary, was given {}",
            other.type_of().name()
        )),
    }
}

fn octal(value: &CelValue) -> Result<String, String> {
    match value {
        CelValue::Int(i) => Ok(signed(*i, |n| format!("{n:o}"))),
        CelValue::Uint(u) => Ok(format!("{u:o}")),
        other => Err(format!(
            "octal clause can only be used on integers, was given {}",
            other.type_of().name()
        )),
    }
}

fn hexadecimal(value: &CelValue, upper: bool) -> Result<String, String> {
    let bytes = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let shown = match value {
        CelValue::Int(i) => signed(*i, |n| format!("{n:x}")),
        CelValue::Uint(u) => format!("{u:x}"),
        CelValue::String(s) => bytes(s.as_bytes()),
        CelValue::Bytes(b) => bytes(b),
        other => {
            return Err(format!(
                "only integers, byte buffers, and strings can be formatted as hex, was given {}",
                other.type_of().name()
            ));
        }
    };
    Ok(if upper { shown.to_uppercase() } else { shown })
}
