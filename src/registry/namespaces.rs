//! core/v1 Namespaces, and the two ways to write parts of one: `/status` and `/finalize`.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::generic::{self, Deletion};
use super::resource::{Resource, Subresource};
use super::strategy::Strategy;
use super::validation::{namespace as rules, pod_security};
use crate::kinds;
use crate::object::{is_terminating, meta_str, meta_strings, metadata_mut};
use crate::request::options::DeleteOptions;
use crate::status::Status as ApiStatus;
use crate::status::field::FieldError;

pub(crate) struct Namespaces;
struct Status;
struct Finalize;

const NAME_LABEL: &str = "kubernetes.io/metadata.name";
const ACTIVE: &str = "Active";
const KUBERNETES_FINALIZER: &str = "kubernetes";

static RESOURCE: Resource = Resource {
    group: "",
    version: "v1",
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    list_kind: "NamespaceList",
    namespaced: false,
    short_names: &["ns"],
    categories: &[],
    verbs: &[
        "create", "delete", "get", "list", "patch", "update", "watch",
    ],
    subresources: &[
        Subresource {
            name: "finalize",
            verbs: &["update"],
        },
        Subresource {
            name: "status",
            verbs: &["get", "patch", "update"],
        },
    ],
    storage_prefix: "namespaces",
    storage_version_hash: "Q3oi5N2YM8M=",
    schema: LazyLock::new(|| kinds::core_schema("namespaces")),
};

impl Strategy for Namespaces {
    fn resource(&self) -> &'static Resource {
        &RESOURCE
    }

    fn set_defaults(&self, object: &mut Value) {
        let name = meta_str(object, "name").to_owned();
        if !name.is_empty() {
            set_name_label(object, &name);
        }
        if phase(object).is_empty() {
            object["status"]["phase"] = ACTIVE.into();
        }
    }

    fn prepare_for_create(&self, object: &mut Value) {
        object["status"] = json!({"phase": ACTIVE});
        let mut finalizers = spec_finalizers(object);
        if !finalizers.iter().any(|f| f == KUBERNETES_FINALIZER) {
            finalizers.push(KUBERNETES_FINALIZER.into());
        }
        object["spec"]["finalizers"] = finalizers.into();
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
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

    fn prepare_for_update(&self, object: &mut Value, old: &Value) {
        copy(object, old, "spec");
        copy(object, old, "status");
    }

    fn validate_update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
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

    fn reset_fields(&self) -> &'static [&'static [&'static str]] {
        &[&["status"]]
    }

    fn returns_deleted_object(&self) -> bool {
        true
    }

    fn may_be_removed(&self, object: &Value) -> bool {
        spec_finalizers(object).is_empty()
    }

    /// The first deletion starts the end of the namespace; what follows waits for its finalizers.
    fn before_delete(
        &self,
        object: &Value,
        options: &DeleteOptions,
        now: &str,
    ) -> Result<Deletion, ApiStatus> {
        check_preconditions(object, options)?;
        if !is_terminating(object) {
            return Ok(Deletion::Mark(terminate(object, options, now)));
        }
        if !self.may_be_removed(object) {
            return Ok(Deletion::Mark(object.clone()));
        }
        generic::before_delete(&RESOURCE, object, options, now)
    }

    fn selectable_fields(&self) -> &'static [&'static str] {
        &["metadata.name", "status.phase"]
    }

    fn field(&self, object: &Value, _label: &str) -> String {
        phase(object).to_owned()
    }

    fn cells(&self, object: &Value) -> Vec<Value> {
        vec![phase(object).into()]
    }

    fn subresource(&self, name: &str) -> Option<&'static dyn Strategy> {
        match name {
            "status" => Some(&Status),
            "finalize" => Some(&Finalize),
            _ => None,
        }
    }
}

impl Strategy for Status {
    fn resource(&self) -> &'static Resource {
        &RESOURCE
    }

    fn set_defaults(&self, object: &mut Value) {
        Namespaces.set_defaults(object);
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn prepare_for_update(&self, object: &mut Value, old: &Value) {
        copy(object, old, "spec");
    }

    fn validate_update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        rules::validate_status_update(object, old)
    }

    fn canonicalize(&self, object: &mut Value) {
        Namespaces.canonicalize(object);
    }

    fn reset_fields(&self) -> &'static [&'static [&'static str]] {
        &[&["spec"]]
    }

    fn may_be_removed(&self, object: &Value) -> bool {
        Namespaces.may_be_removed(object)
    }

    fn cells(&self, object: &Value) -> Vec<Value> {
        Namespaces.cells(object)
    }
}

impl Strategy for Finalize {
    fn resource(&self) -> &'static Resource {
        &RESOURCE
    }

    fn set_defaults(&self, object: &mut Value) {
        Namespaces.set_defaults(object);
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn prepare_for_update(&self, object: &mut Value, old: &Value) {
        copy(object, old, "status");
    }

    fn validate_update(&self, object: &Value, old: &Value) -> Vec<FieldError> {
        rules::validate_finalize_update(object, old)
    }

    fn canonicalize(&self, object: &mut Value) {
        Namespaces.canonicalize(object);
    }

    fn reset_fields(&self) -> &'static [&'static [&'static str]] {
        &[&["status"]]
    }

    fn may_be_removed(&self, object: &Value) -> bool {
        Namespaces.may_be_removed(object)
    }

    fn cells(&self, object: &Value) -> Vec<Value> {
        Namespaces.cells(object)
    }
}

fn terminate(object: &Value, options: &DeleteOptions, now: &str) -> Value {
    let mut next = object.clone();
    let finalizers = generic::finalizers_for_deletion(&meta_strings(object, "finalizers"), options);
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
fn check_preconditions(object: &Value, options: &DeleteOptions) -> Result<(), ApiStatus> {
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
            return Err(ApiStatus::conflict(
                "namespaces",
                "",
                meta_str(object, "name"),
                &why,
            ));
        }
    }
    Ok(())
}

fn copy(object: &mut Value, old: &Value, part: &str) {
    object[part] = old.get(part).cloned().unwrap_or_else(|| json!({}));
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
