//! Events. Those of core/v1 are checked as in the old days, when not even the metadata was; those of events.k8s.io/v1 by
//! more rules beside. Errors name the fields as the stored version does.

use serde_json::{Value, json};

use super::core::{validate_object_meta, validate_object_meta_update};
use super::meta::{invalid_each, metadata, text};
use crate::kinds::Kind;
use crate::names::{is_dns1123_subdomain, is_qualified_name, name_is_dns_subdomain};
use crate::status::field::FieldError;

const SHORT_MAX: usize = 128;
const MESSAGE_MAX: usize = 1024;
/// How often the event of a series has happened at the least.
const SERIES_MIN: i64 = 2;

/// What the one field is called whose errors have the name of the version asked for.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    reporting_controller: &'static str,
}

impl Names {
    pub(crate) fn of(asked: &Kind) -> Self {
        Names {
            reporting_controller: match &*asked.group {
                "" => "reportingComponent",
                _ => "reportingController",
            },
        }
    }
}

/// `legacyValidateEvent`, on creation and on every update, in every version.
pub(crate) fn validate_legacy(object: &Value, names: Names) -> Vec<FieldError> {
    let namespace = text(metadata(object), "namespace");
    let mut errors = if field(object, "eventTime").is_empty() {
        validate_old(object, namespace)
    } else {
        validate_timed(object, namespace, names)
    };
    errors.extend(invalid_each(
        "namespace",
        namespace,
        is_dns1123_subdomain(namespace),
    ));
    errors
}

/// What `ValidateEventCreate` asks of events.k8s.io/v1 beside that.
pub(crate) fn validate_new(object: &Value) -> Vec<FieldError> {
    let mut errors = validate_object_meta(object, true, name_is_dns_subdomain);
    errors.extend(validate_series(object));
    if field(object, "eventTime").is_empty() {
        errors.push(FieldError::required("eventTime", ""));
    }
    let kind = field(object, "type");
    if !matches!(kind, "Normal" | "Warning") {
        let reason = format!("has invalid value: {kind}");
        errors.push(FieldError::invalid_str("type", "", reason));
    }
    let given = |name: &str| match &object[name] {
        Value::Null => false,
        Value::Object(members) => !members.is_empty(),
        Value::Number(number) => number.as_i64() != Some(0),
        _ => true,
    };
    let old = ["firstTimestamp", "lastTimestamp", "count", "source"];
    let old = old.into_iter().filter(|name| given(name));
    errors.extend(old.map(|name| FieldError::invalid_str(name, "", "needs to be unset")));
    errors
}

/// What `ValidateEventUpdate` asks of events.k8s.io/v1: all but the series stays. It asks for the reason twice.
pub(crate) fn validate_new_update(object: &Value, old: &Value) -> Vec<FieldError> {
    const IMMUTABLE: [&str; 14] = [
        "involvedObject",
        "reason",
        "message",
        "source",
        "firstTimestamp",
        "lastTimestamp",
        "count",
        "reason",
        "type",
        "eventTime",
        "action",
        "related",
        "reportingComponent",
        "reportingInstance",
    ];
    let mut errors = validate_object_meta_update(object, old);
    if object["series"] != old["series"] {
        errors.extend(validate_series(object));
    }
    let changed = IMMUTABLE
        .iter()
        .filter(|name| object[**name] != old[**name]);
    errors.extend(changed.map(|name| {
        let path = match *name {
            "reportingComponent" => "reportingController",
            other => other,
        };
        FieldError::invalid_shown(path, shown(name, &object[*name]), "field is immutable")
    }));
    errors
}

