//! storage.k8s.io StorageClass.

use serde_json::{Map, Value};

use super::{validate_parameters, validate_provisioner};
use crate::names::is_qualified_name;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::node_selector::label_warning;
use crate::registry::validation::read::{annotation, list_at, text_at, texts_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct StorageClasses;

/// Mark the class of the claims that name none.
const DEFAULT_ANNOTATIONS: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];
const POLICIES: [&str; 2] = ["Delete", "Retain"];
const MODES: [&str; 2] = ["Immediate", "WaitForFirstConsumer"];
const IMMUTABLE: [&str; 4] = [
    "parameters",
    "provisioner",
    "reclaimPolicy",
    "volumeBindingMode",
];

impl Strategy for StorageClasses {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate(object));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = self.validate(write, object);
        errors.extend(declared::validate_update(write, object, old));
        let changed = IMMUTABLE
            .iter()
            .filter(|field| object[**field] != old[**field]);
        errors.extend(
            changed.map(|field| FieldError::invalid(*field, &object[*field], "field is immutable")),
        );
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let mut warnings = Vec::new();
        for (i, term) in list_at(object, "allowedTopologies").iter().enumerate() {
            for (j, expression) in expressions(term).iter().enumerate() {
                let path = format!("allowedTopologies[{i}].matchLabelExpressions[{j}].key");
                let warning = label_warning(text_at(expression, "key"));
                warnings.extend(warning.map(|message| format!("{path}: {message}")));
            }
        }
        warnings
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let text_or = |field: &str, other: &str| object[field].as_str().unwrap_or(other).into();
        match column {
            "Name" => name(object).into(),
            "Provisioner" => text_at(object, "provisioner").into(),
            "ReclaimPolicy" => text_or("reclaimPolicy", "Delete"),
            "VolumeBindingMode" => text_or("volumeBindingMode", "Immediate"),
            "AllowVolumeExpansion" => {
                let allows = object["allowVolumeExpansion"].as_bool();
                allows.unwrap_or_default().into()
            }
            _ => Value::Null,
        }
    }
}

fn name(object: &Value) -> String {
    let name = text_at(&object["metadata"], "name");
    let is_marked = |key: &&str| annotation(object, key) == Some("true");
    match DEFAULT_ANNOTATIONS.iter().any(is_marked) {
        true => format!("{name} (default)"),
        false => name.to_owned(),
    }
}

fn expressions(term: &Value) -> &[Value] {
    list_at(term, "matchLabelExpressions")
}

fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = validate_provisioner(object, "provisioner");
    errors.extend(validate_parameters(object, true));
    let policy = text_at(object, "reclaimPolicy");
    if !policy.is_empty() && !POLICIES.contains(&policy) {
        let path = "reclaimPolicy";
        errors.push(FieldError::not_supported(path, &policy.into(), &POLICIES));
    }
    let path = "volumeBindingMode";
    match object[path].as_str() {
        None => errors.push(FieldError::required(path, "")),
        Some(mode) if MODES.contains(&mode) => {}
        Some(mode) => errors.push(FieldError::not_supported(path, &mode.into(), &MODES)),
    }
    errors.extend(validate_topologies(list_at(object, "allowedTopologies")));
    errors
}

/// `validateAllowedTopologies`.
fn validate_topologies(terms: &[Value]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    // Upstream compares with an empty term for each there is, and then with those that came before.
    let mut seen = vec![Map::new(); terms.len()];
    for (i, term) in terms.iter().enumerate() {
        let path = format!("allowedTopologies[{i}].matchLabelExpressions");
        let mut keys = Map::new();
        for (j, expression) in expressions(term).iter().enumerate() {
            let path = format!("{path}[{j}]");
            errors.extend(validate_topology(expression, &path));
            let key = text_at(expression, "key");
            let mut values = texts_at(expression, "values");
            values.sort_unstable();
            values.dedup();
            if keys.insert(key.to_owned(), values.into()).is_some() {
                let path = format!("{path}.key");
                errors.push(FieldError::duplicate(path, &key.into()));
            }
        }
        let same = seen.iter().filter(|other| **other == keys).count();
        errors.extend((0..same).map(|_| FieldError::duplicate(path.clone(), &"".into())));
        seen.push(keys);
    }
    errors
}

/// `validateTopologySelectorLabelRequirement`.
fn validate_topology(expression: &Value, path: &str) -> Vec<FieldError> {
    let values = texts_at(expression, "values");
    let mut errors = Vec::new();
    if values.is_empty() {
        errors.push(FieldError::required(format!("{path}.values"), ""));
    }
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            let path = format!("{path}.values[{i}]");
            errors.push(FieldError::duplicate(path, &(*value).into()));
        }
    }
    let key = text_at(expression, "key");
    let path = format_args!("{path}.key");
    errors.extend(invalid_each(path, key, is_qualified_name(key)));
    errors
}
