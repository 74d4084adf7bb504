//! node.k8s.io/v1 RuntimeClass.

use serde_json::Value;

use super::strategy::{Strategy, WriteContext};
use super::validation::meta::{
    invalid_each, metadata, validate_labels, validate_object_meta, validate_object_meta_update,
};
use super::validation::read::{list_at, members_at, text_at};
use super::validation::{internal, resource_names};
use crate::kinds::{Kind, Type};
use crate::names::{is_label_value, is_qualified_name, name_is_dns_label, name_is_dns_subdomain};
use crate::status::field::FieldError;

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Labels of nodes that had their time.
const DEPRECATED_LABELS: [(&str, &str); 8] = [
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "node-role.kubernetes.io/master",
        "use \"node-role.kubernetes.io/control-plane\" instead",
    ),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
];

pub(crate) struct RuntimeClasses;

impl Strategy for RuntimeClasses {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors =
            validate_object_meta(metadata(object), false, name_is_dns_subdomain, "metadata");
        errors.extend(match text_at(object, "handler") {
            "" => vec![FieldError::required("handler", "")],
            handler => invalid_each("handler", handler, name_is_dns_label(handler, false)),
        });
        let overhead = members_at(&object["overhead"], "podFixed");
        errors.extend(resource_names::validate_limits(&overhead, "overhead"));
        errors.extend(validate_scheduling(write.kind, &object["scheduling"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = self.validate(write, object);
        errors.extend(validate_object_meta_update(
            metadata(object),
            metadata(old),
            "metadata",
        ));
        let handler = &object["handler"];
        if *handler != old["handler"] {
            let error = FieldError::invalid("handler", handler, "field is immutable");
            errors.push(error);
        }
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let labels = members_at(&object["scheduling"], "nodeSelector").into_iter();
        let deprecated = labels.filter_map(|(label, _)| {
            let mut known = DEPRECATED_LABELS.iter();
            known.find(|(known, _)| *known == label)
        });
        deprecated
            .map(|(_, text)| format!("scheduling.nodeSelector: {text}"))
            .collect()
    }
}

fn validate_scheduling(kind: &Kind, scheduling: &Value) -> Vec<FieldError> {
    let Some(members) = scheduling.as_object() else {
        return Vec::new();
    };
    let mut errors = validate_labels(members, "nodeSelector", "scheduling");
    let tolerations = list_at(scheduling, "tolerations");
    for (i, toleration) in tolerations.iter().enumerate() {
        let path = format!("scheduling.tolerations[{i}]");
        errors.extend(validate_toleration(toleration, &path));
    }
    const KEYS: [&str; 4] = ["key", "operator", "value", "effect"];
    for (i, toleration) in tolerations.iter().enumerate() {
        let same = |other: &Value| KEYS.iter().all(|key| other[*key] == toleration[*key]);
        if tolerations[..i].iter().any(same) {
            let path = format!("scheduling.tolerations[{i}]");
            let shown = shown_toleration(kind, toleration);
            errors.push(FieldError::duplicate_shown(path, shown));
        }
    }
    errors
}

/// As Go's JSON shows the internal type.
fn shown_toleration(kind: &Kind, toleration: &Value) -> String {
    let field = |ty: Option<&Type>, name: &str| {
        let structure = match ty {
            Some(ty) => ty.innermost_struct()?,
            None => &kind.schema,
        };
        structure.field(name).map(|field| field.ty.clone())
    };
    let scheduling = field(None, "scheduling");
    let tolerations = field(scheduling.as_ref(), "tolerations");
    let structure = tolerations.as_ref().and_then(Type::innermost_struct);
    structure.map_or_else(String::new, |structure| {
        internal::shown_struct(toleration, structure)
    })
}

/// `ValidateTolerations`, of one.
fn validate_toleration(toleration: &Value, path: &str) -> Vec<FieldError> {
    let text = |field| text_at(toleration, field);
    let (key, operator, value, effect) =
        (text("key"), text("operator"), text("value"), text("effect"));
    let at = |field: &str| format!("{path}.{field}");
    let mut errors = Vec::new();
    if !key.is_empty() {
        errors.extend(invalid_each(at("key"), key, is_qualified_name(key)));
    }
    if key.is_empty() && operator != "Exists" {
        let reason = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errors.push(FieldError::invalid_str(at("operator"), operator, reason));
    }
    if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
        let reason = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errors.push(FieldError::invalid_str(at("effect"), effect, reason));
    }
    match operator {
        "" | "Equal" => {
            let reasons = is_label_value(value);
            if !reasons.is_empty() {
                let reason = reasons.join(";");
                errors.push(FieldError::invalid_str(at("operator"), value, reason));
            }
        }
        "Exists" => {
            if !value.is_empty() {
                let reason = "value must be empty when `operator` is 'Exists'";
                errors.push(FieldError::invalid_str(at("operator"), value, reason));
            }
        }
        other => {
            // These two compare numbers, which is not to be had yet, but is told of.
            let known: &[&str] = match other {
                "Lt" | "Gt" => &["Equal", "Exists", "Lt", "Gt"],
                _ => &["Equal", "Exists"],
            };
            errors.push(FieldError::not_supported(
                at("operator"),
                &other.into(),
                known,
            ));
        }
    }
    if !effect.is_empty() && !EFFECTS.contains(&effect) {
        errors.push(FieldError::not_supported(
            at("effect"),
            &effect.into(),
            &EFFECTS,
        ));
    }
    errors
}
