//! Reading a time by a layout, as leniently as Go's `time.Parse` does, and with its errors.

use std::fmt::Write as _;

/// A moment in UTC, of any year that four digits and an offset can name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// Since 1970.
    pub(super) seconds: i64,
    pub(super) nanos: u32,
}

/// How many digits a fraction has at the most; more are not looked at.
const FRACTION_DIGITS: usize = 9;

/// What a layout asks for after the seconds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fraction {
    /// Any fraction, or none.
    Free,
    /// Exactly so many digits.
    Digits(usize),
}

/// Why a text does not fit: the element of the layout it does not fit, or what is out of range.
enum Misfit {
    Element(&'static str),
    Message(String),
}

/// Reads RFC 3339; the error is Go's.
pub(super) fn read(text: &str, layout: &str, fraction: Fraction) -> Result<Moment, String> {
    let mut reader = Reader { rest: text };
    let shown = quote(text);
    reader.moment(fraction).map_err(|misfit| match misfit {
        Misfit::Message(message) => format!("parsing time {shown}: {message}"),
        Misfit::Element(element) => format!(
            "parsing time {shown} as \"{layout}\": cannot parse {} as \"{element}\"",
            quote(reader.rest)
        ),
    })
}

struct Reader<'a> {
    /// What is yet to be read; of what does not fit, all of it.
    rest: &'a str,
}

impl Reader<'_> {
    fn moment(&mut self, fraction: Fraction) -> Result<Moment, Misfit> {
        let year = self.year()?;
        self.sign("-")?;
        let month = self.two("01", true, |month| (1..=12).contains(&month), "month")?;
        self.sign("-")?;
        let day = self.two("02", true, |_| true, "day")?;
        self.sign("T")?;
        // One digit is enough of an hour.
        let hour = self.two("15", false, |hour| hour < 24, "hour")?;
        self.sign(":")?;
        let minute = self.two("04", true, |minute| minute < 60, "minute")?;
        self.sign(":")?;
        let second = self.two("05", true, |second| second < 60, "second")?;
        let nanos = self.fraction(fraction)?;
        let offset = self.zone()?;
        if !self.rest.is_empty() {
            let message = format!("extra text: {}", quote(self.rest));
            return Err(Misfit::Message(message));
        }
        if day < 1 || day > days_in(month, year) {
            return Err(out_of_range("day"));
        }
        let of_day = hour * 3600 + minute * 60 + second;
        Ok(Moment {
            seconds: days_since_1970(year, month, day) * 86_400 + of_day - offset,
            nanos,
        })
    }

    fn year(&mut self) -> Result<i64, Misfit> {
        let year = self.rest.get(..4).filter(|head| is_digits(head));
        let year = year.ok_or(Misfit::Element("2006"))?;
        self.rest = &self.rest[4..];
        Ok(number(year))
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), Misfit> {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.ok_or(Misfit::Element(sign))?;
        Ok(())
    }

    /// A number of two digits, or of one where that will do.
    fn two(
        &mut self,
        element: &'static str,
        both: bool,
        fits: fn(i64) -> bool,
        what: &str,
    ) -> Result<i64, Misfit> {
        let digits = self
            .rest
            .bytes()
            .take(2)
            .take_while(u8::is_ascii_digit)
            .count();
        if digits == 0 || (both && digits < 2) {
            return Err(Misfit::Element(element));
        }
        let (head, rest) = self.rest.split_at(digits);
        let found = number(head);
        if !fits(found) {
            return Err(out_of_range(what));
        }
        self.rest = rest;
        Ok(found)
    }

    fn fraction(&mut self, wanted: Fraction) -> Result<u32, Misfit> {
        let after = self.rest.strip_prefix(['.', ',']);
        let there = after.map_or(0, |after| {
            after.bytes().take_while(u8::is_ascii_digit).count()
        });
        let digits = match wanted {
            Fraction::Free if there == 0 => return Ok(0),
            Fraction::Free => there,
            Fraction::Digits(digits) if there >= digits => digits,
            Fraction::Digits(_) => return Err(Misfit::Element(".000000")),
        };
        let after = after.unwrap_or_default();
        let read = &after[..digits.min(FRACTION_DIGITS)];
        self.rest = &after[digits..];
        let missing = u32::try_from(FRACTION_DIGITS - read.len()).unwrap_or_default();
        let nanos = number(read) * 10_i64.pow(missing);
        Ok(u32::try_from(nanos).unwrap_or_default())
    }

    /// In seconds east of UTC. A day and an hour of offset are still taken.
    fn zone(&mut self) -> Result<i64, Misfit> {
        const ELEMENT: Misfit = Misfit::Element("Z07:00");
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let zone = self.rest.get(..6).ok_or(ELEMENT)?;
        let fits = zone.as_bytes()[3] == b':' && is_digits(&zone[1..3]) && is_digits(&zone[4..6]);
        if !fits {
            return Err(ELEMENT);
        }
        let (hours, minutes) = (number(&zone[1..3]), number(&zone[4..6]));
        if hours > 24 {
            return Err(out_of_range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(out_of_range("time zone offset minute"));
        }
        let offset = (hours * 60 + minutes) * 60;
        let offset = match zone.as_bytes()[0] {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(ELEMENT),
        };
        self.rest = &self.rest[6..];
        Ok(offset)
    }
}

fn out_of_range(what: &str) -> Misfit {
    Misfit::Message(format!("{what} out of range"))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Of a few digits.
fn number(digits: &str) -> i64 {
    digits
        .bytes()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

fn days_in(month: i64, year: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Years that begin in March have their odd day at the end.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day, the same way back.
pub(super) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// How the package quotes: whatever is not plain ASCII byte by byte.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c < ' ' || !c.is_ascii() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "\\x{byte:02x}");
            }
        } else {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out.push('"');
    out
}
