//! `pods/status`: what a node tells of a pod.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::errors::{Errors, Path};
use super::formats::MAX_ID;
use super::read::{count, entries, is_set, list, list_mut, member, number, text};
use super::update::validate_annotations;
use crate::names::{is_dns1123_label, is_qualified_name, name_is_dns_subdomain};
use crate::object::object_mut;
use crate::registry::validation::core;
use crate::registry::validation::ip::{parse_lenient, validate_ip};
use crate::status::field::FieldError;

const LISTS: [(&str, &str); 3] = [
    ("containerStatuses", "containers"),
    ("initContainerStatuses", "initContainers"),
    ("ephemeralContainerStatuses", "ephemeralContainers"),
];

/// One address and a list of them: the list says the same, or what the one says.
pub(super) fn pair_addresses(status: &mut Value) {
    if !status.is_object() {
        return;
    }
    let first = list(status, "podIPs").first();
    let first = first.map(|address| text(address, "ip").to_owned());
    match (text(status, "podIP"), first) {
        ("", Some(first)) => status["podIP"] = first.into(),
        ("", None) => {}
        (one, first) if first.as_deref() != Some(one) => {
            let one = one.to_owned();
            status["podIPs"] = json!([{"ip": one}]);
        }
        _ => {}
    }
}

/// What nodes leave out stays as it was.
pub(super) fn prepare(pod: &mut Value, old: &Value) {
    pod["spec"] = old["spec"].clone();
    let metadata = object_mut(&mut pod["metadata"]);
    metadata.remove("deletionTimestamp");
    match member(&old["metadata"], "ownerReferences") {
        Some(owners) => metadata.insert("ownerReferences".to_owned(), owners.clone()),
        None => metadata.remove("ownerReferences"),
    };
    if !pod["status"].is_object() {
        pod["status"] = json!({});
    }
    let (status, before) = (&mut pod["status"], &old["status"]);
    for field in ["qosClass", "observedGeneration"] {
        if let (None, Some(value)) = (member(status, field), member(before, field)) {
            status[field] = value.clone();
        }
    }
    let mut left: Vec<&Value> = list(before, "conditions").iter().collect();
    for condition in list_mut(status, "conditions") {
        let ty = text(condition, "type").to_owned();
        let found = left.iter().position(|other| text(other, "type") == ty);
        let Some(before) = found.map(|found| left.remove(found)) else {
            continue;
        };
        let generation = count(before, "observedGeneration");
        if count(condition, "observedGeneration") == 0 && generation != 0 {
            condition["observedGeneration"] = generation.into();
        }
    }
}

/// `ValidatePodStatusUpdate`.
pub(super) fn validate_update(pod: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    errors.extend(core::validate_object_meta_update(pod, old));
    validate_annotations(pod, old, &mut errors);
    let (spec, status, before) = (&pod["spec"], &pod["status"], &old["status"]);
    validate_conditions(status, &mut errors);
    validate_nomination(status, before, text(&old["spec"], "nodeName"), &mut errors);
    validate_generation(status, "status", &mut errors);
    if text(status, "qosClass") != text(before, "qosClass") {
        let class = text(status, "qosClass");
        errors.invalid_str("status.qosClass", class, "field is immutable");
    }
    for (statuses, containers) in LISTS {
        validate_transitions(
            status,
            before,
            &old["spec"],
            statuses,
            containers,
            &mut errors,
        );
    }
    validate_claims(spec, status, &mut errors);
    validate_extended_claims(spec, status, &mut errors);
    validate_addresses(status, before, "podIPs", &mut errors);
    validate_addresses(status, before, "hostIPs", &mut errors);
    for (statuses, _) in LISTS {
        validate_users(status, statuses, text(&spec["os"], "name"), &mut errors);
    }
    for (statuses, containers) in LISTS {
        validate_health(spec, status, statuses, containers, &mut errors);
    }
    errors.0
}

fn validate_generation(holder: &Value, path: &str, errors: &mut Errors) {
    let generation = count(holder, "observedGeneration");
    if generation < 0 {
        let at = format_args!("{path}.observedGeneration");
        errors.invalid(at, &generation.into(), "must be a non-negative integer");
    }
}

fn validate_conditions(status: &Value, errors: &mut Errors) {
    for (i, condition) in list(status, "conditions").iter().enumerate() {
        validate_generation(condition, &format!("status.conditions[{i}]"), errors);
        let ty = text(condition, "type");
        if !matches!(ty, "PodScheduled" | "Ready" | "Initialized") {
            let at = format_args!("status.conditions[{i}].Type");
            errors.invalid_each(at, ty, is_qualified_name(ty));
        }
    }
}

