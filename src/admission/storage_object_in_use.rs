//! StorageObjectInUseProtection: what storage is made of is held until nobody uses it.

use serde_json::{Value, json};

use super::{Attributes, Operation, Plugin};
use crate::object::{meta_strings, metadata_mut};
use crate::status::Status;

/// Group and kind of what is held, and by which finalizer.
const HELD: [(&str, &str, &str); 3] = [
    ("", "PersistentVolume", "kubernetes.io/pv-protection"),
    ("", "PersistentVolumeClaim", "kubernetes.io/pvc-protection"),
    (
        "storage.k8s.io",
        "VolumeAttributesClass",
        "kubernetes.io/vac-protection",
    ),
];

pub(super) struct StorageObjectInUseProtection;

impl Plugin for StorageObjectInUseProtection {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let mut held = HELD.iter();
        let held = held.find(|(group, kind, _)| write.is(Operation::Create, group, kind));
        if let (Some((_, _, finalizer)), Some(object)) = (held, object) {
            let mut finalizers = meta_strings(object, "finalizers");
            if !finalizers.iter().any(|known| known == finalizer) {
                finalizers.push((*finalizer).to_owned());
                metadata_mut(object).insert("finalizers".to_owned(), json!(finalizers));
            }
        }
        Ok(())
    }
}
