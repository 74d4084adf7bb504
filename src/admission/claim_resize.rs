//! PersistentVolumeClaimResize: a claim grows only if its class lets it.

use serde_json::Value;

use super::{Attributes, Operation, Plugin};
use crate::codec::quantity::Quantity;
use crate::status::Status;

/// Names the class of a claim, as long as there was no field for it.
const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub(super) struct PersistentVolumeClaimResize;

impl Plugin for PersistentVolumeClaimResize {
    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let is_claim = write.is(Operation::Update, "", "PersistentVolumeClaim");
        let (Some(object), Some(old)) = (object, write.old.filter(|_| is_claim)) else {
            return Ok(());
        };
        let grows = size(object) > size(old);
        let why = if !grows {
            return Ok(());
        } else if old["status"]["phase"].as_str() != Some("Bound") {
            "Only bound persistent volume claims can be expanded"
        } else if !allows_growth(write, class(object), class(old)) {
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
        } else {
            return Ok(());
        };
        let (plural, group) = (&write.kind.plural, &write.kind.group);
        Err(Status::forbidden(plural, group, write.name, why))
    }
}

fn size(claim: &Value) -> Option<Quantity> {
    let size = claim["spec"]["resources"]["requests"]["storage"].as_str()?;
    Quantity::parse(size).ok()
}

fn class(claim: &Value) -> &str {
    let annotated = claim["metadata"]["annotations"][CLASS].as_str();
    annotated.unwrap_or_else(|| {
        claim["spec"]["storageClassName"]
            .as_str()
            .unwrap_or_default()
    })
}

fn allows_growth(write: &Attributes<'_>, class: &str, before: &str) -> bool {
    let found = (!class.is_empty() && class == before)
        .then(|| {
            write
                .lister
                .get("storage.k8s.io", "StorageClass", "", class)
        })
        .flatten();
    found.is_some_and(|class| class.value()["allowVolumeExpansion"] == Value::Bool(true))
}
