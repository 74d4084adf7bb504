//! What has to agree to a write before it happens: upstream's admission plugins, those that every cluster has.
//!
//! A plugin is a file. Both phases go through all of them, in upstream's order: first each may change the object, then
//! each may only refuse. Nothing holds a lock meanwhile, so a plugin may wait for somebody.

mod namespace_lifecycle;

use serde_json::Value;

use crate::kinds::Kind;
use crate::registry::Lister;
use crate::status::Status;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

/// A write that is to be admitted.
pub(crate) struct Attributes<'a> {
    pub(crate) operation: Operation,
    pub(crate) kind: &'a Kind,
    /// Empty for none.
    pub(crate) namespace: &'a str,
    /// Empty for one that is yet to be made up.
    pub(crate) name: &'a str,
    pub(crate) lister: &'a dyn Lister,
}

/// One rule of a cluster about what may be written.
trait Plugin: Sync {
    /// Refuses the write, or changes the object; a deletion has none.
    fn admit(&self, _write: &Attributes<'_>, _object: Option<&mut Value>) -> Result<(), Status> {
        Ok(())
    }
}

/// In the order of upstream's `AllOrderedPlugins`.
static PLUGINS: &[&dyn Plugin] = &[&namespace_lifecycle::NamespaceLifecycle];

/// The phase in which the object may change.
pub(crate) async fn mutate(
    write: &Attributes<'_>,
    mut object: Option<&mut Value>,
) -> Result<(), Status> {
    for plugin in PLUGINS {
        plugin.admit(write, object.as_deref_mut())?;
    }
    Ok(())
}
