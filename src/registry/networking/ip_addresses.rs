//! networking.k8s.io IPAddress.

use serde_json::Value;

use super::validate_required_segment;
use crate::names::{is_dns1123_subdomain, is_path_segment_name};
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::go_types::shown;
use crate::registry::validation::ip::canonical_ip_reason;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::read::text_at;
use crate::status::field::FieldError;

pub(in crate::registry) struct IpAddresses;

impl Strategy for IpAddresses {
    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta(object, false, name_is_ip);
        errors.extend(validate_parent(&object["spec"]["parentRef"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = self.validate(write, object);
        errors.extend(core::validate_object_meta_update(object, old));
        let parent = &object["spec"]["parentRef"];
        if *parent != old["spec"]["parentRef"] {
            let shown = shown("ParentReference", parent);
            let reason = "field is immutable";
            errors.push(FieldError::invalid_shown("spec.parentRef", shown, reason));
        }
        errors
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        parent_cell(&object["spec"]["parentRef"]).into()
    }
}

/// `services/default/s`, `widgets.example.com/w`
fn parent_cell(parent: &Value) -> String {
    if parent.is_null() {
        return "<none>".to_owned();
    }
    let text = |field| text_at(parent, field);
    let resource = match text("group") {
        "" => text("resource").to_lowercase(),
        group => format!("{}.{group}", text("resource")).to_lowercase(),
    };
    let namespace = match text("namespace") {
        "" => String::new(),
        namespace => format!("/{namespace}"),
    };
    format!("{resource}{namespace}/{}", text("name"))
}

/// `ValidateIPAddressName`: the one way to write an address.
fn name_is_ip(name: &str, _prefix: bool) -> Vec<String> {
    canonical_ip_reason(name).into_iter().collect()
}

/// `validateIPAddressParentReference`.
fn validate_parent(parent: &Value) -> Vec<FieldError> {
    let path = "spec.parentRef";
    if parent.is_null() {
        return vec![FieldError::required(path, "")];
    }
    let mut errors = Vec::new();
    let (group, namespace) = (text_at(parent, "group"), text_at(parent, "namespace"));
    if !group.is_empty() {
        let path = format_args!("{path}.group");
        errors.extend(invalid_each(path, group, is_dns1123_subdomain(group)));
    }
    for field in ["resource", "name"] {
        errors.extend(validate_required_segment(parent, field, path));
    }
    let path = format_args!("{path}.namespace");
    errors.extend(invalid_each(
        path,
        namespace,
        is_path_segment_name(namespace),
    ));
    errors
}
