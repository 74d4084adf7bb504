//! The volumes of a pod: upstream's `ValidateVolumes`.

pub(crate) mod claim;
mod legacy;
mod projected;
mod sources;

pub(crate) use sources::HOST_PATH_TYPES;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Context;
use crate::codec::quantity::Quantity;
use crate::names::{is_dns1123_label, name_is_dns_subdomain};
use crate::registry::pod::errors::{Errors, Path};
use crate::registry::pod::read::{list, member, text};

type Rule = fn(&Context<'_>, &Value, Path<'_>, &mut Errors);

/// The sorts of volumes, in the order in which upstream looks for them: the field, its name where upstream misspells it
/// in the complaint about a second one, its name in the other complaints, the rules.
const SOURCES: [(&str, &str, &str, Rule); 30] = [
    ("emptyDir", "", "", empty_dir),
    ("hostPath", "", "", sources::host_path),
    ("gitRepo", "", "", legacy::git_repo),
    ("gcePersistentDisk", "", "persistentDisk", legacy::gce_disk),
    ("awsElasticBlockStore", "", "", legacy::aws_disk),
    ("secret", "", "", sources::secret),
    ("nfs", "", "", sources::nfs),
    ("iscsi", "", "", legacy::iscsi),
    ("glusterfs", "", "", legacy::glusterfs),
    ("flocker", "", "", legacy::flocker),
    ("persistentVolumeClaim", "", "", sources::claim),
    ("rbd", "", "", legacy::rbd),
    ("cinder", "", "", legacy::cinder),
    ("cephfs", "cephFS", "", legacy::ceph),
    ("quobyte", "", "", legacy::quobyte),
    ("downwardAPI", "downwarAPI", "", sources::downward),
    ("fc", "", "", legacy::fibre_channel),
    ("flexVolume", "", "", legacy::flex),
    ("configMap", "", "", sources::config_map),
    ("azureFile", "", "", legacy::azure_file),
    ("vsphereVolume", "", "", legacy::vsphere),
    ("photonPersistentDisk", "", "", legacy::photon),
    ("portworxVolume", "", "", legacy::portworx),
    ("azureDisk", "", "", legacy::azure_disk),
    ("storageos", "", "", legacy::storage_os),
    ("projected", "", "", projected::validate),
    ("scaleIO", "", "", legacy::scale_io),
    ("csi", "", "", sources::csi),
    ("ephemeral", "", "", claim::ephemeral),
    ("image", "", "", sources::image),
];

/// The volumes that are as they should be, by name.
pub(super) fn validate<'a>(
    context: &Context<'a>,
    path: Path<'_>,
    errors: &mut Errors,
) -> BTreeMap<&'a str, &'a Value> {
    let volumes = list(context.spec, "volumes");
    let created: Vec<String> = volumes
        .iter()
        .filter(|volume| !context.pod_name.is_empty() && member(volume, "ephemeral").is_some())
        .map(|volume| format!("{}-{}", context.pod_name, text(volume, "name")))
        .collect();
    let mut good = BTreeMap::new();
    for (i, volume) in volumes.iter().enumerate() {
        let path = format!("{path}.volumes[{i}]");
        let name = text(volume, "name");
        let mut own = Errors::default();
        validate_source(context, volume, &path, &mut own);
        match name {
            "" => own.required(format_args!("{path}.name"), ""),
            name => own.invalid_each(format_args!("{path}.name"), name, is_dns1123_label(name)),
        }
        if good.contains_key(name) {
            own.duplicate(format_args!("{path}.name"), name);
        }
        if own.is_empty() {
            good.insert(name, volume);
        }
        errors.extend(own.0);
        let claim = text(&volume["persistentVolumeClaim"], "claimName");
        if !claim.is_empty() && created.iter().any(|name| name == claim) {
            let at = format_args!("{path}.persistentVolumeClaim.claimName");
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            errors.invalid_str(at, claim, detail);
        }
    }
    good
}

fn validate_source(context: &Context<'_>, volume: &Value, path: &str, errors: &mut Errors) {
    let name = text(volume, "name");
    let mut is_first = true;
    for (field, misspelt, told, rule) in SOURCES {
        let Some(source) = member(volume, field) else {
            continue;
        };
        let or = |other: &'static str| if other.is_empty() { field } else { other };
        if is_first {
            rule(
                context,
                source,
                &format_args!("{path}.{}", or(told)),
                errors,
            );
            if field == "ephemeral" {
                validate_claim_name(context, name, path, errors);
            }
        } else {
            let detail = "may not specify more than 1 volume type";
            errors.forbidden(format_args!("{path}.{}", or(misspelt)), detail);
        }
        is_first = false;
        let portal = text(source, "targetPortal");
        if field == "iscsi"
            && member(source, "initiatorName").is_some()
            && name.len() + 1 + portal.len() > 64
        {
            let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
            errors.invalid_str(format_args!("{path}.name"), name, detail);
        }
    }
    if is_first {
        errors.required(path, "must specify a volume type");
    }
}

/// The claim of an ephemeral volume is named after pod and volume.
fn validate_claim_name(context: &Context<'_>, volume: &str, path: &str, errors: &mut Errors) {
    if context.pod_name.is_empty() || volume.is_empty() {
        return;
    }
    let name = format!("{}-{volume}", context.pod_name);
    for reason in name_is_dns_subdomain(&name, false) {
        let detail = format!("PVC name \"{name}\": {reason}");
        errors.invalid_str(format_args!("{path}.name"), volume, detail);
    }
}

fn empty_dir(_context: &Context<'_>, source: &Value, path: Path<'_>, errors: &mut Errors) {
    let limit = Quantity::parse(text(source, "sizeLimit"));
    if limit.is_ok_and(|limit| limit.sign() < 0) {
        let detail = "SizeLimit field must be a valid resource quantity";
        errors.forbidden(format_args!("{path}.sizeLimit"), detail);
    }
}
