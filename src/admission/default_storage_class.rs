//! DefaultStorageClass: a claim that names no class gets the one that is marked as the default.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::status::Status;

/// Names the class of a claim, as long as there was no field for it.
const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

const IS_DEFAULT: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

pub(super) struct DefaultStorageClass;

impl Plugin for DefaultStorageClass {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let is_claim = write.is(Operation::Create, "", "PersistentVolumeClaim");
        let Some(claim) = object.filter(|_| is_claim) else {
            return Ok(());
        };
        let is_annotated = claim["metadata"]["annotations"][CLASS].is_string();
        if is_annotated || !claim["spec"]["storageClassName"].is_null() {
            return Ok(());
        }
        if let Some(name) = write.newest("storage.k8s.io", "StorageClass", is_default) {
            claim["spec"]["storageClassName"] = name.into();
        }
        Ok(())
    }
}

fn is_default(class: &Value) -> bool {
    let annotations = &class["metadata"]["annotations"];
    IS_DEFAULT
        .iter()
        .any(|key| annotations[*key].as_str() == Some("true"))
}
