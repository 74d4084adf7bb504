//! Times as Go's `time` package reads and writes them in RFC 3339.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::quote::quote;

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
    push(&mut out, time.subsec_microsecond().unsigned_abs(), 6);
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

/// Reads a `metav1.Time`; the error is Go's.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    read(text, "2006-01-02T15:04:05Z07:00", |rest| {
        let fraction = rest
            .strip_prefix(['.', ','])
            .map(|r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
        Some(fraction.unwrap_or(rest))
    })
}

/// Reads a `metav1.MicroTime`, which wants exactly six digits of a second.
pub(crate) fn parse_micro(text: &str) -> Result<Timestamp, String> {
    read(text, "2006-01-02T15:04:05.000000Z07:00", |rest| {
        take(rest.strip_prefix(['.', ','])?, "", 6)
    })
}

/// Reads a time by its layout, which `after_seconds` takes up where the seconds end.
fn read(
    text: &str,
    layout: &str,
    after_seconds: impl Fn(&str) -> Option<&str>,
) -> Result<Timestamp, String> {
    let bad = |rest: &str, element: &str| {
        format!(
            "parsing time {} as \"{layout}\": cannot parse {} as \"{element}\"",
            quote(text),
            quote(rest)
        )
    };
    let mut rest = text;
    for (element, digits) in [
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ] {
        rest = take(rest, element, digits).ok_or_else(|| bad(rest, element))?;
    }
    let zone = after_seconds(rest).ok_or_else(|| bad(rest, ".000000"))?;
    if !is_zone(zone) {
        return Err(match zone.strip_prefix('Z') {
            Some(extra) if !extra.is_empty() => {
                format!("parsing time {}: extra text: {}", quote(text), quote(extra))
            }
            _ => bad(zone, "Z07:00"),
        });
    }
    text.replace(',', ".")
        .parse::<Timestamp>()
        .map_err(|_| out_of_range(text))
}

fn out_of_range(text: &str) -> String {
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .and_then(|s| s.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let part = match () {
        () if !(1..=12).contains(&number(5..7)) => "month",
        () if number(11..13) > 23 => "hour",
        () if number(14..16) > 59 => "minute",
        () if number(17..19) > 59 => "second",
        () => "day",
    };
    format!("parsing time {}: {part} out of range", quote(text))
}

fn take<'a>(text: &'a str, element: &str, digits: usize) -> Option<&'a str> {
    if digits == 0 {
        return text.strip_prefix(element);
    }
    let head = text.get(..digits)?;
    head.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| &text[digits..])
}

fn is_zone(zone: &str) -> bool {
    let b = zone.as_bytes();
    zone == "Z"
        || (b.len() == 6
            && matches!(b[0], b'+' | b'-')
            && b[3] == b':'
            && [1, 2, 4, 5].iter().all(|&i| b[i].is_ascii_digit()))
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
        let time = parse_micro("2024-01-02T05:04:05.000007+02:00").unwrap();
        assert_eq!(format_micro(time), "2024-01-02T03:04:05.000007Z");
        assert_eq!(
            format_micro(parse("2024-01-02T03:04:05Z").unwrap()),
            "2024-01-02T03:04:05.000000Z"
        );
        let layout = "2006-01-02T15:04:05.000000Z07:00";
        for (text, rest, element) in [
            ("2024-01-02T03:04:05.12Z", ".12Z", ".000000"),
            ("2024-01-02T03:04:05.1234567Z", "7Z", "Z07:00"),
        ] {
            assert_eq!(
                parse_micro(text).unwrap_err(),
                format!(
                    r#"parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}""#
                )
            );
        }
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
}
