//! Roles and bindings as written by a user: read strictly, by the same decoder as every body, and checked as upstream's
//! `rbac/v1` does.
//!
//! An object that could never grant what its author meant (`apiGroup:` for `apiGroups:`, a rule without verbs, a
//! binding to a `Rolle`) is refused here, by kind and name, so that it is not found out later by a puzzling 403.

mod selector;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::selector::LabelSelector;
use crate::codec::json::Node;
use crate::codec::quote::quote;
use crate::codec::script::hint;
use crate::kinds::{self, Struct};
pub(crate) use crate::registry::rbac::GROUP;
use crate::schema;

pub(crate) const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// One of the four kinds; of each pair, the cluster-wide one has an empty namespace.
#[derive(Debug)]
pub(crate) enum Object {
    Role(Role),
    Binding(Binding),
}

/// A Role or a ClusterRole.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) rules: Vec<PolicyRule>,
    pub(crate) aggregation_rule: Option<AggregationRule>,
}

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) role_ref: RoleRef,
    pub(crate) subjects: Vec<Subject>,
}

/// The part of the metadata that matters for access; the rest may be anything.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PolicyRule {
    pub(crate) verbs: Vec<String>,
    pub(crate) api_groups: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) resource_names: Vec<String>,
    pub(crate) non_resource_urls: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct AggregationRule {
    pub(crate) cluster_role_selectors: Vec<LabelSelector>,
}

#[derive(Debug)]
pub(crate) struct RoleRef {
    api_group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Subject {
    api_group: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// Reads one object. The error names it.
pub(crate) fn read(object: &Value) -> Result<Object, String> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let refuse = |why: String| format!("{}: {why}", describe(object));
    if object["apiVersion"] != API_VERSION {
        return Err(refuse(format!("apiVersion must be {API_VERSION}")));
    }
    let value = || decode(object, &kinds::rbac(kind));
    match kind {
        "Role" | "ClusterRole" => value()
            .and_then(|value| Role::of(&value))
            .and_then(Role::checked)
            .map(Object::Role),
        "RoleBinding" | "ClusterRoleBinding" => value()
            .map(|value| Binding::of(&value))
            .and_then(Binding::checked)
            .map(Object::Binding),
        _ => Err("kind must be Role, ClusterRole, RoleBinding or ClusterRoleBinding".to_owned()),
    }
    .map_err(refuse)
}

/// The canonical form of an object, if it has no field that nobody knows.
fn decode(object: &Value, ty: &Struct) -> Result<Value, String> {
    let decoded = schema::decode(Node::from_value(object), ty)?;
    match decoded.strict.first() {
        Some(problem) => Err(explain(problem, ty)),
        None => Ok(decoded.value),
    }
}

/// Of `unknown field "rules[0].apiGroup"`, where that is and what may have been meant.
fn explain(problem: &str, root: &Struct) -> String {
    let path = problem
        .trim_start_matches("unknown field ")
        .trim_matches('"');
    let (place, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut parts = place.split('.').filter(|part| !part.is_empty());
    let inner = parts.try_fold(root, |ty, part| {
        let name = part.split('[').next().unwrap_or_default();
        ty.field(name)?.ty.innermost_struct().map(|ty| &**ty)
    });
    let known = inner.into_iter().flat_map(|ty| &ty.fields);
    let hint = hint(name, known.map(|field| &*field.name));
    let colon = if place.is_empty() { "" } else { ": " };
    format!("{place}{colon}unknown field `{name}`{hint}")
}

/// A text of a canonical object.
fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// The items of a list of a canonical object.
fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    items(value, field)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn map_of_texts(value: &Value, field: &str) -> BTreeMap<String, String> {
    let members = value[field].as_object().into_iter().flatten();
    members
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// `Role "namespace/name"`, with whatever of that the object has.
fn describe(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap_or("object without a kind");
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) if !namespace.is_empty() => {
            format!("{kind} {}", quote(&format!("{namespace}/{name}")))
        }
        _ => format!("{kind} {}", quote(name)),
    }
}

impl Metadata {
    fn of(object: &Value) -> Self {
        let metadata = &object["metadata"];
        Metadata {
            name: text(metadata, "name"),
            namespace: text(metadata, "namespace"),
            labels: map_of_texts(metadata, "labels"),
        }
    }

    fn check(&self, namespaced: bool) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("metadata.name is required".to_owned());
        }
        match (namespaced, self.namespace.is_empty()) {
            (true, true) => Err("metadata.namespace is required".to_owned()),
            (false, false) => Err("metadata.namespace is not allowed on this kind".to_owned()),
            _ => Ok(()),
        }
    }
}

