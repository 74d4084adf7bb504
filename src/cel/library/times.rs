//! Timestamps and the parts of them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;
use crate::cel::value::time::{FIRST, LAST};

/// The time so many seconds after 1970.
pub(super) fn from_seconds(seconds: i64) -> Answer {
    (FIRST..=LAST)
        .contains(&seconds)
        .then(|| Timestamp::from_second(seconds).ok())
        .flatten()
        .map(CelValue::Timestamp)
        .ok_or_else(|| Failure::new("timestamp overflow"))
}

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "getFullYear" => |args| part(args, |t| i64::from(t.year()), None),
        "getMonth" => |args| part(args, |t| i64::from(t.month()) - 1, None),
        "getDayOfYear" => |args| part(args, |t| i64::from(t.date().day_of_year()) - 1, None),
        "getDayOfMonth" => |args| part(args, |t| i64::from(t.day()) - 1, None),
        "getDate" => |args| part(args, |t| i64::from(t.day()), None),
        "getDayOfWeek" => |args| {
            part(
                args,
                |t| i64::from(t.date().weekday().to_sunday_zero_offset()),
                None,
            )
        },
        "getHours" => |args| part(args, |t| i64::from(t.hour()), Some(3_600_000_000_000)),
        "getMinutes" => |args| part(args, |t| i64::from(t.minute()), Some(60_000_000_000)),
        "getSeconds" => |args| part(args, |t| i64::from(t.second()), Some(1_000_000_000)),
        "getMilliseconds" => |args| part(args, |t| i64::from(t.millisecond()), Some(1_000_000)),
        _ => return None,
    })
}

/// A part of a time in a time zone, or of a duration the number of these units.
fn part(args: &[CelValue], of_time: fn(DateTime) -> i64, unit: Option<i64>) -> Answer {
    let zone = match args {
        [CelValue::Duration(d)] => {
            let unit = unit.ok_or(Failure::NoOverload)?;
            return Ok(CelValue::Int(d / unit));
        }
        [CelValue::Timestamp(_)] => TimeZone::UTC,
        [CelValue::Timestamp(_), CelValue::String(zone)] => time_zone(zone)?,
        _ => return Err(Failure::NoOverload),
    };
    match args.first() {
        Some(CelValue::Timestamp(time)) => Ok(CelValue::Int(of_time(zone.to_datetime(*time)))),
        _ => Err(Failure::NoOverload),
    }
}

/// `UTC` or an offset such as `+02:00`; names of places are not known here.
fn time_zone(text: &str) -> Result<TimeZone, Failure> {
    if text.is_empty() || text == "UTC" {
        return Ok(TimeZone::UTC);
    }
    let unknown = || Failure::new(format!("unknown time zone {text}"));
    let (hours, minutes) = text.split_once(':').ok_or_else(unknown)?;
    let negative = hours.starts_with('-');
    let hours: i32 = hours.parse().map_err(|_| unknown())?;
    let minutes: i32 = minutes.parse().map_err(|_| unknown())?;
    let minutes = if negative {
        hours * 60 - minutes
    } else {
        hours * 60 + minutes
    };
    Offset::from_seconds(minutes.saturating_mul(60))
        .map(TimeZone::fixed)
        .map_err(|_| unknown())
}
