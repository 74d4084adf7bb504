//! What the annotations of a pod say about it, most of it in the place of fields that came later.

use serde_json::{Value, json};

use super::errors::{Errors, Path};
use super::paths::validate_descending;
use super::read::{annotation, containers, entries, member, text};
use super::spec::{security, tolerations};

pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";
const TOLERATIONS: &str = "scheduler.alpha.kubernetes.io/tolerations";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
pub(crate) const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(crate) const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
pub(crate) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const LOCALHOST: &str = "localhost/";

/// `ValidatePodSpecificAnnotations`.
pub(crate) fn validate(meta: &Value, spec: &Value, path: Path<'_>, errors: &mut Errors) {
    if let Some(value) = annotation(meta, MIRROR).filter(|_| text(spec, "nodeName").is_empty()) {
        let detail = "must set spec.nodeName if mirror pod annotation is set";
        errors.invalid_str(format_args!("{path}[{MIRROR}]"), value, detail);
    }
    if let Some(list) = annotation(meta, TOLERATIONS).filter(|list| !list.is_empty()) {
        let list: Value = serde_json::from_str(list).unwrap_or_default();
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        tolerations::validate(list, &format_args!("{path}.{TOLERATIONS}"), errors);
    }
    if let Some(cost) = annotation(meta, DELETION_COST).filter(|cost| !is_cost(cost)) {
        let at = format_args!("{path}[{DELETION_COST}]");
        errors.invalid_str(at, cost, "must be a 32bit integer");
    }
    if let Some(profile) = annotation(meta, SECCOMP_POD) {
        validate_seccomp(profile, &format_args!("{path}.{SECCOMP_POD}"), errors);
    }
    let all = entries(meta, "annotations");
    for (key, value) in &all {
        if key.starts_with(SECCOMP_CONTAINER) {
            let profile = value.as_str().unwrap_or_default();
            validate_seccomp(profile, &format_args!("{path}.{key}"), errors);
        }
    }
    for (key, value) in &all {
        if let Some(name) = key.strip_prefix(APP_ARMOR) {
            let profile = value.as_str().unwrap_or_default();
            validate_app_armor(spec, name, profile, &format_args!("{path}[{key}]"), errors);
        }
    }
}

fn is_cost(text: &str) -> bool {
    let starts_well = text == "0" || text.starts_with(|c: char| matches!(c, '-' | '1'..='9'));
    starts_well && text.parse::<i32>().is_ok()
}

fn validate_seccomp(profile: &str, path: Path<'_>, errors: &mut Errors) {
    match profile {
        "runtime/default" | "docker/default" | "unconfined" => {}
        _ => match profile.strip_prefix(LOCALHOST) {
            Some(file) => validate_descending(file, path, errors),
            None => errors.invalid_str(path, profile, "must be a valid seccomp profile"),
        },
    }
}

fn validate_app_armor(
    spec: &Value,
    container: &str,
    profile: &str,
    path: Path<'_>,
    errors: &mut Errors,
) {
    if !containers(spec).any(|(_, _, other)| text(other, "name") == container) {
        errors.invalid_str(path, container, "container not found");
    }
    let is_known = matches!(profile, "" | "runtime/default" | "unconfined");
    if !is_known && !profile.starts_with(LOCALHOST) {
        let quoted = crate::codec::quote::quote(profile);
        let detail = format!("invalid AppArmor profile name: {quoted}");
        errors.invalid_str(path, profile, detail);
    }
}

/// `validateSeccompAnnotationsAndFields` and the same of AppArmor: where both say something, they say the same.
pub(crate) fn validate_matches(meta: &Value, spec: &Value, path: Path<'_>, errors: &mut Errors) {
    let of_pod = &spec["securityContext"];
    if let (Some(profile), Some(said)) = (
        member(of_pod, "seccompProfile"),
        annotation(meta, SECCOMP_POD),
    ) {
        let at = format_args!("{path}.securityContext.seccompProfile");
        validate_match("seccomp", profile, said, &at, errors);
    }
    for (field, i, container) in containers(spec) {
        let key = format!("{SECCOMP_CONTAINER}{}", text(container, "name"));
        let profile = member(&container["securityContext"], "seccompProfile");
        if let (Some(profile), Some(said)) = (profile, annotation(meta, &key)) {
            let at = format_args!("{path}.{field}[{i}].securityContext.seccompProfile");
            validate_match("seccomp", profile, said, &at, errors);
        }
    }
    if text(&spec["os"], "name") == "windows" {
        return;
    }
    for (field, i, container) in containers(spec) {
        let key = format!("{APP_ARMOR}{}", text(container, "name"));
        let own = member(&container["securityContext"], "appArmorProfile");
        let profile = own.or_else(|| member(of_pod, "appArmorProfile"));
        if let (Some(profile), Some(said)) = (profile, annotation(meta, &key)) {
            let at = format_args!("{path}.{field}[{i}].securityContext.appArmorProfile");
            validate_match("apparmor", profile, said, &at, errors);
        }
    }
}

