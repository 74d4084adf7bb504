//! Events of core/v1, which are checked as in the old days: not even the metadata is.

use serde_json::Value;

use super::meta::{invalid_each, metadata, text};
use crate::names::{is_dns1123_subdomain, is_qualified_name};
use crate::status::field::FieldError;

const SHORT_MAX: usize = 128;
const MESSAGE_MAX: usize = 1024;

/// `legacyValidateEvent`, on creation and on every update.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    let namespace = text(metadata(object), "namespace");
    let mut errors = if field(object, "eventTime").is_empty() {
        validate_old(object, namespace)
    } else {
        validate_new(object, namespace)
    };
    errors.extend(invalid_each(
        "namespace",
        namespace,
        is_dns1123_subdomain(namespace),
    ));
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
fn validate_new(object: &Value, namespace: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let involved = field(&object["involvedObject"], "namespace");
    if involved.is_empty() && !matches!(namespace, "default" | "kube-system") {
        errors.push(does_not_match(involved));
    }
    let controller = field(object, "reportingComponent");
    if controller.is_empty() {
        errors.push(FieldError::required("reportingController", ""));
    }
    errors.extend(invalid_each(
        "reportingController",
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
        validate(object).iter().map(ToString::to_string).collect()
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
        assert_eq!(errors[0], "reportingController: Required value");
        assert_eq!(
            errors[1],
            r#"reportingController: Invalid value: "": name part must be non-empty"#
        );
    }
}
