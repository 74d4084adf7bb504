//! core/v1 ResourceQuota.

use serde_json::Value;

use super::strategy::{Strategy, WriteContext};
use super::validation::core::{validate_object_meta, validate_object_meta_update};
use super::validation::internal;
use super::validation::read::{list_at, members_at, text_at, texts_at};
use super::validation::resource_names::{self, is_standard_for_quota, quantity};
use crate::names::name_is_dns_subdomain;
use crate::object::meta_str;
use crate::status::field::FieldError;

const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
const CONFLICTS: [[&str; 2]; 2] = [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
];

pub(crate) struct ResourceQuotas;

impl Strategy for ResourceQuotas {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate_object_meta(object, true, name_is_dns_subdomain);
        errors.extend(validate_spec(write, object));
        errors.extend(validate_status(&object["status"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = validate_object_meta_update(object, old);
        if write.subresource == "status" {
            if meta_str(object, "resourceVersion").is_empty() {
                errors.push(FieldError::required("resourceVersion", ""));
            }
            errors.extend(validate_status(&object["status"]));
            return errors;
        }
        errors.extend(validate_spec(write, object));
        let (new, old) = (scopes(object), scopes(old));
        if new.iter().any(|scope| !old.contains(scope))
            || old.iter().any(|scope| !new.contains(scope))
        {
            let shown = &object["spec"]["scopes"];
            errors.push(FieldError::invalid(
                "spec.scopes",
                shown,
                "field is immutable",
            ));
        }
        errors
    }

    /// Only a new quota is warned about, which has no version yet.
    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        if !meta_str(object, "resourceVersion").is_empty() {
            return Vec::new();
        }
        let hard = &object["spec"]["hard"];
        ["cpu", "memory", "storage", "ephemeral-storage"]
            .into_iter()
            .filter_map(|resource| warning(hard, resource))
            .collect()
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let status = &object["status"];
        let hard = members_at(status, "hard").into_iter();
        let shown = hard
            .filter(|(name, _)| name.starts_with("limits.") == (column == "Limit"))
            .map(|(name, limit)| {
                let used = status["used"][name].as_str().unwrap_or("0");
                format!("{name}: {used}/{}", limit.as_str().unwrap_or_default())
            });
        shown.collect::<Vec<_>>().join(", ").into()
    }
}

/// What is asked for should be less than what is allowed.
fn warning(hard: &Value, resource: &str) -> Option<String> {
    let requests = format!("requests.{resource}");
    let is_bare = hard[&requests].is_null() && matches!(resource, "cpu" | "memory");
    let request_name = if is_bare { resource } else { &requests };
    let limit_name = format!("limits.{resource}");
    let (request, limit) = (hard.get(request_name)?, hard.get(&limit_name)?);
    let (request, limit) = (quantity(request), quantity(limit));
    (request > limit).then(|| {
        format!(
            "ResourceQuota {request_name} ({}) should be less than {limit_name} ({})",
            request.as_str(),
            limit.as_str()
        )
    })
}

fn scopes(quota: &Value) -> Vec<&str> {
    texts_at(&quota["spec"], "scopes")
}

fn validate_amounts(holder: &Value, field: &str, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (name, amount) in members_at(holder, field) {
        let path = format!("{path}.{field}[{name}]");
        errors.extend(resource_names::validate_of_quota(name, &path));
        errors.extend(resource_names::validate_amount(name, amount, &path));
    }
    errors
}

fn validate_status(status: &Value) -> Vec<FieldError> {
    let mut errors = validate_amounts(status, "hard", "status");
    errors.extend(validate_amounts(status, "used", "status"));
    errors
}

fn validate_spec(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let spec = &object["spec"];
    let mut errors = validate_amounts(spec, "hard", "spec");
    let scopes = texts_at(spec, "scopes");
    let refuse = |reason: &str| FieldError::invalid("spec.scopes", &spec["scopes"], reason);
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            errors.push(refuse("unsupported scope"));
        }
        let misfits = misfits(spec, scope);
        errors.extend((0..misfits).map(|_| refuse("unsupported scope applied to resource")));
    }
    errors.extend((0..conflicts(&scopes)).map(|_| refuse("conflicting scopes")));
    if !spec["scopeSelector"].is_null() {
        errors.extend(validate_selector(write, object));
    }
    errors
}

fn validate_selector(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    const PATH: &str = "spec.scopeSelector.matchExpressions";
    let spec = &object["spec"];
    let requirements = list_at(&spec["scopeSelector"], "matchExpressions");
    let mut errors = Vec::new();
    for requirement in requirements {
        let scope = text_at(requirement, "scopeName");
        if !SCOPES.contains(&scope) {
            let path = format!("{PATH}.scopeName");
            errors.push(FieldError::invalid_str(path, scope, "unsupported scope"));
        }
        for _ in 0..misfits(spec, scope) {
            let shown = internal::shown(object, write.kind, &["spec", "scopeSelector"]);
            let reason = "unsupported scope applied to resource";
            errors.push(FieldError::invalid_shown(PATH, shown, reason));
        }
        errors.extend(validate_operator(requirement, scope, PATH));
    }
    let scopes: Vec<&str> = requirements
        .iter()
        .map(|r| text_at(r, "scopeName"))
        .collect();
    for _ in 0..conflicts(&scopes) {
        let shown = &spec["scopes"];
        errors.push(FieldError::invalid(PATH, shown, "conflicting scopes"));
    }
    errors
}

fn validate_operator(requirement: &Value, scope: &str, path: &str) -> Vec<FieldError> {
    let operator = text_at(requirement, "operator");
    let mut errors = Vec::new();
    let is_plain = !matches!(scope, "PriorityClass" | "VolumeAttributesClass");
    if SCOPES.contains(&scope) && is_plain && operator != "Exists" {
        errors.push(FieldError::invalid_str(
            format!("{path}.operator"),
            operator,
            "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, \
             ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or \
             ResourceQuotaScopeCrossNamespacePodAffinity",
        ));
    }
    let has_values = !list_at(requirement, "values").is_empty();
    match operator {
        "In" | "NotIn" if !has_values => errors.push(FieldError::required(
            format!("{path}.values"),
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        )),
        "Exists" | "DoesNotExist" if has_values => errors.push(FieldError::invalid(
            format!("{path}.values"),
            &requirement["values"],
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            let path = format!("{path}.operator");
            let reason = "not a valid selector operator";
            errors.push(FieldError::invalid_str(path, other, reason));
        }
    }
    errors
}

/// How many of the limited resources a scope says nothing about.
fn misfits(spec: &Value, scope: &str) -> usize {
    let fits = |name: &str| {
        let of_pods = name == "pods";
        let of_containers = matches!(
            name,
            "cpu" | "memory" | "limits.cpu" | "limits.memory" | "requests.cpu" | "requests.memory"
        );
        match scope {
            "BestEffort" => of_pods,
            "VolumeAttributesClass" => {
                matches!(name, "persistentvolumeclaims" | "requests.storage")
            }
            known if SCOPES.contains(&known) => of_pods || of_containers,
            _ => true,
        }
    };
    let limited = members_at(spec, "hard").into_iter();
    let standard = limited.filter(|(name, _)| is_standard_for_quota(name));
    standard.filter(|(name, _)| !fits(name)).count()
}

fn conflicts(scopes: &[&str]) -> usize {
    let both = |pair: &&[&str; 2]| pair.iter().all(|scope| scopes.contains(scope));
    CONFLICTS.iter().filter(both).count()
}
