//! core/v1 Namespaces, and the two ways to write parts of one: `/status` and `/finalize`.

use serde_json::{Value, json};

use super::deletion::{self, Deletion};
use super::strategy::{Strategy, WriteContext};
use super::validation::{namespace as rules, pod_security};
use crate::object::{is_terminating, meta_str, meta_strings, metadata_mut};
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct Namespaces;

const NAME_LABEL: &str = "kubernetes.io/metadata.name";
/// What upstream's publisher says of its ConfigMaps.
const ROOT_CA: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
const ACTIVE: &str = "Active";
const KUBERNETES_FINALIZER: &str = "kubernetes";

impl Strategy for Namespaces {
    fn set_defaults(&self, object: &mut Value) {
        let name = meta_str(object, "name").to_owned();
        if !name.is_empty() {
            set_name_label(object, &name);
        }
        if phase(object).is_empty() {
            object["status"]["phase"] = ACTIVE.into();
        }
    }

    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        object["status"] = json!({"phase": ACTIVE});
        let mut finalizers = spec_finalizers(object);
        if !finalizers.iter().any(|f| f == KUBERNETES_FINALIZER) {
            finalizers.push(KUBERNETES_FINALIZER.into());
        }
        object["spec"]["finalizers"] = finalizers.into();
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let errors = rules::validate(object);
        if errors.is_empty() {
            pod_security::validate(object)
        } else {
            errors
        }
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    /// Its finalizers change through `finalize` alone, so the object itself can write neither part.
    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        let kept: &[&str] = match write.subresource {
            "" => &["spec", "status"],
            "status" => &["spec"],
            _ => &["status"],
        };
        for part in kept {
            object[*part] = old.get(*part).cloned().unwrap_or_else(|| json!({}));
        }
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        match write.subresource {
            "status" => return rules::validate_status_update(object, old),
            "finalize" => return rules::validate_finalize_update(object, old),
            _ => {}
        }
        let errors = rules::validate_update(object, old);
        if errors.is_empty() {
            pod_security::validate_update(object, old)
        } else {
            errors
        }
    }

    /// The name may have been made up after the defaults were set.
    fn canonicalize(&self, object: &mut Value) {
        let name = meta_str(object, "name").to_owned();
        set_name_label(object, &name);
    }

    fn may_be_removed(&self, object: &Value) -> bool {
        spec_finalizers(object).is_empty()
    }

    /// The ServiceAccount controller and the root CA publisher give every namespace something.
    fn created_along(
        &self,
        namespace: &str,
        authority: &str,
    ) -> Vec<(&'static str, &'static str, Value)> {
        let account = json!({"metadata": {"name": "default", "namespace": namespace}});
        let certificates = json!({
            "metadata": {
                "name": "kube-root-ca.crt",
                "namespace": namespace,
                "annotations": {"kubernetes.io/description": ROOT_CA},
            },
            "data": {"ca.crt": authority},
        });
        vec![
            ("", "ServiceAccount", account),
            ("", "ConfigMap", certificates),
        ]
    }

    /// The first deletion starts the end of the namespace; what follows waits for its finalizers.
    fn before_delete(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        check_preconditions(object, options)?;
        if !is_terminating(object) {
            return Ok(Deletion::Mark(terminate(object, options, write.now)));
        }
        if !self.may_be_removed(object) {
            return Ok(Deletion::Mark(object.clone()));
        }
        deletion::before_delete(write, object, options)
    }
}

fn terminate(object: &Value, options: &DeleteOptions, now: &str) -> Value {
    let mut next = object.clone();
    let finalizers =
        deletion::finalizers_for_deletion(&meta_strings(object, "finalizers"), options, false);
    let metadata = metadata_mut(&mut next);
    metadata.insert("deletionTimestamp".to_owned(), now.into());
    if finalizers.is_empty() {
        metadata.remove("finalizers");
    } else {
        metadata.insert("finalizers".to_owned(), finalizers.into());
    }
    next["status"]["phase"] = "Terminating".into();
    next
}

/// Namespaces word a failed precondition the way the store does.
fn check_preconditions(object: &Value, options: &DeleteOptions) -> Result<(), Status> {
    let checks = [
        ("UID", "uid", &options.preconditions.uid),
        (
            "ResourceVersion",
            "resourceVersion",
            &options.preconditions.resource_version,
        ),
    ];
    for (what, field, wanted) in checks {
        let found = meta_str(object, field);
        if let Some(wanted) = wanted.as_deref().filter(|w| *w != found) {
            let why = format!(
                "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
            );
            return Err(Status::conflict(
                "namespaces",
                "",
                meta_str(object, "name"),
                &why,
            ));
        }
    }
    Ok(())
}

fn set_name_label(object: &mut Value, name: &str) {
    let labels = metadata_mut(object)
        .entry("labels")
        .or_insert_with(|| json!({}));
    labels[NAME_LABEL] = name.into();
}

fn spec_finalizers(object: &Value) -> Vec<Value> {
    object["spec"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn phase(object: &Value) -> &str {
    object["status"]["phase"].as_str().unwrap_or_default()
}
