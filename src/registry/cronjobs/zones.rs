//! Names of time zones.

/// The names in the IANA's data base.
const NAMES: &str = include_str!("zones.list");

const PART_MAX: usize = 14;

/// `validateTimeZone`: why a name does not do.
pub(super) fn errors(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["timeZone must be nil or non-empty string".to_owned()];
    }
    if !name.split('/').all(is_part) {
        return vec![unknown(name)];
    }
    let mut errors = Vec::new();
    if name.eq_ignore_ascii_case("local") {
        errors.push(
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
                .to_owned(),
        );
    }
    errors.extend(load_error(name));
    errors
}

/// What Go's `time.LoadLocation` says of a name.
pub(super) fn load_error(name: &str) -> Option<String> {
    if matches!(name, "" | "UTC" | "Local") {
        return None;
    }
    if name.contains("..") || name.starts_with('/') || name.contains('\\') {
        return Some("time: invalid location name".to_owned());
    }
    let is_known = NAMES.split_whitespace().any(|known| known == name);
    (!is_known).then(|| unknown(name))
}

fn unknown(name: &str) -> String {
    format!("unknown time zone {name}")
}

fn is_part(part: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    !matches!(part, "" | "." | "..")
        && !part.starts_with('-')
        && part.len() <= PART_MAX
        && part.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_one_there_is() {
        for good in [
            "UTC",
            "Europe/Berlin",
            "America/Argentina/Ushuaia",
            "Etc/GMT+5",
        ] {
            assert!(errors(good).is_empty(), "{good}");
        }
        for bad in ["", "Mars/Base", "local", " UTC", "a//b", "europe/berlin"] {
            assert!(!errors(bad).is_empty(), "{bad}");
        }
    }
}
