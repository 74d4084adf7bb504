//! What containers ask for: `validateResourceRequirements`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Context;
use crate::codec::quantity::Quantity;
use crate::names::{is_dns1123_label, is_qualified_name};
use crate::registry::pod::amounts::{
    amounts, is_huge_page, is_native, is_pod_level, of_all_containers, quantity,
};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{containers, entries, is_set, list, member, text};

const STANDARD: [&str; 20] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

type NameRule = fn(&str, Path<'_>, &mut Errors);

pub(super) fn validate_container(
    context: &Context<'_>,
    requirements: &Value,
    path: Path<'_>,
    errors: &mut Errors,
) {
    validate(context, requirements, validate_container_name, path, errors);
}

/// `validateOverhead`.
pub(super) fn validate_overhead(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    if let Some(overhead) = member(context.spec, "overhead") {
        let limits = serde_json::json!({"limits": overhead});
        let path = format_args!("{path}.overhead");
        validate(context, &limits, validate_container_name, &path, errors);
    }
}

fn validate(
    context: &Context<'_>,
    requirements: &Value,
    name_rule: NameRule,
    path: Path<'_>,
    errors: &mut Errors,
) {
    let limits = entries(requirements, "limits");
    let requests = entries(requirements, "requests");
    for (field, amounts) in [("limits", &limits), ("requests", &requests)] {
        for (name, value) in amounts {
            let at = format_args!("{path}.{field}[{name}]");
            name_rule(name, &at, errors);
            let amount = quantity(value);
            validate_amount(name, &amount, &at, errors);
            if field == "requests" {
                let limit = limits.iter().find(|(limited, _)| limited == name);
                let limit = limit.map(|(_, limit)| quantity(limit));
                validate_request(name, &amount, limit.as_ref(), path, errors);
            }
            let lenient = context.leniency.indivisible_huge_pages;
            if is_huge_page(name) && !lenient && !is_divisible(name, &amount) {
                let shown = amount.as_str();
                let detail = format!("{shown} is not positive integer multiple of {name}");
                errors.invalid_str(at, shown, detail);
            }
        }
    }
    let has = |rule: fn(&str) -> bool| limits.iter().chain(&requests).any(|(name, _)| rule(name));
    if has(is_huge_page) && !has(|name| matches!(name, "cpu" | "memory")) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    validate_claim_names(context, list(requirements, "claims"), path, errors);
}

fn validate_request(
    name: &str,
    amount: &Quantity,
    limit: Option<&Quantity>,
    path: Path<'_>,
    errors: &mut Errors,
) {
    let may_overcommit = is_native(name) && !is_huge_page(name);
    let at = format_args!("{path}.requests");
    let shown = amount.as_str();
    match limit {
        Some(limit) if amount != limit && !may_overcommit => {
            let detail = format!("must be equal to {name} limit of {}", limit.as_str());
            errors.invalid_str(at, shown, detail);
        }
        Some(limit) if amount > limit => {
            let detail = format!(
                "must be less than or equal to {name} limit of {}",
                limit.as_str()
            );
            errors.invalid_str(at, shown, detail);
        }
        None if !may_overcommit => {
            let detail = "Limit must be set for non overcommitable resources";
            errors.required(format_args!("{path}.limits"), detail);
        }
        _ => {}
    }
}

/// `ValidateResourceQuantityValue`.
fn validate_amount(name: &str, amount: &Quantity, path: Path<'_>, errors: &mut Errors) {
    if amount.sign() < 0 {
        let detail = "must be greater than or equal to 0";
        errors.invalid_str(path, amount.as_str(), detail);
    }
    if is_extended(name) && !amount.is_whole() {
        errors.invalid_str(path, amount.as_str(), "must be an integer");
    }
}

/// `IsExtendedResourceName`.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && is_qualified_name(&format!("requests.{name}")).is_empty()
}

fn is_divisible(name: &str, amount: &Quantity) -> bool {
    let size = name.strip_prefix("hugepages-").map(Quantity::parse);
    let Some(Ok(size)) = size else { return false };
    size.sign() > 0 && size.milli_value() % 1000 == 0 && amount.value() % size.value() == 0
}

/// Whether a spec asks for parts of huge pages.
pub(super) fn has_indivisible_huge_pages(spec: &Value) -> bool {
    containers(spec).any(|(_, _, container)| {
        ["limits", "requests"].into_iter().any(|field| {
            let amounts = amounts(&container["resources"], field);
            amounts
                .iter()
                .any(|(name, amount)| is_huge_page(name) && !is_divisible(name, amount))
        })
    })
}

/// `validateResourceName`; tells whether it is fine.
fn validate_name(name: &str, path: Path<'_>, errors: &mut Errors) -> bool {
    let reasons = is_qualified_name(name);
    if !reasons.is_empty() {
        errors.invalid_each(path, name, reasons);
        return false;
    }
    let is_standard =
        STANDARD.contains(&name) || is_huge_page(name) || name.starts_with("requests.hugepages-");
    if !name.contains('/') && !is_standard {
        let detail = "must be a standard resource type or fully qualified";
        errors.invalid_str(path, name, detail);
        return false;
    }
    true
}

