//! The volumes of the time before CSI.

use serde_json::Value;

use super::sources::require;
use crate::names::is_dns1123_label;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::paths::validate_descending;
use crate::registry::pod::read::{count, entries, is_set, is_true, list, member, number, text};
use crate::registry::pod::spec::Context;

pub(super) fn git_repo(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["repository"], path, errors);
    let at = format_args!("{path}.directory");
    validate_descending(text(source, "directory"), &at, errors);
}

fn disk(source: &Value, name: &str, path: Path<'_>, errors: &mut Errors) {
    require(source, &[name], path, errors);
    let partition = count(source, "partition");
    if !(0..=255).contains(&partition) {
        let at = format_args!("{path}.partition");
        errors.invalid(
            at,
            &partition.into(),
            "must be between 1 and 255, inclusive",
        );
    }
}

pub(super) fn gce_disk(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    disk(source, "pdName", path, errors);
}

pub(super) fn aws_disk(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    disk(source, "volumeID", path, errors);
}

pub(super) fn iscsi(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["targetPortal", "iqn"], path, errors);
    let names = [
        (
            "iqn",
            Some(text(source, "iqn")).filter(|iqn| !iqn.is_empty()),
        ),
        (
            "initiatorname",
            member(source, "initiatorName").and_then(Value::as_str),
        ),
    ];
    let check = |(field, name): (&str, Option<&str>), errors: &mut Errors| {
        let reason = name.and_then(|name| iscsi_name(name).map(|reason| (name, reason)));
        if let Some((name, reason)) = reason {
            errors.invalid_str(format_args!("{path}.{field}"), name, reason);
        }
    };
    check(names[0], errors);
    errors.range(format_args!("{path}.lun"), count(source, "lun"), 0, 255);
    let is_secret = is_true(source, "chapAuthDiscovery") || is_true(source, "chapAuthSession");
    if is_secret && !is_set(source, "secretRef") {
        errors.required(format_args!("{path}.secretRef"), "");
    }
    check(names[1], errors);
}

/// What is wrong with the name of a target or an initiator.
fn iscsi_name(name: &str) -> Option<&'static str> {
    let alphanumeric = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    let fits = match name.get(..3) {
        Some("iqn") => is_iqn(name),
        Some("eui") => name.get(4..).is_some_and(|rest| alphanumeric(rest, 16)),
        Some("naa") => name.get(4..).is_some_and(|rest| alphanumeric(rest, 32)),
        _ => return Some("must be valid format starting with iqn, eui, or naa"),
    };
    (!fits).then_some("must be valid format")
}

/// `iqn.2001-04.com.example:storage`.
fn is_iqn(name: &str) -> bool {
    let rest = name.strip_prefix("iqn.").unwrap_or_default();
    let (Some(date), Some(rest)) = (rest.get(..7), rest.get(7..)) else {
        return false;
    };
    let is_date = date.bytes().enumerate().all(|(i, c)| match i {
        4 => c == b'-',
        _ => c.is_ascii_digit(),
    });
    let Some((authority, unique)) = rest.split_once(':') else {
        return false;
    };
    let authority = authority.strip_prefix('.').unwrap_or_default();
    is_date
        && !authority.is_empty()
        && authority
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.'))
        && !unique.is_empty()
        && !unique.contains(|c: char| ",;*&$|".contains(c) || c.is_ascii_whitespace())
}

pub(super) fn glusterfs(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["endpoints", "path"], path, errors);
}

pub(super) fn flocker(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let name = text(source, "datasetName");
    match (name, text(source, "datasetUUID")) {
        ("", "") => errors.required(path, "one of datasetName and datasetUUID is required"),
        ("", _) | (_, "") => {}
        _ => {
            let detail = "datasetName and datasetUUID can not be specified simultaneously";
            errors.invalid_str(path, "resource", detail);
        }
    }
    if name.contains('/') {
        errors.invalid_str(
            format_args!("{path}.datasetName"),
            name,
            "must not contain '/'",
        );
    }
}

pub(super) fn rbd(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["monitors", "image"], path, errors);
}

fn named_secret(source: &Value, path: Path<'_>, errors: &mut Errors) {
    if let Some(secret) = member(source, "secretRef") {
        require(secret, &["name"], &format_args!("{path}.secretRef"), errors);
    }
}

pub(super) fn cinder(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["volumeID"], path, errors);
    named_secret(source, path, errors);
}

pub(super) fn ceph(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["monitors"], path, errors);
}

