//! What is asked for the pod as a whole.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Context, resources, windows};
use crate::names::{is_dns1123_label, name_is_dns_subdomain};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::internal;
use crate::registry::pod::read::{containers, is_set, list, member, text};

/// `validatePodResourceClaims`.
pub(super) fn validate_claims(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (i, claim) in list(spec, "resourceClaims").iter().enumerate() {
        let at = format_args!("{path}.resourceClaims[{i}]");
        let name = text(claim, "name");
        if name.is_empty() {
            errors.required(format_args!("{at}.name"), "");
        } else if !seen.insert(name) {
            errors.duplicate(format_args!("{at}.name"), name);
        } else {
            errors.invalid_each(format_args!("{at}.name"), name, is_dns1123_label(name));
        }
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        let reason = match sources.map(|field| is_set(claim, field)) {
            [true, true] => {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            }
            [false, false] => {
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            }
            _ => "",
        };
        if !reason.is_empty() {
            errors.invalid_shown(at, internal::compact("PodResourceClaim", claim), reason);
        }
        for field in sources {
            if let Some(name) = member(claim, field).and_then(Value::as_str) {
                let reasons = name_is_dns_subdomain(name, false);
                errors.invalid_each(format_args!("{at}.{field}"), name, reasons);
            }
        }
    }
}

/// What comes last in a spec.
pub(super) fn validate(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    resources::validate_overhead(context, path, errors);
    windows::validate_os(context.spec, path, errors);
    validate_file_volumes(context.spec, path, errors);
}

/// `validateFileKeyRefVolumes`.
fn validate_file_volumes(spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let volumes = list(spec, "volumes");
    for (field, i, container) in containers(spec) {
        for (j, variable) in list(container, "env").iter().enumerate() {
            let Some(reference) = member(&variable["valueFrom"], "fileKeyRef") else {
                continue;
            };
            let name = text(reference, "volumeName");
            let at = format_args!("{path}.{field}[{i}].env[{j}].valueFrom.fileKeyRef.volumeName");
            match volumes.iter().rfind(|volume| text(volume, "name") == name) {
                None => errors.not_found(at, name, ""),
                Some(volume) if !is_set(volume, "emptyDir") => {
                    let detail = "referenced volume must be of type emptyDir";
                    errors.invalid_str(at, name, detail);
                }
                Some(_) => {}
            }
        }
    }
}
