//! The volumes that are still in use.

use serde_json::Value;

use crate::names::{is_dns1123_subdomain, name_is_dns_subdomain};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::paths::{validate_no_backsteps, validate_not_reserved};
use crate::registry::pod::read::{list, member, number, text};
use crate::registry::pod::spec::Context;
use crate::registry::pod::spec::environment::{VOLUME_FIELDS, validate_field, validate_resource};
use crate::registry::pod::spec::validate_pull_policy;

/// What a path of a host may be.
pub(crate) const HOST_PATH_TYPES: [&str; 8] = [
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];
const MAX_DRIVER: usize = 63;

/// What must be there.
pub(super) fn require(source: &Value, fields: &[&str], path: Path<'_>, errors: &mut Errors) {
    for field in fields {
        let is_empty = match member(source, field) {
            None => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        if is_empty {
            errors.required(format_args!("{path}.{field}"), "");
        }
    }
}

pub(super) fn validate_mode(holder: &Value, field: &str, path: Path<'_>, errors: &mut Errors) {
    if let Some(mode) = number(holder, field).filter(|mode| !(0..=0o777).contains(mode)) {
        let detail = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.invalid(format_args!("{path}.{field}"), &mode.into(), detail);
    }
}

pub(super) fn host_path(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let file = text(source, "path");
    if file.is_empty() {
        return errors.required(format_args!("{path}.path"), "");
    }
    validate_no_backsteps(file, &format_args!("{path}.path"), errors);
    errors.one_of(
        format_args!("{path}.type"),
        member(source, "type"),
        &HOST_PATH_TYPES,
    );
}

pub(super) fn secret(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["secretName"], path, errors);
    validate_items(source, path, errors);
}

pub(super) fn config_map(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["name"], path, errors);
    validate_items(source, path, errors);
}

fn validate_items(source: &Value, path: Path<'_>, errors: &mut Errors) {
    validate_mode(source, "defaultMode", path, errors);
    for (i, item) in list(source, "items").iter().enumerate() {
        validate_key_to_path(item, &format_args!("{path}.items[{i}]"), errors);
    }
}

/// `validateKeyToPath`.
pub(super) fn validate_key_to_path(item: &Value, path: Path<'_>, errors: &mut Errors) {
    require(item, &["key", "path"], path, errors);
    validate_not_reserved(text(item, "path"), &format_args!("{path}.path"), errors);
    validate_mode(item, "mode", path, errors);
}

pub(super) fn claim(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["claimName"], path, errors);
}

pub(super) fn nfs(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    require(source, &["server", "path"], path, errors);
    let file = text(source, "path");
    if !file.starts_with('/') {
        let at = format_args!("{path}.path");
        errors.invalid_str(at, file, "must be an absolute path");
    }
}

pub(super) fn downward(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    validate_mode(source, "defaultMode", path, errors);
    for file in list(source, "items") {
        validate_downward_file(file, path, errors);
    }
}

/// `validateDownwardAPIVolumeFile`, which does not tell which of the files it is about.
pub(super) fn validate_downward_file(file: &Value, path: Path<'_>, errors: &mut Errors) {
    require(file, &["path"], path, errors);
    validate_not_reserved(text(file, "path"), &format_args!("{path}.path"), errors);
    let resource = member(file, "resourceFieldRef");
    match (member(file, "fieldRef"), resource) {
        (Some(reference), _) => {
            let at = format_args!("{path}.fieldRef");
            validate_field(reference, &VOLUME_FIELDS, &at, errors);
            if resource.is_some() {
                let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.invalid_str(path, "resource", detail);
            }
        }
        (None, Some(reference)) => {
            let at = format_args!("{path}.resourceFieldRef");
            validate_resource(reference, true, &at, errors);
        }
        (None, None) => {
            errors.required(path, "one of fieldRef and resourceFieldRef is required");
        }
    }
    validate_mode(file, "mode", path, errors);
}

pub(super) fn csi(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let driver = text(source, "driver");
    let at = format_args!("{path}.driver");
    if driver.is_empty() {
        errors.required(at, "");
    } else {
        if driver.len() > MAX_DRIVER {
            errors.too_long(at, MAX_DRIVER);
        }
        let reasons = is_dns1123_subdomain(&driver.to_lowercase());
        errors.invalid_each(at, driver, reasons);
    }
    if let Some(secret) = member(source, "nodePublishSecretRef") {
        match text(secret, "name") {
            "" => errors.required(format_args!("{path}.nodePublishSecretRef.name"), ""),
            name => {
                let reasons = name_is_dns_subdomain(name, false);
                errors.invalid_each(format_args!("{path}.name"), name, reasons);
            }
        }
    }
}

pub(super) fn image(context: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    if context.is_pod {
        require(source, &["reference"], path, errors);
    }
    let at = format_args!("{path}.pullPolicy");
    validate_pull_policy(text(source, "pullPolicy"), &at, errors);
}
