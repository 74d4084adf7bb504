//! The rules that the page of a kind declares.

use serde_json::Value;

use super::context::WriteContext;
use super::validation::{core, meta};
use crate::kinds::{Kind, NameFormat};
use crate::names::{NameRule, name_is_dns_label, name_is_dns_subdomain, name_is_path_segment};
use crate::object::metadata_mut;
use crate::schema::{self, rules};
use crate::status::field::FieldError;

/// Takes out the fields that are written otherwise, or on an update puts those of the old object in their place; and
/// takes out what the server does not have.
pub(crate) fn reset(write: &WriteContext<'_>, object: &mut Value, old: Option<&Value>) {
    rules::drop_off(object, old, write.kind);
    let mut is_bare = false;
    for path in write.kind.resets(write.subresource) {
        let Some((last, parents)) = path.split_last() else {
            continue;
        };
        if parents.is_empty() && last == "metadata" {
            reset_metadata(object, old);
            continue;
        }
        let before = old.and_then(|old| path.iter().try_fold(old, |at, name| at.get(name)));
        let parent = parents
            .iter()
            .try_fold(&mut *object, |at, name| at.get_mut(name));
        let Some(parent) = parent.and_then(Value::as_object_mut) else {
            continue;
        };
        match before {
            Some(before) => parent.insert(last.clone(), before.clone()),
            None => {
                is_bare = true;
                parent.remove(last)
            }
        };
        if before.is_none()
            && let Some(zero) = write.kind.schema.at(path).and_then(schema::zero)
        {
            parent.insert(last.clone(), zero);
        }
    }
    // What is always written is there with its zero value.
    if is_bare {
        schema::prune(object, &write.kind.schema);
    }
    if write.kind.policy.counts_generations {
        count_generation(object, old);
    }
}

/// `ResetObjectMetaForStatus`: who writes a status changes no metadata.
fn reset_metadata(object: &mut Value, old: Option<&Value>) {
    const KEPT: [&str; 6] = [
        "deletionTimestamp",
        "generation",
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
    ];
    let metadata = metadata_mut(object);
    for field in KEPT {
        match old.and_then(|old| old["metadata"].get(field)) {
            Some(before) => metadata.insert(field.to_owned(), before.clone()),
            None => metadata.remove(field),
        };
    }
}

/// The first generation is 1; each change of the spec makes another.
fn count_generation(object: &mut Value, old: Option<&Value>) {
    let generation = match old {
        None => 1,
        Some(old) => {
            let before = old["metadata"]["generation"].as_i64().unwrap_or_default();
            before + i64::from(object.get("spec") != old.get("spec"))
        }
    };
    set_generation(object, generation);
}

/// Says which generation an object is of.
pub(crate) fn set_generation(object: &mut Value, generation: i64) {
    metadata_mut(object).insert("generation".to_owned(), generation.into());
}

/// Objects that are there from the start, as if they had been sent and kept.
pub(crate) fn initial(kind: &Kind, mut objects: Vec<Value>) -> Vec<Value> {
    for object in &mut objects {
        object["kind"] = kind.kind.as_str().into();
        object["apiVersion"] = kind.api_version().into();
        super::set_defaults(kind, object);
        schema::prune(object, &kind.schema);
    }
    objects
}

/// What the page of the kind says of its objects, and what is true of all metadata.
pub(crate) fn validate(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let name_rule: NameRule = match write.kind.name_format {
        NameFormat::DnsSubdomain => name_is_dns_subdomain,
        NameFormat::DnsLabel => name_is_dns_label,
        NameFormat::PathSegment => name_is_path_segment,
    };
    let namespaced = write.kind.namespaced;
    let mut errors = match write.kind.policy.any_finalizers {
        true => {
            meta::validate_object_meta(meta::metadata(object), namespaced, name_rule, "metadata")
        }
        false => core::validate_object_meta(object, namespaced, name_rule),
    };
    errors.extend(rules::validate(object, None, write.kind));
    errors
}

/// The same of an object that takes the place of an old one.
pub(crate) fn validate_update(
    write: &WriteContext<'_>,
    object: &Value,
    old: &Value,
) -> Vec<FieldError> {
    let mut errors = match write.kind.policy.any_finalizers {
        true => {
            let (new, old) = (meta::metadata(object), meta::metadata(old));
            meta::validate_object_meta_update(new, old, "metadata")
        }
        false => core::validate_object_meta_update(object, old),
    };
    errors.extend(rules::validate(object, Some(old), write.kind));
    errors
}
