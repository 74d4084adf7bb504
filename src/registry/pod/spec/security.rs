//! As whom containers run, and what they may do.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Context, windows};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::formats::{MAX_ID, sysctl_name};
use crate::registry::pod::internal;
use crate::registry::pod::paths::validate_descending;
use crate::registry::pod::read::{flag, is_true, list, member, number, text};

const PROFILE_TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];
const MAX_PROFILE: usize = 4095;

/// `ValidateSecurityContext`.
pub(super) fn validate_container(
    context: &Value,
    host_users: bool,
    path: Path<'_>,
    errors: &mut Errors,
) {
    validate_ids(context, &["runAsUser", "runAsGroup"], path, errors);
    if let Some(mount) = member(context, "procMount").and_then(Value::as_str) {
        let at = format_args!("{path}.procMount");
        errors.one_of(at, member(context, "procMount"), &["Default", "Unmasked"]);
        if host_users && mount == "Unmasked" {
            errors.invalid_str(at, mount, "`hostUsers` must be false to use `Unmasked`");
        }
    }
    validate_seccomp(context, path, errors);
    if flag(context, "allowPrivilegeEscalation") == Some(false) {
        let shown = || internal::compact("SecurityContext", context);
        if is_true(context, "privileged") {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.invalid_shown(path, shown(), detail);
        }
        for added in list(&context["capabilities"], "add") {
            if added == "CAP_SYS_ADMIN" {
                let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
                errors.invalid_shown(path, shown(), detail);
            }
        }
    }
    windows::validate_options(context, path, errors);
    validate_app_armor(context, path, errors);
}

fn validate_ids(context: &Value, fields: &[&str], path: Path<'_>, errors: &mut Errors) {
    for field in fields {
        if let Some(id) = number(context, field) {
            errors.range(format_args!("{path}.{field}"), id, 0, MAX_ID);
        }
    }
}

/// `validatePodSpecSecurityContext`.
pub(super) fn validate_pod(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    let spec = context.spec;
    let Some(security) = member(spec, "securityContext") else {
        return;
    };
    let path = format_args!("{path}.securityContext");
    validate_ids(
        security,
        &["fsGroup", "runAsUser", "runAsGroup"],
        &path,
        errors,
    );
    for (i, group) in list(security, "supplementalGroups").iter().enumerate() {
        let group = group.as_i64().unwrap_or_default();
        errors.range(
            format_args!("{path}.supplementalGroups[{i}]"),
            group,
            0,
            MAX_ID,
        );
    }
    if is_true(spec, "shareProcessNamespace") && is_true(spec, "hostPID") {
        errors.invalid(
            format_args!("{path}.shareProcessNamespace"),
            &true.into(),
            "ShareProcessNamespace and HostPID cannot both be enabled",
        );
    }
    validate_sysctls(spec, security, &path, errors);
    errors.one_of(
        format_args!("{path}.fsGroupChangePolicy"),
        member(security, "fsGroupChangePolicy"),
        &["Always", "OnRootMismatch"],
    );
    validate_seccomp(security, &path, errors);
    windows::validate_options(security, &path, errors);
    validate_app_armor(security, &path, errors);
    errors.one_of(
        format_args!("{path}.supplementalGroupsPolicy"),
        member(security, "supplementalGroupsPolicy"),
        &["Merge", "Strict"],
    );
    let policies = match context.leniency.any_selinux_policy {
        true => &["MountOption", "Recursive"][..],
        false => &["Recursive"],
    };
    errors.one_of(
        format_args!("{path}.seLinuxChangePolicy"),
        member(security, "seLinuxChangePolicy"),
        policies,
    );
}

fn validate_sysctls(spec: &Value, security: &Value, path: Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, sysctl) in list(security, "sysctls").iter().enumerate() {
        let name = text(sysctl, "name");
        let at = format_args!("{path}.sysctls[{i}].name");
        if name.is_empty() {
            errors.required(at, "");
        } else if let Some(reason) = sysctl_name(name) {
            errors.invalid_str(at, name, reason);
        } else if seen.contains(name) {
            errors.duplicate(at, name);
        }
        for (field, is_shared) in [
            ("hostNetwork", is_of_network(name)),
            ("hostIPC", is_of_ipc(name)),
        ] {
            if is_shared && is_true(spec, field) {
                let detail = format!("may not be specified when '{field}' is true");
                errors.invalid_str(at, name, detail);
            }
        }
        seen.insert(name);
    }
}

/// A sysctl with dots between its parts, whatever stood there.
fn dotted(name: &str) -> String {
    match name.find(['.', '/']) {
        Some(at) if name[at..].starts_with('/') => name
            .chars()
            .map(|c| match c {
                '/' => '.',
                '.' => '/',
                c => c,
            })
            .collect(),
        _ => name.to_owned(),
    }
}

fn is_of_network(name: &str) -> bool {
    dotted(name).starts_with("net.")
}

fn is_of_ipc(name: &str) -> bool {
    let name = dotted(name);
    name == "kernel.sem"
        || ["kernel.shm", "kernel.msg", "fs.mqueue."]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// `validateSeccompProfileField`.
fn validate_seccomp(context: &Value, path: Path<'_>, errors: &mut Errors) {
    let Some(profile) = member(context, "seccompProfile") else {
        return;
    };
    let path = format_args!("{path}.seccompProfile");
    let ty = text(profile, "type");
    if ty.is_empty() {
        let detail = "type is required when seccompProfile is set";
        errors.required(format_args!("{path}.type"), detail);
    } else if !PROFILE_TYPES.contains(&ty) {
        errors.not_supported(format_args!("{path}.type"), ty, &PROFILE_TYPES);
    }
    let at = format_args!("{path}.localhostProfile");
    match (
        ty,
        member(profile, "localhostProfile").and_then(Value::as_str),
    ) {
        ("Localhost", None) => errors.required(at, "must be set when seccomp type is Localhost"),
        ("Localhost", Some(file)) => validate_descending(file, &at, errors),
        (_, Some(_)) => errors.invalid_shown(
            at,
            internal::compact("SeccompProfile", profile),
            "can only be set when seccomp type is Localhost",
        ),
        _ => {}
    }
}

/// `ValidateAppArmorProfileField`.
pub(crate) fn validate_app_armor(context: &Value, path: Path<'_>, errors: &mut Errors) {
    let Some(profile) = member(context, "appArmorProfile") else {
        return;
    };
    let path = format_args!("{path}.appArmorProfile");
    let at = format_args!("{path}.localhostProfile");
    let file = member(profile, "localhostProfile").and_then(Value::as_str);
    let missing = "must be set when AppArmor type is Localhost";
    match (text(profile, "type"), file) {
        ("Localhost", None) => errors.required(at, missing),
        ("Localhost", Some(file)) => {
            if file.trim() != file {
                errors.invalid_str(at, file, "must not be padded with whitespace");
            } else if file.is_empty() {
                errors.required(at, missing);
            }
            if file.len() > MAX_PROFILE {
                errors.too_long(at, MAX_PROFILE);
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(file)) => {
            errors.invalid_str(at, file, "can only be set when AppArmor type is Localhost");
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => {
            let detail = "type is required when appArmorProfile is set";
            errors.required(format_args!("{path}.type"), detail);
        }
        (other, _) => errors.not_supported(format_args!("{path}.type"), other, &PROFILE_TYPES),
    }
}