pub(super) fn quobyte(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let registry = text(source, "registry");
    let detail = "must be a host:port pair or multiple pairs separated by commas";
    if registry.is_empty() {
        errors.required(format_args!("{path}.registry"), detail);
    } else if text(source, "tenant").len() >= 65 {
        let detail = "must be a UUID and may not exceed a length of 64 characters";
        errors.required(format_args!("{path}.tenant"), detail);
    } else {
        for _ in registry.split(',').filter(|pair| !is_host_port(pair)) {
            errors.invalid_str(format_args!("{path}.registry"), registry, detail);
        }
    }
    require(source, &["volume"], path, errors);
}

/// Whether Go splits it into host and port.
fn is_host_port(pair: &str) -> bool {
    let Some((host, port)) = pair.rsplit_once(':') else {
        return false;
    };
    if port.contains(['[', ']']) {
        return false;
    }
    match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|inner| !inner.contains(['[', ']'])),
        None => !host.contains([':', '[', ']']),
    }
}

pub(super) fn fibre_channel(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let (targets, ids) = (list(source, "targetWWNs"), list(source, "wwids"));
    let at = format_args!("{path}.targetWWNs");
    if targets.is_empty() && ids.is_empty() {
        errors.required(at, "must specify either targetWWNs or wwids, but not both");
    }
    if !targets.is_empty() && !ids.is_empty() {
        let detail = "targetWWNs and wwids can not be specified simultaneously";
        errors.invalid(at, &source["targetWWNs"], detail);
    }
    if !targets.is_empty() {
        match number(source, "lun") {
            None => errors.required(
                format_args!("{path}.lun"),
                "lun is required if targetWWNs is specified",
            ),
            Some(lun) => errors.range(format_args!("{path}.lun"), lun, 0, 255),
        }
    }
}

pub(super) fn flex(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["driver"], path, errors);
    for (key, _) in entries(source, "options") {
        let namespace = key.split_once('/').map_or(key, |(namespace, _)| namespace);
        let namespace = format!(".{}", namespace.to_lowercase());
        if namespace.ends_with(".kubernetes.io") || namespace.ends_with(".k8s.io") {
            let detail = "kubernetes.io and k8s.io namespaces are reserved";
            errors.invalid_str(format_args!("{path}.options[{key}]"), key, detail);
        }
    }
}

pub(super) fn azure_file(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["secretName", "shareName"], path, errors);
}

pub(super) fn vsphere(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["volumePath"], path, errors);
}

pub(super) fn photon(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["pdID"], path, errors);
}

pub(super) fn portworx(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["volumeID"], path, errors);
}

pub(super) fn azure_disk(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["diskName", "diskURI"], path, errors);
    errors.one_of(
        format_args!("{path}.cachingMode"),
        member(source, "cachingMode"),
        &["None", "ReadOnly", "ReadWrite"],
    );
    let kind = member(source, "kind");
    let kinds = ["Dedicated", "Managed", "Shared"];
    errors.one_of(format_args!("{path}.kind"), kind, &kinds);
    let uri = text(source, "diskURI");
    let (start, form) = match kind.and_then(Value::as_str) {
        None => return,
        Some("Managed") => (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        ),
        Some(_) => (
            "https://",
            "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
        ),
    };
    if !uri.starts_with(start) {
        errors.not_supported(format_args!("{path}.diskURI"), uri, &[form]);
    }
}

pub(super) fn storage_os(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["volumeName"], path, errors);
    for field in ["volumeName", "volumeNamespace"] {
        let name = text(source, field);
        if !name.is_empty() {
            errors.invalid_each(format_args!("{path}.{field}"), name, is_dns1123_label(name));
        }
    }
    named_secret(source, path, errors);
}

pub(super) fn scale_io(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["gateway", "system", "volumeName"], path, errors);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iscsi_name_is_of_one_of_three_forms() {
        for good in [
            "iqn.2001-04.com.example:storage.disk1",
            "eui.0123456789abcdef",
            "naa.0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(iscsi_name(good), None, "{good}");
        }
        for bad in [
            "",
            "abc",
            "iqn.2001.com:x",
            "eui.1",
            "iqn.2001-04.com.example",
        ] {
            assert!(iscsi_name(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_registry_is_a_host_and_a_port() {
        assert!(is_host_port("a:1") && is_host_port("[::1]:2") && is_host_port(":"));
        assert!(!is_host_port("a") && !is_host_port("::1:2"));
    }
}
