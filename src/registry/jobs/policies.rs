//! When a job has failed, when it has succeeded, and when its pods are replaced.

use serde_json::Value;

use super::indexes;
use crate::codec::quote::quote;
use crate::kinds::Struct;
use crate::names::is_qualified_name;
use crate::registry::workload::checks::Checks;
use crate::schema::internal;
use crate::status::field::FieldError;

const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;
const MAX_CONDITIONS: usize = 20;
const MAX_INDEXES_TEXT: usize = 64 * 1024;

const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];
const REPLACEMENTS: &[&str] = &["Failed", "TerminatingOrFailed"];

/// `validatePodFailurePolicy`.
pub(super) fn validate_failure(spec: &Value, path: &str) -> Vec<FieldError> {
    let Some(rules) = rules(spec, "podFailurePolicy") else {
        return Vec::new();
    };
    let path = format!("{path}.podFailurePolicy.rules");
    let mut errors = too_many(&path, rules.len(), MAX_RULES);
    let names = container_names(spec);
    for (i, rule) in rules.iter().enumerate() {
        errors.extend(validate_rule(spec, rule, &format!("{path}[{i}]"), &names));
    }
    errors
}

/// The rules of a policy, if there is one.
fn rules<'a>(spec: &'a Value, policy: &str) -> Option<&'a [Value]> {
    let rules = spec.get(policy)?["rules"].as_array();
    Some(rules.map_or(&[], Vec::as_slice))
}

fn too_many(path: &str, count: usize, max: usize) -> Vec<FieldError> {
    let error = (count > max).then(|| FieldError::too_many(path, count, max));
    error.into_iter().collect()
}

fn container_names(spec: &Value) -> Vec<&str> {
    let pod = &spec["template"]["spec"];
    let lists = ["containers", "initContainers"].into_iter();
    let containers = lists.filter_map(|list| pod[list].as_array()).flatten();
    containers
        .filter_map(|container| container["name"].as_str())
        .collect()
}

/// A text that must be one of those listed.
fn one_of(holder: &Value, field: &str, path: String, supported: &[&str]) -> Option<FieldError> {
    match holder[field].as_str().unwrap_or_default() {
        "" => {
            let listed: Vec<String> = supported.iter().map(|text| quote(text)).collect();
            let detail = format!("valid values: [{}]", listed.join(" "));
            Some(FieldError::required(path, detail))
        }
        text if supported.contains(&text) => None,
        _ => Some(FieldError::not_supported(path, &holder[field], supported)),
    }
}

/// `validatePodFailurePolicyRule`.
fn validate_rule(spec: &Value, rule: &Value, path: &str, names: &[&str]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let action = format!("{path}.action");
    if rule["action"] == "FailIndex" && spec.get("backoffLimitPerIndex").is_none() {
        let reason = "requires the backoffLimitPerIndex to be set";
        errors.push(FieldError::invalid(action, &rule["action"], reason));
    } else {
        errors.extend(one_of(rule, "action", action, ACTIONS));
    }
    let codes = rule.get("onExitCodes");
    let conditions = rule["onPodConditions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if let Some(codes) = codes {
        errors.extend(validate_exit_codes(
            codes,
            &format!("{path}.onExitCodes"),
            names,
        ));
    }
    if !conditions.is_empty() {
        errors.extend(validate_conditions(
            conditions,
            &format!("{path}.onPodConditions"),
        ));
    }
    let reason = match (codes.is_some(), !conditions.is_empty()) {
        (true, true) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, false) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return errors,
    };
    errors.push(FieldError::invalid_unshown(path, reason));
    errors
}

fn validate_conditions(conditions: &[Value], path: &str) -> Vec<FieldError> {
    let mut errors = too_many(path, conditions.len(), MAX_CONDITIONS);
    for (i, pattern) in conditions.iter().enumerate() {
        let ty = pattern["type"].as_str().unwrap_or_default();
        let reasons = is_qualified_name(ty).into_iter();
        errors.extend(
            reasons.map(|reason| FieldError::invalid_str(format!("{path}[{i}].type"), ty, reason)),
        );
        errors.extend(one_of(
            pattern,
            "status",
            format!("{path}[{i}].status"),
            STATUSES,
        ));
    }
    errors
}

