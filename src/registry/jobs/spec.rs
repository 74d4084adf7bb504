//! What a job is to do, as it stands in a job and in the template of one.

use serde_json::{Value, json};

use super::policies;
use crate::kinds::Struct;
use crate::names::{is_dns1123_subdomain, mismatch};
use crate::object::object_mut;
use crate::registry::pod;
use crate::registry::workload::cells::count;
use crate::registry::workload::checks::Checks;
use crate::status::field::FieldError;

const MAX_INDEXED: i64 = 100_000;
/// From more completions than this on, indexed jobs with limits of their own for each index may do less.
const MANY_COMPLETIONS: i64 = 100_000;
const MAX_FOR_MANY_COMPLETIONS: i64 = 10_000;
const MANAGER_MAX: usize = 63;
const UNLIMITED: i32 = i32::MAX;
const DEFAULT_BACKOFF_LIMIT: i32 = 6;

/// `SetDefaults_Job`, as far as it is about the spec.
pub(in crate::registry) fn set_defaults(spec: &mut Value) {
    let members = object_mut(spec);
    let has = |field: &str| members.contains_key(field);
    let alone = !has("completions") && !has("parallelism");
    let backoff_limit = match has("backoffLimitPerIndex") {
        true => UNLIMITED,
        false => DEFAULT_BACKOFF_LIMIT,
    };
    let replacement = match has("podFailurePolicy") {
        true => "Failed",
        false => "TerminatingOrFailed",
    };
    let defaults = [
        ("parallelism", json!(1)),
        ("backoffLimit", json!(backoff_limit)),
        ("completionMode", json!("NonIndexed")),
        ("suspend", json!(false)),
        ("podReplacementPolicy", json!(replacement)),
        ("manualSelector", json!(false)),
    ];
    let completions = alone.then(|| ("completions", json!(1)));
    for (field, value) in defaults.into_iter().chain(completions) {
        members.entry(field).or_insert(value);
    }
    pod::template::set_defaults(&mut spec["template"]);
}

/// `SetDefaults_JobTemplateSpec`: of a job that is yet to be, only the pods.
pub(in crate::registry) fn set_template_defaults(spec: &mut Value) {
    pod::template::set_defaults(&mut spec["template"]);
}

/// `WarningsForJobSpec`.
pub(in crate::registry) fn warnings(spec: &Value, old: Option<&Value>, path: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_large = count(spec, "completions") > MANY_COMPLETIONS
        && count(spec, "parallelism") > MAX_FOR_MANY_COMPLETIONS;
    if spec["completionMode"] == "Indexed" && is_large {
        warnings.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, \
             Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        ));
    }
    let old = old.map(|old| &old["template"]);
    let path = format!("{path}.template");
    warnings.extend(pod::template::warnings(&spec["template"], old, &path));
    warnings
}

/// `validateJobSpec`.
pub(in crate::registry) fn validate(spec: &Value, schema: &Struct, path: &str) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, path);
    checks.nonnegative(&[
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ]);
    let has = |field: &str| spec.get(field).is_some();
    if has("maxFailedIndexes") && !has("backoffLimitPerIndex") {
        checks.required("backoffLimitPerIndex", "when maxFailedIndexes is specified");
    }
    if let Some(manager) = spec["managedBy"].as_str() {
        let path = checks.path("managedBy");
        checks.errors.extend(validate_manager(manager, &path));
    }
    validate_completion_mode(&mut checks, spec);
    checks.errors.extend(policies::validate_failure(spec, path));
    checks
        .errors
        .extend(policies::validate_success(spec, schema, path));
    checks
        .errors
        .extend(policies::validate_replacement(spec, path));
    let template = checks.path("template");
    checks
        .errors
        .extend(pod::template::validate(&spec["template"], &template));
    checks
        .errors
        .extend(validate_restart_policy(spec, &template));
    checks.errors
}

