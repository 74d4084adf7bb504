//! Schedules in cron's format, as `robfig/cron` reads them: five fields, or a word such as `@hourly`.

use super::zones;
use crate::codec::quote::quote;
use crate::request::query::parse_duration;

/// One field: what it counts, and the names its numbers have, the first of which is that of the least.
struct Bounds {
    min: i64,
    max: i64,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Bounds; 5] = [
    Bounds {
        min: 0,
        max: 59,
        names: &[],
    },
    Bounds {
        min: 0,
        max: 23,
        names: &[],
    },
    Bounds {
        min: 1,
        max: 31,
        names: &[],
    },
    Bounds {
        min: 1,
        max: 12,
        names: MONTHS,
    },
    Bounds {
        min: 0,
        max: 6,
        names: DAYS,
    },
];

/// What is wrong with a schedule.
pub(super) fn check(schedule: &str) -> Result<(), String> {
    if schedule.is_empty() {
        return Err("empty spec string".to_owned());
    }
    let mut rest = schedule;
    if schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=") {
        // Upstream's parser panics here, and is caught.
        let Some((zone, after)) = schedule.split_once(' ') else {
            let why = "runtime error: slice bounds out of range [:-1]";
            return Err(format!("invalid schedule format: {why}"));
        };
        let zone = zone.split_once('=').map_or("", |(_, zone)| zone);
        if let Some(why) = zones::load_error(zone) {
            return Err(format!("provided bad location {zone}: {why}"));
        }
        rest = after.trim();
    }
    if rest.starts_with('@') {
        return check_word(rest);
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let (wanted, found) = (FIELDS.len(), fields.len());
        let shown = fields.join(" ");
        return Err(format!(
            "expected exactly {wanted} fields, found {found}: [{shown}]"
        ));
    }
    for (field, bounds) in fields.iter().zip(&FIELDS) {
        let ranges = field.split(',').filter(|range| !range.is_empty());
        for range in ranges {
            check_range(range, bounds)?;
        }
    }
    Ok(())
}

fn check_word(word: &str) -> Result<(), String> {
    match word {
        "@yearly" | "@annually" | "@monthly" | "@weekly" | "@daily" | "@midnight" | "@hourly" => {
            return Ok(());
        }
        _ => {}
    }
    let Some(every) = word.strip_prefix("@every ") else {
        return Err(format!("unrecognized descriptor: {word}"));
    };
    match parse_duration(every) {
        Ok(_) => Ok(()),
        Err(why) => Err(format!("failed to parse duration {word}: {why}")),
    }
}

/// `*`, `1`, `1-5`, each with a step such as `/2`.
fn check_range(range: &str, bounds: &Bounds) -> Result<(), String> {
    let parts: Vec<&str> = range.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let (start, mut end) = match ends[..] {
        ["*" | "?", ..] => (bounds.min, bounds.max),
        [only] => {
            let only = bounds.number(only)?;
            (only, only)
        }
        [start, end] => (bounds.number(start)?, bounds.number(end)?),
        _ => {
            bounds.number(ends[0])?;
            return Err(format!("too many hyphens: {range}"));
        }
    };
    let step = match parts[..] {
        [_] => 1,
        [_, step] => {
            let step = integer(step)?;
            if ends.len() == 1 {
                end = bounds.max;
            }
            step
        }
        _ => return Err(format!("too many slashes: {range}")),
    };
    let Bounds { min, max, .. } = bounds;
    if start < *min {
        return Err(format!(
            "beginning of range ({start}) below minimum ({min}): {range}"
        ));
    }
    if end > *max {
        return Err(format!(
            "end of range ({end}) above maximum ({max}): {range}"
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {range}"
        ));
    }
    if step == 0 {
        return Err(format!(
            "step of range should be a positive number: {range}"
        ));
    }
    Ok(())
}

impl Bounds {
    fn number(&self, text: &str) -> Result<i64, String> {
        let lower = text.to_lowercase();
        match self.names.iter().position(|name| *name == lower) {
            Some(at) => Ok(self.min + i64::try_from(at).unwrap_or_default()),
            None => integer(text),
        }
    }
}

fn integer(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = text.parse().map_err(|_| {
        let why = if is_integer {
            "value out of range"
        } else {
            "invalid syntax"
        };
        format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {}: {why}",
            quote(text)
        )
    })?;
    if number < 0 {
        return Err(format!("negative number ({number}) not allowed: {text}"));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_schedules_are_taken() {
        for good in [
            "*/5 * * * *",
            "@hourly",
            "@every 1h30m",
            "0-30/5 8-18 1,15 JAN-mar ?",
            "TZ=UTC 0 0 * * sun",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn bad_ones_are_told_why() {
        for (bad, why) in [
            (
                "0 0 * * * *",
                "expected exactly 5 fields, found 6: [0 0 * * * *]",
            ),
            ("61 * * * *", "end of range (61) above maximum (59): 61"),
            (
                "5-1 * * * *",
                "beginning of range (5) beyond end of range (1): 5-1",
            ),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            (
                "*/0 * * * *",
                "step of range should be a positive number: */0",
            ),
            (
                "x * * * *",
                "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            ("@monthy", "unrecognized descriptor: @monthy"),
            (
                "TZ=Mars 0 0 * * *",
                "provided bad location Mars: unknown time zone Mars",
            ),
        ] {
            assert_eq!(check(bad), Err(why.to_owned()), "{bad}");
        }
    }
}
