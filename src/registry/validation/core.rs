//! What the built-in kinds add to the checks of `metadata`, as `pkg/apis/core/validation` does: a finalizer without a
//! domain must be one the server itself knows.

use serde_json::Value;

use super::meta::{self, finalizers, metadata};
use crate::names::NameRule;
use crate::status::field::FieldError;

const PATH: &str = "metadata";

/// `ValidateObjectMeta`.
pub(crate) fn validate_object_meta(
    object: &Value,
    namespaced: bool,
    name_rule: NameRule,
) -> Vec<FieldError> {
    let mut errors = meta::validate_object_meta(metadata(object), namespaced, name_rule, PATH);
    errors.extend(validate_kube_finalizers(object));
    errors
}

/// `ValidateObjectMetaUpdate`.
pub(crate) fn validate_object_meta_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = meta::validate_object_meta_update(metadata(new), metadata(old), PATH);
    errors.extend(validate_kube_finalizers(new));
    errors
}

fn validate_kube_finalizers(object: &Value) -> Vec<FieldError> {
    let names = finalizers(metadata(object));
    let check = |(i, name): (usize, &str)| {
        validate_kube_finalizer_name(name, &format!("{PATH}.finalizers[{i}]"))
    };
    names.into_iter().enumerate().filter_map(check).collect()
}

/// `validateKubeFinalizerName`.
fn validate_kube_finalizer_name(name: &str, path: &str) -> Option<FieldError> {
    if name.contains('/') || matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
        return None;
    }
    let reason = "name is neither a standard finalizer name nor is it fully qualified";
    Some(FieldError::invalid_str(path, name, reason))
}

/// `validateFinalizerName`: a finalizer of `spec.finalizers`.
pub(super) fn validate_finalizer_name(name: &str, path: &str) -> Vec<FieldError> {
    let mut errors = meta::validate_finalizer_name(name, path);
    errors.extend(validate_kube_finalizer_name(name, path));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::name_is_dns_subdomain;
    use serde_json::json;

    fn object(finalizers: &[&str]) -> Value {
        json!({"metadata": {"name": "n", "namespace": "default", "resourceVersion": "1", "finalizers": finalizers}})
    }

    fn shown(errors: &[FieldError]) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_finalizer_is_qualified_or_well_known() {
        for good in [
            "kubernetes",
            "orphan",
            "foregroundDeletion",
            "example.com/f",
        ] {
            assert!(
                validate_object_meta(&object(&[good]), true, name_is_dns_subdomain).is_empty(),
                "{good}"
            );
        }
        assert_eq!(
            shown(&validate_object_meta(
                &object(&["x.io/y", "foo"]),
                true,
                name_is_dns_subdomain
            )),
            [
                r#"metadata.finalizers[1]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified"#
            ]
        );
    }

    #[test]
    fn all_names_are_checked_for_form_before_any_for_its_domain() {
        let errors = validate_object_meta(&object(&["foo", "a b"]), true, name_is_dns_subdomain);
        let fields: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "metadata.finalizers",
                "metadata.finalizers[0]",
                "metadata.finalizers[1]"
            ]
        );
    }

    #[test]
    fn an_update_repeats_the_check() {
        let errors = validate_object_meta_update(&object(&["foo"]), &object(&[]));
        assert_eq!(
            shown(&errors),
            [
                r#"metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified"#
            ]
        );
    }
}
