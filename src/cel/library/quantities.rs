//! Quantities and semantic versions: both are compared by the same functions.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;
use crate::cel::value::opaque::Opaque;
use crate::cel::value::semver::Semver;
use crate::codec::quantity::Quantity;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "quantity" => |args| match args {
            [CelValue::String(text)] => match Quantity::parse(text) {
                Ok(quantity) => Ok(of(quantity)),
                Err(why) => Err(Failure::new(why)),
            },
            _ => Err(Failure::NoOverload),
        },
        "isQuantity" => |args| match args {
            [CelValue::String(text)] => Ok(CelValue::Bool(Quantity::parse(text).is_ok())),
            _ => Err(Failure::NoOverload),
        },
        "sign" => |args| {
            one(args, |quantity| {
                Ok(CelValue::Int(i64::from(quantity.sign())))
            })
        },
        "asInteger" => |args| {
            one(args, |quantity| match is_integer(quantity) {
                true => Ok(CelValue::Int(quantity.value())),
                false => Err(Failure::new("cannot convert value to integer")),
            })
        },
        "isInteger" => |args| one(args, |quantity| Ok(CelValue::Bool(is_integer(quantity)))),
        "asApproximateFloat" => {
            |args| one(args, |quantity| Ok(CelValue::Double(approximate(quantity))))
        }
        "add" => |args| combine(args, Quantity::plus),
        "sub" => |args| combine(args, Quantity::minus),
        "isGreaterThan" => |args| Ok(CelValue::Bool(compared(args)?.is_gt())),
        "isLessThan" => |args| Ok(CelValue::Bool(compared(args)?.is_lt())),
        "compareTo" => |args| Ok(CelValue::Int(compared(args)? as i64)),
        "semver" => |args| semver(args).map(|v| CelValue::Opaque(Opaque::Semver(Arc::new(v)))),
        "isSemver" => |args| match semver(args) {
            Ok(_) => Ok(CelValue::Bool(true)),
            Err(Failure::Message(_)) => Ok(CelValue::Bool(false)),
            Err(failure) => Err(failure),
        },
        "major" => |args| number(args, |version| version.major),
        "minor" => |args| number(args, |version| version.minor),
        "patch" => |args| number(args, |version| version.patch),
        _ => return None,
    })
}

fn of(quantity: Quantity) -> CelValue {
    CelValue::Opaque(Opaque::Quantity(Arc::new(quantity)))
}

fn one(args: &[CelValue], function: fn(&Quantity) -> Answer) -> Answer {
    match args {
        [CelValue::Opaque(Opaque::Quantity(quantity))] => function(quantity),
        _ => Err(Failure::NoOverload),
    }
}

fn is_integer(quantity: &Quantity) -> bool {
    let whole = Quantity::whole(quantity.value());
    quantity.is_whole() && whole == *quantity
}

fn approximate(quantity: &Quantity) -> f64 {
    let text = quantity.as_str();
    let end = text
        .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let number: f64 = number.parse().unwrap_or(0.0);
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().zip(1_i32..);
    let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
        .iter()
        .zip(-3_i32..);
    let scale = binary
        .map(|(name, power)| (name, 1024_f64.powi(power)))
        .chain(decimal.map(|(name, power)| (name, 1000_f64.powi(power))))
        .find(|(name, _)| **name == suffix);
    match scale {
        Some((_, scale)) => number * scale,
        None => text.parse().unwrap_or(0.0),
    }
}

fn combine(args: &[CelValue], function: fn(&Quantity, &Quantity) -> Quantity) -> Answer {
    match args {
        [
            CelValue::Opaque(Opaque::Quantity(a)),
            CelValue::Opaque(Opaque::Quantity(b)),
        ] => Ok(of(function(a, b))),
        [CelValue::Opaque(Opaque::Quantity(a)), CelValue::Int(b)] => {
            Ok(of(function(a, &Quantity::whole(*b))))
        }
        _ => Err(Failure::NoOverload),
    }
}

fn compared(args: &[CelValue]) -> Result<Ordering, Failure> {
    match args {
        [
            CelValue::Opaque(Opaque::Quantity(a)),
            CelValue::Opaque(Opaque::Quantity(b)),
        ] => Ok(a.cmp(b)),
        [
            CelValue::Opaque(Opaque::Semver(a)),
            CelValue::Opaque(Opaque::Semver(b)),
        ] => Ok(a.compare(b)),
        _ => Err(Failure::NoOverload),
    }
}

fn semver(args: &[CelValue]) -> Result<Semver, Failure> {
    match args {
        [CelValue::String(text)] | [CelValue::String(text), CelValue::Bool(false)] => {
            Semver::parse(text).map_err(Failure::Message)
        }
        [CelValue::String(text), CelValue::Bool(true)] => {
            Semver::normalized(text).map_err(Failure::Message)
        }
        _ => Err(Failure::NoOverload),
    }
}

fn number(args: &[CelValue], part: fn(&Semver) -> u64) -> Answer {
    match args {
        [CelValue::Opaque(Opaque::Semver(version))] => Ok(CelValue::Int(
            i64::try_from(part(version)).unwrap_or(i64::MAX),
        )),
        _ => Err(Failure::NoOverload),
    }
}
