//! Conversions between versions that upstream programs, beyond fields with other names.
//!
//! A conversion is a file and a line of [`CONVERSIONS`].

mod autoscaling_v1;

use serde_json::Value;

use crate::kinds::Kind;

/// How one version of a kind becomes the stored one, and back.
pub(super) trait Conversion: Sync {
    fn to_stored(&self, object: &mut Value, stored: &Kind);

    fn back(&self, object: &mut Value, stored: &Kind);
}

/// By group, version and kind.
static CONVERSIONS: &[(&str, &str, &str, &dyn Conversion)] = &[(
    "autoscaling",
    "v1",
    "HorizontalPodAutoscaler",
    &autoscaling_v1::HorizontalPodAutoscalers,
)];

/// What is programmed for a version of a kind.
pub(super) fn find(kind: &Kind) -> Option<&'static dyn Conversion> {
    let mut all = CONVERSIONS.iter();
    let is_it = |(group, version, name, _): &&(&str, &str, &str, &dyn Conversion)| {
        *version == kind.version && *group == kind.group && *name == kind.kind
    };
    all.find(is_it).map(|(.., conversion)| *conversion)
}
