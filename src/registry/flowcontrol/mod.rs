//! flowcontrol.apiserver.k8s.io. Nothing is throttled by these objects.

mod flow_schemas;
mod initial;
mod priority_levels;

use serde_json::{Value, json};

use super::declared;
use super::strategy::AT_START;
use super::strategy::{Lister, Strategy, WriteContext};
use super::validation::core::validate_object_meta;
use super::validation::internal;
use super::validation::read::{list_at, text_at};
use crate::kinds::Kind;
use crate::names::name_is_dns_subdomain;
use crate::object::meta_str;
use crate::status::field::FieldError;

const GROUP: &str = "flowcontrol.apiserver.k8s.io";
/// As whom the server reads these objects, and says what it thinks of them.
const CONSUMER: &str = "api-priority-and-fairness-config-consumer-v1";

pub(crate) struct FlowSchemas;

impl Strategy for FlowSchemas {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let name = meta_str(object, "name");
        let mut errors = validate_object_meta(object, false, name_is_dns_subdomain);
        errors.extend(flow_schemas::validate(write.kind, object));
        if let Some(spec) = initial::mandatory_schema(name)
            && object["spec"] != spec
        {
            let shown = internal::shown(object, write.kind, &["spec"]);
            let reason = format!("spec of '{name}' must equal the fixed value");
            errors.push(FieldError::invalid_shown("spec", shown, reason));
        }
        errors.extend(validate_status(&object["status"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<FieldError> {
        match write.subresource {
            "status" => validate_status(&object["status"]),
            _ => self.validate(write, object),
        }
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn initial(&self, kind: &Kind, _collected: bool) -> Vec<Value> {
        declared::initial(kind, initial::flow_schemas(AT_START))
    }

    fn initial_manager(&self) -> &'static str {
        initial::MANAGER
    }

    /// Whether the level that it is about is there.
    fn settled(
        &self,
        object: &Value,
        lister: &dyn Lister,
        now: &str,
    ) -> Option<(&'static str, Value)> {
        let level = text_at(&object["spec"]["priorityLevelConfiguration"], "name");
        let is_there = lister
            .get(GROUP, "PriorityLevelConfiguration", "", level)
            .is_some();
        let condition = initial::dangling(level, is_there, now);
        let conditions = list_at(&object["status"], "conditions");
        let mut known = conditions
            .iter()
            .filter(|c| text_at(c, "type") == "Dangling");
        let same = known.any(|known| {
            ["status", "reason", "message"]
                .iter()
                .all(|field| known[*field] == condition[*field])
        });
        (!same).then(|| (CONSUMER, json!({"conditions": [condition]})))
    }

    /// In the order in which they are matched.
    fn row_rank(&self) -> Option<fn(&Value) -> i64> {
        Some(|object| {
            object["spec"]["matchingPrecedence"]
                .as_i64()
                .unwrap_or_default()
        })
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        match column {
            "DistinguisherMethod" => match &spec["distinguisherMethod"] {
                Value::Null => "<none>".into(),
                method => text_at(method, "type").into(),
            },
            _ => {
                let conditions = list_at(&object["status"], "conditions");
                let dangling = conditions.iter().find(|c| text_at(c, "type") == "Dangling");
                dangling
                    .map_or("?", |condition| text_at(condition, "status"))
                    .into()
            }
        }
    }
}

pub(crate) struct PriorityLevelConfigurations;

impl Strategy for PriorityLevelConfigurations {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let name = meta_str(object, "name");
        let mut errors = validate_object_meta(object, false, name_is_dns_subdomain);
        errors.extend(priority_levels::validate(object));
        if let Some(detail) = priority_levels::differs_from_mandatory(name, &object["spec"]) {
            let shown = internal::shown(object, write.kind, &["spec"]);
            errors.push(FieldError::invalid_shown("spec", shown, detail));
        }
        errors.extend(validate_status(&object["status"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<FieldError> {
        match write.subresource {
            "status" => validate_status(&object["status"]),
            _ => self.validate(write, object),
        }
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn initial(&self, kind: &Kind, _collected: bool) -> Vec<Value> {
        declared::initial(kind, initial::priority_levels(AT_START))
    }

    fn initial_manager(&self) -> &'static str {
        initial::MANAGER
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let limited = &object["spec"]["limited"];
        let queuing = &limited["limitResponse"]["queuing"];
        let number = match column {
            "NominalConcurrencyShares" => &limited["nominalConcurrencyShares"],
            "Queues" => &queuing["queues"],
            "HandSize" => &queuing["handSize"],
            _ => &queuing["queueLengthLimit"],
        };
        match number {
            Value::Null => json!("<none>"),
            number => number.clone(),
        }
    }
}

/// The conditions of either kind.
fn validate_status(status: &Value) -> Vec<FieldError> {
    let conditions = list_at(status, "conditions");
    let mut errors = Vec::new();
    for (i, condition) in conditions.iter().enumerate() {
        let path = format!("status.conditions[{i}].type");
        let kind = text_at(condition, "type");
        let same = |other: &Value| text_at(other, "type") == kind;
        if conditions[..i].iter().any(same) {
            errors.push(FieldError::duplicate(&path, &kind.into()));
        }
        if kind.is_empty() {
            errors.push(FieldError::required(path, ""));
        }
    }
    errors
}
