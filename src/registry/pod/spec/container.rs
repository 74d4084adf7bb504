//! Containers: `validateContainers` and what is common to all sorts of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Context;
use super::{environment, mounts, ports, probes, resources, restart, security};
use crate::names::is_dns1123_label;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{list, member, text};

pub(super) fn validate_all(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    let containers = list(context.spec, "containers");
    if containers.is_empty() {
        return errors.required(format_args!("{path}.containers"), "");
    }
    let mut names = BTreeSet::new();
    for (i, container) in containers.iter().enumerate() {
        let at = format!("{path}.containers[{i}]");
        validate_common(context, container, &at, errors);
        if !names.insert(text(container, "name")) {
            errors.duplicate(format_args!("{at}.name"), text(container, "name"));
        }
        probes::validate_running(context, container, &at, errors);
        restart::validate(container, &at, errors);
    }
    ports::validate_host_ports(containers, &format_args!("{path}.containers"), errors);
}

/// `validateContainerCommon`.
pub(super) fn validate_common(
    context: &Context<'_>,
    container: &Value,
    path: &str,
    errors: &mut Errors,
) {
    match text(container, "name") {
        "" => errors.required(format_args!("{path}.name"), ""),
        name => errors.invalid_each(format_args!("{path}.name"), name, is_dns1123_label(name)),
    }
    if text(container, "image").is_empty() {
        errors.required(format_args!("{path}.image"), "");
    }
    match text(container, "terminationMessagePolicy") {
        "" => errors.required(format_args!("{path}.terminationMessagePolicy"), ""),
        _ => errors.one_of(
            format_args!("{path}.terminationMessagePolicy"),
            member(container, "terminationMessagePolicy"),
            &["File", "FallbackToLogsOnError"],
        ),
    }
    ports::validate(container, &format_args!("{path}.ports"), errors);
    environment::validate(container, path, errors);
    mounts::validate(context, container, path, errors);
    mounts::validate_devices(context, container, path, errors);
    validate_pull_policy(
        text(container, "imagePullPolicy"),
        &format_args!("{path}.imagePullPolicy"),
        errors,
    );
    resources::validate_container(
        context,
        &container["resources"],
        &format_args!("{path}.resources"),
        errors,
    );
    resources::validate_resize_policy(context.spec, container, path, errors);
    if let Some(security) = member(container, "securityContext") {
        let path = format_args!("{path}.securityContext");
        security::validate_container(security, context.host_users(), &path, errors);
    }
}

pub(crate) fn validate_pull_policy(policy: &str, path: Path<'_>, errors: &mut Errors) {
    let supported = ["Always", "IfNotPresent", "Never"];
    if policy.is_empty() {
        errors.required(path, "");
    } else if !supported.contains(&policy) {
        errors.not_supported(path, policy, &supported);
    }
}

/// `validateContainerOnlyForPod`: what a template gets away with.
pub(crate) fn validate_only_for_pod(container: &Value, path: Path<'_>, errors: &mut Errors) {
    let image = text(container, "image");
    if image.trim().len() != image.len() {
        errors.invalid_str(
            format_args!("{path}.image"),
            image,
            "must not have leading or trailing whitespace",
        );
    }
}