fn validate_nomination(status: &Value, before: &Value, node: &str, errors: &mut Errors) {
    let name = text(status, "nominatedNodeName");
    if name.is_empty() || name == text(before, "nominatedNodeName") {
        return;
    }
    let at = "status.nominatedNodeName";
    errors.invalid_each(at, name, name_is_dns_subdomain(name, false));
    if !node.is_empty() {
        let detail = "may not be set on pods that are already bound to a node";
        errors.forbidden(at, detail);
    }
}

/// What has ended stays so, unless it may start again.
fn validate_transitions(
    status: &Value,
    before: &Value,
    spec: &Value,
    statuses: &str,
    containers: &str,
    errors: &mut Errors,
) {
    let restarts_all = containers != "ephemeralContainers"
        && ["initContainers", "containers"]
            .iter()
            .flat_map(|field| list(spec, field))
            .flat_map(|container| list(container, "restartPolicyRules"))
            .any(|rule| text(rule, "action") == "RestartAllContainers");
    if restarts_all {
        return;
    }
    for (i, old) in list(before, statuses).iter().enumerate() {
        let Some(ended) = member(&old["state"], "terminated") else {
            continue;
        };
        let name = text(old, "name");
        let goes_on =
            |new: &&Value| text(new, "name") == name && !is_set(&new["state"], "terminated");
        if list(status, statuses).iter().find(goes_on).is_none() {
            continue;
        }
        let container = list(spec, containers)
            .iter()
            .find(|container| text(container, "name") == name);
        let may = containers != "ephemeralContainers"
            && container
                .is_some_and(|container| restarts(container, spec, count(ended, "exitCode")));
        if !may {
            let detail = "may not be transitioned to non-terminated state";
            errors.forbidden(format_args!("status.{statuses}[{i}].state"), detail);
        }
    }
}

/// `ContainerShouldRestart`.
fn restarts(container: &Value, spec: &Value, code: i64) -> bool {
    let by_policy = |policy: &str| match policy {
        "OnFailure" => code != 0,
        "Never" => false,
        _ => true,
    };
    let own = text(container, "restartPolicy");
    if own.is_empty() {
        return by_policy(text(spec, "restartPolicy"));
    }
    let has_rule = list(container, "restartPolicyRules").iter().any(|rule| {
        let codes = &rule["exitCodes"];
        let is_listed = list(codes, "values").iter().any(|value| *value == code);
        match text(codes, "operator") {
            "In" => is_listed,
            "NotIn" => !is_listed,
            _ => false,
        }
    });
    has_rule || by_policy(own)
}

/// `validatePodResourceClaimStatuses`.
fn validate_claims(spec: &Value, status: &Value, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, claim) in list(status, "resourceClaimStatuses").iter().enumerate() {
        let at = format_args!("status.resourceClaimStatuses[{i}]");
        let name = text(claim, "name");
        let is_known = list(spec, "resourceClaims")
            .iter()
            .any(|claim| text(claim, "name") == name);
        if !is_known {
            let detail = "must match the name of an entry in `spec.resourceClaims`";
            errors.invalid_str(format_args!("{at}.name"), name, detail);
        }
        if !seen.insert(name) {
            errors.duplicate(format_args!("{at}.name"), name);
        }
        if let Some(name) = member(claim, "resourceClaimName").and_then(Value::as_str) {
            let reasons = name_is_dns_subdomain(name, false);
            errors.invalid_each(format_args!("{at}.resourceClaimName"), name, reasons);
        }
    }
}

/// `validatePodExtendedResourceClaimStatus`.
fn validate_extended_claims(spec: &Value, status: &Value, errors: &mut Errors) {
    let Some(extended) = member(status, "extendedResourceClaimStatus") else {
        return;
    };
    let path = "status.extendedResourceClaimStatus";
    let mappings = list(extended, "requestMappings");
    if mappings.is_empty() {
        let detail = "at least one request mapping is required";
        errors.required(format_args!("{path}.requestMappings"), detail);
    }
    let mut seen = BTreeSet::new();
    for (i, mapping) in mappings.iter().enumerate() {
        let at = format_args!("{path}.requestMappings[{i}]");
        let fields = ["containerName", "resourceName", "requestName"];
        let key = fields.map(|field| text(mapping, field));
        let container = ["containers", "initContainers"]
            .iter()
            .flat_map(|field| list(spec, field))
            .find(|container| text(container, "name") == key[0]);
        match container {
            None => {
                let detail = "must match the name of an entry in spec.initContainers.name or spec.containers.name";
                errors.invalid_str(format_args!("{at}.containerName"), key[0], detail);
            }
            Some(container) if container["resources"]["requests"].get(key[1]).is_none() => {
                let detail = "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests";
                errors.invalid_str(format_args!("{at}.resourceName"), key[1], detail);
            }
            Some(_) => {}
        }
        let reasons = is_dns1123_label(key[2]);
        errors.invalid_each(format_args!("{path}.requestName"), key[2], reasons);
        if !seen.insert(key) {
            for (field, value) in fields.iter().zip(key) {
                errors.duplicate(format_args!("{at}.{field}"), value);
            }
        }
    }
    match text(extended, "resourceClaimName") {
        "" => errors.required(format_args!("{path}.resourceClaimName"), ""),
        name => {
            let reasons = name_is_dns_subdomain(name, false);
            errors.invalid_each(format_args!("{path}.resourceClaimName"), name, reasons);
        }
    }
}

