//! What may change of a job.

use serde_json::Value;

use super::conditions;
use crate::kinds::Struct;
use crate::kinds::meta::OBJECT_META;
use crate::object::object_mut;
use crate::registry::pod;
use crate::registry::workload::cells::count;
use crate::registry::workload::checks::{selector_unchanged, unchanged};
use crate::schema::{encode, internal};
use crate::status::field::FieldError;

/// What of the template of a job that waits says where its pods may run, beside the affinity to nodes.
const DIRECTIVES: [&str; 3] = ["nodeSelector", "schedulingGates", "tolerations"];

/// `ValidateJobSpecUpdate`, after the spec itself.
pub(super) fn validate(object: &Value, old: &Value, schema: &Struct) -> Vec<FieldError> {
    let (spec, before) = (&object["spec"], &old["spec"]);
    let mut errors = super::validate_spec(spec, schema);
    errors.extend(validate_completions(spec, before));
    errors.extend(selector_unchanged(
        &spec["selector"],
        &before["selector"],
        "spec.selector",
    ));
    errors.extend(validate_template(object, old));
    for field in [
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        if spec[field] != before[field] {
            let shown = internal::show_at(&spec[field], schema, &["spec", field]);
            let reason = "field is immutable";
            errors.push(FieldError::invalid_shown(
                format!("spec.{field}"),
                shown,
                reason,
            ));
        }
    }
    errors
}

/// `validateCompletions`.
fn validate_completions(spec: &Value, old: &Value) -> Option<FieldError> {
    const PATH: &str = "spec.completions";
    let (now, before) = (&spec["completions"], &old["completions"]);
    if spec["completionMode"] != "Indexed" {
        return unchanged(now, before, PATH);
    }
    if now == before || now.is_null() || *now == spec["parallelism"] {
        return None;
    }
    let reason = "can only be modified in tandem with spec.parallelism";
    Some(FieldError::invalid(PATH, now, reason))
}

/// `validatePodTemplateUpdate`.
fn validate_template(object: &Value, old: &Value) -> Option<FieldError> {
    let new = &object["spec"]["template"];
    let mut allowed = old["spec"]["template"].clone();
    if is_idle(old) {
        allow_directives(&mut allowed, new);
    }
    let reason = "field is immutable";
    if old["spec"]["suspend"] == true && is_idle(old) {
        allow_resources(&mut allowed, new);
        return (new["spec"] != allowed["spec"]).then(|| {
            let shown = pod::internal::compact("PodSpec", &new["spec"]);
            FieldError::invalid_shown("spec.template.spec", shown, reason)
        });
    }
    (*new != allowed).then(|| FieldError::invalid_shown("spec.template", shown(new), reason))
}

/// A template as upstream's internal type has it, which begins with the metadata's own fields.
fn shown(template: &Value) -> String {
    let mut out = Vec::new();
    encode(&mut out, &template["metadata"], &OBJECT_META);
    let metadata = String::from_utf8_lossy(&out);
    let metadata = metadata.strip_suffix('}').unwrap_or(&metadata);
    let comma = if metadata.len() > 1 { "," } else { "" };
    let spec = pod::internal::compact("PodSpec", &template["spec"]);
    format!("{metadata}{comma}\"Spec\":{spec}}}")
}

/// `shouldAllowMutablePodTemplate`: it is suspended, and none of its pods is left.
fn is_idle(job: &Value) -> bool {
    let status = &job["status"];
    let stopped = status["startTime"].is_null() || conditions::is_true(status, "Suspended");
    job["spec"]["suspend"] == true && stopped && count(status, "active") == 0
}

fn allow_directives(allowed: &mut Value, new: &Value) {
    allow(
        &mut allowed["metadata"],
        &new["metadata"],
        &["annotations", "labels"],
    );
    let (pod, new) = (&mut allowed["spec"], &new["spec"]);
    allow(pod, new, &DIRECTIVES);
    if pod["affinity"].is_object() || new["affinity"].is_object() {
        allow(&mut pod["affinity"], &new["affinity"], &["nodeAffinity"]);
    }
    let pod = object_mut(pod);
    let is_empty = |affinity: &Value| affinity.as_object().is_none_or(serde_json::Map::is_empty);
    if new["affinity"].is_null() && pod.get("affinity").is_none_or(is_empty) {
        pod.remove("affinity");
    }
}

fn allow_resources(allowed: &mut Value, new: &Value) {
    for list in ["containers", "initContainers"] {
        let Some(new) = new["spec"][list].as_array() else {
            continue;
        };
        let Some(old) = allowed["spec"].get_mut(list).and_then(Value::as_array_mut) else {
            continue;
        };
        if old.len() != new.len() {
            continue;
        }
        for (old, new) in old.iter_mut().zip(new) {
            if old["name"] == new["name"] {
                allow(old, new, &["resources"]);
            }
        }
    }
}

/// Takes over some members.
fn allow(allowed: &mut Value, new: &Value, fields: &[&str]) {
    let allowed = object_mut(allowed);
    for field in fields {
        match new.get(*field) {
            Some(value) => allowed.insert((*field).to_owned(), value.clone()),
            None => allowed.remove(*field),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn where_pods_may_run_can_change_but_nothing_else() {
        let old = json!({"metadata": {"labels": {"a": "b"}}, "spec": {
            "affinity": {"nodeAffinity": {"x": 1}}, "nodeSelector": {"a": "b"}, "hostname": "h",
        }});
        let new = json!({"metadata": {}, "spec": {"hostname": "h", "tolerations": [1]}});
        let mut allowed = old.clone();
        allow_directives(&mut allowed, &new);
        assert_eq!(allowed, new);
    }
}
