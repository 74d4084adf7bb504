//! What is asked of each kind of storage.

use serde_json::Value;

use crate::names::{is_dns1123_label, is_dns1123_subdomain, name_is_dns_label};
use crate::registry::pod::spec::volumes::HOST_PATH_TYPES;
use crate::registry::validation::drivers::validate_driver_name;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::{list_at, members_at, number_at, text_at};
use crate::status::field::FieldError;

/// What is wrong with a name.
type NameRule = fn(&str) -> Vec<String>;

/// Texts and lists that may not be empty.
pub(super) fn required(source: &Value, fields: &[&str], path: &str) -> Vec<FieldError> {
    let is_empty =
        |field: &&&str| text_at(source, field).is_empty() && list_at(source, field).is_empty();
    let missing = fields.iter().filter(is_empty);
    missing
        .map(|field| FieldError::required(format!("{path}.{field}"), ""))
        .collect()
}

/// The same, with a secret that has a name and a namespace.
pub(super) fn with_secret(source: &Value, fields: &[&str], path: &str) -> Vec<FieldError> {
    let mut errors = required(source, fields, path);
    let secret = &source["secretRef"];
    if !secret.is_null() {
        let path = format!("{path}.secretRef");
        errors.extend(required(secret, &["name", "namespace"], &path));
    }
    errors
}

fn no_steps_back(source: &Value, path: &str) -> Option<FieldError> {
    let text = text_at(source, "path");
    let reason = "must not contain '..'";
    let goes_back = text.split('/').any(|part| part == "..");
    goes_back.then(|| FieldError::invalid_str(format!("{path}.path"), text, reason))
}

pub(super) fn host_path(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &["path"], path);
    if !errors.is_empty() {
        return errors;
    }
    errors.extend(no_steps_back(source, path));
    if let Some(ty) = source["type"].as_str()
        && !HOST_PATH_TYPES.contains(&ty)
    {
        let path = format!("{path}.type");
        errors.push(FieldError::not_supported(
            path,
            &ty.into(),
            &HOST_PATH_TYPES,
        ));
    }
    errors
}

pub(super) fn disk(source: &Value, name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &[name], path);
    if !(0..=255).contains(&number_at(source, "partition")) {
        let path = format!("{path}.partition");
        let reason = "must be between 1 and 255, inclusive";
        errors.push(FieldError::invalid(path, &source["partition"], reason));
    }
    errors
}

pub(super) fn glusterfs(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &["endpoints", "path"], path);
    let path = format!("{path}.endpointsNamespace");
    match source["endpointsNamespace"].as_str() {
        None => {}
        Some("") => errors.push(FieldError::invalid_str(
            path,
            "",
            "if the endpointnamespace is set, it must be a valid namespace name",
        )),
        Some(namespace) => {
            let reasons = name_is_dns_label(namespace, false);
            errors.extend(invalid_each(path, namespace, reasons));
        }
    }
    errors
}

pub(super) fn flocker(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let (name, id) = (
        text_at(source, "datasetName"),
        text_at(source, "datasetUUID"),
    );
    let mut errors = Vec::new();
    if name.is_empty() && id.is_empty() {
        let reason = "one of datasetName and datasetUUID is required";
        errors.push(FieldError::required(path, reason));
    }
    if !name.is_empty() && !id.is_empty() {
        let reason = "datasetName and datasetUUID can not be specified simultaneously";
        errors.push(FieldError::invalid_str(path, "resource", reason));
    }
    if name.contains('/') {
        let path = format!("{path}.datasetName");
        errors.push(FieldError::invalid_str(path, name, "must not contain '/'"));
    }
    errors
}

pub(super) fn nfs(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &["server", "path"], path);
    let directory = text_at(source, "path");
    if !directory.starts_with('/') {
        let path = format!("{path}.path");
        errors.push(FieldError::invalid_str(
            path,
            directory,
            "must be an absolute path",
        ));
    }
    errors
}

pub(super) fn quobyte(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    const REASON: &str = "must be a host:port pair or multiple pairs separated by commas";
    let registry = text_at(source, "registry");
    let at = format!("{path}.registry");
    let mut errors = Vec::new();
    if registry.is_empty() {
        errors.push(FieldError::required(at, REASON));
    } else if text_at(source, "tenant").len() > 64 {
        let reason = "must be a UUID and may not exceed a length of 64 characters";
        errors.push(FieldError::required(format!("{path}.tenant"), reason));
    } else {
        let wrong = registry.split(',').filter(|pair| !is_host_and_port(pair));
        errors.extend(wrong.map(|_| FieldError::invalid_str(at.clone(), registry, REASON)));
    }
    errors.extend(required(source, &["volume"], path));
    errors
}

