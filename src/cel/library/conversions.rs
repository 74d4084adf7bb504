//! Conversions between types.

use super::{Answer, Failure, Function, times};
use crate::cel::types::Type;
use crate::cel::value::numbers::{int_to_double, show_double, to_int, to_uint, uint_to_double};
use crate::cel::value::opaque::Opaque;
use crate::cel::value::{CelValue, duration, time};
use crate::codec::go_duration;

/// The conversion of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "type" => |args| one(args, |value| Ok(CelValue::Type(value.type_of()))),
        "dyn" => |args| one(args, |value| Ok(value.clone())),
        "bool" => |args| one(args, to_bool),
        "bytes" => |args| {
            one(args, |value| match value {
                CelValue::Bytes(_) => Ok(value.clone()),
                CelValue::String(s) => Ok(CelValue::Bytes(s.as_bytes().into())),
                _ => Err(Failure::NoOverload),
            })
        },
        "double" => |args| one(args, to_double),
        "duration" => |args| one(args, to_duration),
        "int" => |args| one(args, integer),
        "uint" => |args| one(args, unsigned),
        "string" => |args| one(args, to_string),
        "timestamp" => |args| one(args, to_timestamp),
        _ => return None,
    })
}

fn one(args: &[CelValue], function: fn(&CelValue) -> Answer) -> Answer {
    match args {
        [value] => function(value),
        _ => Err(Failure::NoOverload),
    }
}

fn refused(value: &CelValue, to: &str) -> Failure {
    let from = value.type_of();
    Failure::new(format!(
        "type conversion error from '{}' to '{to}'",
        from.name()
    ))
}

fn to_bool(value: &CelValue) -> Answer {
    match value {
        CelValue::Bool(_) => Ok(value.clone()),
        CelValue::String(s) => match &**s {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(CelValue::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(CelValue::Bool(false)),
            _ => Err(refused(value, "bool")),
        },
        _ => Err(Failure::NoOverload),
    }
}

fn to_double(value: &CelValue) -> Answer {
    match value {
        CelValue::Double(_) => Ok(value.clone()),
        CelValue::Int(i) => Ok(CelValue::Double(int_to_double(*i))),
        CelValue::Uint(u) => Ok(CelValue::Double(uint_to_double(*u))),
        CelValue::String(s) => {
            let parsed = s
                .parse()
                .ok()
                .filter(|d: &f64| d.is_finite() || names_no_number(s));
            parsed
                .map(CelValue::Double)
                .ok_or_else(|| refused(value, "double"))
        }
        _ => Err(Failure::NoOverload),
    }
}

/// Whether the text means an infinity or no number at all, rather than one too large.
fn names_no_number(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(text.as_str(), "inf" | "infinity" | "nan")
}

fn to_duration(value: &CelValue) -> Answer {
    match value {
        CelValue::Duration(_) => Ok(value.clone()),
        CelValue::Int(i) => Ok(CelValue::Duration(*i)),
        CelValue::String(s) => go_duration::parse(s)
            .map(CelValue::Duration)
            .map_err(|_| refused(value, "google.protobuf.Duration")),
        _ => Err(Failure::NoOverload),
    }
}

fn integer(value: &CelValue) -> Answer {
    let overflow = || Failure::new("integer overflow");
    match value {
        CelValue::Int(_) => Ok(value.clone()),
        CelValue::Uint(u) => i64::try_from(*u).map(CelValue::Int).map_err(|_| overflow()),
        CelValue::Double(d) => to_int(*d).ok_or_else(overflow),
        CelValue::Duration(d) => Ok(CelValue::Int(*d)),
        CelValue::Timestamp(t) => Ok(CelValue::Int(t.as_second())),
        CelValue::String(s) => s
            .parse()
            .map(CelValue::Int)
            .map_err(|_| refused(value, "int")),
        _ => Err(Failure::NoOverload),
    }
}

fn unsigned(value: &CelValue) -> Answer {
    let overflow = || Failure::new("unsigned integer overflow");
    match value {
        CelValue::Uint(_) => Ok(value.clone()),
        CelValue::Int(i) => u64::try_from(*i)
            .map(CelValue::Uint)
            .map_err(|_| overflow()),
        CelValue::Double(d) => to_uint(*d).ok_or_else(overflow),
        CelValue::String(s) if !s.starts_with('+') => s
            .parse()
            .map(CelValue::Uint)
            .map_err(|_| refused(value, "uint")),
        CelValue::String(_) => Err(refused(value, "uint")),
        _ => Err(Failure::NoOverload),
    }
}

fn to_timestamp(value: &CelValue) -> Answer {
    match value {
        CelValue::Timestamp(_) => Ok(value.clone()),
        CelValue::Int(i) => times::from_seconds(*i),
        CelValue::String(s) => match time::parse(s) {
            Some(time) if time::in_range(time) => Ok(CelValue::Timestamp(time)),
            Some(_) => Err(Failure::new("timestamp overflow")),
            None => Err(refused(value, Type::Timestamp.name())),
        },
        _ => Err(Failure::NoOverload),
    }
}

fn to_string(value: &CelValue) -> Answer {
    Ok(CelValue::string(match value {
        CelValue::String(_) => return Ok(value.clone()),
        CelValue::Bool(b) => b.to_string(),
        CelValue::Int(i) => i.to_string(),
        CelValue::Uint(u) => u.to_string(),
        CelValue::Double(d) => show_double(*d),
        CelValue::Duration(d) => duration::show(*d),
        CelValue::Timestamp(t) => time::show(*t),
        CelValue::Bytes(b) => String::from_utf8(b.to_vec())
            .map_err(|_| Failure::new("invalid UTF-8 in bytes, cannot convert to string"))?,
        CelValue::Opaque(Opaque::Ip(ip)) => ip.to_string(),
        CelValue::Opaque(Opaque::Cidr(cidr)) => cidr.to_string(),
        _ => return Err(Failure::NoOverload),
    }))
}