/// A value as Go's JSON shows the internal type, which names its fields in capitals.
fn shown(name: &str, value: &Value) -> String {
    let members: &[(&str, &str)] = match name {
        "involvedObject" | "related" if value.is_object() => &[
            ("Kind", "kind"),
            ("Namespace", "namespace"),
            ("Name", "name"),
            ("UID", "uid"),
            ("APIVersion", "apiVersion"),
            ("ResourceVersion", "resourceVersion"),
            ("FieldPath", "fieldPath"),
        ],
        "source" => &[("Component", "component"), ("Host", "host")],
        "count" if value.is_null() => return json!(0).to_string(),
        _ if value.is_string() || value.is_number() => return value.to_string(),
        _ => return "null".to_owned(),
    };
    let members: Vec<String> = members
        .iter()
        .map(|(go, name)| format!("{}:{}", json!(go), json!(field(value, name))))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn validate_series(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let series = &object["series"];
    if !series.is_object() {
        return errors;
    }
    if series["count"].as_i64().unwrap_or_default() < SERIES_MIN {
        let reason = format!("should be at least {SERIES_MIN}");
        errors.push(FieldError::invalid_str("series.count", "", reason));
    }
    if field(series, "lastObservedTime").is_empty() {
        errors.push(FieldError::required("series.lastObservedTime", ""));
    }
    errors
}

/// An event without a time of its own is where its object is.
fn validate_old(object: &Value, namespace: &str) -> Vec<FieldError> {
    let involved = field(&object["involvedObject"], "namespace");
    let fits = match involved {
        "" => matches!(namespace, "" | "default"),
        involved => involved == namespace,
    };
    let error = (!fits).then(|| does_not_match(involved));
    error.into_iter().collect()
}

/// An event with a time of its own comes from a client of today.
fn validate_timed(object: &Value, namespace: &str, names: Names) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let involved = field(&object["involvedObject"], "namespace");
    if involved.is_empty() && !matches!(namespace, "default" | "kube-system") {
        errors.push(does_not_match(involved));
    }
    let controller = field(object, "reportingComponent");
    if controller.is_empty() {
        errors.push(FieldError::required(names.reporting_controller, ""));
    }
    errors.extend(invalid_each(
        names.reporting_controller,
        controller,
        is_qualified_name(controller),
    ));
    for name in ["reportingInstance", "action", "reason"] {
        errors.extend(validate_short(name, field(object, name)));
    }
    if field(object, "message").len() > MESSAGE_MAX {
        errors.push(too_many_characters("message", MESSAGE_MAX));
    }
    errors
}

fn validate_short(name: &str, value: &str) -> Option<FieldError> {
    match value.len() {
        0 => Some(FieldError::required(name, "")),
        length if length > SHORT_MAX => Some(too_many_characters(name, SHORT_MAX)),
        _ => None,
    }
}

fn does_not_match(namespace: &str) -> FieldError {
    FieldError::invalid_str(
        "involvedObject.namespace",
        namespace,
        "does not match event.namespace",
    )
}

/// The value is not shown.
fn too_many_characters(name: &str, max: usize) -> FieldError {
    FieldError::invalid_str(name, "", format!("can have at most {max} characters"))
}

fn field<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(object: &Value) -> Vec<String> {
        validate_legacy(
            object,
            Names {
                reporting_controller: "reportingComponent",
            },
        )
        .iter()
        .map(ToString::to_string)
        .collect()
    }

    fn old(namespace: &str, involved: &str) -> Value {
        json!({"metadata": {"namespace": namespace}, "involvedObject": {"namespace": involved}})
    }

    #[test]
    fn an_event_is_where_its_object_is() {
        for (namespace, involved, fits) in [
            ("default", "default", true),
            ("default", "", true),
            ("a", "a", true),
            ("a", "", false),
            ("a", "b", false),
        ] {
            let error = format!(
                r#"involvedObject.namespace: Invalid value: "{involved}": does not match event.namespace"#
            );
            let errors = if fits { vec![] } else { vec![error] };
            assert_eq!(shown(&old(namespace, involved)), errors);
        }
    }

    #[test]
    fn an_event_with_a_time_says_who_did_what_and_why() {
        let mut object = json!({
            "metadata": {"namespace": "default"},
            "eventTime": "2024-01-02T03:04:05.000000Z",
            "reportingComponent": "example.com/c", "reportingInstance": "i", "action": "A", "reason": "R",
        });
        assert_eq!(shown(&object), [""; 0]);
        object["reportingInstance"] = json!("");
        object["action"] = json!("a".repeat(129));
        object["message"] = json!("a".repeat(1025));
        assert_eq!(
            shown(&object),
            [
                "reportingInstance: Required value",
                r#"action: Invalid value: "": can have at most 128 characters"#,
                r#"message: Invalid value: "": can have at most 1024 characters"#,
            ]
        );
    }

    #[test]
    fn a_missing_controller_is_found_three_times() {
        let object = json!({
            "metadata": {"namespace": "default"}, "eventTime": "t",
            "reportingInstance": "i", "action": "A", "reason": "R",
        });
        let errors = shown(&object);
        assert_eq!(errors.len(), 3);
        assert_eq!(errors[0], "reportingComponent: Required value");
        assert_eq!(
            errors[1],
            r#"reportingComponent: Invalid value: "": name part must be non-empty"#
        );
    }
}
