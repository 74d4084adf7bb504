//! `metadata.ownerReferences`.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::read::{list, text};
use crate::codec::json::compact;
use crate::kinds::meta::OWNER_REFERENCE;
use crate::schema::to_json;
use crate::status::field::FieldError;

/// `ValidateOwnerReferences`: every reference is complete, and at most one is the controller.
pub(super) fn validate_owner_references(meta: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let references = list(meta, "ownerReferences");
    if references.is_empty() {
        return Vec::new();
    }
    let path = &format!("{path}.ownerReferences");
    let mut errors = Vec::new();
    let mut first_controller: Option<String> = None;
    let all: OnceCell<Arc<str>> = OnceCell::new();
    for reference in references.iter().filter_map(Value::as_object) {
        errors.extend(validate_owner_reference(reference, path));
        if reference.get("controller") != Some(&Value::Bool(true)) {
            continue;
        }
        let name = format!("{}/{}", text(reference, "kind"), text(reference, "name"));
        let Some(first) = &first_controller else {
            first_controller = Some(name);
            continue;
        };
        let reason = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
        );
        let all = all.get_or_init(|| show(references).into());
        errors.push(FieldError::invalid_shown(path, all.clone(), reason));
    }
    errors
}

fn validate_owner_reference(reference: &Map<String, Value>, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (api_version, kind) = (text(reference, "apiVersion"), text(reference, "kind"));
    let (group, version) = group_version(api_version);
    if version.is_empty() {
        errors.push(FieldError::invalid_str(
            format!("{path}.apiVersion"),
            api_version,
            "version must not be empty",
        ));
    }
    for field in ["kind", "name", "uid"] {
        if text(reference, field).is_empty() {
            errors.push(FieldError::invalid_str(
                format!("{path}.{field}"),
                "",
                "must not be empty",
            ));
        }
    }
    // `BannedOwners`: events are too short-lived to own anything.
    if (group, version, kind) == ("", "v1", "Event") {
        let shown = show_one(&Value::Object(reference.clone()));
        errors.push(FieldError::invalid_shown(
            path,
            shown,
            "/v1, Kind=Event is disallowed from being an owner",
        ));
    }
    errors
}

/// `ParseGroupVersion`; both are empty where it fails.
fn group_version(api_version: &str) -> (&str, &str) {
    match api_version.split_once('/') {
        None => ("", api_version),
        Some((_, version)) if version.contains('/') => ("", ""),
        Some((group, version)) => (group, version),
    }
}

/// The references as Go writes them, in the order of the fields of the struct.
fn show(references: &[Value]) -> String {
    let items: Vec<String> = references.iter().map(show_one).collect();
    format!("[{}]", items.join(","))
}

fn show_one(reference: &Value) -> String {
    String::from_utf8(to_json(reference, &OWNER_REFERENCE)).unwrap_or_default()
}

/// `dedupOwnerReferencesAndAddWarning`: drops exact repeats and says of which uids.
pub(crate) fn dedup_owner_references(object: &mut Value) -> Option<String> {
    let references = object.get_mut("metadata")?.get_mut("ownerReferences")?;
    let references = references.as_array_mut()?;
    let mut kept: Vec<Value> = Vec::with_capacity(references.len());
    let mut seen = BTreeSet::new();
    let mut repeated: Vec<String> = Vec::new();
    for reference in references.drain(..) {
        if seen.insert(compact(&reference)) {
            kept.push(reference);
        } else {
            repeated.push(reference["uid"].as_str().unwrap_or_default().to_owned());
        }
    }
    *references = kept;
    (!repeated.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            repeated.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UID: &str = "3907aa64-c3f3-4de0-b938-9d23e8d12f94";

    fn service(name: &str, controller: bool) -> Value {
        let mut reference =
            json!({"apiVersion": "v1", "kind": "Service", "name": name, "uid": UID});
        if controller {
            reference["controller"] = json!(true);
        }
        reference
    }

    fn errors(references: Value) -> Vec<String> {
        let meta = json!({ "ownerReferences": references });
        let errors = validate_owner_references(meta.as_object().unwrap(), "metadata");
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_complete_reference_is_fine() {
        for version in ["v1", "/v1", "apps/v1", "events.k8s.io/v1"] {
            let mut reference = service("svc", true);
            reference["apiVersion"] = json!(version);
            assert_eq!(
                errors(json!([reference, service("svc", false)])),
                [""; 0],
                "{version}"
            );
        }
    }

    #[test]
    fn an_incomplete_reference_is_refused_field_by_field() {
        let reference = json!({"apiVersion": "", "kind": "", "name": "", "uid": ""});
        assert_eq!(
            errors(json!([reference])),
            [
                r#"metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty"#,
                r#"metadata.ownerReferences.kind: Invalid value: "": must not be empty"#,
                r#"metadata.ownerReferences.name: Invalid value: "": must not be empty"#,
                r#"metadata.ownerReferences.uid: Invalid value: "": must not be empty"#,
            ]
        );
        for version in ["a/b/c", "apps/"] {
            let mut reference = service("svc", false);
            reference["apiVersion"] = json!(version);
            let error = format!(
                "metadata.ownerReferences.apiVersion: Invalid value: \"{version}\": version must not be empty"
            );
            assert_eq!(errors(json!([reference])), [error]);
        }
    }

    #[test]
    fn an_event_owns_nothing() {
        for (version, banned) in [("v1", true), ("/v1", true), ("events.k8s.io/v1", false)] {
            let event = json!({"apiVersion": version, "kind": "Event", "name": "e", "uid": UID});
            let error = format!(
                r#"metadata.ownerReferences: Invalid value: {{"apiVersion":"{version}","kind":"Event","name":"e","uid":"{UID}"}}: /v1, Kind=Event is disallowed from being an owner"#
            );
            let expected: &[String] = if banned { &[error] } else { &[] };
            assert_eq!(errors(json!([event])), expected, "{version}");
        }
    }

    #[test]
    fn every_further_controller_is_held_against_the_first() {
        let one = |name| {
            format!(
                r#"{{"apiVersion":"v1","kind":"Service","name":"{name}","uid":"{UID}","controller":true}}"#
            )
        };
        let error = |name| {
            format!(
                r#"metadata.ownerReferences: Invalid value: [{},{},{}]: Only one reference can have Controller set to true. Found "true" in references for Service/svc and Service/{name}"#,
                one("svc"),
                one("b"),
                one("c")
            )
        };
        let references = json!([service("svc", true), service("b", true), service("c", true)]);
        assert_eq!(errors(references), [error("b"), error("c")]);
    }

    #[test]
    fn an_exact_repeat_goes_with_a_warning() {
        let mut object = json!({"metadata": {"ownerReferences": [
            service("a", false), service("a", false), service("b", false), service("a", false)]}});
        assert_eq!(
            dedup_owner_references(&mut object).unwrap(),
            format!(
                ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {UID}, {UID}"
            )
        );
        assert_eq!(
            object,
            json!({"metadata": {"ownerReferences": [service("a", false), service("b", false)]}})
        );
    }

    #[test]
    fn different_references_stay_without_a_word() {
        let objects = [
            json!({}),
            json!({"metadata": {}}),
            json!({"metadata": {"ownerReferences": [service("a", false), service("a", true), service("b", false)]}}),
        ];
        for object in objects {
            let mut after = object.clone();
            assert_eq!(dedup_owner_references(&mut after), None);
            assert_eq!(after, object);
        }
    }
}
