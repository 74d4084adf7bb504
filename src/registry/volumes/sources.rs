//! Where a volume comes from: one of many kinds of storage.

use serde_json::Value;

use super::iscsi;
use super::source_rules::{
    azure_disk, azure_file, csi, disk, fibre_channel, flex_volume, flocker, glusterfs, host_path,
    local, nfs, quobyte, required, storage_os, with_secret,
};
use crate::registry::validation::read::text_at;
use crate::status::field::FieldError;

/// One kind of storage.
struct Source {
    field: &'static str,
    /// What an error of its own calls it, where not by its name.
    shown: &'static str,
    /// What the error calls it that there is another one already.
    second: &'static str,
    /// Whether options of an annotation apply to it.
    mountable: bool,
    validate: fn(&Value, &str, &str) -> Vec<FieldError>,
}

const fn source(
    field: &'static str,
    mountable: bool,
    validate: fn(&Value, &str, &str) -> Vec<FieldError>,
) -> Source {
    Source {
        field,
        shown: field,
        second: field,
        mountable,
        validate,
    }
}

/// In upstream's order.
static SOURCES: [Source; 22] = [
    source("hostPath", false, host_path),
    Source {
        shown: "persistentDisk",
        ..source("gcePersistentDisk", true, |source, _, path| {
            disk(source, "pdName", path)
        })
    },
    source("awsElasticBlockStore", true, |source, _, path| {
        disk(source, "volumeID", path)
    }),
    source("glusterfs", true, glusterfs),
    source("flocker", false, flocker),
    source("nfs", true, nfs),
    source("rbd", true, |source, _, path| {
        required(source, &["monitors", "image"], path)
    }),
    source("quobyte", true, quobyte),
    Source {
        second: "cephFS",
        ..source("cephfs", true, |source, _, path| {
            required(source, &["monitors"], path)
        })
    },
    source("iscsi", true, iscsi::validate),
    source("cinder", true, |source, _, path| {
        with_secret(source, &["volumeID"], path)
    }),
    source("fc", false, fibre_channel),
    Source {
        second: "",
        ..source("flexVolume", false, flex_volume)
    },
    source("azureFile", true, azure_file),
    source("vsphereVolume", true, |source, _, path| {
        required(source, &["volumePath"], path)
    }),
    source("photonPersistentDisk", true, |source, _, path| {
        required(source, &["pdID"], path)
    }),
    source("portworxVolume", false, |source, _, path| {
        required(source, &["volumeID"], path)
    }),
    source("azureDisk", true, azure_disk),
    source("scaleIO", false, |source, _, path| {
        required(source, &["gateway", "system", "volumeName"], path)
    }),
    source("local", false, local),
    source("storageos", false, storage_os),
    source("csi", false, csi),
];

const OUT_OF_FASHION: [(&str, &str); 6] = [
    (
        "cephfs",
        "cephfs: deprecated in v1.28, non-functional in v1.31+",
    ),
    (
        "photonPersistentDisk",
        "photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "scaleIO",
        "scaleIO: deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "storageos",
        "storageOS: deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "glusterfs: deprecated in v1.25, non-functional in v1.26+",
    ),
    ("rbd", "rbd: deprecated in v1.28, non-functional in v1.31+"),
];

/// What to say of storage that has gone.
pub(super) fn warnings(spec: &Value) -> impl Iterator<Item = String> {
    let used = OUT_OF_FASHION
        .iter()
        .filter(|(field, _)| !spec[*field].is_null());
    used.map(|(_, message)| format!("spec.{message}"))
}

/// Whether mount options of an annotation apply.
pub(super) fn is_mountable(spec: &Value) -> bool {
    let mut used = SOURCES
        .iter()
        .filter(|source| !spec[source.field].is_null());
    used.any(|source| source.mountable)
}

pub(super) fn are_equal(new: &Value, old: &Value) -> bool {
    let mut sources = SOURCES.iter();
    sources.all(|source| new[source.field] == old[source.field])
}

/// Whether it is the whole file system of a node.
pub(super) fn is_root(host_path: &Value) -> bool {
    let path = text_at(host_path, "path");
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    path.starts_with('/') && parts.all(|part| part == "..")
}

/// There must be one source, and only one.
pub(super) fn validate(spec: &Value, name: &str, is_inline: bool, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut is_first = true;
    for source in &SOURCES {
        let value = &spec[source.field];
        if value.is_null() {
            continue;
        }
        if !is_first && !source.second.is_empty() {
            let path = format!("{path}.{}", source.second);
            let reason = "may not specify more than 1 volume type";
            errors.push(FieldError::forbidden(path, reason));
            continue;
        }
        is_first = false;
        let at = format!("{path}.{}", source.shown);
        errors.extend((source.validate)(value, name, &at));
        let has_affinity = !spec["nodeAffinity"].is_null() && !is_inline;
        if source.field == "local" && !has_affinity {
            let path = format!("{path}.nodeAffinity");
            let reason = "Local volume requires node affinity";
            errors.push(FieldError::required(path, reason));
        }
    }
    if is_first {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
    errors
}
