//! What the versions of a custom kind share, and what each of them has of its own.

use std::sync::Arc;

use serde_json::Value;

use super::structural::Structural;
use crate::status::field::FieldError;

/// What a custom kind has beside what all kinds have.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    pub(crate) family: Arc<Family>,
    /// The place of this version in the family.
    pub(super) version: usize,
    pub(crate) scale: Option<Scale>,
    /// Of objects that are deleted with their definition, no more can be made.
    pub(crate) is_terminating: bool,
}

/// What all versions of a custom kind share.
#[derive(Debug)]
pub(crate) struct Family {
    /// The name of the definition.
    pub(crate) name: String,
    /// Where it is kept.
    pub(crate) key: String,
    pub(crate) versions: Vec<Version>,
    /// Which of them is kept.
    pub(super) stored: usize,
    /// `spec.conversion`.
    pub(crate) conversion: Value,
}

/// One version of a definition.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) schema: Structural,
    /// The schema as it was sent.
    pub(crate) document: Value,
    pub(crate) rules: Option<Arc<dyn Rules>>,
}

/// The rules of a version that are expressions.
pub(crate) trait Rules: std::fmt::Debug + Send + Sync {
    /// What of them an object breaks; `old` is what an update would replace.
    fn check(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError>;

    /// What of them an object breaks that an update leaves as it was.
    fn warnings(&self, object: &Value, old: &Value) -> Vec<FieldError>;
}

/// Compiles the rules of a schema, if it has any.
pub(crate) type Compile = dyn Fn(&Value) -> Option<Arc<dyn Rules>>;

/// Where a custom object keeps what its scale shows: paths as the definition has them, `.spec.replicas`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) replicas: String,
    pub(crate) status_replicas: String,
    /// Empty for none.
    pub(crate) selector: String,
}

impl Custom {
    /// This version.
    pub(crate) fn version(&self) -> &Version {
        &self.family.versions[self.version]
    }

    /// The version that is kept.
    pub(crate) fn stored(&self) -> &Version {
        &self.family.versions[self.family.stored]
    }

    /// The version of this name.
    pub(crate) fn version_called(&self, name: &str) -> Option<&Version> {
        self.family.versions.iter().find(|v| v.name == name)
    }

    /// Whether versions differ in more than their names.
    pub(crate) fn has_webhook(&self) -> bool {
        self.family.conversion["strategy"] == "Webhook"
    }
}
