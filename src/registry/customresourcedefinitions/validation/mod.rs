//! What a definition must be like: upstream's `pkg/apis/apiextensions/validation`, whose errors name the fields of the
//! internal type.

mod conversion;
mod lists;
mod names;
mod options;
mod parts;
mod schema;
mod spec;
mod structural;

use serde_json::Value;

use super::spec::Spec;
use super::{approval, conditions, internal};
use crate::names::name_is_dns_subdomain;
use crate::object::meta_str;
use crate::registry::validation::meta::{self, invalid_each};
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::status::field::FieldError;
use options::Options;

/// `ValidateCustomResourceDefinition`.
pub(super) fn validate(crd: &Value) -> Vec<FieldError> {
    let mut errors = validate_metadata(crd);
    let spec = Spec::of(crd);
    errors.extend(spec::validate(&spec, &Options::of_creation()));
    errors.extend(validate_rest(crd, None));
    errors
}

/// `ValidateCustomResourceDefinitionUpdate`.
pub(super) fn validate_update(crd: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors =
        meta::validate_object_meta_update(meta::metadata(crd), meta::metadata(old), "metadata");
    // What is as it was is as good as it was.
    if crd["spec"] != old["spec"] {
        let (new_spec, old_spec) = (Spec::of(crd), Spec::of(old));
        let options = spec::update_options(old, &new_spec, &old_spec);
        errors.extend(spec::validate(&new_spec, &options));
    }
    if conditions::is_true(old, conditions::ESTABLISHED) {
        errors.extend(immutable(crd, old, &["scope"]));
        errors.extend(immutable(crd, old, &["names", "kind"]));
    }
    errors.extend(immutable(crd, old, &["group"]));
    errors.extend(immutable(crd, old, &["names", "plural"]));
    errors.extend(validate_rest(crd, Some(old)));
    errors
}

/// `ValidateUpdateCustomResourceDefinitionStatus`.
pub(super) fn validate_status_update(crd: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors =
        meta::validate_object_meta_update(meta::metadata(crd), meta::metadata(old), "metadata");
    errors.extend(validate_status(crd));
    errors
}

/// The name is made of what it is about.
fn validate_metadata(crd: &Value) -> Vec<FieldError> {
    let spec = &crd["spec"];
    let wanted = [text_at(&spec["names"], "plural"), text_at(spec, "group")].join(".");
    let mut errors = Vec::new();
    for (field, is_prefix) in [("generateName", true), ("name", false)] {
        let name = meta_str(crd, field);
        if name.is_empty() {
            continue;
        }
        let mut reasons = name_is_dns_subdomain(name, is_prefix);
        if name != wanted {
            reasons.push("must be spec.names.plural+\".\"+spec.group".to_owned());
        }
        errors.extend(invalid_each(
            format_args!("metadata.{field}"),
            name,
            reasons,
        ));
    }
    let any = |_: &str, _: bool| Vec::new();
    let metadata = meta::metadata(crd);
    errors.extend(meta::validate_object_meta(metadata, false, any, "metadata"));
    errors
}

fn immutable(crd: &Value, old: &Value, path: &[&str]) -> Option<FieldError> {
    let at = |crd: &Value| text_at_path(&crd["spec"], path);
    let (new, old) = (at(crd), at(old));
    (new != old).then(|| {
        let path = format!("spec.{}", path.join("."));
        FieldError::invalid_str(path, &new, "field is immutable")
    })
}

fn text_at_path(value: &Value, path: &[&str]) -> String {
    let found = path.iter().fold(value, |at, name| &at[*name]);
    found.as_str().unwrap_or_default().to_owned()
}

fn validate_rest(crd: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = validate_status(crd);
    errors.extend(validate_stored_versions(crd));
    errors.extend(approval::validate(crd, old));
    let preserves = |crd: &Value| crd["spec"]["preserveUnknownFields"] == true;
    if preserves(crd) && !old.is_some_and(preserves) {
        let reason = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errors.push(FieldError::invalid(
            "spec.preserveUnknownFields",
            &true.into(),
            reason,
        ));
    }
    errors
}

fn validate_status(crd: &Value) -> Vec<FieldError> {
    names::validate(&crd["status"]["acceptedNames"], "status.acceptedNames")
}

fn validate_stored_versions(crd: &Value) -> Vec<FieldError> {
    const PATH: &str = "status.storedVersions";
    let shown = internal::stored_versions(crd);
    let mut left: Vec<(usize, &str)> = texts_at(&crd["status"], "storedVersions")
        .into_iter()
        .enumerate()
        .collect();
    if left.is_empty() {
        return vec![FieldError::invalid(
            PATH,
            &shown,
            "must have at least one stored version",
        )];
    }
    let mut errors = Vec::new();
    for version in list_at(&crd["spec"], "versions") {
        let name = text_at(version, "name");
        let before = left.len();
        left.retain(|(_, stored)| *stored != name);
        if left.len() == before && version["storage"] == true {
            let reason = format!("must have the storage version {name}");
            errors.push(FieldError::invalid(PATH, &shown, reason));
        }
    }
    errors.extend(left.into_iter().map(|(i, name)| {
        let reason = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a \
             storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        FieldError::invalid_str(format!("{PATH}[{i}]"), name, reason)
    }));
    errors
}
