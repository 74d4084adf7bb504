//! admissionregistration.k8s.io: webhooks, policies and what binds them.

mod bindings;
pub(crate) mod expressions;
mod matching;
mod policies;
#[cfg(feature = "cel")]
mod type_checking;
mod url;
mod webhooks;

pub(super) use url::validate as validate_url;
pub(super) use webhooks::validate_service;

use serde_json::{Value, json};

use super::declared;
use super::strategy::{Lister, Strategy, WriteContext};
use super::validation::read::{list_at, text_at};
use super::validation::{conditions, meta};
use crate::names::name_is_dns_subdomain;
use crate::object::meta_str;
use crate::status::field::FieldError;

/// Names that end so belong to what is configured by files.
const STATIC_SUFFIX: &str = ".static.k8s.io";

/// The configurations of webhooks, which differ in little more than their names.
pub(crate) struct WebhookConfigurations;

impl Strategy for WebhookConfigurations {
    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        declared::set_generation(object, 1);
    }

    fn prepare_for_update(&self, _write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        if object["webhooks"] != old["webhooks"] {
            let before = old["metadata"]["generation"].as_i64().unwrap_or_default();
            declared::set_generation(object, before + 1);
        }
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate_metadata(object);
        errors.extend(webhooks::validate(object, None));
        errors
    }

    fn validate_update(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = validate_metadata(object);
        errors.extend(webhooks::validate(object, Some(old)));
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        warnings(object)
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        json!(list_at(object, "webhooks").len())
    }
}

/// Policies of both kinds.
pub(crate) struct Policies;

impl Strategy for Policies {
    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate_metadata(object);
        errors.extend(policies::validate(object, None));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        if write.subresource == "status" {
            return validate_status(&object["status"]);
        }
        let mut errors = validate_metadata(object);
        errors.extend(policies::validate(object, Some(old)));
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        warnings(object)
    }

    fn settled(
        &self,
        object: &Value,
        _lister: &dyn Lister,
        _now: &str,
    ) -> Option<(&'static str, Value)> {
        let generation = &object["metadata"]["generation"];
        let observed = &object["status"]["observedGeneration"];
        let is_new = generation.as_i64() > Some(observed.as_i64().unwrap_or_default());
        let status = json!({"observedGeneration": generation, "typeChecking": found(object)});
        is_new.then_some((STATUS_CONTROLLER, status))
    }

    fn settles_by_controller(&self) -> bool {
        true
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match (column, &spec["paramKind"]) {
            ("Validations", _) => json!(list_at(spec, "validations").len()),
            ("Mutations", _) => json!(list_at(spec, "mutations").len()),
            (_, Value::Null) => "<unset>".into(),
            (_, kind) => {
                format!("{}/{}", text_at(kind, "apiVersion"), text_at(kind, "kind")).into()
            }
        }
    }
}

/// Who says in the status of policies what was found about them.
const STATUS_CONTROLLER: &str = "validatingadmissionpolicy-status";

/// What binds policies of both kinds.
pub(crate) struct Bindings;

impl Strategy for Bindings {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = validate_metadata(object);
        errors.extend(bindings::validate(write.kind, object));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<FieldError> {
        self.validate(write, object)
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        warnings(object)
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        bindings::shown_param(&object["spec"]["paramRef"]).into()
    }
}

#[cfg(feature = "cel")]
fn found(policy: &Value) -> Value {
    type_checking::check(policy)
}

#[cfg(not(feature = "cel"))]
fn found(_policy: &Value) -> Value {
    json!({})
}

/// Their finalizers may be any.
fn validate_metadata(object: &Value) -> Vec<FieldError> {
    meta::validate_object_meta(
        meta::metadata(object),
        false,
        name_is_dns_subdomain,
        "metadata",
    )
}

/// `validateValidatingAdmissionPolicyStatus`.
fn validate_status(status: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let warnings = list_at(&status["typeChecking"], "expressionWarnings");
    for (i, warning) in warnings.iter().enumerate() {
        let path = format!("status.typeChecking.expressionWarnings[{i}]");
        for field in ["warning", "fieldRef"] {
            if text_at(warning, field).trim().is_empty() {
                errors.push(FieldError::required(format!("{path}.{field}"), ""));
            }
        }
    }
    let conditions = list_at(status, "conditions");
    errors.extend(conditions::validate(conditions, "status.conditions"));
    errors
}

fn warnings(object: &Value) -> Vec<String> {
    if !meta_str(object, "name").ends_with(STATIC_SUFFIX) {
        return Vec::new();
    }
    vec![format!(
        "metadata.name: names ending with \"{STATIC_SUFFIX}\" are reserved for static manifest-based configurations \
         and cannot be managed via the API"
    )]
}
