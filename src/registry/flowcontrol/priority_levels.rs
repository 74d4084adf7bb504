//! The rules of priority levels.

use serde_json::Value;

use super::initial;
use crate::object::{meta_str, metadata};
use crate::registry::validation::read::text_at;
use crate::status::field::FieldError;

const QUEUES_MAX: i64 = 10_000_000;
/// As many bits of a hash deal hands.
const HASH_BITS: i64 = 60;
/// An annotation of a version that is no more.
const PRESERVE_ZERO: &str = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

pub(super) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let annotations = metadata(object).and_then(|meta| meta.get("annotations"));
    if annotations.is_some_and(|annotations| annotations.get(PRESERVE_ZERO).is_some()) {
        let detail = format!("annotation '{PRESERVE_ZERO}' is forbidden");
        errors.push(FieldError::forbidden("metadata.annotations", detail));
    }
    errors.extend(validate_spec(&object["spec"], meta_str(object, "name")));
    errors
}

/// What is wrong with the spec of a level that must be as it is.
pub(super) fn differs_from_mandatory(name: &str, spec: &Value) -> Option<String> {
    let wanted = initial::mandatory_level(name)?;
    if wanted["type"] != "Exempt" {
        let differs = *spec != wanted;
        return differs.then(|| format!("spec of '{name}' must equal the fixed value"));
    }
    let mut rest = spec.clone();
    rest["exempt"] = wanted["exempt"].clone();
    (rest != wanted).then(|| {
        format!("spec of '{name}' except the 'spec.exempt' field must equal the fixed value")
    })
}

fn validate_spec(spec: &Value, name: &str) -> Vec<FieldError> {
    let kind = text_at(spec, "type");
    let (limited, exempt) = (&spec["limited"], &spec["exempt"]);
    let mut errors = Vec::new();
    if (name == "exempt") != (kind == "Exempt") {
        let reason = "must be 'Exempt' if and only if `name` is 'exempt'";
        errors.push(FieldError::invalid_str("spec.type", kind, reason));
    }
    match kind {
        "Exempt" => {
            if !limited.is_null() {
                let detail = "must be nil if the type is not Limited";
                errors.push(FieldError::forbidden("spec.limited", detail));
            }
            errors.extend(validate_shares(exempt, "spec.exempt"));
            errors.extend(validate_lendable(exempt, "spec.exempt"));
        }
        "Limited" => {
            if !exempt.is_null() {
                let detail = "must be nil if the type is Limited";
                errors.push(FieldError::forbidden("spec.exempt", detail));
            }
            match limited {
                Value::Null => {
                    let detail = "must not be empty when type is Limited";
                    errors.push(FieldError::required("spec.limited", detail));
                }
                limited => errors.extend(validate_limited(limited, "spec.limited")),
            }
        }
        other => errors.push(FieldError::not_supported(
            "spec.type",
            &other.into(),
            &["Exempt", "Limited"],
        )),
    }
    errors
}

fn validate_limited(limited: &Value, path: &str) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = validate_shares(limited, path).into_iter().collect();
    errors.extend(validate_response(
        &limited["limitResponse"],
        &format!("{path}.limitResponse"),
    ));
    errors.extend(validate_lendable(limited, path));
    let borrowed = &limited["borrowingLimitPercent"];
    if borrowed.as_i64().is_some_and(|percent| percent < 0) {
        errors.push(FieldError::invalid(
            format!("{path}.borrowingLimitPercent"),
            borrowed,
            "if specified, must be a non-negative integer",
        ));
    }
    errors
}

fn validate_shares(holder: &Value, path: &str) -> Option<FieldError> {
    let shares = &holder["nominalConcurrencyShares"];
    let is_negative = shares.as_i64().is_some_and(|shares| shares < 0);
    let path = format!("{path}.nominalConcurrencyShares");
    is_negative.then(|| FieldError::invalid(path, shares, "must be a non-negative integer"))
}

fn validate_lendable(holder: &Value, path: &str) -> Option<FieldError> {
    let percent = &holder["lendablePercent"];
    let is_out = percent.as_i64().is_some_and(|p| !(0..=100).contains(&p));
    let path = format!("{path}.lendablePercent");
    is_out.then(|| FieldError::invalid(path, percent, "must be between 0 and 100, inclusive"))
}

/// The texts speak of the wrong type.
fn validate_response(response: &Value, path: &str) -> Vec<FieldError> {
    let queuing = &response["queuing"];
    let error = match (text_at(response, "type"), queuing) {
        ("Reject", Value::Null) => return Vec::new(),
        ("Reject", _) => FieldError::forbidden(
            format!("{path}.queuing"),
            "must be nil if limited.limitResponse.type is not Limited",
        ),
        ("Queue", Value::Null) => FieldError::required(
            format!("{path}.queuing"),
            "must not be empty if limited.limitResponse.type is Limited",
        ),
        ("Queue", queuing) => return validate_queuing(queuing, &format!("{path}.queuing")),
        (other, _) => {
            let path = format!("{path}.type");
            FieldError::not_supported(path, &other.into(), &["Queue", "Reject"])
        }
    };
    vec![error]
}

fn validate_queuing(queuing: &Value, path: &str) -> Vec<FieldError> {
    let number = |field: &str| queuing[field].as_i64().unwrap_or_default();
    let (queues, hand) = (number("queues"), number("handSize"));
    let mut errors = Vec::new();
    let mut refuse = |field: &str, reason: String| {
        let path = format!("{path}.{field}");
        errors.push(FieldError::invalid(path, &number(field).into(), reason));
    };
    let not_positive = || "must be positive".to_owned();
    if number("queueLengthLimit") <= 0 {
        refuse("queueLengthLimit", not_positive());
    }
    if queues <= 0 {
        refuse("queues", not_positive());
    } else if queues > QUEUES_MAX {
        refuse("queues", format!("must not be greater than {QUEUES_MAX}"));
    }
    if hand <= 0 {
        refuse("handSize", not_positive());
    } else if hand > queues {
        let reason = format!("should not be greater than queues ({queues})");
        refuse("handSize", reason);
    } else if required_bits(queues, hand) > HASH_BITS {
        refuse(
            "handSize",
            format!(
                "required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {HASH_BITS}"
            ),
        );
    }
    errors
}

/// How many bits of a hash it takes to deal a hand.
fn required_bits(deck: i64, hand: i64) -> i64 {
    ((deck as f64).log2() * hand as f64).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_takes_bits() {
        assert_eq!(required_bits(64, 6), 36);
        assert_eq!(required_bits(512, 10), 90);
        assert_eq!(required_bits(1, 1), 0);
    }
}
