//! A new pod.

use serde_json::{Value, json};

use super::errors::Errors;
use super::read::{is_set, list, list_mut, member, text, texts};
use super::spec::{self, Leniency, validate_only_for_pod};
use super::{amounts, annotations, conditions, features};
use crate::names::name_is_dns_subdomain;
use crate::object::meta_str;
use crate::registry::declared;
use crate::registry::strategy::WriteContext;
use crate::registry::validation::core;
use crate::status::field::FieldError;

/// `PrepareForCreate`.
pub(super) fn prepare(write: &WriteContext<'_>, pod: &mut Value) {
    declared::set_generation(pod, 1);
    features::drop_disabled(&mut pod["spec"]);
    let class = match text(&pod["status"], "qosClass") {
        "" => amounts::qos_class(&pod["spec"]),
        given => given,
    };
    pod["status"] = json!({"phase": "Pending", "qosClass": class});
    if !list(&pod["spec"], "schedulingGates").is_empty() {
        let why = (
            "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates",
        );
        conditions::set(
            &mut pod["status"],
            "PodScheduled",
            "False",
            Some(why),
            write.now,
        );
    }
    merge_label_keys(pod);
    annotations::sync_app_armor(pod);
}

/// `mutatePodAffinity` and `mutateTopologySpreadConstraints`: what label keys say becomes part of the selectors.
fn merge_label_keys(pod: &mut Value) {
    let labels = pod["metadata"].get("labels").cloned().unwrap_or_default();
    let spec = &mut pod["spec"];
    for field in ["podAffinity", "podAntiAffinity"] {
        let affinity = spec.get_mut("affinity").and_then(|a| a.get_mut(field));
        let Some(affinity) = affinity else { continue };
        for term in list_mut(affinity, "preferredDuringSchedulingIgnoredDuringExecution") {
            if let Some(term) = term.get_mut("podAffinityTerm") {
                merge_into(term, &labels);
            }
        }
        for term in list_mut(affinity, "requiredDuringSchedulingIgnoredDuringExecution") {
            merge_into(term, &labels);
        }
    }
    for constraint in list_mut(spec, "topologySpreadConstraints") {
        merge_into(constraint, &labels);
    }
}

fn merge_into(holder: &mut Value, labels: &Value) {
    if !is_set(holder, "labelSelector") {
        return;
    }
    let mut added = Vec::new();
    for (field, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
        for key in texts(holder, field) {
            if let Some(value) = labels.get(key) {
                added.push(json!({"key": key, "operator": operator, "values": [value]}));
            }
        }
    }
    if added.is_empty() {
        return;
    }
    let selector = &mut holder["labelSelector"];
    match selector
        .get_mut("matchExpressions")
        .and_then(Value::as_array_mut)
    {
        Some(expressions) => expressions.extend(added),
        None => selector["matchExpressions"] = added.into(),
    }
}

/// `ValidatePodCreate`.
pub(super) fn validate(pod: &Value) -> Vec<FieldError> {
    let mut errors = Errors::default();
    validate_metadata_and_spec(pod, Leniency::default(), &mut errors);
    let spec = &pod["spec"];
    if !list(spec, "ephemeralContainers").is_empty() {
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    if !text(spec, "nodeName").is_empty() && !list(spec, "schedulingGates").is_empty() {
        let detail = "cannot be set until all schedulingGates have been cleared";
        errors.forbidden("spec.nodeName", detail);
    }
    annotations::validate_matches(&pod["metadata"], spec, &"spec", &mut errors);
    errors.0
}

/// `validatePodMetadataAndSpec`.
pub(super) fn validate_metadata_and_spec(pod: &Value, leniency: Leniency, errors: &mut Errors) {
    errors.extend(core::validate_object_meta(pod, true, name_is_dns_subdomain));
    let (meta, spec) = (&pod["metadata"], &pod["spec"]);
    annotations::validate(meta, spec, &"metadata.annotations", errors);
    let name = Some(meta_str(pod, "name"));
    spec::validate(spec, name, leniency, &"spec", errors);
    if text(spec, "serviceAccountName").is_empty() {
        for (i, volume) in list(spec, "volumes").iter().enumerate() {
            for (j, source) in list(&volume["projected"], "sources").iter().enumerate() {
                if member(source, "serviceAccountToken").is_some() {
                    let at = format_args!(
                        "spec.volumes[{i}].projected.sources[{j}].serviceAccountToken"
                    );
                    let detail = "must not be specified when serviceAccountName is not set";
                    errors.forbidden(at, detail);
                }
            }
        }
    }
    for field in ["containers", "initContainers"] {
        for (i, container) in list(spec, field).iter().enumerate() {
            let at = format_args!("spec.{field}[{i}]");
            validate_only_for_pod(container, &at, errors);
        }
    }
}
