//! Init containers, and those of them that stay: `validateInitContainers`.

use std::collections::BTreeSet;

use super::{Context, container, ports, probes, restart};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{is_restartable, is_set, list, text};

pub(super) fn validate_all(context: &Context<'_>, path: Path<'_>, errors: &mut Errors) {
    let mut names: BTreeSet<&str> = list(context.spec, "containers")
        .iter()
        .map(|container| text(container, "name"))
        .collect();
    for (i, init) in list(context.spec, "initContainers").iter().enumerate() {
        let at = format!("{path}.initContainers[{i}]");
        container::validate_common(context, init, &at, errors);
        restart::validate(init, &at, errors);
        let name = text(init, "name");
        if names.contains(name) {
            errors.duplicate(format_args!("{at}.name"), name);
        } else if !name.is_empty() {
            names.insert(name);
        }
        ports::validate_host_ports(
            std::slice::from_ref(init),
            &format_args!("{path}.initContainers"),
            errors,
        );
        if is_restartable(init) {
            probes::validate_running(context, init, &at, errors);
            continue;
        }
        for field in [
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            if is_set(init, field) {
                let detail = "may not be set for init containers without restartPolicy=Always";
                errors.forbidden(format_args!("{at}.{field}"), detail);
            }
        }
        for (j, policy) in list(init, "resizePolicy").iter().enumerate() {
            if text(policy, "restartPolicy") == "RestartContainer" {
                let at = format_args!("{at}.resizePolicy[{j}].restartPolicy");
                let detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
                errors.invalid_str(at, "RestartContainer", detail);
            }
        }
    }
}
