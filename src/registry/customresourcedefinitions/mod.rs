//! apiextensions.k8s.io/v1 CustomResourceDefinition: a kind that a client brings along.
//!
//! Upstream works on an internal type that has what all versions share only once; its errors name fields of that type.

mod approval;
mod ca_bundle;
mod conditions;
mod defaults;
mod field_path;
mod formats;
mod internal;
mod lifecycle;
mod names;
mod rules;
mod spec;
mod support;
mod validation;
mod walk;

use std::sync::Arc;

use serde_json::{Value, json};

use super::declared;
use super::deletion::Deletion;
use super::strategy::{Lister, Strategy, WriteContext};
use crate::object::{Object, object_mut};
use crate::registry::validation::read::{list_at, text_at};
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;
use conditions::ESTABLISHED;

pub(crate) struct CustomResourceDefinitions;

impl Strategy for CustomResourceDefinitions {
    fn set_defaults(&self, object: &mut Value) {
        default_names(&mut object["spec"]["names"]);
        if object["spec"]["conversion"].is_null() {
            object["spec"]["conversion"] = json!({"strategy": "None"});
        }
        if list_at(&object["status"], "storedVersions").is_empty()
            && let Some(stored) = lifecycle::storage_version(object).map(str::to_owned)
        {
            object["status"]["storedVersions"] = json!([stored]);
        }
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        declared::reset(write, object, None);
        note_stored_version(object);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        if write.subresource.is_empty() {
            note_stored_version(object);
        }
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        validation::validate(object)
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        match write.subresource {
            "status" => validation::validate_status_update(object, old),
            _ => validation::validate_update(object, old),
        }
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        formats::warnings(object, None)
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        match write.subresource {
            "status" => Vec::new(),
            _ => formats::warnings(object, Some(old)),
        }
    }

    fn canonicalize(&self, object: &mut Value) {
        defaults::coerce(object);
    }

    fn claims(&self, object: &Value) -> Vec<Box<str>> {
        names::claims(object)
    }

    fn before_delete(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        lifecycle::before_delete(write, object, options)
    }

    fn followed(&self, object: &Value, lister: &dyn Lister, now: &str) -> Option<Value> {
        lifecycle::next(object, lister, now)
    }

    fn doomed(&self, object: &Value, lister: &dyn Lister) -> Vec<Arc<Object>> {
        lifecycle::doomed(object, lister)
    }

    fn rivals(&self, name: &str, lister: &dyn Lister) -> Vec<String> {
        let Some((_, group)) = name.split_once('.') else {
            return Vec::new();
        };
        let all = lister.list("apiextensions.k8s.io", "CustomResourceDefinition", "");
        let others = all.iter().map(|other| other.name());
        let others = others.filter(|other| {
            let rest = other.split_once('.').map(|(_, rest)| rest);
            *other != name && rest == Some(group) && lister.is_claimed(&names::waiting(other))
        });
        others.map(str::to_owned).collect()
    }
}

/// Whether the objects of a definition are served.
pub(crate) fn is_established(crd: &Value) -> bool {
    conditions::is_true(crd, ESTABLISHED)
}

/// The names by which a definition is served: `plural`, `singular`, `shortNames`, `kind`, `listKind`, `categories`.
pub(crate) fn accepted_names(crd: &Value) -> &Value {
    &crd["status"]["acceptedNames"]
}

fn default_names(names: &mut Value) {
    let kind = text_at(names, "kind").to_owned();
    if !kind.is_empty() && text_at(names, "singular").is_empty() {
        names["singular"] = kind.to_lowercase().into();
    }
    if !kind.is_empty() && text_at(names, "listKind").is_empty() {
        names["listKind"] = format!("{kind}List").into();
    }
}

/// The version that is stored from now on is one of those that were.
fn note_stored_version(object: &mut Value) {
    let Some(stored) = lifecycle::storage_version(object).map(str::to_owned) else {
        return;
    };
    let versions = &mut object_mut(object)["status"]["storedVersions"];
    match versions.as_array_mut() {
        Some(versions) if versions.iter().any(|version| *version == *stored) => {}
        Some(versions) => versions.push(stored.into()),
        None => *versions = json!([stored]),
    }
}
