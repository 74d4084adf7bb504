//! The environment of a container, and what may be read from the pod itself.

use serde_json::Value;

use crate::codec::quantity::Quantity;
use crate::names::{
    is_dns1123_label, is_dns1123_subdomain, is_qualified_name, name_is_dns_subdomain,
};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::formats::variable_name;
use crate::registry::pod::paths::validate_no_backsteps;
use crate::registry::pod::read::{list, member, text};
use crate::registry::validation::configmap::is_config_map_key;

const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
pub(crate) const VOLUME_FIELDS: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
/// What the downward API reads of a pod at all.
const FIELDS: [&str; 14] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];
const DIVISORS: [&str; 13] = [
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
];

pub(super) fn validate(container: &Value, path: &str, errors: &mut Errors) {
    for (i, variable) in list(container, "env").iter().enumerate() {
        match text(variable, "name") {
            "" => errors.required(format_args!("{path}.env[{i}].name"), ""),
            name => {
                let at = format_args!("{path}.env[{i}].name");
                errors.invalid_each(at, name, variable_name(name));
            }
        }
        if let Some(source) = member(variable, "valueFrom") {
            let path = format!("{path}.env[{i}].valueFrom");
            validate_source(source, text(variable, "value"), &path, errors);
        }
    }
    let from = format!("{path}.envFrom");
    for (i, source) in list(container, "envFrom").iter().enumerate() {
        let prefix = text(source, "prefix");
        if !prefix.is_empty() {
            let at = format_args!("{from}[{i}].prefix");
            errors.invalid_each(at, prefix, variable_name(prefix));
        }
        let mut sources = 0;
        for field in ["configMapRef", "secretRef"] {
            let Some(reference) = member(source, field) else {
                continue;
            };
            sources += 1;
            let at = format_args!("{from}[{i}].{field}.name");
            match text(reference, "name") {
                "" => errors.required(at, ""),
                name => errors.invalid_each(at, name, name_is_dns_subdomain(name, true)),
            }
        }
        match sources {
            0 => errors.invalid_str(
                &from,
                "",
                "must specify one of: `configMapRef` or `secretRef`",
            ),
            1 => {}
            _ => errors.invalid_str(
                &from,
                "",
                "may not have more than one field specified at a time",
            ),
        }
    }
}

/// `validateEnvVarValueFrom`.
fn validate_source(source: &Value, value: &str, path: &str, errors: &mut Errors) {
    let mut sources = 0;
    let mut each = |field: &str, check: &dyn Fn(&Value, Path<'_>, &mut Errors)| {
        if let Some(reference) = member(source, field) {
            sources += 1;
            check(reference, &format_args!("{path}.{field}"), errors);
        }
    };
    each("fieldRef", &|reference, path, errors| {
        validate_field(reference, &ENV_FIELDS, path, errors);
    });
    each("resourceFieldRef", &|reference, path, errors| {
        validate_resource(reference, false, path, errors);
    });
    each("configMapKeyRef", &validate_key);
    each("secretKeyRef", &validate_key);
    each("fileKeyRef", &validate_file_key);
    let reason = match sources {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        }
        _ if !value.is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.invalid_str(path, "", reason);
}

