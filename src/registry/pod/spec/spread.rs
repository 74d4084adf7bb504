//! How the pods of a kind spread: `validateTopologySpreadConstraints`.

use serde_json::Value;

use crate::names::is_qualified_name;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{count, entries, list, member, number, text, texts};
use crate::registry::validation::selector::validate_label_selector;

pub(super) fn validate(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let constraints = list(spec, "topologySpreadConstraints");
    for (i, constraint) in constraints.iter().enumerate() {
        let path = format!("{path}.topologySpreadConstraints[{i}]");
        validate_constraint(constraint, &constraints[i + 1..], &path, errors);
    }
}

fn validate_constraint(constraint: &Value, others: &[Value], path: &str, errors: &mut Errors) {
    validate_positive(
        count(constraint, "maxSkew"),
        &format_args!("{path}.maxSkew"),
        errors,
    );
    let key = text(constraint, "topologyKey");
    if key.is_empty() {
        errors.required(format_args!("{path}.topologyKey"), "can not be empty");
    }
    let action = text(constraint, "whenUnsatisfiable");
    let actions = ["DoNotSchedule", "ScheduleAnyway"];
    if !actions.contains(&action) {
        errors.not_supported(format_args!("{path}.whenUnsatisfiable"), action, &actions);
    }
    let is_same = |other: &Value| {
        text(other, "topologyKey") == key && text(other, "whenUnsatisfiable") == action
    };
    if others.iter().any(is_same) {
        let at = format_args!("{path}.{{topologyKey, whenUnsatisfiable}}");
        errors.duplicate(at, &format!("{{{key}, {action}}}"));
    }
    if let Some(domains) = number(constraint, "minDomains") {
        let at = format_args!("{path}.minDomains");
        validate_positive(domains, &at, errors);
        if action != "DoNotSchedule" {
            let detail =
                format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            errors.invalid(at, &domains.into(), detail);
        }
    }
    for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        let at = format_args!("{path}.{field}");
        errors.one_of(at, member(constraint, field), &["Honor", "Ignore"]);
    }
    validate_label_keys(constraint, &path, errors);
    if let Some(selector) = member(constraint, "labelSelector") {
        let at = format!("{path}.labelSelector");
        errors.extend(validate_label_selector(selector, &at));
    }
}

fn validate_positive(value: i64, path: Path<'_>, errors: &mut Errors) {
    if value <= 0 {
        errors.invalid(path, &value.into(), "must be greater than zero");
    }
}

/// `ValidateMatchLabelKeysAndMismatchLabelKeys`. What the keys say was merged into the selector before.
pub(super) fn validate_label_keys(holder: &Value, path: Path<'_>, errors: &mut Errors) {
    let selector = member(holder, "labelSelector");
    for field in ["matchLabelKeys", "mismatchLabelKeys"] {
        let keys = texts(holder, field);
        if !keys.is_empty() && selector.is_none() {
            let detail = "must not be specified when labelSelector is not set";
            errors.forbidden(format_args!("{path}.{field}"), detail);
            continue;
        }
        for (i, key) in keys.into_iter().enumerate() {
            errors.invalid_each(
                format_args!("{path}.{field}[{i}]"),
                key,
                is_qualified_name(key),
            );
        }
    }
    let keys = texts(holder, "matchLabelKeys");
    if let Some(selector) = selector {
        let labels = entries(selector, "matchLabels");
        let mut seen: Vec<&str> = labels.into_iter().map(|(key, _)| key).collect();
        for expression in list(selector, "matchExpressions") {
            let key = text(expression, "key");
            if let Some(i) = keys.iter().rposition(|own| *own == key)
                && seen.contains(&key)
            {
                let detail = "exists in both matchLabelKeys and labelSelector";
                errors.invalid_str(format_args!("{path}[{i}]"), key, detail);
            }
            seen.push(key);
        }
    }
    let not = texts(holder, "mismatchLabelKeys");
    for (i, key) in keys.into_iter().enumerate() {
        if not.contains(&key) {
            let at = format_args!("{path}.matchLabelKeys[{i}]");
            let detail = "exists in both matchLabelKeys and mismatchLabelKeys";
            errors.invalid_str(at, key, detail);
        }
    }
}
