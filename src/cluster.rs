//! What all requests share: the store, the clock, the source of made-up names, the version played.

use crate::clock::Clock;
use crate::ids::Ids;
use crate::object::Object;
use crate::registry::Resource;
use crate::storage::Storage;
use crate::version::Version;

/// The state of one server.
pub(crate) struct Cluster {
    pub(crate) storage: Storage<Object>,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) version: Version,
    /// Whether a namespace springs up when something is created in it.
    pub(crate) implicit_namespaces: bool,
    /// Becomes true when the server stops; watches end then.
    pub(crate) stopping: tokio::sync::watch::Sender<bool>,
}

impl Cluster {
    /// The time as objects carry it.
    pub(crate) fn timestamp(&self) -> String {
        crate::codec::time::format(self.clock.now())
    }
}

/// Where an object is kept. Upstream's key is this below `/registry`.
pub(crate) fn key(resource: &Resource, namespace: &str, name: &str) -> String {
    let mut key = prefix(resource, namespace);
    key.push_str(name);
    key
}

/// Where a resource's objects are kept: all of them, or those of one namespace.
pub(crate) fn prefix(resource: &Resource, namespace: &str) -> String {
    if namespace.is_empty() || !resource.namespaced {
        ["/", resource.storage_prefix, "/"].concat()
    } else {
        ["/", resource.storage_prefix, "/", namespace, "/"].concat()
    }
}
