//! Where a container finds the volumes of its pod.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Context;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::paths::{has_backsteps, validate_descending};
use crate::registry::pod::read::{is_set, is_true, list, member, text};

/// `ValidateVolumeMounts`.
pub(super) fn validate(context: &Context<'_>, container: &Value, at: &str, errors: &mut Errors) {
    let devices = list(container, "volumeDevices");
    let path = format_args!("{at}.volumeMounts");
    let mut taken = BTreeSet::new();
    for (i, mount) in list(container, "volumeMounts").iter().enumerate() {
        let (name, place) = (text(mount, "name"), text(mount, "mountPath"));
        if name.is_empty() {
            errors.required(format_args!("{path}[{i}].name"), "");
        }
        if !context.volumes.contains_key(name) {
            errors.not_found(format_args!("{path}[{i}].name"), name, "");
        }
        if place.is_empty() {
            errors.required(format_args!("{path}[{i}].mountPath"), "");
        }
        if !taken.insert(place) {
            errors.invalid_str(
                format_args!("{path}[{i}].mountPath"),
                place,
                "must be unique",
            );
        }
        if devices.iter().any(|device| text(device, "name") == name) {
            let at = format_args!("{path}[{i}].name");
            errors.invalid_str(at, name, "must not already exist in volumeDevices");
        }
        if devices
            .iter()
            .any(|device| text(device, "devicePath") == place)
        {
            let at = format_args!("{path}[{i}].mountPath");
            let detail = "must not already exist as a path in volumeDevices";
            errors.invalid_str(at, place, detail);
        }
        validate_sub_path(mount, i, &path, errors);
        validate_propagation(mount, container, &path, errors);
    }
}

/// Upstream leaves out the index of the mount in most of these places.
fn validate_sub_path(mount: &Value, i: usize, path: Path<'_>, errors: &mut Errors) {
    let (sub, expression) = (text(mount, "subPath"), text(mount, "subPathExpr"));
    if !sub.is_empty() {
        validate_descending(sub, &format_args!("{path}.subPath"), errors);
    }
    if !expression.is_empty() {
        if !sub.is_empty() {
            let at = format_args!("{path}[{i}].subPathExpr");
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.invalid_str(at, expression, detail);
        }
        validate_descending(expression, &format_args!("{path}.subPathExpr"), errors);
    }
}

fn validate_propagation(mount: &Value, container: &Value, path: Path<'_>, errors: &mut Errors) {
    let propagation = member(mount, "mountPropagation");
    errors.one_of(
        format_args!("{path}.mountPropagation"),
        propagation,
        &["Bidirectional", "HostToContainer", "None"],
    );
    let is_privileged = is_true(&container["securityContext"], "privileged");
    if text(mount, "mountPropagation") == "Bidirectional" && !is_privileged {
        errors.forbidden(
            format_args!("{path}.mountPropagation"),
            "Bidirectional mount propagation is available only to privileged containers",
        );
    }
    let at = format_args!("{path}.recursiveReadOnly");
    match text(mount, "recursiveReadOnly") {
        "Enabled" | "IfPossible" => {
            if !is_true(mount, "readOnly") {
                errors.forbidden(at, "may only be specified when readOnly is true");
            }
            if propagation.is_some_and(|mode| mode != "None") {
                let detail = "may only be specified when mountPropagation is None or not specified";
                errors.forbidden(at, detail);
            }
        }
        _ => errors.one_of(
            at,
            member(mount, "recursiveReadOnly"),
            &["Disabled", "Enabled", "IfPossible"],
        ),
    }
}

/// `ValidateVolumeDevices`.
pub(super) fn validate_devices(
    context: &Context<'_>,
    container: &Value,
    at: &str,
    errors: &mut Errors,
) {
    let mounts = list(container, "volumeMounts");
    let path = format_args!("{at}.volumeDevices");
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    for (i, device) in list(container, "volumeDevices").iter().enumerate() {
        let (name, place) = (text(device, "name"), text(device, "devicePath"));
        let at_name = format_args!("{path}[{i}].name");
        let at_place = format_args!("{path}[{i}].devicePath");
        let volume = context.volumes.get(name);
        if name.is_empty() {
            errors.required(at_name, "");
        }
        if names.contains(name) {
            errors.invalid_str(at_name, name, "must be unique");
        }
        match volume {
            Some(volume)
                if !is_set(volume, "persistentVolumeClaim") && !is_set(volume, "ephemeral") =>
            {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid_str(at_name, name, detail);
            }
            Some(_) => {}
            None => errors.not_found(at_name, name, ""),
        }
        if place.is_empty() {
            errors.required(at_place, "");
        }
        if places.contains(place) {
            errors.invalid_str(at_place, place, "must be unique");
        }
        if has_backsteps(place) {
            errors.invalid_str(at_place, place, "can not contain backsteps ('..')");
        } else {
            places.insert(place);
        }
        if mounts.iter().any(|mount| text(mount, "name") == name) {
            errors.invalid_str(at_name, name, "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| text(mount, "mountPath") == place) {
            let detail = "must not already exist as a path in volumeMounts";
            errors.invalid_str(at_place, place, detail);
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}