/// `validatePodFailurePolicyRuleOnExitCodes`.
fn validate_exit_codes(codes: &Value, path: &str, names: &[&str]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    errors.extend(one_of(
        codes,
        "operator",
        format!("{path}.operator"),
        OPERATORS,
    ));
    if let Some(name) = codes["containerName"]
        .as_str()
        .filter(|name| !names.contains(name))
    {
        let reason = "must be one of the container or initContainer names in the pod template";
        errors.push(FieldError::invalid_str(
            format!("{path}.containerName"),
            name,
            reason,
        ));
    }
    let path = &format!("{path}.values");
    let shown = &codes["values"];
    let values = shown.as_array().map_or(&[][..], Vec::as_slice);
    if values.is_empty() {
        errors.push(FieldError::invalid(
            path,
            shown,
            "at least one value is required",
        ));
    }
    errors.extend(too_many(path, values.len(), MAX_EXIT_CODES));
    for (i, value) in values.iter().enumerate() {
        let path = format!("{path}[{i}]");
        if codes["operator"] == "In" && *value == 0 {
            let reason = "must not be 0 for the In operator";
            errors.push(FieldError::invalid(&path, value, reason));
        }
        if values[..i].contains(value) {
            errors.push(FieldError::duplicate(path, value));
        }
    }
    if !values.is_sorted_by_key(|value| value.as_i64()) {
        errors.push(FieldError::invalid(path, shown, "must be ordered"));
    }
    errors
}

/// `validateSuccessPolicy`.
pub(super) fn validate_success(spec: &Value, schema: &Struct, path: &str) -> Vec<FieldError> {
    let Some(rules) = rules(spec, "successPolicy") else {
        return Vec::new();
    };
    let path = format!("{path}.successPolicy");
    if spec["completionMode"] != "Indexed" {
        let shown = internal::show_at(&spec["successPolicy"], schema, &["spec", "successPolicy"]);
        let reason = "requires indexed completion mode";
        return vec![FieldError::invalid_shown(path, shown, reason)];
    }
    let path = format!("{path}.rules");
    let mut errors = Vec::new();
    if rules.is_empty() {
        let detail = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(&path, detail));
    }
    errors.extend(too_many(&path, rules.len(), MAX_RULES));
    let completions = spec["completions"].as_i64().unwrap_or_default();
    for (i, rule) in rules.iter().enumerate() {
        errors.extend(validate_success_rule(
            rule,
            completions,
            &format!("{path}[{i}]"),
        ));
    }
    errors
}

fn validate_success_rule(rule: &Value, completions: i64, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(rule, path);
    let (count, listed) = (
        checks.number("succeededCount"),
        rule["succeededIndexes"].as_str(),
    );
    if count.is_none() && listed.is_none() {
        let detail = "at least one of succeededCount or succeededIndexes must be specified";
        checks.errors.push(FieldError::required(path, detail));
    }
    let mut total = 0;
    if let Some(listed) = listed {
        let path = checks.path("succeededIndexes");
        if listed.len() > MAX_INDEXES_TEXT {
            checks
                .errors
                .push(FieldError::too_long(path, MAX_INDEXES_TEXT));
        }
        match indexes::count(listed, completions) {
            Ok(count) => total = count,
            Err(why) => {
                let reason = format!("error parsing succeededIndexes: {why}");
                checks.invalid("succeededIndexes", listed, reason);
            }
        }
    }
    checks.nonnegative(&["succeededCount"]);
    let Some(count) = count else {
        return checks.errors;
    };
    if count > completions {
        let reason = format!(
            "must be less than or equal to {completions} (the number of specified completions)"
        );
        checks.invalid("succeededCount", count, reason);
    }
    if listed.is_some() && count > total {
        let reason = format!(
            "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
        );
        checks.invalid("succeededCount", count, reason);
    }
    checks.errors
}

/// `validatePodReplacementPolicy`.
pub(super) fn validate_replacement(spec: &Value, path: &str) -> Option<FieldError> {
    let policy = spec.get("podReplacementPolicy")?;
    let supported = match spec.get("podFailurePolicy") {
        Some(_) => &REPLACEMENTS[..1],
        None => REPLACEMENTS,
    };
    let is_known = policy
        .as_str()
        .is_some_and(|policy| supported.contains(&policy));
    let path = format!("{path}.podReplacementPolicy");
    (!is_known).then(|| FieldError::not_supported(path, policy, supported))
}
