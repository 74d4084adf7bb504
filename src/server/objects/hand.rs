//! What the test's own hand does to objects.

use serde_json::Value;

use crate::handlers::cluster::{Cluster, key, prefix};
use crate::handlers::delete::delete;
use crate::handlers::seed::Seeder;
use crate::patch::{self, PatchType};
use crate::registry::{Resource, Strategy};
use crate::request::options::{DeleteOptions, FieldValidation};

/// What the test's own hand does to the objects of one kind. A namespace is empty for a kind that is in none, and for the
/// list of all.
#[derive(Clone, Copy)]
pub(super) struct Hand<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) strategy: &'static dyn Strategy,
}

impl Hand<'_> {
    pub(super) fn resource(&self) -> &'static Resource {
        self.strategy.resource()
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Value> {
        let view = self.cluster.storage.view();
        view.get(&key(self.resource(), namespace, name))
            .map(|object| object.to_value())
    }

    pub(super) fn list(&self, namespace: &str) -> Vec<Value> {
        let prefix = prefix(self.resource(), namespace);
        let view = self.cluster.storage.view();
        view.range(&prefix, "", view.revision())
            .map(|(_, object)| object.to_value())
            .collect()
    }

    pub(super) fn put(&self, object: Value) -> Result<Value, String> {
        let stored = Seeder::new(self.cluster).object(object)?;
        stored
            .map(|object| object.to_value())
            .ok_or_else(|| "it holds no object".to_owned())
    }

    /// A merge patch.
    pub(super) fn patch(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Value, String> {
        let live = self
            .get(namespace, name)
            .ok_or_else(|| "it is not there".to_owned())?;
        let (schema, ignore) = (self.resource().schema, FieldValidation::Ignore);
        let bytes = patch.to_string();
        let patched = patch::apply(PatchType::Merge, &live, bytes.as_bytes(), schema, ignore);
        let patched = patched.map_err(|error| error.to_string())?;
        self.put(patched.next.to_value())
    }

    pub(super) fn delete(&self, namespace: &str, name: &str) -> Result<(), String> {
        let (cluster, options) = (self.cluster, DeleteOptions::default());
        cluster
            .storage
            .write(|tx| delete(cluster, tx, self.strategy, namespace, name, &options))
            .map(drop)
            .map_err(|status| status.message)
    }
}
