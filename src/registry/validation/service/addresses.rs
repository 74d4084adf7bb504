//! The addresses and the IP families of a service.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::spec::{NONE, is_ipv6};
use super::{FieldError, ONLY_BALANCED, Spec, annotations, text};
use crate::registry::validation::ip::{validate_cidr, validate_ip, validate_non_special_ip};
use crate::status::field::show;

const CLUSTER_IPS: &str = "spec.clusterIPs";
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const FAMILY_POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
const FIXED: &str = "may not change once set";

/// `ValidateServiceClusterIPsRelatedFields`, which also stands before the allocation.
pub(crate) fn validate_cluster_ips(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Spec::of(object);
    if spec.is_external_name() {
        return Vec::new();
    }
    let mut errors: Vec<FieldError> = validate_first(spec).into_iter().collect();
    errors.extend(validate_families(spec));
    if let Some(policy) = spec.get("ipFamilyPolicy")
        && !FAMILY_POLICIES.contains(&policy.as_str().unwrap_or_default())
    {
        errors.push(FieldError::not_supported(
            "spec.ipFamilyPolicy",
            policy,
            &FAMILY_POLICIES,
        ));
    }
    let malformed = validate_forms(spec, old.map(Spec::of));
    let go_on = malformed.is_empty();
    errors.extend(malformed);
    let ips = spec.cluster_ips();
    if ips.len() > 2 {
        errors.push(all_ips(spec, "may only hold up to 2 values"));
    }
    if !go_on {
        return errors;
    }
    let of_ipv6 = ips.iter().filter(|ip| is_ipv6(ip)).count();
    if ips.len() > 1 && (of_ipv6 == 0 || of_ipv6 == ips.len()) {
        errors.push(all_ips(
            spec,
            "may specify no more than one IP for each IP family",
        ));
    }
    if !spec.is_headless() {
        errors.extend(validate_family_of_each(spec));
    }
    errors
}

fn all_ips(spec: Spec<'_>, reason: &str) -> FieldError {
    FieldError::invalid(CLUSTER_IPS, &spec.shown("clusterIPs"), reason)
}

/// The first of the addresses is `clusterIP`.
fn validate_first(spec: Spec<'_>) -> Option<FieldError> {
    match (spec.text("clusterIP"), spec.cluster_ips().first().copied()) {
        ("", None) => None,
        ("", Some(_)) => Some(all_ips(
            spec,
            "must be empty when `clusterIP` is not specified",
        )),
        (_, None) => Some(FieldError::required(CLUSTER_IPS, "")),
        (ip, Some(first)) if ip == first => None,
        _ => Some(all_ips(spec, "first value must match `clusterIP`")),
    }
}

fn validate_families(spec: Spec<'_>) -> Vec<FieldError> {
    let families = spec.ip_families();
    let mut seen = BTreeSet::new();
    let mut errors = Vec::new();
    for (i, family) in families.iter().enumerate() {
        let (path, value) = (format!("spec.ipFamilies[{i}]"), Value::from(*family));
        if !FAMILIES.contains(family) {
            errors.push(FieldError::not_supported(&path, &value, &FAMILIES));
        }
        if !seen.insert(*family) {
            errors.push(FieldError::duplicate(path, &value));
        }
    }
    errors
}

fn validate_forms(spec: Spec<'_>, old: Option<Spec<'_>>) -> Vec<FieldError> {
    let known = known(old, "clusterIPs");
    let ips = spec.cluster_ips();
    let mut errors = Vec::new();
    for (i, ip) in ips.iter().enumerate() {
        if i == 0 && *ip == NONE {
            if ips.len() > 1 {
                errors.push(all_ips(spec, "'None' must be the first and only value"));
            }
        } else if !known.contains(*ip) {
            errors.extend(validate_ip(format_args!("{CLUSTER_IPS}[{i}]"), ip));
        }
    }
    errors
}

fn validate_family_of_each(spec: Spec<'_>) -> Vec<FieldError> {
    let pairs = spec
        .cluster_ips()
        .into_iter()
        .zip(spec.ip_families())
        .enumerate();
    let wrong = pairs.filter(|(_, (ip, family))| match *family {
        "IPv4" => is_ipv6(ip),
        "IPv6" => !is_ipv6(ip),
        _ => false,
    });
    wrong
        .map(|(i, (ip, family))| {
            let reason = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            FieldError::invalid_str(format!("{CLUSTER_IPS}[{i}]"), ip, reason)
        })
        .collect()
}

