//! RoleBinding and ClusterRoleBinding.

use serde_json::{Value, json};

use super::super::strategy::{Ask, Strategy, WriteContext};
use super::super::validation::core;
use super::{GROUP, bootstrap, forbidden, limited_user, only_for_garbage_collection};
use crate::codec::json::compact;
use crate::kinds::Kind;
use crate::names::{is_dns1123_subdomain, is_path_segment_name, name_is_path_segment};
use crate::object::meta_str;
use crate::status::Status;
use crate::status::field::FieldError;

pub(in super::super) struct Bindings;

impl Strategy for Bindings {
    fn set_defaults(&self, object: &mut Value) {
        fill_group(&mut object["roleRef"]);
        let subjects = object.get_mut("subjects").and_then(Value::as_array_mut);
        for subject in subjects.into_iter().flatten() {
            if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
                fill_group(subject);
            }
        }
    }

    fn initial(&self, kind: &Kind, collected: bool) -> Vec<Value> {
        bootstrap::objects(&kind.kind, collected)
    }

    fn permit(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let (Some(user), Some(access)) = (limited_user(write), write.access) else {
            return Ok(());
        };
        if only_for_garbage_collection(object, old) {
            return Ok(());
        }
        let namespace = meta_str(object, "namespace");
        let role = RoleRef::of(object);
        let bind = role.resource().is_some_and(|resource| {
            let bind = Ask {
                verb: "bind",
                group: role.group,
                resource,
                namespace,
                name: role.name,
                ..Ask::default()
            };
            access.allows(user, &bind)
        });
        if bind {
            return Ok(());
        }
        let rules = role.rules(write, namespace)?;
        let rules = rules.as_array().map_or(&[][..], Vec::as_slice);
        match access.escalation(user, namespace, rules) {
            Some(why) => Err(forbidden(write, object, &why)),
            None => Ok(()),
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let namespaced = write.kind.namespaced;
        let mut errors = core::validate_object_meta(object, namespaced, name_is_path_segment);
        errors.extend(validate_role_ref(&RoleRef::of(object), namespaced));
        for (i, subject) in object["subjects"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            errors.extend(validate_subject(
                subject,
                namespaced,
                &format!("subjects[{i}]"),
            ));
        }
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
        let role = RoleRef::of(object);
        if role != RoleRef::of(old) {
            let shown = format!(
                r#"{{"APIGroup":{},"Kind":{},"Name":{}}}"#,
                compact(&role.group.into()),
                compact(&role.kind.into()),
                compact(&role.name.into())
            );
            errors.push(FieldError::invalid_shown(
                "roleRef",
                shown,
                "cannot change roleRef",
            ));
        }
        errors
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let role = RoleRef::of(object);
        match column {
            "Role" => format!("{}/{}", role.kind, role.name).into(),
            "Users" => subjects(object, "User"),
            "Groups" => subjects(object, "Group"),
            _ => subjects(object, "ServiceAccount"),
        }
    }
}

fn fill_group(value: &mut Value) {
    if value["apiGroup"].as_str().unwrap_or_default().is_empty() {
        value["apiGroup"] = GROUP.into();
    }
}

/// The subjects of one kind, as a table shows them.
fn subjects(object: &Value, kind: &str) -> Value {
    let all = object["subjects"].as_array().into_iter().flatten();
    let shown: Vec<String> = all
        .filter(|subject| subject["kind"] == kind)
        .map(|subject| match kind {
            "ServiceAccount" => format!("{}/{}", text(subject, "namespace"), text(subject, "name")),
            _ => text(subject, "name").to_owned(),
        })
        .collect();
    shown.join(", ").into()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// What a binding binds.
#[derive(PartialEq)]
struct RoleRef<'a> {
    group: &'a str,
    kind: &'a str,
    name: &'a str,
}

impl<'a> RoleRef<'a> {
    fn of(object: &'a Value) -> Self {
        let role = &object["roleRef"];
        RoleRef {
            group: text(role, "apiGroup"),
            kind: text(role, "kind"),
            name: text(role, "name"),
        }
    }

    fn resource(&self) -> Option<&'static str> {
        match self.kind {
            "ClusterRole" => Some("clusterroles"),
            "Role" => Some("roles"),
            _ => None,
        }
    }

    /// The rules of the role. One that is not there is told of under the resource of the request, as upstream does.
    fn rules(&self, write: &WriteContext<'_>, namespace: &str) -> Result<Value, Status> {
        let namespace = match self.kind {
            "ClusterRole" => "",
            "Role" => namespace,
            other => {
                let why = format!("unsupported role reference kind: {}", json!(other));
                return Err(Status::raw(why));
            }
        };
        let role = write.lister.get(GROUP, self.kind, namespace, self.name);
        let role = role.ok_or_else(|| Status::not_found(&write.kind.plural, GROUP, self.name))?;
        Ok(role.value()["rules"].clone())
    }
}

fn validate_role_ref(role: &RoleRef<'_>, namespaced: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if role.group != GROUP {
        let group = role.group.into();
        errors.push(FieldError::not_supported(
            "roleRef.apiGroup",
            &group,
            &[GROUP],
        ));
    }
    let kinds: &[&str] = match namespaced {
        true => &["Role", "ClusterRole"],
        false => &["ClusterRole"],
    };
    if !kinds.contains(&role.kind) {
        errors.push(FieldError::not_supported(
            "roleRef.kind",
            &role.kind.into(),
            kinds,
        ));
    }
    if role.name.is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    }
    let wrong = is_path_segment_name(role.name).into_iter();
    let invalid = |why| FieldError::invalid_str("roleRef.name", role.name, why);
    errors.extend(wrong.filter(|_| !role.name.is_empty()).map(invalid));
    errors
}

/// `ValidateRoleBindingSubject`.
fn validate_subject(subject: &Value, namespaced: bool, path: &str) -> Vec<FieldError> {
    let [kind, group, name] = ["kind", "apiGroup", "name"].map(|field| text(subject, field));
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    let unsupported_group = |supported: &str| {
        FieldError::not_supported(format!("{path}.apiGroup"), &group.into(), &[supported])
    };
    match kind {
        "ServiceAccount" => {
            let wrong = is_dns1123_subdomain(name).into_iter();
            let invalid = |why| FieldError::invalid_str(format!("{path}.name"), name, why);
            errors.extend(wrong.filter(|_| !name.is_empty()).map(invalid));
            if !group.is_empty() {
                errors.push(unsupported_group(""));
            }
            if !namespaced && text(subject, "namespace").is_empty() {
                errors.push(FieldError::required(format!("{path}.namespace"), ""));
            }
        }
        "User" | "Group" if group != GROUP => errors.push(unsupported_group(GROUP)),
        "User" | "Group" => {}
        other => {
            let supported = ["ServiceAccount", "User", "Group"];
            let path = format!("{path}.kind");
            errors.push(FieldError::not_supported(path, &other.into(), &supported));
        }
    }
    errors
}
