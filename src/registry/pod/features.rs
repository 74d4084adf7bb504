//! What a server takes and forgets, because its feature is off: upstream's `DropDisabledPodFields`.

use serde_json::Value;

use super::read::{CONTAINER_LISTS, list_mut};
use crate::object::object_mut;

pub(crate) fn drop_disabled(spec: &mut Value) {
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("schedulingGroup");
    }
    for volume in list_mut(spec, "volumes") {
        if let Some(projected) = volume.get_mut("projected") {
            for source in list_mut(projected, "sources") {
                let fields = object_mut(source);
                fields.remove("clusterTrustBundle");
                fields.remove("podCertificate");
            }
        }
    }
    for field in CONTAINER_LISTS {
        for container in list_mut(spec, field) {
            drop_stop_signal(container);
        }
    }
}

fn drop_stop_signal(container: &mut Value) {
    let Some(lifecycle) = container.get_mut("lifecycle") else {
        return;
    };
    let fields = object_mut(lifecycle);
    if fields.remove("stopSignal").is_some() && fields.is_empty() {
        object_mut(container).remove("lifecycle");
    }
}
