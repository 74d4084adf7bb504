//! What is asked of a definition.

use std::collections::BTreeSet;

/// What is looked at; an update may leave some of it as it was.
pub(super) struct Options {
    pub(super) conversion: Allowed,
    /// Every version must have a schema.
    pub(super) requires_schema: bool,
    pub(super) requires_structural: bool,
    pub(super) requires_valid_types: bool,
    pub(super) requires_atomic_sets: bool,
    /// The keys of lists are there, and something.
    pub(super) requires_sound_keys: bool,
    pub(super) requires_pruned_defaults: bool,
    /// The versions that may have too many selectable fields; an empty name for all.
    pub(super) too_many_selectable: BTreeSet<String>,
    /// The versions whose schemas are as they were.
    pub(super) unchanged: BTreeSet<String>,
}

/// What may be wrong with a conversion, because it was before.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub(super) invalid_bundle: bool,
    pub(super) unrecognized_versions: bool,
}

impl Options {
    /// All is asked of a new one, which its webhook need not serve yet.
    pub(super) fn of_creation() -> Self {
        Options {
            conversion: Allowed {
                invalid_bundle: true,
                unrecognized_versions: false,
            },
            requires_schema: true,
            requires_structural: true,
            requires_valid_types: true,
            requires_atomic_sets: true,
            requires_sound_keys: true,
            requires_pruned_defaults: true,
            too_many_selectable: BTreeSet::new(),
            unchanged: BTreeSet::new(),
        }
    }
}
