//! Roles and bindings as written by a user: read strictly, defaulted and checked as upstream's `rbac/v1` does.
//!
//! An object that could never grant what its author meant (`apiGroup:` for `apiGroups:`, a rule without verbs, a
//! binding to a `Rolle`) is refused here, by kind and name, so that it is not found out later by a puzzling 403.

mod part;

use std::collections::BTreeMap;

use serde_json::Value;

use self::part::Part;
use crate::codec::quote::quote;

pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";
pub(crate) const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// One of the four kinds; of each pair, the cluster-wide one has an empty namespace.
#[derive(Debug)]
pub(crate) enum Object {
    Role(Role),
    Binding(Binding),
}

/// A Role or a ClusterRole.
#[derive(Debug)]
pub(crate) struct Role {
    kind: String,
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
#[derive(Debug)]
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

#[derive(Debug)]
pub(crate) struct AggregationRule {
    pub(crate) cluster_role_selectors: Vec<LabelSelector>,
}

/// A `metav1.LabelSelector`.
#[derive(Debug)]
pub(crate) struct LabelSelector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Requirement>,
}

#[derive(Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
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

impl LabelSelector {
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["matchLabels", "matchExpressions"])?;
        Ok(LabelSelector {
            match_labels: part.map("matchLabels")?,
            match_expressions: part.items("matchExpressions", Requirement::read)?,
        })
    }

    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["key", "operator", "values"])?;
        part.require("key")?;
        let operator = match part.text("operator")?.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => {
                let other = quote(other);
                return Err(part.says(format!(
                    "operator must be In, NotIn, Exists or DoesNotExist, not {other}"
                )));
            }
        };
        Ok(Requirement {
            key: part.text("key")?,
            operator,
            values: part.texts("values")?,
        })
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// Reads one object. The error names it.
pub(crate) fn read(object: &Value) -> Result<Object, String> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let refuse = |why: String| format!("{}: {why}", describe(object));
    if object["apiVersion"] != API_VERSION {
        return Err(refuse(format!("apiVersion must be {API_VERSION}")));
    }
    match kind {
        "Role" | "ClusterRole" => Role::read(&Part::root(object))
            .and_then(Role::checked)
            .map(Object::Role),
        "RoleBinding" | "ClusterRoleBinding" => Binding::read(&Part::root(object))
            .and_then(Binding::checked)
            .map(Object::Binding),
        _ => Err("kind must be Role, ClusterRole, RoleBinding or ClusterRoleBinding".to_owned()),
    }
    .map_err(refuse)
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
    fn read(of: &Part<'_>) -> Result<Self, String> {
        let part = of.require("metadata")?;
        Ok(Metadata {
            name: part.text("name")?,
            namespace: part.text("namespace")?,
            labels: part.map("labels")?,
        })
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
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["apiVersion", "kind", "metadata", "rules", "aggregationRule"])?;
        let aggregation_rule = part.get("aggregationRule");
        Ok(Role {
            kind: part.text("kind")?,
            metadata: Metadata::read(part)?,
            rules: part.items("rules", PolicyRule::read)?,
            aggregation_rule: aggregation_rule
                .map(|rule| AggregationRule::read(&rule))
                .transpose()?,
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
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["clusterRoleSelectors"])?;
        Ok(AggregationRule {
            cluster_role_selectors: part.items("clusterRoleSelectors", LabelSelector::read)?,
        })
    }
}

impl PolicyRule {
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&[
            "verbs",
            "apiGroups",
            "resources",
            "resourceNames",
            "nonResourceURLs",
        ])?;
        Ok(PolicyRule {
            verbs: part.texts("verbs")?,
            api_groups: part.texts("apiGroups")?,
            resources: part.texts("resources")?,
            resource_names: part.texts("resourceNames")?,
            non_resource_urls: part.texts("nonResourceURLs")?,
        })
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
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["apiVersion", "kind", "metadata", "roleRef", "subjects"])?;
        Ok(Binding {
            kind: part.text("kind")?,
            metadata: Metadata::read(part)?,
            role_ref: RoleRef::read(&part.require("roleRef")?)?,
            subjects: part.items("subjects", Subject::read)?,
        })
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
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["apiGroup", "kind", "name"])?;
        Ok(RoleRef {
            api_group: part.text("apiGroup")?,
            kind: part.text("kind")?,
            name: part.text("name")?,
        })
    }

    fn check(&self, namespaced: bool) -> Result<(), String> {
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
    fn read(part: &Part<'_>) -> Result<Self, String> {
        part.only(&["apiGroup", "kind", "name", "namespace"])?;
        Ok(Subject {
            api_group: part.text("apiGroup")?,
            kind: part.text("kind")?,
            name: part.text("name")?,
            namespace: part.text("namespace")?,
        })
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