fn validate_container_name(name: &str, path: Path<'_>, errors: &mut Errors) {
    validate_name(name, path, errors);
    let is_of_containers =
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_page(name);
    if name.split('/').count() == 1 {
        if !is_of_containers {
            errors.invalid_str(path, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.invalid_str(path, name, "doesn't follow extended resource name standard");
    }
}

fn validate_pod_name(name: &str, path: Path<'_>, errors: &mut Errors) {
    if validate_name(name, path, errors) && !is_pod_level(name) {
        errors.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

/// `validatePodResources`.
pub(super) fn validate_pod(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    let Some(resources) = member(context.spec, "resources") else {
        return;
    };
    let path = format_args!("{path}.resources");
    if text(&context.spec["os"], "name") == "windows" {
        return errors.forbidden(path, "may not be set for a windows pod");
    }
    if is_set(resources, "claims") {
        let detail = "claims may not be set for Resources at pod-level";
        errors.forbidden(format_args!("{path}.claims"), detail);
    }
    validate(context, resources, validate_pod_name, &path, errors);
    let requests = amounts(resources, "requests");
    let limits = amounts(resources, "limits");
    for (field, of_pod, kind) in [
        ("requests", &requests, "requests"),
        ("limits", &limits, "limits"),
    ] {
        for (name, sum) in of_all_containers(context.spec, field) {
            let counts = field == "requests" || is_huge_page(&name);
            if let Some(own) = of_pod.get(&name).filter(|own| counts && sum > **own) {
                let detail = format!(
                    "must be greater than or equal to aggregate container {kind} of {}",
                    sum.as_str()
                );
                errors.invalid_str(format_args!("{path}.{field}[{name}]"), own.as_str(), detail);
            }
        }
    }
    for (i, container) in list(context.spec, "containers").iter().enumerate() {
        for (name, limit) in amounts(&container["resources"], "limits") {
            if let Some(own) = limits.get(&name).filter(|own| limit > **own) {
                let at = format_args!("{path}.containers[{i}][{name}].limits");
                let detail = format!(
                    "must be less than or equal to pod limits of {}",
                    own.as_str()
                );
                errors.invalid_str(at, limit.as_str(), detail);
            }
        }
    }
}

/// `validateResourceClaimNames`.
fn validate_claim_names(
    context: &Context<'_>,
    claims: &[Value],
    path: Path<'_>,
    errors: &mut Errors,
) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (i, claim) in claims.iter().enumerate() {
        let at = format_args!("{path}.claims[{i}]");
        let (name, request) = (text(claim, "name"), text(claim, "request"));
        if name.is_empty() {
            errors.required(at, "");
            continue;
        }
        if seen.contains(name) {
            errors.duplicate(at, name);
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                let reasons = is_dns1123_label(request);
                errors.invalid_each(format_args!("{at}.request"), request, reasons);
                key = format!("{name}/{request}");
            }
            if seen.contains(&key) {
                errors.duplicate(at, &key);
            } else if request.is_empty() {
                let parts = seen.iter().filter_map(|key| key.split_once('/'));
                parts
                    .filter(|(claim, _)| *claim == name)
                    .for_each(|_| errors.duplicate(at, name));
            }
            seen.insert(key);
        }
        if !context.claims.contains(&name) {
            let mut known = context.claims.clone();
            known.sort_unstable();
            known.dedup();
            let among = match known.as_slice() {
                [] => " which is empty".to_owned(),
                _ => format!(": {}", known.join(", ")),
            };
            let detail = format!("must be one of the names in pod.spec.resourceClaims{among}");
            errors.not_found(at, name, &detail);
        }
    }
}

/// `validateResizePolicy`.
pub(super) fn validate_resize_policy(
    spec: &Value,
    container: &Value,
    path: &str,
    errors: &mut Errors,
) {
    let path = format_args!("{path}.resizePolicy");
    let mut seen = BTreeSet::new();
    for (i, policy) in list(container, "resizePolicy").iter().enumerate() {
        let (resource, restart) = (text(policy, "resourceName"), text(policy, "restartPolicy"));
        if !seen.insert(resource) {
            errors.duplicate(format_args!("{path}[{i}]"), resource);
        }
        for (value, supported) in [
            (resource, ["cpu", "memory"]),
            (restart, ["NotRequired", "RestartContainer"]),
        ] {
            if value.is_empty() {
                errors.required(path, "");
            } else if !supported.contains(&value) {
                errors.not_supported(path, value, &supported);
            }
        }
        if text(spec, "restartPolicy") == "Never" && restart != "NotRequired" {
            let detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            errors.invalid_str(path, restart, detail);
        }
    }
}
