//! Containers that are put into a running pod: `validateEphemeralContainers`.

use std::collections::BTreeSet;

use super::{Context, container};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{has_content, list, text};

/// What they cannot have, in the order of upstream's struct.
const NOT_ALLOWED: [&str; 9] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

pub(super) fn validate_all(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    let ephemeral = list(context.spec, "ephemeralContainers");
    if ephemeral.is_empty() {
        return;
    }
    let others: BTreeSet<&str> = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|field| list(context.spec, field))
        .map(|container| text(container, "name"))
        .collect();
    let mut names = others.clone();
    for (i, container) in ephemeral.iter().enumerate() {
        let at = format!("{path}.ephemeralContainers[{i}]");
        container::validate_common(context, container, &at, errors);
        container::validate_only_for_pod(container, &at, errors);
        if !names.insert(text(container, "name")) {
            errors.duplicate(format_args!("{at}.name"), text(container, "name"));
        }
        let target = text(container, "targetContainerName");
        if !target.is_empty() && !others.contains(target) {
            errors.not_found(format_args!("{at}.targetContainerName"), target, "");
        }
        let detail = "cannot be set for an Ephemeral Container";
        for field in NOT_ALLOWED {
            if has_content(container, field) {
                errors.forbidden(format_args!("{at}.{field}"), detail);
            }
        }
        for (i, mount) in list(container, "volumeMounts").iter().enumerate() {
            for field in ["subPath", "subPathExpr"] {
                if !text(mount, field).is_empty() {
                    errors.forbidden(format_args!("{at}.volumeMounts[{i}].{field}"), detail);
                }
            }
        }
    }
}
