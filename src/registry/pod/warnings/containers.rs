//! Odd containers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::of_fraction;
use crate::codec::quote::quote;
use crate::registry::pod::annotations::{APP_ARMOR, SECCOMP_CONTAINER, app_armor_field};
use crate::registry::pod::read::{annotation, containers, is_set, list, member, text};

pub(super) fn warn(
    meta: &Value,
    spec: &Value,
    template: Option<&str>,
    at: &str,
    told: &mut Vec<String>,
) {
    let prefix = template.map_or_else(String::new, |path| format!("{path}."));
    let of_pod = member(&spec["securityContext"], "appArmorProfile");
    for (field, i, container) in containers(spec) {
        let security = &container["securityContext"];
        let name = text(container, "name");
        let key = format!("{SECCOMP_CONTAINER}{name}");
        if !is_set(security, "seccompProfile") && annotation(meta, &key).is_some() {
            told.push(format!(
                "{prefix}metadata.annotations[{key}]: non-functional in v1.27+; use the \"seccompProfile\" field instead"
            ));
        }
        let key = format!("{APP_ARMOR}{name}");
        // Of a pod this is told when the annotation becomes a field.
        if template.is_some()
            && !is_set(security, "appArmorProfile")
            && let Some(said) = annotation(meta, &key)
            && (of_pod.is_none() || of_pod != app_armor_field(said).as_ref())
        {
            told.push(format!(
                "{prefix}metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
            ));
        }
        let path = format!("{at}.{field}[{i}]");
        for resource in ["memory", "ephemeral-storage"] {
            for list in ["limits", "requests"] {
                let place = format_args!("{path}.resources.{list}[{resource}]");
                of_fraction(container["resources"][list].get(resource), &place, told);
            }
        }
        of_variables(container, &path, told);
    }
}

/// A variable that hides another of the same name, unless it is made of it.
fn of_variables(container: &Value, path: &str, told: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (i, variable) in list(container, "env").iter().enumerate() {
        let (name, value) = (text(variable, "name"), text(variable, "value"));
        if seen.insert(name) {
            continue;
        }
        let reference = format!("$({name})");
        let builds_on_it =
            !is_set(variable, "valueFrom") && value != reference && value.contains(&reference);
        if !builds_on_it {
            told.push(format!(
                "{path}.env[{i}]: hides previous definition of {}, which may be dropped when using apply",
                quote(name)
            ));
        }
    }
}
