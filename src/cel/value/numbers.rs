//! Numbers: conversions that lose nothing, comparison across types, and how Go writes a double.

use std::cmp::Ordering;

use crate::cel::value::CelValue;

const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// The whole part of the double, as an integer that holds it.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn to_int(d: f64) -> Option<CelValue> {
    (d > -TWO_63 && d < TWO_63).then_some(CelValue::Int(d as i64))
}

/// The whole part of the double, as an unsigned integer that holds it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked"
)]
pub(crate) fn to_uint(d: f64) -> Option<CelValue> {
    (0.0..TWO_64)
        .contains(&d)
        .then_some(CelValue::Uint(d as u64))
}

/// The nearest double.
#[expect(clippy::cast_precision_loss, reason = "as Go converts")]
pub(crate) fn int_to_double(i: i64) -> f64 {
    i as f64
}

/// The nearest double.
#[expect(clippy::cast_precision_loss, reason = "as Go converts")]
pub(crate) fn uint_to_double(u: u64) -> f64 {
    u as f64
}

/// How two numbers of any types compare; nothing where one is not a number.
pub(crate) fn compare(left: &CelValue, right: &CelValue) -> Option<Ordering> {
    match (left, right) {
        (CelValue::Double(a), CelValue::Double(b)) => a.partial_cmp(b),
        (CelValue::Double(a), other) => compare_double(*a, other),
        (other, CelValue::Double(b)) => compare_double(*b, other).map(Ordering::reverse),
        _ => Some(whole(left)?.cmp(&whole(right)?)),
    }
}

fn whole(value: &CelValue) -> Option<i128> {
    match value {
        CelValue::Int(i) => Some(i128::from(*i)),
        CelValue::Uint(u) => Some(i128::from(*u)),
        _ => None,
    }
}

fn compare_double(d: f64, other: &CelValue) -> Option<Ordering> {
    match other {
        CelValue::Int(i) => {
            if d < -TWO_63 {
                return Some(Ordering::Less);
            }
            if d > TWO_63 {
                return Some(Ordering::Greater);
            }
            d.partial_cmp(&int_to_double(*i))
        }
        CelValue::Uint(u) => {
            if d < 0.0 {
                return Some(Ordering::Less);
            }
            if d > TWO_64 {
                return Some(Ordering::Greater);
            }
            d.partial_cmp(&uint_to_double(*u))
        }
        _ => None,
    }
}

/// A double as Go's `%g` writes it.
pub(crate) fn show_double(d: f64) -> String {
    if d.is_nan() {
        return "NaN".to_owned();
    }
    if d.is_infinite() {
        return if d > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{d:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{d}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A double in Go's scientific notation, with so many digits.
pub(crate) fn show_scientific(d: f64, precision: usize) -> String {
    let text = format!("{d:.precision$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        None => text,
    }
}
