//! Numbers as Go has them, and what a schema asks of them.
//!
//! Limits are `float64` upstream, and an integer is compared with their integral part where the type is not `integer`:
//! `5` is not below a maximum of `5.5`, nor `0` below a minimum of `0.5`.

use serde_json::Value;

use super::Validator;
use super::outcome::{Finding, Outcome};
use super::place::Place;
use crate::codec::go_value;
use crate::kinds::structural::Structural;

/// The integers a `float64` tells apart.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// How far from an integer a number may be.
const EPSILON: f64 = 1e-9;

/// `int64` or `float64`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Number> {
        let number = value.as_number()?;
        match number.as_i64() {
            Some(integer) => Some(Number::Int(integer)),
            None => number.as_f64().map(Number::Float),
        }
    }

    pub(super) fn as_float(self) -> f64 {
        match self {
            Number::Int(integer) => to_float(integer),
            Number::Float(float) => float,
        }
    }

    /// `int64` of it.
    pub(super) fn truncated(self) -> i64 {
        match self {
            Number::Int(integer) => integer,
            Number::Float(float) => to_integer(float),
        }
    }

    /// As `%v` writes it.
    pub(super) fn shown(self) -> String {
        match self {
            Number::Int(integer) => integer.to_string(),
            Number::Float(float) => shown(float),
        }
    }

    /// `IsFloat64AJSONInteger` of a `float64`.
    pub(super) fn is_integral_float(self) -> bool {
        matches!(self, Number::Float(float) if is_integral(float))
    }

    /// Whether it can be read as the type and format say; what they do not say they do not ask.
    fn fits(self, ty: &str, format: &str) -> bool {
        match (ty, format) {
            ("integer", "int32") => self
                .as_integer()
                .is_some_and(|integer| i32::try_from(integer).is_ok()),
            ("integer", _) => self.as_integer().is_some(),
            // What rounds to more than the greatest `float32` is none.
            (_, "float") => self.as_float().abs() < 2f64.powi(128) - 2f64.powi(103),
            _ => true,
        }
    }

    /// The integer its digits spell.
    fn as_integer(self) -> Option<i64> {
        match self {
            Number::Int(integer) => Some(integer),
            Number::Float(float) => float.to_string().parse().ok(),
        }
    }
}

/// A limit that a number is held against.
struct Limit {
    value: f64,
    what: &'static str,
    is_exclusive: bool,
}