/// `validateUpgradeDowngradeClusterIPs`: addresses stay, but a second one may come or go.
pub(super) fn validate_cluster_ips_update(new: Spec<'_>, old: Spec<'_>) -> Vec<FieldError> {
    if new.is_external_name() || old.is_external_name() || new.is_headless() && old.is_headless() {
        return Vec::new();
    }
    let (ips, before) = (new.cluster_ips(), old.cluster_ips());
    let all: Arc<str> = show(&new.shown("clusterIPs")).into();
    let at = |i: usize, reason| {
        FieldError::invalid_shown(format!("{CLUSTER_IPS}[{i}]"), all.clone(), reason)
    };
    if ips.len() == before.len() {
        let changed = (0..ips.len()).filter(|&i| ips[i] != before[i]);
        return changed.map(|i| at(i, FIXED)).collect();
    }
    let mut errors = Vec::new();
    if ips.is_empty() {
        errors.push(at(0, "primary clusterIP can not be unset"));
    }
    if let (Some(first), Some(first_before)) = (ips.first(), before.first())
        && first != first_before
    {
        errors.push(at(0, FIXED));
    }
    if ips.len() == 1 && before.len() > 1 && !new.is_single_stack() {
        let reason = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        errors.push(policy(new, reason));
    }
    errors
}

/// `validateUpgradeDowngradeIPFamilies`: the same of the families.
pub(super) fn validate_ip_families_update(new: Spec<'_>, old: Spec<'_>) -> Vec<FieldError> {
    if new.is_external_name() || old.is_external_name() || new.is_headless() || old.is_headless() {
        return Vec::new();
    }
    let (families, before) = (new.ip_families(), old.ip_families());
    let first =
        |field: &str, reason| FieldError::invalid("spec.ipFamilies[0]", &new.shown(field), reason);
    if families.len() == before.len() {
        let changed = (0..families.len()).filter(|&i| families[i] != before[i]);
        let all: Arc<str> = show(&new.shown("ipFamilies")).into();
        let error = |_| FieldError::invalid_shown("spec.ipFamilies[0]", all.clone(), FIXED);
        return changed.map(error).collect();
    }
    let mut errors = Vec::new();
    if families.len() < before.len() && new.cluster_ips().is_empty() {
        errors.push(first("ipFamilies", "primary ipFamily can not be unset"));
    }
    if let (Some(family), Some(family_before)) = (families.first(), before.first())
        && family != family_before
    {
        // Upstream shows the addresses here.
        errors.push(first("clusterIPs", FIXED));
    }
    if families.len() == 1 && before.len() > 1 && !new.is_single_stack() {
        let reason = "must be set to 'SingleStack' when releasing the secondary ipFamily";
        errors.push(policy(new, reason));
    }
    errors
}

/// What a list of texts had before.
fn known<'a>(old: Option<Spec<'a>>, field: &str) -> BTreeSet<&'a str> {
    let texts = old.map(|old| old.texts(field)).unwrap_or_default();
    texts.into_iter().collect()
}

fn policy(spec: Spec<'_>, reason: &str) -> FieldError {
    FieldError::invalid("spec.ipFamilyPolicy", &spec.shown("ipFamilyPolicy"), reason)
}

/// Addresses that were there may stay, whatever today's rules say of them.
pub(super) fn validate_external_ips(spec: Spec<'_>, old: Option<Spec<'_>>) -> Vec<FieldError> {
    let known = known(old, "externalIPs");
    let mut errors = Vec::new();
    for (i, ip) in spec.texts("externalIPs").into_iter().enumerate() {
        let path = format!("spec.externalIPs[{i}]");
        let malformed = if known.contains(ip) {
            Vec::new()
        } else {
            validate_ip(&path, ip)
        };
        if malformed.is_empty() {
            errors.extend(validate_non_special_ip(&path, ip));
        }
        errors.extend(malformed);
    }
    errors
}

/// The networks a load balancer lets in, in the field or in the annotation from before there was one.
pub(super) fn validate_source_ranges(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Spec::of(object);
    let trimmed = |spec: Spec<'_>| -> Vec<String> {
        let ranges = spec.texts("loadBalancerSourceRanges");
        ranges
            .into_iter()
            .map(|range| range.trim().to_owned())
            .collect()
    };
    let not_balanced =
        |path: &str| (!spec.is_load_balancer()).then(|| FieldError::forbidden(path, ONLY_BALANCED));
    let ranges = trimmed(spec);
    if !ranges.is_empty() {
        // Upstream names the Go field.
        let path = "spec.LoadBalancerSourceRanges";
        let known = old.map(Spec::of).map(trimmed).unwrap_or_default();
        let known: BTreeSet<String> = known.into_iter().collect();
        let mut errors: Vec<FieldError> = not_balanced(path).into_iter().collect();
        for (i, range) in ranges
            .iter()
            .enumerate()
            .filter(|(_, range)| !known.contains(*range))
        {
            errors.extend(validate_cidr(&format!("{path}[{i}]"), range));
        }
        return errors;
    }
    if !annotations(object).contains_key(SOURCE_RANGES) {
        return Vec::new();
    }
    let path = format!("metadata.annotations[{SOURCE_RANGES}]");
    let mut errors: Vec<FieldError> = not_balanced(&path).into_iter().collect();
    let value = text(annotations(object), SOURCE_RANGES);
    let known = old.is_some_and(|old| {
        annotations(old).get(SOURCE_RANGES).and_then(Value::as_str) == Some(value)
    });
    if !known && !value.trim().is_empty() {
        for range in value.trim().split(',') {
            errors.extend(validate_cidr(&path, range.trim()));
        }
    }
    errors
}
