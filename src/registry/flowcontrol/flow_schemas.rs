//! The rules of flow schemas.

use serde_json::Value;

use crate::kinds::Kind;
use crate::names::{name_is_dns_label, name_is_dns_subdomain};
use crate::registry::validation::internal;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::status::field::FieldError;

const PRECEDENCE_MAX: i64 = 10_000;
/// The precedence of the one schema that exempts.
const EXEMPT: i64 = 1;
const VERBS: [&str; 9] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "proxy",
    "update",
    "watch",
];

/// `ValidateFlowSchemaSpec`.
pub(super) fn validate(kind: &Kind, object: &Value) -> Vec<FieldError> {
    let spec = &object["spec"];
    let mut errors = validate_precedence(object);
    let method = &spec["distinguisherMethod"];
    if !method.is_null() && !matches!(text_at(method, "type"), "ByNamespace" | "ByUser") {
        // The whole of it is shown.
        errors.push(FieldError::not_supported_shown(
            "spec.distinguisherMethod.type",
            internal::shown(object, kind, &["spec", "distinguisherMethod"]),
            &["ByNamespace", "ByUser"],
        ));
    }
    let path = "spec.priorityLevelConfiguration.name";
    match text_at(&spec["priorityLevelConfiguration"], "name") {
        "" => errors.push(FieldError::required(
            path,
            "must reference a priority level",
        )),
        name => errors.extend(invalid_each(path, name, name_is_dns_subdomain(name, false))),
    }
    for (i, rule) in list_at(spec, "rules").iter().enumerate() {
        errors.extend(validate_rule(rule, &format!("spec.rules[{i}]")));
    }
    errors
}

fn validate_precedence(object: &Value) -> Vec<FieldError> {
    let precedence = &object["spec"]["matchingPrecedence"];
    let number = precedence.as_i64().unwrap_or_default();
    let is_exempt = object["metadata"]["name"] == "exempt";
    let max = format!("must not be greater than {PRECEDENCE_MAX}");
    let reasons = [
        (number <= 0, "must be a positive value"),
        (number > PRECEDENCE_MAX, &*max),
        (
            number == EXEMPT && !is_exempt,
            "only the schema named 'exempt' may have matchingPrecedence 1",
        ),
    ];
    reasons
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, reason)| FieldError::invalid("spec.matchingPrecedence", precedence, reason))
        .collect()
}

fn validate_rule(rule: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let subjects = list_at(rule, "subjects");
    if subjects.is_empty() {
        let detail = "subjects must contain at least one value";
        errors.push(FieldError::required(format!("{path}.subjects"), detail));
    }
    for (i, subject) in subjects.iter().enumerate() {
        errors.extend(validate_subject(subject, &format!("{path}.subjects[{i}]")));
    }
    let resources = list_at(rule, "resourceRules");
    let others = list_at(rule, "nonResourceRules");
    if resources.is_empty() && others.is_empty() {
        let detail = "at least one of resourceRules and nonResourceRules has to be non-empty";
        errors.push(FieldError::required(path, detail));
    }
    for (i, rule) in resources.iter().enumerate() {
        errors.extend(validate_resource_rule(
            rule,
            &format!("{path}.resourceRules[{i}]"),
        ));
    }
    for (i, rule) in others.iter().enumerate() {
        errors.extend(validate_non_resource_rule(
            rule,
            &format!("{path}.nonResourceRules[{i}]"),
        ));
    }
    errors
}

fn validate_subject(subject: &Value, path: &str) -> Vec<FieldError> {
    let kinds = [
        ("ServiceAccount", "serviceAccount"),
        ("User", "user"),
        ("Group", "group"),
    ];
    let kind = text_at(subject, "kind");
    let Some((_, field)) = kinds.iter().find(|(name, _)| *name == kind) else {
        return vec![FieldError::not_supported(
            format!("{path}.kind"),
            &kind.into(),
            &["Group", "ServiceAccount", "User"],
        )];
    };
    let mut errors = validate_named(&subject[*field], kind, &format!("{path}.{field}"));
    for (other, field) in kinds.iter().filter(|(name, _)| *name != kind) {
        if !subject[*field].is_null() {
            let detail = format!("{field} is forbidden when subject kind is not '{other}'");
            errors.push(FieldError::forbidden(format!("{path}.{field}"), detail));
        }
    }
    errors
}

