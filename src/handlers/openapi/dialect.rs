//! The words that both kinds of document have in common, and those in which they differ.

use serde_json::{Value, json};

use crate::kinds::meta;

/// The two ways to say the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dialect {
    V2,
    V3,
}

impl Dialect {
    /// A pointer to a definition.
    pub(super) fn reference(self, definition: &str) -> Value {
        match self {
            Dialect::V2 => json!({ "$ref": format!("#/definitions/{definition}") }),
            Dialect::V3 => json!({ "$ref": format!("#/components/schemas/{definition}") }),
        }
    }
}

/// An entry of `x-kubernetes-group-version-kind`.
pub(super) fn group_version_kind(group: &str, version: &str, kind: &str) -> Value {
    json!({ "group": group, "version": version, "kind": kind })
}

/// `io.k8s.apimachinery.pkg.apis.meta.v1.Status`.
pub(super) fn meta_name(name: &str) -> String {
    format!("{}.{name}", meta::STATUS.package)
}
