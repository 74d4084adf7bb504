//! What is done to a container while it runs: probes and hooks.

use serde_json::Value;

use super::{Context, handlers};
use crate::registry::pod::errors::Errors;
use crate::registry::pod::read::{count, member, number};

/// The hooks and probes of a container that goes on running.
pub(super) fn validate_running(
    context: &Context<'_>,
    container: &Value,
    path: &str,
    errors: &mut Errors,
) {
    if let Some(lifecycle) = member(container, "lifecycle") {
        let path = format!("{path}.lifecycle");
        for field in ["postStart", "preStop"] {
            if let Some(handler) = member(lifecycle, field) {
                let at = format_args!("{path}.{field}");
                handlers::validate(handler, context.grace, &at, errors);
            }
        }
    }
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = member(container, field) else {
            continue;
        };
        let path = format!("{path}.{field}");
        validate_probe(context, probe, &path, errors);
        if field == "readinessProbe" {
            if let Some(seconds) = member(probe, "terminationGracePeriodSeconds") {
                let at = format_args!("{path}.terminationGracePeriodSeconds");
                errors.invalid(at, seconds, "must not be set for readinessProbes");
            }
        } else if count(probe, "successThreshold") != 1 {
            let threshold = count(probe, "successThreshold").into();
            errors.invalid(
                format_args!("{path}.successThreshold"),
                &threshold,
                "must be 1",
            );
        }
    }
}

/// `validateProbe`.
fn validate_probe(context: &Context<'_>, probe: &Value, path: &str, errors: &mut Errors) {
    handlers::validate(probe, context.grace, &path, errors);
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        errors.not_negative(format_args!("{path}.{field}"), count(probe, field));
    }
    if let Some(seconds) = number(probe, "terminationGracePeriodSeconds").filter(|s| *s <= 0) {
        let at = format_args!("{path}.terminationGracePeriodSeconds");
        errors.invalid(at, &seconds.into(), "must be greater than 0");
    }
}
