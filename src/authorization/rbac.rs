//! The RBAC authorizer: which rules hold for a user in a namespace, and whether one of them covers a request.
//!
//! ClusterRoleBindings are asked before the RoleBindings of the request's namespace, each by name. Rules only ever
//! grant, so the first that covers the request decides. A binding to a role that is not there grants nothing and
//! becomes the reason of the denial, if it comes to one.

use std::collections::BTreeMap;
use std::sync::Arc;

#[cfg(test)]
use serde_json::Value;

#[cfg(test)]
use super::objects::read;
use super::objects::{Binding, GROUP, Object, PolicyRule, Role, RoleRef, Subject};
use super::{Attributes, Decision, combined};
use crate::codec::quote::quote;
use crate::request::user::UserInfo;

/// Namespace and name; the namespace of cluster-wide objects is empty.
type Key = (String, String);

/// The roles and bindings of a cluster, ready to decide.
#[derive(Debug, Default)]
pub(crate) struct Rbac {
    roles: BTreeMap<Key, Arc<Role>>,
    bindings: BTreeMap<Key, Arc<Binding>>,
}

/// The rules that hold for a user, and what went wrong in looking them up.
#[derive(Debug, Default)]
pub(crate) struct Held<'a> {
    pub(crate) rules: Vec<&'a PolicyRule>,
    pub(crate) errors: Vec<String>,
}

impl Rbac {
    /// The objects of a new cluster with these on top; one of the same name replaces the cluster's own.
    #[cfg(test)]
    pub(crate) fn from_objects(objects: &[Value]) -> Result<Rbac, String> {
        let mut all = super::live::initial(true);
        for object in objects {
            all.put(read(object)?);
        }
        Ok(all.resolve(true))
    }

    /// These objects and no others.
    #[cfg(test)]
    pub(crate) fn exactly(objects: &[Value]) -> Result<Rbac, String> {
        let mut all = Collected::default();
        for object in objects {
            all.put(read(object)?);
        }
        Ok(all.resolve(true))
    }

    /// All rules that hold for a user in a namespace, those of the cluster first.
    pub(crate) fn rules_for(&self, user: &UserInfo, namespace: &str) -> Held<'_> {
        let mut held = Held::default();
        for binding in self.bindings_for(namespace) {
            if !binding
                .subjects
                .iter()
                .any(|s| s.is(user, binding.namespace()))
            {
                continue;
            }
            match self.rules(&binding.role_ref, binding.namespace()) {
                Ok(rules) => held.rules.extend(rules),
                Err(error) if held.errors.contains(&error) => {}
                Err(error) => held.errors.push(error),
            }
        }
        held
    }

    pub(crate) fn decide(&self, user: &UserInfo, attributes: &Attributes<'_>) -> Decision {
        let mut errors: Vec<String> = Vec::new();
        for binding in self.bindings_for(attributes.namespace) {
            let Some(subject) = binding
                .subjects
                .iter()
                .find(|s| s.is(user, binding.namespace()))
            else {
                continue;
            };
            match self.rules(&binding.role_ref, binding.namespace()) {
                Ok(rules) if rules.iter().any(|rule| rule.covers(attributes)) => {
                    return Decision::allow(format!(
                        "RBAC: allowed by {}",
                        binding.describe(subject)
                    ));
                }
                Ok(_) => {}
                Err(error) if errors.contains(&error) => {}
                Err(error) => errors.push(error),
            }
        }
        Decision::deny(resolution_errors(&errors))
    }

    fn bindings_for(&self, namespace: &str) -> impl Iterator<Item = &Arc<Binding>> {
        let within = |wanted: &str| {
            let wanted = wanted.to_owned();
            let from = (wanted.clone(), String::new());
            self.bindings
                .range(from..)
                .take_while(move |((namespace, _), _)| *namespace == wanted)
                .map(|(_, b)| b)
        };
        let local = (!namespace.is_empty()).then(|| within(namespace));
        within("").chain(local.into_iter().flatten())
    }

    fn rules(&self, role: &RoleRef, namespace: &str) -> Result<&[PolicyRule], String> {
        let namespace = if role.kind == "Role" { namespace } else { "" };
        let found = self.roles.get(&(namespace.to_owned(), role.name.clone()));
        // Upstream's lister names the singular resource here.
        let not_found = || {
            format!(
                "{}.{GROUP} {} not found",
                role.kind.to_lowercase(),
                quote(&role.name)
            )
        };
        found
            .map(|role| role.rules.as_slice())
            .ok_or_else(not_found)
    }
}

/// `RBAC: …`, the way Go prints an aggregate of errors; nothing without errors.
pub(super) fn resolution_errors(errors: &[String]) -> String {
    match errors {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        many => format!("RBAC: [{}]", many.join(", ")),
    }
}

/// The objects as read, roles not yet aggregated.
#[derive(Clone, Debug, Default)]
pub(super) struct Collected {
    roles: BTreeMap<Key, Arc<Role>>,
    bindings: BTreeMap<Key, Arc<Binding>>,
}

impl Collected {
    /// Adds an object, in place of any of its name.
    pub(super) fn put(&mut self, object: Object) {
        match object {
            Object::Role(role) => drop(self.roles.insert(role.key(), role.into())),
            Object::Binding(binding) => drop(self.bindings.insert(binding.key(), binding.into())),
        }
    }

