//! Objects of kinds that CustomResourceDefinitions define: one strategy for all of them, in the version a client speaks.
//!
//! Upstream: `k8s.io/apiextensions-apiserver/pkg/registry/customresource`.

mod scale;

use serde_json::Value;

use super::declared::set_generation;
use super::strategy::Strategy;
use super::validation::meta;
use super::{ScalePaths, WriteContext};
use crate::codec::jsonpath::JsonPath;
use crate::kinds::structural::Structural;
use crate::kinds::{Custom, Kind};
use crate::names::{is_qualified_name, name_is_dns_subdomain};
use crate::object::{meta_strings, metadata_mut, object_mut};
use crate::schema::structural;
use crate::status::Status;
use crate::status::field::FieldError;

/// What stands in the place of the rules that an object is too broken for.
const UNCHECKED: &str = "some validation rules were not checked because the object was invalid; correct the existing \
                         errors to complete validation";

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["orphan", "foregroundDeletion", "kubernetes"];

pub(super) struct CustomResources;

impl Strategy for CustomResources {
    fn permit(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let is_terminating = custom(write.asked).is_some_and(|custom| custom.is_terminating);
        if old.is_some() || !is_terminating {
            return Ok(());
        }
        let why = "create not allowed while custom resource definition is terminating";
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let kind = write.asked;
        Err(Status::forbidden(&kind.plural, &kind.group, name, why))
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        if has_status(write.asked) {
            object_mut(object).remove("status");
        }
        set_generation(object, 1);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        if write.subresource == "status" {
            return only_status(object, old);
        }
        if has_status(write.asked) {
            put_back(object_mut(object), old, "status");
        }
        if !is_same_beside_metadata(object, old) {
            let before = old["metadata"]["generation"].as_i64().unwrap_or_default();
            set_generation(object, before.saturating_add(1));
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let Some(custom) = custom(write.asked) else {
            return Vec::new();
        };
        let wrong_type = validate_type(object, write.asked);
        if !wrong_type.is_empty() {
            return wrong_type;
        }
        let schema = &custom.version().schema;
        let (metadata, namespaced) = (meta::metadata(object), write.kind.namespaced);
        let mut errors =
            meta::validate_object_meta(metadata, namespaced, name_is_dns_subdomain, "metadata");
        errors.extend(structural::validate(object, None, schema, ""));
        errors.extend(scale::validate(object, custom, ""));
        errors.extend(validate_embedded(object, schema));
        errors.extend(structural::validate_list_types(object, schema));
        check_rules(custom, object, None, &mut errors);
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let Some(custom) = custom(write.asked) else {
            return Vec::new();
        };
        let wrong_type = validate_type(object, write.asked);
        if !wrong_type.is_empty() {
            return wrong_type;
        }
        let schema = &custom.version().schema;
        let (new_meta, old_meta) = (meta::metadata(object), meta::metadata(old));
        let mut errors = meta::validate_object_meta_update(new_meta, old_meta, "metadata");
        errors.extend(match write.subresource {
            "status" => validate_status(object, old, schema),
            _ => structural::validate(object, Some(old), schema, ""),
        });
        errors.extend(scale::validate(object, custom, write.subresource));
        if write.subresource != "status" {
            errors.extend(validate_embedded(object, schema));
        }
        errors.extend(structural::validate_list_types_update(object, old, schema));
        check_rules(custom, object, Some(old), &mut errors);
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let mut added = meta_strings(object, "finalizers");
        added.sort_unstable();
        added.dedup();
        added.iter().flat_map(|name| odd_finalizer(name)).collect()
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        let rules = custom(write.asked).and_then(|custom| custom.version().rules.as_ref());
        let kept = rules.map_or_else(Vec::new, |rules| rules.warnings(object, old));
        let kept = kept.iter().map(ToString::to_string);
        let before = meta_strings(old, "finalizers");
        let mut added = meta_strings(object, "finalizers");
        added.retain(|name| !before.contains(name));
        added.sort_unstable();
        added.dedup();
        kept.chain(added.iter().flat_map(|name| odd_finalizer(name)))
            .collect()
    }

    fn field(&self, object: &Value, path: &[&str]) -> Option<String> {
        let path = JsonPath::parse(&format!("{{.{}}}", path.join("."))).ok()?;
        let found = path.first(object);
        Some(found.map_or_else(String::new, |value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }))
    }