/// `validateObjectFieldSelector`.
pub(crate) fn validate_field(
    reference: &Value,
    supported: &[&str],
    path: Path<'_>,
    errors: &mut Errors,
) {
    let (version, field) = (text(reference, "apiVersion"), text(reference, "fieldPath"));
    if version.is_empty() {
        return errors.required(format_args!("{path}.apiVersion"), "");
    }
    if field.is_empty() {
        return errors.required(format_args!("{path}.fieldPath"), "");
    }
    let subscripted = split_subscript(field);
    let problem = match subscripted {
        _ if version != "v1" => Some(format!("unsupported pod version: {version}")),
        Some(("metadata.annotations" | "metadata.labels", _)) => None,
        Some(_) => Some(format!("field label does not support subscript: {field}")),
        None if field == "spec.host" || FIELDS.contains(&field) => None,
        None => Some(format!("field label not supported: {field}")),
    };
    if let Some(problem) = problem {
        let detail = format!("error converting fieldPath: {problem}");
        return errors.invalid_str(format_args!("{path}.fieldPath"), field, detail);
    }
    match subscripted {
        Some(("metadata.annotations", key)) => {
            let key = key.to_lowercase();
            errors.invalid_each(path, &key, is_qualified_name(&key));
        }
        Some((_, key)) => errors.invalid_each(path, key, is_qualified_name(key)),
        None => {
            let field = if field == "spec.host" {
                "spec.nodeName"
            } else {
                field
            };
            if !supported.contains(&field) {
                errors.not_supported(format_args!("{path}.fieldPath"), field, supported);
            }
        }
    }
}

/// `metadata.labels['x']` as field and key.
fn split_subscript(path: &str) -> Option<(&str, &str)> {
    let (field, key) = path.strip_suffix("']")?.split_once("['")?;
    (!field.is_empty()).then_some((field, key))
}

/// `validateContainerResourceFieldSelector`.
pub(crate) fn validate_resource(
    reference: &Value,
    in_volume: bool,
    path: Path<'_>,
    errors: &mut Errors,
) {
    let resource = text(reference, "resource");
    let is_huge = ["requests.hugepages-", "limits.hugepages-"]
        .iter()
        .any(|prefix| resource.starts_with(prefix));
    if in_volume && text(reference, "containerName").is_empty() {
        errors.required(format_args!("{path}.containerName"), "");
    } else if resource.is_empty() {
        errors.required(format_args!("{path}.resource"), "");
    } else if !RESOURCES.contains(&resource) && !is_huge {
        errors.not_supported(format_args!("{path}.resource"), resource, &RESOURCES);
    }
    let divisor = Quantity::parse(text(reference, "divisor"));
    let Some(divisor) = divisor.ok().filter(|divisor| divisor.sign() != 0) else {
        return;
    };
    let sizes = "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the";
    let (supported, detail) = match resource {
        "limits.cpu" | "requests.cpu" => (
            &["1m", "1"][..],
            "only divisor's values 1m and 1 are supported with the cpu resource".to_owned(),
        ),
        "limits.memory" | "requests.memory" => (&DIVISORS[..], format!("{sizes} memory resource")),
        "limits.ephemeral-storage" | "requests.ephemeral-storage" => (
            &DIVISORS[..],
            format!("{sizes} local ephemeral storage resource"),
        ),
        _ if is_huge => (&DIVISORS[..], format!("{sizes} hugepages resource")),
        _ => return,
    };
    if !supported.contains(&divisor.as_str()) {
        errors.invalid_str(format_args!("{path}.divisor"), resource, detail);
    }
}

fn validate_key(reference: &Value, path: Path<'_>, errors: &mut Errors) {
    let name = text(reference, "name");
    errors.invalid_each(
        format_args!("{path}.name"),
        name,
        is_dns1123_subdomain(name),
    );
    match text(reference, "key") {
        "" => errors.required(format_args!("{path}.key"), ""),
        key => errors.invalid_each(format_args!("{path}.key"), key, is_config_map_key(key)),
    }
}

fn validate_file_key(reference: &Value, path: Path<'_>, errors: &mut Errors) {
    match text(reference, "key") {
        "" => errors.required(format_args!("{path}.key"), ""),
        key => errors.invalid_each(format_args!("{path}.key"), key, variable_name(key)),
    }
    match text(reference, "volumeName") {
        "" => errors.required(format_args!("{path}.volumeName"), ""),
        name => errors.invalid_each(
            format_args!("{path}.volumeName"),
            name,
            is_dns1123_label(name),
        ),
    }
    match text(reference, "path") {
        "" => errors.required(format_args!("{path}.path"), ""),
        file => validate_no_backsteps(file, &format_args!("{path}.path"), errors),
    }
}