impl Validator<'_> {
    /// `numberValidator`.
    pub(super) fn number(&self, number: Number, schema: &Structural, place: &Place) -> Outcome {
        let mut outcome = Outcome::default();
        let (ty, format) = self.number_type(schema);
        if !number.fits(ty, format) {
            outcome.add(self.out_of_range("Checked", ty, format, place));
        }
        if let Some(factor) = schema.multiple_of {
            outcome.merge(self.multiple(number, factor, (ty, format), place));
        }
        let minimum = schema.minimum.map(|value| Limit {
            value,
            what: "Minimum boundary",
            is_exclusive: schema.exclusive_minimum,
        });
        let maximum = schema.maximum.map(|value| Limit {
            value,
            what: "Maximum boundary",
            is_exclusive: schema.exclusive_maximum,
        });
        for (limit, is_upper) in [(minimum, false), (maximum, true)] {
            if let Some(limit) = limit {
                outcome.merge(self.limit(number, &limit, is_upper, (ty, format), place));
            }
        }
        outcome.pass();
        outcome
    }

    fn multiple(
        &self,
        number: Number,
        factor: f64,
        (ty, format): (&str, &str),
        place: &Place,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let is_typed = Number::Float(factor).fits(ty, format);
        if !is_typed {
            outcome.add(self.out_of_range("MultipleOf", ty, format, place));
        }
        let (number, factor) = match number {
            Number::Int(_) if is_typed => (number, Number::Int(to_integer(factor))),
            _ => (Number::Float(number.as_float()), Number::Float(factor)),
        };
        let name = place.name();
        if factor.as_float() <= 0.0 {
            let text = format!(
                "factor MultipleOf declared for {name} must be positive: {}",
                factor.shown()
            );
            outcome.add(self.invalid(place, factor.shown(), text));
        } else if !is_multiple(number, factor) {
            let text = format!("{name} in body should be a multiple of {}", factor.shown());
            outcome.add(self.invalid(place, number.shown(), text));
        }
        outcome
    }

    fn limit(
        &self,
        number: Number,
        limit: &Limit,
        is_upper: bool,
        (ty, format): (&str, &str),
        place: &Place,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let is_typed = Number::Float(limit.value).fits(ty, format);
        if !is_typed {
            outcome.add(self.out_of_range(limit.what, ty, format, place));
        }
        let (number, bound) = match number {
            Number::Int(_) if is_typed => (number, Number::Int(to_integer(limit.value))),
            _ => (Number::Float(number.as_float()), Number::Float(limit.value)),
        };
        if is_beyond(number, bound, is_upper, limit.is_exclusive) {
            let than = match (is_upper, limit.is_exclusive) {
                (true, false) => "less than or equal to",
                (true, true) => "less than",
                (false, false) => "greater than or equal to",
                (false, true) => "greater than",
            };
            let text = format!(
                "{} in body should be {than} {}",
                place.name(),
                bound.shown()
            );
            outcome.add(self.invalid(place, number.shown(), text));
        }
        outcome
    }

    /// Such an error is about no field.
    fn out_of_range(&self, what: &str, ty: &str, format: &str, place: &Place) -> Finding {
        let format = match format {
            "" => "(default format)".to_owned(),
            format => format!("with format {format}"),
        };
        let name = place.name();
        self.general(format!(
            "{what} value must be of type {ty} {format} in {name}"
        ))
    }

    /// The type and format that numbers are held against: one type alone, and a format of it.
    fn number_type<'s>(&self, schema: &'s Structural) -> (&'s str, &'s str) {
        if schema.int_or_string && self.is_request {
            return ("", "");
        }
        let format = schema.format.as_str();
        match (schema.ty.as_str(), format) {
            ("integer", "int32" | "int64") => ("integer", format),
            ("integer", _) => ("integer", ""),
            ("number", "float" | "double") => ("number", format),
            ("number", _) => ("number", ""),
            _ => ("", ""),
        }
    }
}

/// `%v` of a `float64`.
pub(super) fn shown(float: f64) -> String {
    go_value::show(&Value::from(float))
}

/// Both are of one type.
fn is_beyond(number: Number, bound: Number, is_upper: bool, is_exclusive: bool) -> bool {
    match (number, bound) {
        (Number::Int(number), Number::Int(bound)) => match is_upper {
            true => number > bound || (is_exclusive && number == bound),
            false => number < bound || (is_exclusive && number == bound),
        },
        (number, bound) => {
            let (number, bound) = (number.as_float(), bound.as_float());
            match is_upper {
                true => number > bound || (is_exclusive && number == bound),
                false => number < bound || (is_exclusive && number == bound),
            }
        }
    }
}

/// Both are of one type, the factor more than zero.
fn is_multiple(number: Number, factor: Number) -> bool {
    match (number, factor) {
        (Number::Int(number), Number::Int(factor)) => number.wrapping_rem(factor) == 0,
        (number, factor) => {
            let (number, factor) = (number.as_float(), factor.as_float());
            is_integral(match factor < 1.0 {
                true => 1.0 / factor * number,
                false => number / factor,
            })
        }
    }
}

/// `IsFloat64AJSONInteger`: an integer, or a little beside a positive one.
fn is_integral(float: f64) -> bool {
    if !(-MAX_SAFE..=MAX_SAFE).contains(&float) {
        return false;
    }
    let floor = float.trunc();
    if float == floor {
        return true;
    }
    float > 0.0 && floor > 0.0 && (float - floor) / (float + floor) < EPSILON
}

/// `int64(f)` as processors of the usual kind have it: what does not fit is the least there is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the bounds are looked at first"
)]
fn to_integer(float: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    match float {
        float if (-LIMIT..LIMIT).contains(&float) => float as i64,
        _ => i64::MIN,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Go rounds to the nearest as well"
)]
fn to_float(integer: i64) -> f64 {
    integer as f64
}
