//! core/v1 ServiceAccount.

use serde_json::{Value, json};

use super::strategy::{Strategy, WriteContext};
use super::validation::core;
use crate::names::name_is_dns_subdomain;
use crate::object::metadata;
use crate::status::field::FieldError;

pub(crate) struct ServiceAccounts;

const MOUNTABLE_SECRETS: &str = "kubernetes.io/enforce-mountable-secrets";

impl Strategy for ServiceAccounts {
    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        keep_names_of_secrets(object);
    }

    fn prepare_for_update(&self, _write: &WriteContext<'_>, object: &mut Value, _old: &Value) {
        keep_names_of_secrets(object);
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        core::validate_object_meta(object, true, name_is_dns_subdomain)
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta_update(object, old);
        errors.extend(self.validate(write, object));
        errors
    }

    fn warnings(&self, write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let has = |object: &Value| {
            let annotations = metadata(object).and_then(|metadata| metadata.get("annotations"));
            annotations.is_some_and(|all| all.get(MOUNTABLE_SECRETS).is_some())
        };
        let name = crate::object::meta_str(object, "name");
        let namespace = crate::object::meta_str(object, "namespace");
        let old = write.lister.get("", &write.kind.kind, namespace, name);
        if !has(object) || old.is_some_and(|old| has(&old.value())) {
            return Vec::new();
        }
        vec![format!(
            "metadata.annotations[{MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate \
             access to mounted secrets"
        )]
    }
}

/// Of a reference to a secret only the name counts.
fn keep_names_of_secrets(object: &mut Value) {
    let Some(secrets) = object.get_mut("secrets").and_then(Value::as_array_mut) else {
        return;
    };
    for secret in secrets {
        *secret = match secret.get("name") {
            Some(name) => json!({"name": name}),
            None => json!({}),
        };
    }
}
