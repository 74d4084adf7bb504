//! scheduling.k8s.io/v1 PriorityClass.

use serde_json::{Value, json};

use super::declared;
use super::deletion::{self, Deletion};
use super::strategy::{Strategy, WriteContext};
use super::validation::core;
use crate::kinds::Kind;
use crate::names::name_is_dns_subdomain;
use crate::object::meta_str;
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct PriorityClasses;

/// What users may give themselves.
const HIGHEST_USER_DEFINABLE: i64 = 1_000_000_000;
const SYSTEM_PREFIX: &str = "system-";

/// Name, value and description of those the system has for itself.
const SYSTEM: [(&str, i64, &str); 2] = [
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

impl Strategy for PriorityClasses {
    fn initial(&self, kind: &Kind, _collected: bool) -> Vec<Value> {
        let class = |(name, value, description)| {
            json!({
                "kind": kind.kind,
                "apiVersion": kind.api_version(),
                "metadata": {"name": name, "generation": 1},
                "value": value,
                "description": description,
                "preemptionPolicy": "PreemptLowerPriority",
            })
        };
        SYSTEM.into_iter().map(class).collect()
    }

    /// There is no second generation.
    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        declared::set_generation(object, 1);
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta(object, false, name_is_dns_subdomain);
        let name = meta_str(object, "name");
        let value = object["value"].as_i64().unwrap_or_default();
        if name.starts_with(SYSTEM_PREFIX) {
            if let Err(why) = check_system_class(name, value, object) {
                let detail = format!(
                    "priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {why}"
                );
                errors.push(FieldError::forbidden("metadata.name", detail));
            }
        } else if value > HIGHEST_USER_DEFINABLE {
            let detail = format!(
                "maximum allowed value of a user defined priority is {HIGHEST_USER_DEFINABLE}"
            );
            errors.push(FieldError::forbidden("value", detail));
        }
        errors.extend(validate_preemption_policy(object));
        errors
    }

    fn validate_update(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta_update(object, old);
        if object["value"] != old["value"] {
            errors.push(FieldError::forbidden(
                "value",
                "may not be changed in an update.",
            ));
        }
        let policy = &object["preemptionPolicy"];
        if *policy != old["preemptionPolicy"] {
            let why = "field is immutable";
            errors.push(FieldError::invalid("preemptionPolicy", policy, why));
        }
        errors
    }

    fn before_delete(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        let name = meta_str(object, "name");
        if SYSTEM.iter().any(|(system, ..)| *system == name) {
            let why = "this is a system priority class and cannot be deleted";
            return Err(Status::forbidden(
                &write.kind.plural,
                &write.kind.group,
                name,
                why,
            ));
        }
        deletion::before_delete(write, object, options)
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        object["globalDefault"].as_bool().unwrap_or_default().into()
    }
}

/// `IsKnownSystemPriorityClass`.
fn check_system_class(name: &str, value: i64, object: &Value) -> Result<(), String> {
    let known = SYSTEM.iter().find(|(system, ..)| *system == name);
    let Some((_, wanted, _)) = known else {
        return Err(format!("{name} is not a known system priority class"));
    };
    if *wanted != value {
        return Err(format!("value of {name} PriorityClass must be {wanted}"));
    }
    if object["globalDefault"] == true {
        return Err(format!(
            "globalDefault of {name} PriorityClass must be false"
        ));
    }
    Ok(())
}

fn validate_preemption_policy(object: &Value) -> Option<FieldError> {
    let policy = object
        .get("preemptionPolicy")
        .filter(|policy| !policy.is_null())?;
    let field = "preemptionPolicy";
    let supported = ["PreemptLowerPriority", "Never"];
    match policy.as_str().unwrap_or_default() {
        "" => Some(FieldError::required(field, "")),
        text if supported.contains(&text) => None,
        _ => Some(FieldError::not_supported(field, policy, &supported)),
    }
}