/// `validatePodIPs` and `validateHostIPs`.
fn validate_addresses(status: &Value, before: &Value, field: &str, errors: &mut Errors) {
    let addresses = list(status, field);
    if field == "hostIPs"
        && let Some(first) = addresses.first()
        && text(first, "ip") != text(status, "hostIP")
    {
        let detail = "must be equal to `hostIP`";
        errors.invalid_str("status.hostIPs[0].ip", text(first, "ip"), detail);
    }
    for (i, address) in addresses.iter().enumerate() {
        if !list(before, field).contains(address) {
            let at = format_args!("status.{field}[{i}]");
            errors.extend(validate_ip(at, text(address, "ip")));
        }
    }
    let parsed: Vec<_> = addresses
        .iter()
        .filter_map(|address| parse_lenient(text(address, "ip")))
        .collect();
    let sixes = parsed.iter().filter(|ip| ip.is_ipv6()).count();
    let is_pair = addresses.len() == 2 && parsed.len() == 2 && sixes == 1;
    if addresses.len() > 1 && !is_pair {
        let shown: Vec<Value> = addresses
            .iter()
            .map(|address| json!({"IP": text(address, "ip")}))
            .collect();
        let detail = "may specify no more than one IP for each IP family";
        errors.invalid(format_args!("status.{field}"), &shown.into(), detail);
    }
}

fn validate_users(status: &Value, statuses: &str, os: &str, errors: &mut Errors) {
    for (i, container) in list(status, statuses).iter().enumerate() {
        let Some(user) = member(&container["user"], "linux") else {
            continue;
        };
        let path: Path<'_> = &format_args!("status.{statuses}[{i}].user.linux");
        if os == "windows" {
            errors.forbidden(path, "cannot be set for a windows pod");
            continue;
        }
        for field in ["uid", "gid"] {
            let id = number(user, field).unwrap_or_default();
            errors.range(format_args!("{path}.{field}"), id, 0, MAX_ID);
        }
        for (j, group) in list(user, "supplementalGroups").iter().enumerate() {
            let group = group.as_i64().unwrap_or_default();
            let at = format_args!("{path}.supplementalGroups[{j}]");
            errors.range(at, group, 0, MAX_ID);
        }
    }
}

/// `validateContainerStatusAllocatedResourcesStatus`.
fn validate_health(
    spec: &Value,
    status: &Value,
    statuses: &str,
    containers: &str,
    errors: &mut Errors,
) {
    for (i, own) in list(status, statuses).iter().enumerate() {
        let path = format!("status.{statuses}[{i}].allocatedResourcesStatus");
        let resources = list(own, "allocatedResourcesStatus");
        if containers == "ephemeralContainers" {
            if !resources.is_empty() {
                errors.forbidden(&path, "must not be specified in container status");
            }
            continue;
        }
        let container = list(spec, containers)
            .iter()
            .find(|container| text(container, "name") == text(own, "name"));
        for (j, resource) in resources.iter().enumerate() {
            let name = text(resource, "name");
            if let Some(reason) = container.and_then(|container| unknown(container, name)) {
                errors.invalid_str(format_args!("{path}[{j}].name"), name, reason);
            }
            let mut seen = BTreeSet::new();
            for (k, health) in list(resource, "resources").iter().enumerate() {
                let at = format_args!("{path}[{j}].resources[{k}]");
                let states = ["Healthy", "Unhealthy", "Unknown"];
                let state = text(health, "health");
                if !states.contains(&state) {
                    errors.not_supported(format_args!("{at}.health"), state, &states);
                }
                let id = text(health, "resourceID");
                if !seen.insert(id) {
                    errors.duplicate(format_args!("{at}.resourceID"), id);
                }
            }
        }
    }
}

/// Why a container has no such resource.
fn unknown(container: &Value, name: &str) -> Option<&'static str> {
    let resources = &container["resources"];
    let Some(claim) = name.strip_prefix("claim:") else {
        let is_known = entries(resources, "requests")
            .iter()
            .any(|(own, _)| *own == name);
        return (!is_known).then_some("must match one of the container's resource requests");
    };
    let is_known = list(resources, "claims").iter().any(|own| {
        match (text(own, "name"), text(own, "request")) {
            (own, "") => own == claim,
            (own, request) => claim.split_once('/') == Some((own, request)),
        }
    });
    let reason = "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
    (!is_known).then_some(reason)
}
