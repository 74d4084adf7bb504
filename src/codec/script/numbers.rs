//! Numbers and lengths of time in files people write.

use std::time::Duration;

use super::{Cursor, Error};
use crate::codec::json::Node;

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

impl Cursor<'_> {
    /// A number from 0 on, without a fraction.
    pub(crate) fn whole(&self) -> Result<u64, Error> {
        match self.node {
            Node::Number(literal) => literal
                .parse()
                .map_err(|_| self.fail(format!("{literal} is no whole number from 0 on"))),
            _ => Err(self.wrong("a number")),
        }
    }

    /// A number within these bounds, both included.
    pub(crate) fn whole_within(&self, from: u64, to: u64) -> Result<u64, Error> {
        let number = self.whole()?;
        if (from..=to).contains(&number) {
            return Ok(number);
        }
        let bounds = match to {
            u64::MAX => format!("at least {from}"),
            _ => format!("from {from} to {to}"),
        };
        Err(self.fail(format!("this has to be {bounds}, not {number}")))
    }

    /// A number within these bounds, both included.
    pub(crate) fn fraction_within(&self, from: f64, to: f64) -> Result<f64, Error> {
        let Node::Number(literal) = self.node else {
            return Err(self.wrong("a number"));
        };
        match literal.parse::<f64>() {
            Ok(number) if number >= from && number <= to => Ok(number),
            _ if to == f64::MAX => {
                Err(self.fail(format!("this has to be at least {from}, not {literal}")))
            }
            _ => Err(self.fail(format!("this has to be from {from} to {to}, not {literal}"))),
        }
    }

    /// `500ms`, `2s`, `1m`, `1h`.
    pub(crate) fn duration(&self) -> Result<Duration, Error> {
        let text = self.text()?;
        parse_duration(text)
            .ok_or_else(|| self.fail("this has to be a time such as `500ms`, `2s`, `1m` or `1h`"))
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(
        number.parse::<u64>().ok()?.saturating_mul(*millis),
    ))
}

/// The shortest text [`Cursor::duration`] reads as this.
pub(crate) fn write_duration(length: Duration) -> String {
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let fits = |(_, unit): &&(&str, u64)| millis % unit == 0;
    let (name, unit) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
    match millis {
        0 => "0s".to_owned(),
        _ => format!("{}{name}", millis / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for text in ["1ms", "1500ms", "2s", "90s", "2m", "1h", "0s"] {
            assert_eq!(write_duration(parse_duration(text).unwrap()), text);
        }
        assert_eq!(parse_duration("5"), None);
        assert_eq!(parse_duration("s"), None);
        assert_eq!(parse_duration("5 minutes"), None);
    }
}
