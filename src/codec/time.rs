//! Times as Go's `time` package reads and writes them in RFC 3339.

mod read;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use read::{Fraction, Moment};

/// The first second of the year 1, which is no time at all.
const ZERO: i64 = -62_135_596_800;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `2024-01-02T03:04:05Z`: whole seconds, UTC.
pub(crate) fn format(time: Timestamp) -> String {
    let mut out = to_second(time);
    out.push('Z');
    out
}

/// `2024-01-02T03:04:05.000006Z`: six digits of a second, UTC.
pub(crate) fn format_micro(time: Timestamp) -> String {
    let mut out = to_second(time);
    out.push('.');
    // Before 1970 too, digits count up from the whole second before.
    let nanos = time.subsec_nanosecond().rem_euclid(1_000_000_000);
    push(&mut out, nanos.unsigned_abs() / 1000, 6);
    out.push('Z');
    out
}

/// Without the letter of the zone. Every write has such times, and every answer a date: they are put together digit by
/// digit.
fn to_second(time: Timestamp) -> String {
    let t = TimeZone::UTC.to_datetime(time);
    let mut out = String::with_capacity("2024-01-02T03:04:05.000006Z".len());
    if t.year() < 0 {
        out.push('-');
    }
    push(
        &mut out,
        t.year().unsigned_abs(),
        if t.year() < 0 { 6 } else { 4 },
    );
    for (before, part) in [
        ('-', t.month()),
        ('-', t.day()),
        ('T', t.hour()),
        (':', t.minute()),
        (':', t.second()),
    ] {
        out.push(before);
        push(&mut out, part.unsigned_abs(), 2);
    }
    out
}

/// `Tue, 02 Jan 2024 03:04:05 GMT`: as HTTP writes it.
pub(crate) fn http_date(time: Timestamp) -> String {
    let t = TimeZone::UTC.to_datetime(time);
    let mut out = String::with_capacity("Tue, 02 Jan 2024 03:04:05 GMT".len());
    out.push_str(DAYS[usize::from(t.weekday().to_sunday_zero_offset().unsigned_abs())]);
    out.push_str(", ");
    push(&mut out, t.day().unsigned_abs(), 2);
    out.push(' ');
    out.push_str(MONTHS[usize::from(t.month().unsigned_abs()) - 1]);
    out.push(' ');
    push(&mut out, t.year().unsigned_abs(), 4);
    for (before, part) in [(' ', t.hour()), (':', t.minute()), (':', t.second())] {
        out.push(before);
        push(&mut out, part.unsigned_abs(), 2);
    }
    out.push_str(" GMT");
    out
}

