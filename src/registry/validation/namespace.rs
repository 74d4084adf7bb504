//! Namespaces, and their subresources `status` and `finalize`.

use serde_json::Value;

use super::core::{self, validate_finalizer_name};
use super::meta::{list, metadata, text};
use crate::names::name_is_dns_label;
use crate::status::field::FieldError;

/// `ValidateNamespace`.
pub(crate) fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta(object, false, name_is_dns_label);
    for name in spec_finalizers(object) {
        errors.extend(validate_finalizer_name(name, "spec.finalizers"));
    }
    errors
}

/// The strategy's `ValidateUpdate`: `ValidateNamespace`, then `ValidateNamespaceUpdate`.
pub(crate) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate(new);
    errors.extend(core::validate_object_meta_update(new, old));
    errors
}

/// `ValidateNamespaceStatusUpdate`: the phase follows from the deletion timestamp.
pub(crate) fn validate_status_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    let phase = new
        .get("status")
        .and_then(Value::as_object)
        .map_or("", |status| text(status, "phase"));
    let (wanted, reason) = if metadata(new).contains_key("deletionTimestamp") {
        (
            "Terminating",
            "may only be 'Terminating' if `deletionTimestamp` is not empty",
        )
    } else {
        (
            "Active",
            "may only be 'Active' if `deletionTimestamp` is empty",
        )
    };
    if phase != wanted {
        // Upstream names the Go field.
        errors.push(FieldError::invalid_str("status.Phase", phase, reason));
    }
    errors
}

/// `ValidateNamespaceFinalizeUpdate`.
pub(crate) fn validate_finalize_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(new, old);
    for (i, name) in spec_finalizers(new).enumerate() {
        errors.extend(validate_finalizer_name(
            name,
            &format!("spec.finalizers[{i}]"),
        ));
    }
    errors
}

fn spec_finalizers(object: &Value) -> impl Iterator<Item = &str> {
    let spec = object.get("spec").and_then(Value::as_object);
    spec.into_iter()
        .flat_map(|spec| list(spec, "finalizers"))
        .filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UNQUALIFIED: &str = "name is neither a standard finalizer name nor is it fully qualified";

    fn namespace(name: &str) -> Value {
        json!({
            "metadata": {"name": name, "uid": "u", "resourceVersion": "1"},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        })
    }

    fn shown(errors: Vec<FieldError>) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_is_a_dns_label() {
        assert_eq!(shown(validate(&namespace("a-b"))), [""; 0]);
        assert_eq!(
            shown(validate(&namespace("a.b"))),
            [r#"metadata.name: Invalid value: "a.b": must not contain dots"#]
        );
        assert_eq!(
            shown(validate(&namespace("A"))),
            [
                r#"metadata.name: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"#
            ]
        );
    }

    #[test]
    fn a_namespace_is_in_no_namespace() {
        let mut object = namespace("a");
        object["metadata"]["namespace"] = json!("b");
        assert_eq!(
            shown(validate(&object)),
            ["metadata.namespace: Forbidden: not allowed on this type"]
        );
    }

    #[test]
    fn a_finalizer_is_qualified_or_well_known() {
        let mut object = namespace("a");
        object["spec"]["finalizers"] = json!(["kubernetes", "x.io/y", "foo"]);
        assert_eq!(
            shown(validate(&object)),
            [format!(
                "spec.finalizers: Invalid value: \"foo\": {UNQUALIFIED}"
            )]
        );
        assert_eq!(
            shown(validate_finalize_update(&object, &namespace("a"))),
            [format!(
                "spec.finalizers[2]: Invalid value: \"foo\": {UNQUALIFIED}"
            )]
        );
        object["spec"] = json!({});
        assert_eq!(
            shown(validate_finalize_update(&object, &namespace("a"))),
            [""; 0]
        );
    }

    #[test]
    fn an_update_checks_the_whole_and_the_change() {
        let old = namespace("a");
        let mut new = old.clone();
        assert_eq!(shown(validate_update(&new, &old)), [""; 0]);
        new["metadata"]["labels"] = json!({"a": "b c"});
        assert_eq!(validate_update(&new, &old).len(), 2);
        assert_eq!(validate_status_update(&new, &old).len(), 1);
        assert_eq!(validate_finalize_update(&new, &old).len(), 1);
        new["metadata"] = json!({"name": "a", "uid": "v", "resourceVersion": "1"});
        assert_eq!(
            shown(validate_update(&new, &old)),
            [r#"metadata.uid: Invalid value: "v": field is immutable"#]
        );
    }

    #[test]
    fn the_phase_follows_from_the_deletion_timestamp() {
        let live = namespace("a");
        let mut dying = live.clone();
        dying["metadata"]["deletionTimestamp"] = json!("2020-01-01T00:00:00Z");
        for (object, phase, errors) in [
            (&live, "Active", vec![]),
            (&dying, "Terminating", vec![]),
            (
                &live,
                "Terminating",
                vec![
                    r#"status.Phase: Invalid value: "Terminating": may only be 'Active' if `deletionTimestamp` is empty"#,
                ],
            ),
            (
                &live,
                "",
                vec![
                    r#"status.Phase: Invalid value: "": may only be 'Active' if `deletionTimestamp` is empty"#,
                ],
            ),
            (
                &dying,
                "Active",
                vec![
                    r#"status.Phase: Invalid value: "Active": may only be 'Terminating' if `deletionTimestamp` is not empty"#,
                ],
            ),
        ] {
            let mut new = object.clone();
            new["status"]["phase"] = json!(phase);
            assert_eq!(
                shown(validate_status_update(&new, object)),
                errors,
                "{phase}"
            );
        }
    }
}