/// `net.SplitHostPort`.
fn is_host_and_port(pair: &str) -> bool {
    let Some((host, port)) = pair.rsplit_once(':') else {
        return false;
    };
    let inner = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']'),
        None => (!host.contains(':')).then_some(host),
    };
    let is_plain = |text: &str| !text.contains(['[', ']']);
    inner.is_some_and(is_plain) && is_plain(port)
}

pub(super) fn fibre_channel(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let (targets, ids) = (list_at(source, "targetWWNs"), list_at(source, "wwids"));
    let at = format!("{path}.targetWWNs");
    let mut errors = Vec::new();
    if targets.is_empty() && ids.is_empty() {
        let reason = "must specify either targetWWNs or wwids, but not both";
        errors.push(FieldError::required(at, reason));
        return errors;
    }
    if !targets.is_empty() && !ids.is_empty() {
        let reason = "targetWWNs and wwids can not be specified simultaneously";
        errors.push(FieldError::invalid(at, &source["targetWWNs"], reason));
    }
    let lun = &source["lun"];
    let path = format!("{path}.lun");
    match lun.as_i64() {
        _ if targets.is_empty() => {}
        None => errors.push(FieldError::required(
            path,
            "lun is required if targetWWNs is specified",
        )),
        Some(0..=255) => {}
        Some(_) => errors.push(FieldError::invalid(
            path,
            lun,
            "must be between 0 and 255, inclusive",
        )),
    }
    errors
}

pub(super) fn flex_volume(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &["driver"], path);
    for (key, _) in members_at(source, "options") {
        let namespace = key.split_once('/').map_or(key, |(namespace, _)| namespace);
        let namespace = format!(".{}", namespace.to_lowercase());
        if namespace.ends_with(".kubernetes.io") || namespace.ends_with(".k8s.io") {
            let path = format!("{path}.options[{key}]");
            let reason = "kubernetes.io and k8s.io namespaces are reserved";
            errors.push(FieldError::invalid_str(path, key, reason));
        }
    }
    errors
}

pub(super) fn azure_file(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &["secretName", "shareName"], path);
    if source["secretNamespace"].as_str() == Some("") {
        errors.push(FieldError::required(format!("{path}.secretNamespace"), ""));
    }
    errors
}

pub(super) fn azure_disk(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    const MODES: [&str; 3] = ["None", "ReadOnly", "ReadWrite"];
    const KINDS: [&str; 3] = ["Dedicated", "Managed", "Shared"];
    const MANAGED: &str = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    const BLOB: &str =
        "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    let mut errors = required(source, &["diskName", "diskURI"], path);
    for (field, supported) in [("cachingMode", MODES), ("kind", KINDS)] {
        if let Some(value) = source[field].as_str()
            && !supported.contains(&value)
        {
            let path = format!("{path}.{field}");
            errors.push(FieldError::not_supported(path, &value.into(), &supported));
        }
    }
    let uri = text_at(source, "diskURI");
    let (start, form) = match source["kind"].as_str() {
        None => return errors,
        Some("Managed") => ("/subscriptions/", MANAGED),
        Some(_) => ("https://", BLOB),
    };
    if !uri.starts_with(start) {
        let path = format!("{path}.diskURI");
        errors.push(FieldError::not_supported(path, &uri.into(), &[form]));
    }
    errors
}

pub(super) fn local(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = required(source, &["path"], path);
    errors.extend(no_steps_back(source, path));
    errors
}

pub(super) fn storage_os(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let label = |field: &str| {
        let text = text_at(source, field);
        let reasons = match text {
            "" => Vec::new(),
            text => is_dns1123_label(text),
        };
        invalid_each(format_args!("{path}.{field}"), text, reasons)
    };
    let mut errors = required(source, &["volumeName"], path);
    errors.extend(label("volumeName"));
    errors.extend(label("volumeNamespace"));
    errors.extend(with_secret(source, &[], path));
    errors
}

pub(super) fn csi(source: &Value, _name: &str, path: &str) -> Vec<FieldError> {
    let driver = text_at(source, "driver");
    let mut errors = validate_driver_name(driver, &format!("{path}.driver"));
    errors.extend(required(source, &["volumeHandle"], path));
    for field in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        let secret = &source[field];
        if secret.is_null() {
            continue;
        }
        let rules: [(&str, NameRule); 2] = [
            ("name", is_dns1123_subdomain),
            ("namespace", is_dns1123_label),
        ];
        for (part, rule) in rules {
            let path = format!("{path}.{field}.{part}");
            match text_at(secret, part) {
                "" => errors.push(FieldError::required(path, "")),
                text => errors.extend(invalid_each(path, text, rule(text))),
            }
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_port() {
        for good in ["h:1", "h:", ":1", "[::1]:1", "1.2.3.4:5"] {
            assert!(is_host_and_port(good), "{good}");
        }
        for bad in ["", "h", "a:b:1", "::1", "[::1]", "[::1]x:1", "h]:1"] {
            assert!(!is_host_and_port(bad), "{bad}");
        }
    }
}