/// A number with this many digits.
fn push(out: &mut String, number: impl Into<u32>, digits: u32) {
    let number = number.into();
    for place in (0..digits).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

/// Reads what [`http_date`] writes.
pub(crate) fn parse_http_date(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const MICRO_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

/// Reads a `metav1.Time`; the error is Go's. What is too late to be told from the end of time is that end.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let moment = read::read(text, LAYOUT, Fraction::Free)?;
    let nanos = moment.nanos.cast_signed();
    let end = match moment.seconds {
        ..0 => Timestamp::MIN,
        _ => Timestamp::MAX,
    };
    Ok(Timestamp::new(moment.seconds, nanos).unwrap_or(end))
}

/// A `metav1.Time` as it is written, whole seconds in UTC; empty for the time that stands for none.
pub(crate) fn canonical(text: &str) -> Result<String, String> {
    let moment = read::read(text, LAYOUT, Fraction::Free)?;
    Ok(written(moment, |_| {}))
}

/// The same of a `metav1.MicroTime`, which has exactly six digits of a second.
pub(crate) fn canonical_micro(text: &str) -> Result<String, String> {
    let moment = read::read(text, MICRO_LAYOUT, Fraction::Digits(6))?;
    Ok(written(moment, |out| {
        out.push('.');
        push(out, moment.nanos / 1000, 6);
    }))
}

fn written(moment: Moment, fraction: impl Fn(&mut String)) -> String {
    if (moment.seconds, moment.nanos) == (ZERO, 0) {
        return String::new();
    }
    let (days, second) = (
        moment.seconds.div_euclid(86_400),
        moment.seconds.rem_euclid(86_400),
    );
    let (year, month, day) = read::date_of(days);
    let mut out = String::with_capacity("2024-01-02T03:04:05.000006Z".len());
    let sign = if year < 0 { "-" } else { "" };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    out.push_str(&format!(
        "{sign}{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}",
        year.abs()
    ));
    fraction(&mut out);
    out.push('Z');
    out
}

/// `duration.HumanDuration`: two units at the most, coarser with age.
pub(crate) fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        let (first, rest) = (seconds / big, seconds % big / small);
        if rest == 0 {
            format!("{first}{big_unit}")
        } else {
            format!("{first}{big_unit}{rest}{small_unit}")
        }
    };
    match seconds {
        s if s < -1 => "<invalid>".to_owned(),
        s if s < 0 => "0s".to_owned(),
        s if s < 2 * MINUTE => format!("{s}s"),
        s if s < 10 * MINUTE => two(MINUTE, "m", 1, "s"),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => two(HOUR, "h", MINUTE, "m"),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => two(DAY, "d", HOUR, "h"),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => two(YEAR, "y", DAY, "d"),
        s => format!("{}y", s / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_writes_a_time_in_its_own_way() {
        assert_eq!(
            http_date(parse("2024-01-02T03:04:05Z").unwrap()),
            "Tue, 02 Jan 2024 03:04:05 GMT"
        );
    }

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        let months = (0..24).map(|month| month * 2_629_746 - 1);
        for second in months.chain([-62_167_219_200, 253_402_207_200]) {
            let time = Timestamp::from_second(second).unwrap();
            let later = Timestamp::new(second, 123_456_789).unwrap_or(time);
            assert_eq!(format(later), time.to_string());
            assert_eq!(
                http_date(later),
                time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
            );
        }
        let ancient = Timestamp::from_second(-62_167_219_201).unwrap();
        assert_eq!(format(ancient), ancient.to_string());
    }

    #[test]
    fn an_offset_becomes_utc() {
        assert_eq!(
            format(parse("2024-01-02T05:04:05.25+02:00").unwrap()),
            "2024-01-02T03:04:05Z"
        );
    }

    #[test]
    fn a_micro_time_has_six_digits() {
        let time = canonical_micro("2024-01-02T05:04:05.000007+02:00");
        assert_eq!(time.as_deref(), Ok("2024-01-02T03:04:05.000007Z"));
        assert_eq!(
            format_micro(parse("2024-01-02T03:04:05Z").unwrap()),
            "2024-01-02T03:04:05.000000Z"
        );
        for (text, rest, element) in [
            ("2024-01-02T03:04:05.12Z", ".12Z", ".000000"),
            ("2024-01-02T03:04:05.1234567Z", "7Z", "Z07:00"),
        ] {
            assert_eq!(
                canonical_micro(text).unwrap_err(),
                format!(
                    r#"parsing time "{text}" as "{MICRO_LAYOUT}": cannot parse "{rest}" as "{element}""#
                )
            );
        }
    }

    #[test]
    fn times_are_taken_as_leniently_as_go_takes_them() {
        for (text, written) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("2024-01-01T1:00:00Z", "2024-01-01T01:00:00Z"),
            ("2024-01-01T00:00:00.1234567890123Z", "2024-01-01T00:00:00Z"),
            ("2024-01-01T00:00:00+00:60", "2023-12-31T23:00:00Z"),
            ("2024-02-29T00:00:00-24:00", "2024-03-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", ""),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(written), "{text}");
        }
        for (text, why) in [
            (
                "2024-01-01T00:00:00+25:00",
                ": time zone offset hour out of range",
            ),
            ("2023-02-29T00:00:00Z", ": day out of range"),
            ("2024-01-01T00:00:00Zx", ": extra text: \"x\""),
            (
                "2024-01-01T00:00:00.Z",
                " as \"2006-01-02T15:04:05Z07:00\": cannot parse \".Z\" as \"Z07:00\"",
            ),
        ] {
            let error = format!("parsing time \"{text}\"{why}");
            assert_eq!(canonical(text), Err(error));
        }
        let error = canonical("\t\u{e9}").unwrap_err();
        assert!(
            error.starts_with(r#"parsing time "\x09\xc3\xa9" as "#),
            "{error}"
        );
    }

    #[test]
    fn a_bad_time_is_reported_as_go_does() {
        assert_eq!(
            parse("nope").unwrap_err(),
            r#"parsing time "nope" as "2006-01-02T15:04:05Z07:00": cannot parse "nope" as "2006""#
        );
        assert_eq!(
            parse("2024-13-02T05:04:05Z").unwrap_err(),
            r#"parsing time "2024-13-02T05:04:05Z": month out of range"#
        );
    }

    #[test]
    fn an_age_gets_coarser() {
        for (seconds, text) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (3600, "60m"),
            (3 * 3600 + 60, "3h1m"),
            (47 * 3600, "47h"),
            (50 * 3600, "2d2h"),
            (100 * 86400, "100d"),
            (800 * 86400, "2y70d"),
            (4000 * 86400, "10y"),
        ] {
            assert_eq!(human_duration(seconds), text, "{seconds}");
        }
    }
}
