//! The labels of a namespace that set its pod security, which an admission plugin reads once all else is valid.
//!
//! Upstream: `k8s.io/pod-security-admission/api/helpers.go`.

use serde_json::Value;

use super::meta::metadata;
use crate::status::field::FieldError;

const MODES: [&str; 3] = ["enforce", "audit", "warn"];
const LEVELS: [&str; 3] = ["privileged", "baseline", "restricted"];

/// The levels and versions that are none.
pub(crate) fn validate(namespace: &Value) -> Vec<FieldError> {
    let labels = metadata(namespace).get("labels");
    let mut errors = Vec::new();
    let mut check = |label: String, is_valid: fn(&str) -> bool, reason: &str| {
        let path = format!("metadata.labels[pod-security.kubernetes.io/{label}]");
        let value = labels
            .and_then(|labels| labels.get(format!("pod-security.kubernetes.io/{label}")))
            .and_then(Value::as_str)
            .filter(|value| !is_valid(value));
        errors.extend(value.map(|value| FieldError::invalid_str(path, value, reason)));
    };
    for mode in MODES {
        check(
            mode.to_owned(),
            |level| LEVELS.contains(&level),
            "must be one of privileged, baseline, restricted",
        );
        check(
            format!("{mode}-version"),
            is_version,
            r#"must be "latest" or "v1.x""#,
        );
    }
    errors
}

/// An update may leave wrong labels as they are.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let errors = validate(new);
    if errors == validate(old) {
        Vec::new()
    } else {
        errors
    }
}

fn is_version(text: &str) -> bool {
    text == "latest"
        || text.strip_prefix("v1.").is_some_and(|minor| {
            minor.bytes().all(|b| b.is_ascii_digit())
                && (minor == "0" || !minor.starts_with('0'))
                && minor.parse::<i64>().is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn namespace(labels: &[(&str, &str)]) -> Value {
        let labels: Value = labels
            .iter()
            .map(|(label, value)| (format!("pod-security.kubernetes.io/{label}"), json!(value)))
            .collect();
        json!({"metadata": {"name": "a", "labels": labels}})
    }

    #[test]
    fn a_level_and_a_version_are_among_the_known() {
        let good = namespace(&[
            ("enforce", "baseline"),
            ("enforce-version", "v1.36"),
            ("audit-version", "v1.0"),
            ("warn-version", "latest"),
        ]);
        assert!(validate(&good).is_empty());
        for version in ["v1.", "v1.01", "1.36", "v1.x", "Latest", ""] {
            assert_eq!(validate(&namespace(&[("warn-version", version)])).len(), 1);
        }
    }

    #[test]
    fn errors_come_by_mode() {
        let bad = namespace(&[
            ("warn", "x"),
            ("enforce-version", "y"),
            ("enforce", "Baseline"),
        ]);
        let shown: Vec<String> = validate(&bad).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                r#"metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "Baseline": must be one of privileged, baseline, restricted"#,
                r#"metadata.labels[pod-security.kubernetes.io/enforce-version]: Invalid value: "y": must be "latest" or "v1.x""#,
                r#"metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "x": must be one of privileged, baseline, restricted"#,
            ]
        );
    }

    #[test]
    fn what_was_wrong_before_may_stay() {
        let (good, bad) = (namespace(&[]), namespace(&[("audit", "x")]));
        assert!(validate_update(&bad, &bad).is_empty());
        assert_eq!(validate_update(&bad, &good).len(), 1);
        assert!(validate_update(&good, &bad).is_empty());
    }
}
