//! Times as RFC 3339 has them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The first second that CEL has, of the year 1.
pub(crate) const FIRST: i64 = -62_135_596_800;

/// The last second that CEL has, of the year 9999.
pub(crate) const LAST: i64 = 253_402_300_799;

/// Whether CEL has such a time.
pub(crate) fn in_range(time: Timestamp) -> bool {
    (FIRST..=LAST).contains(&time.as_second())
}

/// Whether it is the first of all times, which stands for none.
pub(crate) fn is_first(time: Timestamp) -> bool {
    time.as_second() == FIRST && time.subsec_nanosecond() == 0
}

/// Reads an RFC 3339 time.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    crate::codec::time::parse(text).ok()
}

/// Writes a time as RFC 3339, with as many digits of a second as it has.
pub(crate) fn show(time: Timestamp) -> String {
    let civil = TimeZone::UTC.to_datetime(time);
    let mut out = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    let nanos = civil.subsec_nanosecond();
    if nanos != 0 {
        out.push('.');
        out.push_str(format!("{nanos:09}").trim_end_matches('0'));
    }
    out.push('Z');
    out
}
