//! How much of a device one may take.

use serde_json::Value;

use super::validate_set;
use crate::codec::quantity::Quantity;
use crate::registry::validation::quantity::amount;
use crate::registry::validation::read::list_at;
use crate::status::field::FieldError;

const OPTIONS_MAX: usize = 10;

/// Only what many may take has rules for who takes how much.
pub(super) fn validate_capacity(capacity: &Value, is_shared: bool, path: &str) -> Vec<FieldError> {
    let policy = &capacity["requestPolicy"];
    let path = format!("{path}.requestPolicy");
    match (policy.is_null(), is_shared, amount(&capacity["value"])) {
        (true, _, _) => Vec::new(),
        (_, false, _) => vec![FieldError::forbidden(
            path,
            "allowMultipleAllocations must be true",
        )],
        (_, _, Some(max)) => validate_policy(policy, &max, &path),
        _ => Vec::new(),
    }
}

/// `validateRequestPolicy`.
fn validate_policy(policy: &Value, max: &Quantity, path: &str) -> Vec<FieldError> {
    let (values, range) = (list_at(policy, "validValues"), &policy["validRange"]);
    let default = amount(&policy["default"]);
    let (field, is_given) = match (values.is_empty(), range.is_null()) {
        (false, false) => {
            let reason = "exactly one policy can be specified, cannot specify \"validValues\" and \"validRange\" at the same time";
            return vec![FieldError::forbidden(path, reason)];
        }
        (false, true) => ("validValues", true),
        (true, false) => ("validRange", true),
        (true, true) => ("", false),
    };
    if !is_given {
        return Vec::new();
    }
    let Some(default) = default else {
        let reason = format!("required when {field} is defined");
        return vec![FieldError::required(format!("{path}.default"), reason)];
    };
    let path = format!("{path}.{field}");
    match values.is_empty() {
        true => validate_range(range, &default, max, &path),
        false => validate_options(values, &default, max, &path),
    }
}

fn wrong(path: String, amount: &Quantity, reason: String) -> FieldError {
    FieldError::invalid_str(path, amount.as_str(), reason)
}

/// `validateRequestPolicyValidValues`.
fn validate_options(
    values: &[Value],
    default: &Quantity,
    max: &Quantity,
    path: &str,
) -> Vec<FieldError> {
    let amounts: Vec<Quantity> = values.iter().filter_map(amount).collect();
    let mut errors = Vec::new();
    for (i, pair) in amounts.windows(2).enumerate() {
        if pair[0] > pair[1] {
            let reason = "values must be sorted in ascending order".to_owned();
            errors.push(wrong(format!("{path}[{}]", i + 1), &pair[1], reason));
        }
    }
    let key = |value: &Value| {
        let amount = amount(value).map(|amount| amount.value());
        format!("\"{}\"", amount.unwrap_or_default())
    };
    errors.extend(validate_set(
        values,
        OPTIONS_MAX,
        path,
        key,
        |value, path| {
            let larger = amount(value).filter(|amount| amount > max);
            let reason = format!("option is larger than capacity value: {}", max.as_str());
            larger
                .map(|amount| wrong(path.to_owned(), &amount, reason))
                .into_iter()
                .collect()
        },
    ));
    if values.len() > OPTIONS_MAX || !amounts.contains(default) {
        let reason = "default value is not valid according to the requestPolicy".to_owned();
        errors.push(wrong(path.to_owned(), default, reason));
    }
    errors
}

/// `validateRequestPolicyRange`.
fn validate_range(
    range: &Value,
    default: &Quantity,
    capacity: &Quantity,
    path: &str,
) -> Vec<FieldError> {
    let at = |field: &str| format!("{path}.{field}");
    let Some(min) = amount(&range["min"]) else {
        let reason = "required when validRange is defined";
        return vec![FieldError::required(at("min"), reason)];
    };
    let whole = capacity.as_str();
    let mut errors = Vec::new();
    if min > *capacity {
        let reason = format!("min is larger than capacity value: {whole}");
        errors.push(wrong(at("min"), &min, reason));
    }
    if *default < min {
        let reason = format!("default is less than min: {}", min.as_str());
        errors.push(wrong(at("min"), default, reason));
    }
    let max = amount(&range["max"]);
    if let Some(max) = &max {
        for (is_wrong, shown, reason) in [
            (
                min > *max,
                &min,
                format!("min is larger than max: {}", max.as_str()),
            ),
            (
                max > capacity,
                max,
                format!("max is larger than capacity value: {whole}"),
            ),
            (
                default > max,
                default,
                format!("default is more than max: {}", max.as_str()),
            ),
        ] {
            errors.extend(is_wrong.then(|| wrong(at("max"), shown, reason)));
        }
    }
    if let Some(step) = amount(&range["step"]) {
        let at = at("step");
        errors.extend(validate_step(&step, &min, capacity, &at));
        for value in [Some(default), max.as_ref()].into_iter().flatten() {
            errors.extend(validate_steps_to(value, &step, &min, &at));
        }
    }
    errors
}

fn validate_step(
    step: &Quantity,
    min: &Quantity,
    capacity: &Quantity,
    path: &str,
) -> Option<FieldError> {
    let first = min.plus(step);
    let (shown, whole) = (first.as_str(), capacity.as_str());
    let reason = format!("one step {shown} is larger than capacity value: {whole}");
    (first > *capacity).then(|| wrong(path.to_owned(), step, reason))
}

/// `validateRequestPolicyRangeStep`.
fn validate_steps_to(
    value: &Quantity,
    step: &Quantity,
    min: &Quantity,
    path: &str,
) -> Option<FieldError> {
    let above = value.value().wrapping_sub(min.value());
    let rest = above.checked_rem(step.value())?;
    let reason = format!(
        "value is not a multiple of a given step ({}) from ({})",
        step.as_str(),
        min.as_str()
    );
    (rest != 0).then(|| wrong(path.to_owned(), value, reason))
}
