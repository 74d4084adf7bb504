//! The volumes of core/v1 and the claims to them.

mod claim_rules;
pub(super) mod claims;
mod iscsi;
pub(super) mod persistent_volumes;
mod source_rules;
mod sources;
pub(super) mod volume_rules;

use serde_json::{Map, Value};

use super::validation::quantity::amount;
use crate::codec::quantity::Quantity;
use crate::status::field::FieldError;

/// Names the class of a volume or a claim, as long as there was no field for it.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
const MOUNT_ANNOTATION: &str = "volume.beta.kubernetes.io/mount-options";

const ACCESS_MODES: [(&str, &str); 4] = [
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOnce", "RWO"),
    ("ReadWriteOncePod", "RWOP"),
];
/// The order in which a column shows them.
const SHOWN: [usize; 4] = [2, 0, 1, 3];
const EXCLUSIVE: &str = "ReadWriteOncePod";
const VOLUME_MODES: [&str; 2] = ["Block", "Filesystem"];

/// `RWO,ROX`
fn access_modes_cell(modes: &[&str]) -> String {
    let shown = SHOWN.iter().map(|index| ACCESS_MODES[*index]);
    let shown = shown.filter(|(mode, _)| modes.contains(mode));
    shown.map(|(_, short)| short).collect::<Vec<_>>().join(",")
}

/// What the page cannot say: amounts of storage have no parts smaller than a thousandth.
fn round_amounts(amounts: &mut Value) {
    for value in amounts
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        let Some(exact) = amount(value) else { continue };
        let rounded = Quantity::parse(&format!("{}m", exact.milli_value()));
        if let Some(rounded) = rounded.ok().filter(|rounded| *rounded != exact) {
            *value = rounded.as_str().into();
        }
    }
}

fn validate_access_modes(modes: &[&str], path: &str) -> Vec<FieldError> {
    let supported = ACCESS_MODES.map(|(mode, _)| mode);
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        modes.iter().partition(|mode| supported.contains(mode));
    let mut errors: Vec<FieldError> = unknown
        .into_iter()
        .map(|mode| FieldError::not_supported(path, &mode.into(), &supported))
        .collect();
    if known.contains(&EXCLUSIVE) && known.iter().any(|mode| *mode != EXCLUSIVE) {
        let reason = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, reason));
    }
    errors
}
