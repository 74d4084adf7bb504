//! certificates.k8s.io/v1 CertificateSigningRequest, and the two ways to write parts of one: `/approval` and `/status`.

mod validation;

use serde_json::{Value, json};

use super::strategy::{Strategy, WriteContext};
use crate::object::object_mut;
use crate::status::field::FieldError;

pub(crate) struct CertificateSigningRequests;

/// Conditions that are written through `/approval` alone.
const DECISIONS: [&str; 2] = ["Approved", "Denied"];

impl Strategy for CertificateSigningRequests {
    /// Who asks is who asks, and nobody approves what they ask for.
    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        let spec = object_mut(&mut object["spec"]);
        for field in ["username", "uid", "groups", "extra"] {
            spec.remove(field);
        }
        if let Some(user) = write.user {
            let mut say = |field: &str, value: Value, is_empty: bool| {
                if !is_empty {
                    spec.insert(field.to_owned(), value);
                }
            };
            say("username", json!(user.name), user.name.is_empty());
            say("uid", json!(user.uid), user.uid.is_empty());
            say("groups", json!(user.groups), user.groups.is_empty());
            say("extra", json!(user.extra), user.extra.is_empty());
        }
        object["status"] = json!({});
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        object["spec"] = old["spec"].clone();
        match write.subresource {
            "" => object["status"] = old["status"].clone(),
            "approval" => {
                set_times(object, old, write.now);
                let conditions = object["status"].get("conditions").cloned();
                object["status"] = old["status"].clone();
                let status = object_mut(&mut object["status"]);
                match conditions {
                    Some(conditions) => status.insert("conditions".to_owned(), conditions),
                    None => status.remove("conditions"),
                };
            }
            _ => {
                for decision in DECISIONS {
                    keep_conditions(object, old, decision);
                }
                set_times(object, old, write.now);
            }
        }
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        validation::validate(object, None)
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        validation::validate_update(write.subresource, object, old)
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        match column {
            "RequestedDuration" => requested_duration(object).into(),
            _ => shown_status(object).into(),
        }
    }
}

fn conditions(object: &Value) -> &[Value] {
    let conditions = object
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    conditions.map_or(&[], Vec::as_slice)
}

fn conditions_mut(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    let conditions = object
        .pointer_mut("/status/conditions")
        .and_then(Value::as_array_mut);
    conditions.into_iter().flatten()
}

/// Puts the old conditions of a type in the place of the new ones, if there are as many.
fn keep_conditions(object: &mut Value, old: &Value, ty: &str) {
    let of_type = |condition: &&Value| condition["type"] == ty;
    let old: Vec<&Value> = conditions(old).iter().filter(of_type).collect();
    if old.len() == conditions(object).iter().filter(of_type).count() {
        let new = conditions_mut(object).filter(|condition| condition["type"] == ty);
        new.zip(old).for_each(|(new, old)| *new = old.clone());
    }
}

/// Fills in when conditions were written and when they came to be as they are.
fn set_times(object: &mut Value, old: &Value, now: &str) {
    for condition in conditions_mut(object) {
        if condition["lastUpdateTime"].is_null() {
            condition["lastUpdateTime"] = now.into();
        }
        if condition["lastTransitionTime"].is_null() {
            let same = conditions(old).iter().find(|old| {
                old["type"] == condition["type"]
                    && old["status"] == condition["status"]
                    && !old["lastTransitionTime"].is_null()
            });
            condition["lastTransitionTime"] =
                same.map_or_else(|| now.into(), |old| old["lastTransitionTime"].clone());
        }
    }
}

fn requested_duration(object: &Value) -> String {
    let seconds = object["spec"]["expirationSeconds"].as_i64();
    seconds.map_or_else(|| "<none>".to_owned(), crate::codec::time::human_duration)
}

fn shown_status(object: &Value) -> String {
    let has = |ty: &str| {
        conditions(object)
            .iter()
            .any(|condition| condition["type"] == ty)
    };
    let mut status = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    }
    .to_owned();
    if has("Failed") {
        status.push_str(",Failed");
    }
    let certificate = object
        .pointer("/status/certificate")
        .and_then(Value::as_str);
    if certificate.is_some_and(|certificate| !certificate.is_empty()) {
        status.push_str(",Issued");
    }
    status
}