fn validate_match(what: &str, profile: &Value, said: &str, path: Path<'_>, errors: &mut Errors) {
    let matches = match text(profile, "type") {
        "Unconfined" => said == "unconfined",
        "RuntimeDefault" => {
            said == "runtime/default" || what == "seccomp" && said == "docker/default"
        }
        "Localhost" => match said.strip_prefix(LOCALHOST) {
            Some(file) if Some(file) != profile["localhostProfile"].as_str() => {
                let detail = format!("{what} profile in annotation and field must match");
                return errors.forbidden(format_args!("{path}.localhostProfile"), detail);
            }
            found => found.is_some(),
        },
        _ => true,
    };
    if !matches {
        let detail = format!("{what} type in annotation and field must match");
        errors.forbidden(format_args!("{path}.type"), detail);
    }
}

/// What the annotation of a container says about AppArmor, as its field would say it.
pub(crate) fn app_armor_field(said: &str) -> Option<Value> {
    match said {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" => Some(json!({"type": "RuntimeDefault"})),
        _ => {
            let file = said
                .strip_prefix(LOCALHOST)
                .filter(|file| !file.is_empty())?;
            Some(json!({"type": "Localhost", "localhostProfile": file}))
        }
    }
}

/// Whether annotations say something of AppArmor, which few do.
pub(crate) fn says_app_armor(pod: &Value) -> bool {
    let annotations = pod["metadata"]["annotations"].as_object();
    annotations.is_some_and(|all| all.keys().any(|key| key.starts_with(APP_ARMOR)))
}

/// `applyAppArmorVersionSkew`: copies what only annotations say into the fields, and tells of it.
pub(crate) fn sync_app_armor(pod: &mut Value) -> Vec<String> {
    let mut warnings = Vec::new();
    if !says_app_armor(pod) || text(&pod["spec"]["os"], "name") == "windows" {
        return warnings;
    }
    let meta = pod["metadata"].clone();
    let of_pod = member(&pod["spec"]["securityContext"], "appArmorProfile").cloned();
    for list in super::read::CONTAINER_LISTS {
        for container in super::read::list_mut(&mut pod["spec"], list) {
            let key = format!("{APP_ARMOR}{}", text(container, "name"));
            let has_field = member(&container["securityContext"], "appArmorProfile").is_some();
            let Some(said) = annotation(&meta, &key).filter(|_| !has_field) else {
                continue;
            };
            let field = app_armor_field(said).filter(is_valid);
            if field.is_some() && field == of_pod {
                continue;
            }
            if let Some(field) = field {
                container["securityContext"]["appArmorProfile"] = field;
            }
            warnings.push(format!(
                "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
            ));
        }
    }
    warnings
}

fn is_valid(profile: &Value) -> bool {
    let mut errors = Errors::default();
    let holder = json!({"appArmorProfile": profile});
    security::validate_app_armor(&holder, &"", &mut errors);
    errors.is_empty()
}

/// What clients of old wrote beside the init containers themselves.
pub(crate) fn drop_init_containers(pod: &mut Value) {
    let annotations = pod["metadata"].get_mut("annotations");
    let Some(annotations) = annotations.and_then(Value::as_object_mut) else {
        return;
    };
    for stage in ["alpha", "beta"] {
        for what in ["init-containers", "init-container-statuses"] {
            annotations.remove(&format!("pod.{stage}.kubernetes.io/{what}"));
        }
    }
    if annotations.is_empty() {
        crate::object::metadata_mut(pod).remove("annotations");
    }
}