    fn scale_paths(&self, kind: &Kind) -> ScalePaths {
        custom(kind).map_or_else(ScalePaths::default, scale::paths)
    }

    fn scale_selector(&self, kind: &Kind, object: &Value) -> String {
        custom(kind).map_or_else(String::new, |custom| scale::selector(custom, object))
    }
}

fn custom(kind: &Kind) -> Option<&Custom> {
    kind.custom.as_deref()
}

fn has_status(kind: &Kind) -> bool {
    kind.subresource("status").is_some()
}

/// Of a status update: everything but the status, and who owns which field, stays.
fn only_status(object: &mut Value, old: &Value) {
    let status = object.get("status").cloned();
    let managed = object["metadata"].get("managedFields").cloned();
    let version = object["metadata"].get("resourceVersion").cloned();
    let mut next = old.clone();
    let members = object_mut(&mut next);
    match status {
        Some(status) => members.insert("status".to_owned(), status),
        None => members.remove("status"),
    };
    let metadata = metadata_mut(&mut next);
    for (name, value) in [("managedFields", managed), ("resourceVersion", version)] {
        match value {
            Some(value) => metadata.insert(name.to_owned(), value),
            None => metadata.remove(name),
        };
    }
    *object = next;
}

fn put_back(members: &mut serde_json::Map<String, Value>, old: &Value, field: &str) {
    match old.get(field) {
        Some(before) => members.insert(field.to_owned(), before.clone()),
        None => members.remove(field),
    };
}

/// Whether an update changes nothing that counts as a new generation.
fn is_same_beside_metadata(object: &Value, old: &Value) -> bool {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (mut new, mut old) = (members(object), members(old));
    new.remove("metadata");
    old.remove("metadata");
    new == old
}

/// `ValidateTypeMeta`: a patch may have changed it.
fn validate_type(object: &Value, kind: &Kind) -> Vec<FieldError> {
    let wanted = [
        ("kind", kind.kind.clone()),
        ("apiVersion", kind.api_version().into_owned()),
    ];
    let wrong = wanted.into_iter().filter_map(|(field, wanted)| {
        let found = object[field].as_str().unwrap_or_default();
        let detail = format!("must be {wanted}");
        (found != wanted).then(|| FieldError::invalid_str(field, found, &detail))
    });
    wrong.collect()
}

/// What the schema has against the status alone.
fn validate_status(object: &Value, old: &Value, schema: &Structural) -> Vec<FieldError> {
    let known = object.get("status").zip(schema.properties.get("status"));
    known.map_or_else(Vec::new, |(status, schema)| {
        structural::validate(status, old.get("status"), schema, "status")
    })
}

/// What is wrong with the metadata of embedded objects.
fn validate_embedded(object: &Value, schema: &Structural) -> Vec<FieldError> {
    structural::validate_embedded(object, schema, "", &|metadata, namespaced, path| {
        meta::validate_object_meta(metadata, namespaced, name_is_dns_subdomain, path)
    })
}

/// The rules that are expressions, which look only at what is sound.
fn check_rules(custom: &Custom, object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let Some(rules) = &custom.version().rules else {
        return;
    };
    if errors.iter().any(FieldError::hides_rules) {
        errors.push(FieldError::invalid("<nil>", &Value::Null, UNCHECKED));
    } else {
        errors.extend(rules.check(object, old));
    }
}

/// What is odd about a new finalizer.
fn odd_finalizer(name: &str) -> Vec<String> {
    let path = "metadata.finalizers";
    let mut told: Vec<String> = is_qualified_name(name)
        .into_iter()
        .map(|problem| format!("{path}: {name:?}: {problem}"))
        .collect();
    if name.contains('/') || STANDARD_FINALIZERS.contains(&name) {
        return told;
    }
    let including = match name.contains('.') {
        true => " including a path (/)",
        false => "",
    };
    told.push(format!(
        "{path}: {name:?}: prefer a domain-qualified finalizer name{including} to avoid accidental conflicts with other \
         finalizer writers"
    ));
    told
}

/// The kind that a request is about, if it is a custom one.
pub(super) fn strategy(kind: &Kind) -> Option<&'static dyn Strategy> {
    kind.custom.is_some().then_some(&CustomResources as _)
}