    /// Takes over the objects of one kind.
    pub(super) fn extend(&mut self, other: &Collected, kind: &str) {
        let roles = other.roles.iter().filter(|(_, role)| role.kind == kind);
        self.roles
            .extend(roles.map(|(key, role)| (key.clone(), role.clone())));
        let bindings = other
            .bindings
            .iter()
            .filter(|(_, binding)| binding.kind == kind);
        self.bindings
            .extend(bindings.map(|(key, binding)| (key.clone(), binding.clone())));
    }

    pub(super) fn remove(&mut self, object: &Object) {
        match object {
            Object::Role(role) => drop(self.roles.remove(&role.key())),
            Object::Binding(binding) => drop(self.bindings.remove(&binding.key())),
        }
    }

    /// Where somebody collects the rules of roles from those of others, they count at once.
    pub(super) fn resolve(&self, collects: bool) -> Rbac {
        let mut all = self.clone();
        if collects {
            // The controller overwrites whatever rules an aggregated role was written with.
            all.roles
                .values_mut()
                .filter(|role| role.aggregation_rule.is_some())
                .for_each(|role| Arc::make_mut(role).rules.clear());
            while all.aggregate() {}
        }
        Rbac {
            roles: all.roles,
            bindings: all.bindings,
        }
    }

    /// One round of upstream's aggregation controller; whether it found more. Rules only accumulate, so it ends.
    fn aggregate(&mut self) -> bool {
        let aggregated = self
            .roles
            .iter()
            .filter(|(_, role)| role.aggregation_rule.is_some());
        let found: Vec<_> = aggregated
            .map(|(key, role)| (key.clone(), self.gather(key, role)))
            .collect();
        let mut grew = false;
        for (key, rules) in found {
            if let Some(role) = self.roles.get_mut(&key) {
                grew |= rules.len() > role.rules.len();
                Arc::make_mut(role).rules = rules;
            }
        }
        grew
    }

    /// The rules of every ClusterRole the selectors of `role` choose, itself excepted, each once.
    fn gather(&self, own: &Key, role: &Role) -> Vec<PolicyRule> {
        let mut rules: Vec<PolicyRule> = Vec::new();
        for selector in role
            .aggregation_rule
            .iter()
            .flat_map(|rule| &rule.cluster_role_selectors)
        {
            let chosen = self.roles.iter().filter(|(key, other)| {
                key.0.is_empty() && *key != own && selector.matches(&other.metadata.labels)
            });
            for rule in chosen.flat_map(|(_, other)| &other.rules) {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
        rules
    }
}

impl Role {
    fn key(&self) -> Key {
        (self.metadata.namespace.clone(), self.metadata.name.clone())
    }
}

impl Binding {
    fn key(&self) -> Key {
        (self.metadata.namespace.clone(), self.metadata.name.clone())
    }

    fn namespace(&self) -> &str {
        &self.metadata.namespace
    }

    /// `RoleBinding "name/namespace" of ClusterRole "view" to User "alice"`.
    fn describe(&self, subject: &Subject) -> String {
        let name = match self.namespace() {
            "" => quote(&self.metadata.name),
            namespace => quote(&format!("{}/{namespace}", self.metadata.name)),
        };
        let role = format!("{} {}", self.role_ref.kind, quote(&self.role_ref.name));
        format!(
            "{} {name} of {role} to {}",
            self.kind,
            subject.describe(self.namespace())
        )
    }
}

impl Subject {
    /// A ServiceAccount without a namespace is the one of its binding's namespace.
    fn namespace_or<'a>(&'a self, namespace: &'a str) -> &'a str {
        if self.namespace.is_empty() {
            namespace
        } else {
            &self.namespace
        }
    }

    fn is(&self, user: &UserInfo, namespace: &str) -> bool {
        match self.kind.as_str() {
            "User" => user.name == self.name,
            "Group" => user.in_group(&self.name),
            _ => {
                user.name
                    == format!(
                        "system:serviceaccount:{}:{}",
                        self.namespace_or(namespace),
                        self.name
                    )
            }
        }
    }

    fn describe(&self, namespace: &str) -> String {
        let name = match self.kind.as_str() {
            "ServiceAccount" => quote(&format!("{}/{}", self.name, self.namespace_or(namespace))),
            _ => quote(&self.name),
        };
        format!("{} {name}", self.kind)
    }
}

impl PolicyRule {
    fn covers(&self, request: &Attributes<'_>) -> bool {
        if !has(&self.verbs, request.verb) {
            return false;
        }
        if !request.is_resource_request {
            return self
                .non_resource_urls
                .iter()
                .any(|url| url_matches(url, request.path));
        }
        has(&self.api_groups, request.api_group)
            && self.covers_resource(request)
            && (self.resource_names.is_empty()
                || self.resource_names.iter().any(|name| name == request.name))
    }

    /// `*` also covers subresources; `*/scale` is that subresource of anything.
    fn covers_resource(&self, request: &Attributes<'_>) -> bool {
        has(
            &self.resources,
            &combined(request.resource, request.subresource),
        ) || (!request.subresource.is_empty()
            && self
                .resources
                .iter()
                .any(|name| name.strip_prefix("*/") == Some(request.subresource)))
    }
}

/// Whether the list names `wanted`, or `*`, which stands for everything.
pub(super) fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|entry| entry == "*" || entry == wanted)
}

fn url_matches(rule: &str, path: &str) -> bool {
    rule == path || (rule.ends_with('*') && path.starts_with(rule.trim_end_matches('*')))
}

#[cfg(test)]
mod bootstrap_tests;
#[cfg(test)]
mod tests;
