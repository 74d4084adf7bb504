//! Volumes whose claim comes and goes with the pod.

use serde_json::{Map, Value};

use crate::codec::quantity::Quantity;
use crate::names::{is_dns1123_label, is_dns1123_subdomain, name_is_dns_subdomain};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{member, text, texts};
use crate::registry::pod::spec::Context;
use crate::registry::validation::meta::{validate_annotations, validate_labels_at};
use crate::registry::validation::selector::validate_label_selector;

const ACCESS_MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

/// Metadata that a template has no use for, as upstream tells it.
const NOT_ALLOWED: [(&str, &str); 12] = [
    ("name", "name"),
    ("generateName", "generateName"),
    ("namespace", "namespace"),
    ("uid", "uID"),
    ("resourceVersion", "resourceVersion"),
    ("generation", "generation"),
    ("creationTimestamp", "creationTimestamp"),
    ("deletionTimestamp", "deletionTimestamp"),
    ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
    ("ownerReferences", "ownerReferences"),
    ("finalizers", "finalizers"),
    ("managedFields", "managedFields"),
];

/// `validateEphemeralVolumeSource`.
pub(super) fn ephemeral(_: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let path = format!("{path}.volumeClaimTemplate");
    let Some(template) = member(source, "volumeClaimTemplate") else {
        return errors.required(path, "");
    };
    let meta = &template["metadata"];
    let none = Map::new();
    let at = format!("{path}.metadata");
    errors.extend(validate_annotations(meta.as_object().unwrap_or(&none), &at));
    errors.extend(validate_labels_at(meta, "labels", &at));
    for (field, told) in NOT_ALLOWED {
        if member(meta, field).is_some() {
            errors.forbidden(format_args!("{at}.{told}"), "cannot be set");
        }
    }
    validate_spec(&template["spec"], &format_args!("{path}.spec"), errors);
}

/// `ValidatePersistentVolumeClaimSpec`.
pub(crate) fn validate_spec(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let modes = texts(spec, "accessModes");
    let at = format_args!("{path}.accessModes");
    if modes.is_empty() {
        errors.required(at, "at least 1 access mode is required");
    }
    if let Some(selector) = member(spec, "selector") {
        let at = format!("{path}.selector");
        errors.extend(validate_label_selector(selector, &at));
    }
    for mode in modes.iter().filter(|mode| !ACCESS_MODES.contains(mode)) {
        errors.not_supported(at, mode, &ACCESS_MODES);
    }
    let (once, others): (Vec<&str>, Vec<&str>) = modes
        .into_iter()
        .filter(|mode| ACCESS_MODES.contains(mode))
        .partition(|mode| *mode == "ReadWriteOncePod");
    if !once.is_empty() && !others.is_empty() {
        errors.forbidden(at, "may not use ReadWriteOncePod with other access modes");
    }
    let storage = spec["resources"]["requests"]["storage"].as_str();
    let at = format_args!("{path}.resources[storage]");
    match storage.map(Quantity::parse) {
        Some(Ok(amount)) if amount.sign() <= 0 => {
            errors.invalid_str(at, amount.as_str(), "must be greater than zero");
        }
        Some(_) => {}
        None => errors.required(at, ""),
    }
    validate_class(spec, "storageClassName", path, errors);
    errors.one_of(
        format_args!("{path}.volumeMode"),
        member(spec, "volumeMode"),
        &["Block", "Filesystem"],
    );
    validate_data_sources(spec, path, errors);
    validate_class(spec, "volumeAttributesClassName", path, errors);
}

fn validate_class(spec: &Value, field: &str, path: Path<'_>, errors: &mut Errors) {
    let name = text(spec, field);
    if !name.is_empty() {
        let reasons = name_is_dns_subdomain(name, false);
        errors.invalid_each(format_args!("{path}.{field}"), name, reasons);
    }
}

fn validate_data_sources(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let fields = ["dataSource", "dataSourceRef"];
    for field in fields {
        if let Some(source) = member(spec, field) {
            validate_data_source(source, &format_args!("{path}.{field}"), errors);
        }
    }
    let [Some(source), Some(reference)] = fields.map(|field| member(spec, field)) else {
        return;
    };
    let shown = format!("\"{path}.dataSource\"");
    if !text(reference, "namespace").is_empty() {
        let detail = "may not be specified when dataSourceRef.namespace is specified";
        errors.invalid_shown(path, shown, detail);
    } else if ["apiGroup", "kind", "name"]
        .into_iter()
        .any(|field| source.get(field) != reference.get(field))
    {
        errors.invalid_shown(path, shown, "must match dataSourceRef");
    }
}

fn validate_data_source(source: &Value, path: Path<'_>, errors: &mut Errors) {
    for field in ["name", "kind"] {
        if text(source, field).is_empty() {
            errors.required(format_args!("{path}.{field}"), "");
        }
    }
    let (group, kind) = (text(source, "apiGroup"), text(source, "kind"));
    if group.is_empty() && kind != "PersistentVolumeClaim" {
        let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errors.invalid_str(path, kind, detail);
    }
    if !group.is_empty() {
        let at = format_args!("{path}.apiGroup");
        errors.invalid_each(at, group, is_dns1123_subdomain(group));
    }
    let namespace = text(source, "namespace");
    if !namespace.is_empty() {
        let at = format_args!("{path}.namespace");
        errors.invalid_each(at, namespace, is_dns1123_label(namespace));
    }
}
