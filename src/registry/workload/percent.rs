//! Amounts of pods that are numbers or shares: `3`, `25%`.

use serde_json::Value;

use crate::names::mismatch;
use crate::status::field::FieldError;

/// `ValidatePositiveIntOrPercent`.
pub(crate) fn validate(value: &Value, path: &str) -> Option<FieldError> {
    let reason = match value {
        Value::String(text) if percent(text).is_none() => mismatch(
            "a valid percent string must be a numeric string followed by an ending '%'",
            "[0-9]+%",
            &["1%", "93%"],
        ),
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => {
            "must be greater than or equal to 0".to_owned()
        }
        _ => return None,
    };
    Some(FieldError::invalid(path, value, reason))
}

/// `IsNotMoreThan100Percent`.
pub(crate) fn at_most_all(value: &Value, path: &str) -> Option<FieldError> {
    let share = value.as_str().and_then(percent)?;
    (share > 100).then(|| FieldError::invalid(path, value, "must not be greater than 100%"))
}

/// The number, or the share in percent; a text that is neither is what Go's `Atoi` makes of it.
pub(crate) fn amount(value: &Value) -> i64 {
    match value {
        Value::String(text) => percent(text)
            .or_else(|| text.parse().ok())
            .unwrap_or_default(),
        _ => value.as_i64().unwrap_or_default(),
    }
}

/// A share that is too large to be counted is as large as can be.
fn percent(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_share_is_digits_and_a_sign() {
        for (value, number, errors) in [
            (json!("25%"), 25, 0),
            (json!("150%"), 150, 1),
            (json!("%"), 0, 1),
            (json!("7"), 7, 1),
            (json!(-1), -1, 1),
            (json!(3), 3, 0),
        ] {
            let found = validate(&value, "p")
                .into_iter()
                .chain(at_most_all(&value, "p"));
            assert_eq!((amount(&value), found.count()), (number, errors), "{value}");
        }
    }
}