/// `IsDomainPrefixedPath`, and not too long.
fn validate_manager(manager: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match manager.split_once('/') {
        _ if manager.is_empty() => errors.push(FieldError::required(path, "")),
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
            let host_errors = is_dns1123_subdomain(host).into_iter();
            errors.extend(host_errors.map(|reason| FieldError::invalid_str(path, host, reason)));
            if !rest.bytes().all(is_in_path) {
                let reason = mismatch("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[]);
                errors.push(FieldError::invalid_str(
                    path,
                    rest,
                    reason.replace(" (e.g. ", " ("),
                ));
            }
        }
        _ => {
            let reason = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.push(FieldError::invalid_str(path, manager, reason));
        }
    }
    if manager.len() > MANAGER_MAX {
        errors.push(FieldError::too_long(path, MANAGER_MAX));
    }
    errors
}

fn is_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte)
}

fn validate_completion_mode(checks: &mut Checks<'_>, spec: &Value) {
    match spec["completionMode"].as_str() {
        Some("Indexed") => validate_indexed(checks, spec),
        None | Some("NonIndexed") => {
            for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                if let Some(number) = checks.number(field) {
                    checks.invalid(field, number, "requires indexed completion mode");
                }
            }
        }
        Some(other) => {
            let path = checks.path("completionMode");
            let supported = &["NonIndexed", "Indexed"];
            checks
                .errors
                .push(FieldError::not_supported(path, &other.into(), supported));
        }
    }
}

fn validate_indexed(checks: &mut Checks<'_>, spec: &Value) {
    let [completions, parallelism, failed] =
        ["completions", "parallelism", "maxFailedIndexes"].map(|field| checks.number(field));
    let above = |number: Option<i64>, limit: i64| number.filter(|number| *number > limit);
    if completions.is_none() {
        checks.required("completions", "when completion mode is Indexed");
    }
    if let Some(number) = above(parallelism, MAX_INDEXED) {
        let reason =
            format!("must be less than or equal to {MAX_INDEXED} when completion mode is Indexed");
        checks.invalid("parallelism", number, reason);
    }
    if let Some(number) = completions.and_then(|completions| above(failed, completions)) {
        let reason = "must be less than or equal to completions";
        checks.invalid("maxFailedIndexes", number, reason);
    }
    if let Some(number) = above(failed, MAX_INDEXED) {
        checks.invalid(
            "maxFailedIndexes",
            number,
            format!("must be less than or equal to {MAX_INDEXED}"),
        );
    }
    let is_large = above(completions, MANY_COMPLETIONS).is_some();
    if !is_large || spec.get("backoffLimitPerIndex").is_none() {
        return;
    }
    if failed.is_none() {
        let reason = format!("must be specified when completions is above {MANY_COMPLETIONS}");
        checks.required("maxFailedIndexes", reason);
    }
    for (field, number) in [("parallelism", parallelism), ("maxFailedIndexes", failed)] {
        if let Some(number) = above(number, MAX_FOR_MANY_COMPLETIONS) {
            let reason = format!(
                "must be less than or equal to {MAX_FOR_MANY_COMPLETIONS} when completions are above \
                 {MANY_COMPLETIONS} and used with backoff limit per index"
            );
            checks.invalid(field, number, reason);
        }
    }
}

/// The pods of a job end.
fn validate_restart_policy(spec: &Value, template: &str) -> Option<FieldError> {
    let path = format!("{template}.spec.restartPolicy");
    let policy = &spec["template"]["spec"]["restartPolicy"];
    match policy.as_str().unwrap_or_default() {
        "" | "Always" => {
            let detail = "valid values: \"OnFailure\", \"Never\"";
            Some(FieldError::required(path, detail))
        }
        "OnFailure" if spec.get("podFailurePolicy").is_some() => {
            let reason = "only \"Never\" is supported when podFailurePolicy is specified";
            Some(FieldError::invalid(path, policy, reason))
        }
        "OnFailure" | "Never" => None,
        _ => Some(FieldError::not_supported(
            path,
            policy,
            &["OnFailure", "Never"],
        )),
    }
}
