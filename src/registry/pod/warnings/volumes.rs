//! Volumes that nobody mounts any more.

use serde_json::Value;

use super::of_fraction;
use crate::registry::pod::read::{is_set, list, member};

/// The field, its name where upstream misspells it, and what is told.
const DEPRECATED: [(&str, &str, &str); 9] = [
    (
        "photonPersistentDisk",
        "",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    (
        "scaleIO",
        "",
        "deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "flocker",
        "",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "storageos",
        "storageOS",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "quobyte",
        "",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "",
        "deprecated in v1.25, non-functional in v1.26+",
    ),
    (
        "cephfs",
        "",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
    ("rbd", "", "deprecated in v1.28, non-functional in v1.31+"),
];

pub(super) fn warn(spec: &Value, at: &str, told: &mut Vec<String>) {
    for (i, volume) in list(spec, "volumes").iter().enumerate() {
        for (field, misspelt, message) in DEPRECATED {
            if field == "cephfs" {
                of_claim(volume, i, at, told);
            }
            if is_set(volume, field) {
                let field = if misspelt.is_empty() { field } else { misspelt };
                told.push(format!("{at}.volumes[{i}].{field}: {message}"));
            }
        }
    }
}

fn of_claim(volume: &Value, i: usize, at: &str, told: &mut Vec<String>) {
    let Some(template) = member(&volume["ephemeral"], "volumeClaimTemplate") else {
        return;
    };
    for list in ["requests", "limits"] {
        let place = format_args!(
            "{at}.volumes[{i}].ephemeral.volumeClaimTemplate.spec.resources.{list}[storage]"
        );
        let amount = template["spec"]["resources"][list].get("storage");
        of_fraction(amount, &place, told);
    }
}