fn validate_named(subject: &Value, kind: &str, path: &str) -> Vec<FieldError> {
    if subject.is_null() {
        let field = path.rsplit('.').next().unwrap_or_default();
        let detail = format!("{field} is required when subject kind is '{kind}'");
        return vec![FieldError::required(path, detail)];
    }
    let name = text_at(subject, "name");
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    if kind != "ServiceAccount" {
        return errors;
    }
    if !matches!(name, "" | "*") {
        let reasons = name_is_dns_subdomain(name, false);
        errors.extend(invalid_each(format_args!("{path}.name"), name, reasons));
    }
    let path = format!("{path}.namespace");
    match text_at(subject, "namespace") {
        "" => {
            let detail = "must specify namespace for service account";
            errors.push(FieldError::required(path, detail));
        }
        namespace => {
            let reasons = name_is_dns_label(namespace, false);
            errors.extend(invalid_each(path, namespace, reasons));
        }
    }
    errors
}

fn validate_verbs(rule: &Value, path: &str) -> Option<FieldError> {
    let verbs = texts_at(rule, "verbs");
    let path = format!("{path}.verbs");
    if verbs.is_empty() {
        let detail = "verbs must contain at least one value";
        return Some(FieldError::required(path, detail));
    }
    if verbs.contains(&"*") {
        let reason = "if '*' is present, must not specify other verbs";
        return (verbs.len() > 1).then(|| FieldError::invalid(path, &rule["verbs"], reason));
    }
    let is_known = verbs.iter().all(|verb| VERBS.contains(verb));
    (!is_known).then(|| FieldError::not_supported(path, &rule["verbs"], &VERBS))
}

fn validate_resource_rule(rule: &Value, path: &str) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = validate_verbs(rule, path).into_iter().collect();
    for (field, one, many) in [
        ("apiGroups", "api group", "api groups"),
        ("resources", "resource", "resources"),
    ] {
        let items = texts_at(rule, field);
        let path = format!("{path}.{field}");
        if items.is_empty() {
            let detail = format!("resource rules must supply at least one {one}");
            errors.push(FieldError::required(path, detail));
        } else if items.len() > 1 && items.contains(&"*") {
            let reason = format!("if '*' is present, must not specify other {many}");
            errors.push(FieldError::invalid(path, &rule[field], reason));
        }
    }
    errors.extend(validate_namespaces(rule, &format!("{path}.namespaces")));
    errors
}

fn validate_namespaces(rule: &Value, path: &str) -> Vec<FieldError> {
    let namespaces = texts_at(rule, "namespaces");
    if namespaces.is_empty() && rule["clusterScope"] != true {
        let detail =
            "resource rules that are not cluster scoped must supply at least one namespace";
        return vec![FieldError::required(path, detail)];
    }
    if namespaces.contains(&"*") {
        let reason = "if '*' is present, must not specify other namespaces";
        let shown = &rule["namespaces"];
        let error = (namespaces.len() > 1).then(|| FieldError::invalid(path, shown, reason));
        return error.into_iter().collect();
    }
    let mut errors = Vec::new();
    for (i, namespace) in namespaces.iter().enumerate() {
        let reasons = name_is_dns_label(namespace, false).into_iter();
        let intro = "each member of this list must be '*' or a DNS-1123 label; ";
        let reasons = reasons.map(|reason| [intro, &reason].concat()).collect();
        errors.extend(invalid_each(
            format_args!("{path}[{i}]"),
            namespace,
            reasons,
        ));
    }
    errors
}

fn validate_non_resource_rule(rule: &Value, path: &str) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = validate_verbs(rule, path).into_iter().collect();
    let urls = texts_at(rule, "nonResourceURLs");
    let path = format!("{path}.nonResourceURLs");
    if urls.is_empty() {
        let detail = "nonResourceURLs must contain at least one value";
        errors.push(FieldError::required(path, detail));
    } else if urls.contains(&"*") {
        if urls.len() > 1 {
            let reason = "if '*' is present, must not specify other non-resource URLs";
            errors.push(FieldError::invalid(path, &rule["nonResourceURLs"], reason));
        }
    } else {
        for (i, url) in urls.iter().enumerate() {
            let reason = url_reason(url);
            let error = reason.map(|why| FieldError::invalid_str(format!("{path}[{i}]"), url, why));
            errors.extend(error);
        }
    }
    errors
}

/// `ValidateNonResourceURLPath`.
fn url_reason(url: &str) -> Option<&'static str> {
    let stars = url.matches('*').count();
    match url {
        "" => Some("must not be empty"),
        "/" => None,
        _ if !url.starts_with('/') => Some("must start with slash"),
        _ if url.contains(' ') => Some("must not contain white-space"),
        _ if url.contains("//") => Some("must not contain double slash"),
        _ if stars > 1 || (stars == 1 && !url.ends_with("/*")) => {
            Some("wildcard can only do suffix matching")
        }
        _ => None,
    }
}
