//! Names of resources and amounts of them, as limits, quotas and overheads have them.

use serde_json::Value;

use super::meta::invalid_each;
use crate::codec::quantity::Quantity;
use crate::names::is_qualified_name;
use crate::status::field::FieldError;

const HUGE_PAGES: &str = "hugepages-";
const REQUESTED_HUGE_PAGES: &str = "requests.hugepages-";
const REQUESTS: &str = "requests.";

/// What a container may ask for.
const OF_CONTAINERS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// What is counted in wholes.
pub(crate) const COUNTED: [&str; 9] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// What a quota may limit beside that.
const LIMITED: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// `IsStandardQuotaResourceName`.
pub(crate) fn is_standard_for_quota(name: &str) -> bool {
    COUNTED.contains(&name) || LIMITED.contains(&name) || is_quota_of_huge_pages(name)
}

fn is_standard(name: &str) -> bool {
    name == "storage" || is_standard_for_quota(name)
}

fn is_huge_page(name: &str) -> bool {
    name.starts_with(HUGE_PAGES)
}

fn is_quota_of_huge_pages(name: &str) -> bool {
    is_huge_page(name) || name.starts_with(REQUESTED_HUGE_PAGES)
}

/// Whether a resource is Kubernetes' own.
pub(crate) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// `IsExtendedResourceName`.
pub(crate) fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with(REQUESTS)
        && is_qualified_name(&format!("{REQUESTS}{name}")).is_empty()
}

/// Whether more may be promised than there is.
pub(crate) fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

/// `validateResourceName`.
pub(crate) fn validate(name: &str, path: &str) -> Vec<FieldError> {
    let errors = invalid_each(path, name, is_qualified_name(name));
    if errors.is_empty() && !name.contains('/') && !is_standard(name) {
        let reason = "must be a standard resource type or fully qualified";
        return vec![FieldError::invalid_str(path, name, reason)];
    }
    errors
}

/// `validateContainerResourceName`.
pub(crate) fn validate_of_container(name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = validate(name, path);
    let reason = if !name.contains('/') {
        let fits = OF_CONTAINERS.contains(&name) || is_huge_page(name);
        (!fits).then_some("must be a standard resource for containers")
    } else {
        let fits = is_native(name) || is_extended(name);
        (!fits).then_some("doesn't follow extended resource name standard")
    };
    errors.extend(reason.map(|reason| FieldError::invalid_str(path, name, reason)));
    errors
}

/// `ValidateResourceQuotaResourceName`.
pub(crate) fn validate_of_quota(name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = validate(name, path);
    if !name.contains('/') && !is_standard_for_quota(name) {
        let reason = "must be a standard resource for quota";
        errors.push(FieldError::invalid_str(path, name, reason));
    }
    errors
}

/// `ValidateResourceQuantityValue`.
pub(crate) fn validate_amount(name: &str, amount: &Value, path: &str) -> Vec<FieldError> {
    let amount = quantity(amount);
    let refuse = |reason: &str| FieldError::invalid_str(path, amount.as_str(), reason);
    let mut errors = Vec::new();
    if amount.sign() < 0 {
        errors.push(refuse("must be greater than or equal to 0"));
    }
    let is_counted = COUNTED.contains(&name) || is_extended(name);
    if is_counted && amount.milli_value() % 1000 != 0 {
        errors.push(refuse("must be an integer"));
    }
    errors
}

/// What `ValidateContainerResourceRequirements` says of limits where there are no requests.
pub(crate) fn validate_limits(limits: &[(&str, &Value)], path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (name, amount) in limits {
        let path = format!("{path}.limits[{name}]");
        errors.extend(validate_of_container(name, &path));
        errors.extend(validate_amount(name, amount, &path));
        if is_huge_page(name) && !is_whole_pages(name, amount) {
            let amount = quantity(amount);
            let shown = amount.as_str();
            let reason = format!("{shown} is not positive integer multiple of {name}");
            errors.push(FieldError::invalid_str(&path, shown, reason));
        }
    }
    let has = |wanted: fn(&str) -> bool| limits.iter().any(|(name, _)| wanted(name));
    if has(is_huge_page) && !has(|name| matches!(name, "cpu" | "memory")) {
        let detail = "HugePages require cpu or memory";
        errors.push(FieldError::forbidden(path, detail));
    }
    errors
}

/// `IsHugePageResourceValueDivisible`.
fn is_whole_pages(name: &str, amount: &Value) -> bool {
    let page = name.strip_prefix(HUGE_PAGES).map(Quantity::parse);
    let Some(Ok(page)) = page else {
        return false;
    };
    let is_page = page.sign() > 0 && page.milli_value() % 1000 == 0;
    is_page && quantity(amount).value() % page.value() == 0
}

/// An amount of an object, which was read when it was decoded.
pub(crate) fn quantity(amount: &Value) -> Quantity {
    let text = amount.as_str().unwrap_or_default();
    Quantity::parse(text).unwrap_or_else(|_| Quantity::whole(0))
}