impl Role {
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        let aggregation_rule = value.get("aggregationRule").map(AggregationRule::of);
        Ok(Role {
            kind: text(value, "kind"),
            metadata: Metadata::of(value),
            rules: items(value, "rules").map(PolicyRule::of).collect(),
            aggregation_rule: aggregation_rule.transpose()?,
        })
    }

    fn checked(self) -> Result<Self, String> {
        let namespaced = self.kind == "Role";
        self.metadata.check(namespaced)?;
        if namespaced && self.aggregation_rule.is_some() {
            return Err("only a ClusterRole has an aggregationRule".to_owned());
        }
        for (i, rule) in self.rules.iter().enumerate() {
            rule.check(namespaced)
                .map_err(|why| format!("rules[{i}]: {why}"))?;
        }
        Ok(self)
    }
}

impl AggregationRule {
    fn of(value: &Value) -> Result<Self, String> {
        let selectors = items(value, "clusterRoleSelectors").enumerate();
        let selector = |(i, value)| {
            LabelSelector::of(value)
                .map_err(|why| format!("aggregationRule.clusterRoleSelectors[{i}].{why}"))
        };
        Ok(AggregationRule {
            cluster_role_selectors: selectors.map(selector).collect::<Result<_, _>>()?,
        })
    }
}

impl PolicyRule {
    pub(super) fn of(value: &Value) -> Self {
        PolicyRule {
            verbs: texts(value, "verbs"),
            api_groups: texts(value, "apiGroups"),
            resources: texts(value, "resources"),
            resource_names: texts(value, "resourceNames"),
            non_resource_urls: texts(value, "nonResourceURLs"),
        }
    }

    fn check(&self, namespaced: bool) -> Result<(), &'static str> {
        if self.verbs.is_empty() {
            return Err("verbs must contain at least one value");
        }
        if !self.non_resource_urls.is_empty() {
            return self.check_non_resource(namespaced);
        }
        if self.api_groups.is_empty() {
            return Err("resource rules must supply at least one api group");
        }
        if self.resources.is_empty() {
            return Err("resource rules must supply at least one resource");
        }
        Ok(())
    }

    fn check_non_resource(&self, namespaced: bool) -> Result<(), &'static str> {
        if namespaced {
            return Err("namespaced rules cannot apply to non-resource URLs");
        }
        if self.api_groups.is_empty() && self.resources.is_empty() && self.resource_names.is_empty()
        {
            return Ok(());
        }
        Err("rules cannot apply to both regular resources and non-resource URLs")
    }
}

impl Binding {
    pub(super) fn of(value: &Value) -> Self {
        Binding {
            kind: text(value, "kind"),
            metadata: Metadata::of(value),
            role_ref: RoleRef::of(&value["roleRef"]),
            subjects: items(value, "subjects").map(Subject::of).collect(),
        }
    }

    fn checked(self) -> Result<Self, String> {
        let namespaced = self.kind == "RoleBinding";
        self.metadata.check(namespaced)?;
        self.role_ref.check(namespaced)?;
        for (i, subject) in self.subjects.iter().enumerate() {
            subject
                .check(namespaced)
                .map_err(|why| format!("subjects[{i}]: {why}"))?;
        }
        Ok(self)
    }
}

impl RoleRef {
    fn of(value: &Value) -> Self {
        RoleRef {
            api_group: text(value, "apiGroup"),
            kind: text(value, "kind"),
            name: text(value, "name"),
        }
    }

    fn check(&self, namespaced: bool) -> Result<(), String> {
        if self.kind.is_empty() && self.name.is_empty() {
            return Err("roleRef is required".to_owned());
        }
        if !self.api_group.is_empty() && self.api_group != GROUP {
            return Err(format!("roleRef.apiGroup must be {GROUP}"));
        }
        match self.kind.as_str() {
            "ClusterRole" => {}
            "Role" if namespaced => {}
            kind => {
                return Err(format!(
                    "roleRef.kind: a binding of this kind cannot refer to a {}",
                    quote(kind)
                ));
            }
        }
        if self.name.is_empty() {
            Err("roleRef.name is required".to_owned())
        } else {
            Ok(())
        }
    }
}

impl Subject {
    fn of(value: &Value) -> Self {
        Subject {
            api_group: text(value, "apiGroup"),
            kind: text(value, "kind"),
            name: text(value, "name"),
            namespace: text(value, "namespace"),
        }
    }

    fn check(&self, namespaced: bool) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("name is required".to_owned());
        }
        let group = match self.kind.as_str() {
            "User" | "Group" => GROUP,
            "ServiceAccount" if self.namespace.is_empty() && !namespaced => {
                return Err("namespace is required".to_owned());
            }
            "ServiceAccount" => "",
            kind => {
                return Err(format!(
                    "kind must be User, Group or ServiceAccount, not {}",
                    quote(kind)
                ));
            }
        };
        if self.api_group.is_empty() || self.api_group == group {
            return Ok(());
        }
        Err(format!(
            "apiGroup of a {} must be {}",
            self.kind,
            quote(group)
        ))
    }
}

#[cfg(test)]
mod tests;
