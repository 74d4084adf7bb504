//! Pods of Windows, and what pods of one system cannot have of the other.

use serde_json::Value;

use crate::names::is_dns1123_subdomain;
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{containers, flag, is_set, is_true, list, member, text};

const MAX_CREDENTIAL_SPEC: usize = 64 * 1024;
const MAX_DOMAIN: usize = 256;
const MAX_USER: usize = 104;

/// `validateWindowsSecurityContextOptions`.
pub(super) fn validate_options(context: &Value, path: Path<'_>, errors: &mut Errors) {
    let Some(options) = member(context, "windowsOptions") else {
        return;
    };
    let path = format_args!("{path}.windowsOptions");
    let given = |field| member(options, field).and_then(Value::as_str);
    if let Some(name) = given("gmsaCredentialSpecName") {
        let at = format_args!("{path}.gmsaCredentialSpecName");
        errors.invalid_each(at, name, is_dns1123_subdomain(name));
    }
    if let Some(spec) = given("gmsaCredentialSpec") {
        let at = format_args!("{path}.gmsaCredentialSpec");
        if spec.is_empty() {
            errors.invalid_str(at, spec, "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > MAX_CREDENTIAL_SPEC {
            errors.invalid_str(at, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(name) = given("runAsUserName") {
        for reason in user_name(name) {
            errors.invalid_str(format_args!("{path}.runAsUserName"), name, reason);
        }
    }
}

/// What is wrong with `DOMAIN\user`, of which the domain may be left out.
fn user_name(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if name.bytes().any(|c| c.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    let parts: Vec<&str> = name.split('\\').collect();
    let (domain, user) = match parts.as_slice() {
        [user] => (None, *user),
        [domain, user] => (Some(*domain), *user),
        _ => return vec!["runAsUserName cannot contain more than one backslash"],
    };
    let mut reasons = Vec::new();
    if domain.is_some_and(|domain| domain.len() >= MAX_DOMAIN) {
        reasons.push("runAsUserName's Domain length must be under 256 characters");
    }
    if domain.is_some_and(|domain| !is_net_bios(domain) && !is_dns(domain)) {
        reasons.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
    if user.is_empty() {
        reasons.push("runAsUserName's User cannot be empty");
    } else if user.len() > MAX_USER {
        reasons.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.bytes().all(|c| matches!(c, b'.' | b' ')) {
        reasons.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(|c| r#""/\:;|=,+*?<>@[]"#.contains(c)) {
        reasons.push(
            r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#,
        );
    }
    reasons
}

fn is_net_bios(domain: &str) -> bool {
    let length = domain.chars().count();
    (1..=15).contains(&length)
        && !domain.starts_with('.')
        && !domain.contains(|c| r#"\/:*?"<>|"#.contains(c))
}

fn is_dns(domain: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes
                .iter()
                .all(|c| c.is_ascii_alphanumeric() || *c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.split('.').all(label)
}

/// `validateWindowsHostProcessPod`.
pub(super) fn validate_host_process(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let host_process =
        |holder: &Value| flag(&holder["securityContext"]["windowsOptions"], "hostProcess");
    let of_pod = host_process(spec);
    let (mut all, mut processes) = (0, 0);
    for (field, i, container) in containers(spec) {
        all += 1;
        let own = host_process(container);
        if let (Some(pod), Some(own)) = (of_pod, own)
            && pod != own
        {
            let at = format_args!("{path}.{field}[{i}].securityContext.windowsOptions.hostProcess");
            let detail =
                format!("pod hostProcess value must be identical if both are specified, was {pod}");
            errors.invalid(at, &own.into(), detail);
        }
        processes += i32::from(own.or(of_pod) == Some(true));
    }
    if processes == 0 {
        return;
    }
    if processes != all {
        let detail = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.invalid_str(path, "", detail);
    }
    if !is_true(spec, "hostNetwork") {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.invalid(format_args!("{path}.hostNetwork"), &false.into(), detail);
    }
}

/// `validateOS`, `validateLinux` and `validateWindows`.
pub(super) fn validate_os(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let Some(os) = member(spec, "os") else { return };
    match text(os, "name") {
        "" => errors.required(format_args!("{path}.os.name"), ""),
        "linux" => {
            let detail = "windows options cannot be set for a linux pod";
            for (place, context) in contexts(spec) {
                if is_set(context, "windowsOptions") {
                    let at = format_args!("{path}.{place}securityContext.windowsOptions");
                    errors.forbidden(at, detail);
                }
            }
        }
        "windows" => validate_windows(spec, path, errors),
        other => {
            errors.not_supported(format_args!("{path}.os"), other, &["linux", "windows"]);
        }
    }
}

/// The security contexts of a pod and of its containers, each with the path of what has it.
fn contexts(spec: &Value) -> impl Iterator<Item = (String, &Value)> {
    let of_pod = std::iter::once((String::new(), &spec["securityContext"]));
    of_pod.chain(
        containers(spec)
            .map(|(field, i, container)| (format!("{field}[{i}]."), &container["securityContext"])),
    )
}

/// What a pod of Windows cannot have, in upstream's order; true for what is in the security context.
const NOT_OF_WINDOWS_PODS: [(&str, bool); 15] = [
    ("appArmorProfile", true),
    ("seLinuxOptions", true),
    ("hostUsers", false),
    ("hostPID", false),
    ("hostIPC", false),
    ("seccompProfile", true),
    ("fsGroup", true),
    ("fsGroupChangePolicy", true),
    ("sysctls", true),
    ("shareProcessNamespace", false),
    ("runAsUser", true),
    ("runAsGroup", true),
    ("supplementalGroups", true),
    ("supplementalGroupsPolicy", true),
    ("seLinuxChangePolicy", true),
];
const NOT_OF_WINDOWS_CONTAINERS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

fn validate_windows(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let detail = "cannot be set for a windows pod";
    let context = &spec["securityContext"];
    for (field, is_inside) in NOT_OF_WINDOWS_PODS {
        let holder = if is_inside { context } else { spec };
        let is_given = match field {
            "hostPID" | "hostIPC" => is_true(holder, field),
            "sysctls" => !list(holder, field).is_empty(),
            _ => is_set(holder, field),
        };
        if is_given {
            let within = if is_inside { "securityContext." } else { "" };
            errors.forbidden(format_args!("{path}.{within}{field}"), detail);
        }
    }
    for (place, context) in contexts(spec).skip(1) {
        for field in NOT_OF_WINDOWS_CONTAINERS {
            if is_set(context, field) {
                let at = format_args!("{path}.{place}securityContext.{field}");
                errors.forbidden(at, detail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_windows_may_have_a_domain() {
        for good in ["Administrator", r"NT AUTHORITY\SYSTEM", r"a.example\user"] {
            assert!(user_name(good).is_empty(), "{good}");
        }
        for bad in ["", "a\u{7}", r"a\b\c", r"\u", r"d\", "..", "a@b"] {
            assert!(!user_name(bad).is_empty(), "{bad}");
        }
    }
}
