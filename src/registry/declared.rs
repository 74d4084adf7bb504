//! The rules that the page of a kind declares.

use serde_json::Value;

use super::context::WriteContext;
use super::validation::core;
use crate::kinds::NameFormat;
use crate::names::{NameRule, name_is_dns_label, name_is_dns_subdomain, name_is_path_segment};
use crate::schema::rules;
use crate::status::field::FieldError;

/// Takes out the fields that are written otherwise, or on an update puts those of the old object in their place; and
/// takes out what the server does not have.
pub(crate) fn reset(write: &WriteContext<'_>, object: &mut Value, old: Option<&Value>) {
    rules::drop_off(object, old, write.kind);
    for path in write.kind.resets(write.subresource) {
        let Some((last, parents)) = path.split_last() else {
            continue;
        };
        let before = old.and_then(|old| path.iter().try_fold(old, |at, name| at.get(name)));
        let parent = parents
            .iter()
            .try_fold(&mut *object, |at, name| at.get_mut(name));
        let Some(parent) = parent.and_then(Value::as_object_mut) else {
            continue;
        };
        match before {
            Some(before) => parent.insert(last.clone(), before.clone()),
            None => parent.remove(last),
        };
    }
}

/// What the page of the kind says of its objects, and what is true of all metadata.
pub(crate) fn validate(write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
    let name_rule: NameRule = match write.kind.name_format {
        NameFormat::DnsSubdomain => name_is_dns_subdomain,
        NameFormat::DnsLabel => name_is_dns_label,
        NameFormat::PathSegment => name_is_path_segment,
    };
    let mut errors = core::validate_object_meta(object, write.kind.namespaced, name_rule);
    errors.extend(rules::validate(object, None, write.kind));
    errors
}

/// The same of an object that takes the place of an old one.
pub(crate) fn validate_update(
    write: &WriteContext<'_>,
    object: &Value,
    old: &Value,
) -> Vec<FieldError> {
    let mut errors = core::validate_object_meta_update(object, old);
    errors.extend(rules::validate(object, Some(old), write.kind));
    errors
}
