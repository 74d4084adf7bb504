//! Role and ClusterRole.

use serde_json::{Value, json};

use super::super::strategy::{Access, Ask, Strategy, WriteContext};
use super::super::validation::{core, selector};
use super::{GROUP, bootstrap, forbidden, limited_user, only_for_garbage_collection};
use crate::kinds::Kind;
use crate::names::name_is_path_segment;
use crate::object::meta_str;
use crate::status::Status;
use crate::status::field::FieldError;

pub(in super::super) struct Roles;

impl Strategy for Roles {
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
        let namespace = meta_str(object, "namespace");
        let escalate = Ask {
            verb: "escalate",
            group: GROUP,
            resource: &write.kind.plural,
            namespace,
            name: old.map_or("", |old| meta_str(old, "name")),
            ..Ask::default()
        };
        if access.allows(user, &escalate) || only_for_garbage_collection(object, old) {
            return Ok(());
        }
        let rules = object["rules"].as_array().map_or(&[][..], Vec::as_slice);
        if let Some(why) = access.escalation(user, namespace, rules) {
            return Err(forbidden(write, object, &why));
        }
        // What is collected may be anything.
        let collects = |role: &Value| {
            let selectors = role.pointer("/aggregationRule/clusterRoleSelectors");
            selectors
                .and_then(Value::as_array)
                .is_some_and(|all| !all.is_empty())
        };
        if (collects(object) || old.is_some_and(collects)) && !holds_everything(write, access) {
            let why = "must have cluster-admin privileges to use the aggregationRule";
            return Err(forbidden(write, object, why));
        }
        Ok(())
    }

    /// What is kept does not tell no rules from none given.
    fn canonicalize(&self, object: &mut Value) {
        if object["rules"].as_array().is_some_and(Vec::is_empty) {
            object["rules"] = Value::Null;
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let namespaced = write.kind.namespaced;
        let mut errors = core::validate_object_meta(object, namespaced, name_is_path_segment);
        for (i, rule) in object["rules"].as_array().into_iter().flatten().enumerate() {
            errors.extend(validate_rule(rule, namespaced, &format!("rules[{i}]")));
        }
        if let Some(aggregation) = object
            .get("aggregationRule")
            .filter(|rule| rule.is_object())
        {
            errors.extend(validate_aggregation(aggregation));
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
        errors
    }
}

fn holds_everything(write: &WriteContext<'_>, access: &dyn Access) -> bool {
    let everything = [
        json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}),
        json!({"verbs": ["*"], "nonResourceURLs": ["*"]}),
    ];
    let missing = |user| access.escalation(user, "", &everything).is_some();
    !write.user.is_some_and(missing)
}

/// `ValidatePolicyRule`.
fn validate_rule(rule: &Value, namespaced: bool, path: &str) -> Vec<FieldError> {
    let is_empty = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
    let mut errors = Vec::new();
    let mut require = |field: &str, detail: &str| {
        if is_empty(field) {
            errors.push(FieldError::required(format!("{path}.{field}"), detail));
        }
    };
    require("verbs", "verbs must contain at least one value");
    if is_empty("nonResourceURLs") {
        require(
            "apiGroups",
            "resource rules must supply at least one api group",
        );
        require(
            "resources",
            "resource rules must supply at least one resource",
        );
        return errors;
    }
    let field = format!("{path}.nonResourceURLs");
    let urls = &rule["nonResourceURLs"];
    if namespaced {
        let why = "namespaced rules cannot apply to non-resource URLs";
        errors.push(FieldError::invalid(&*field, urls, why));
    }
    if ["apiGroups", "resources", "resourceNames"]
        .into_iter()
        .any(|field| !is_empty(field))
    {
        let why = "rules cannot apply to both regular resources and non-resource URLs";
        errors.push(FieldError::invalid(field, urls, why));
    }
    errors
}

fn validate_aggregation(aggregation: &Value) -> Vec<FieldError> {
    let path = "aggregationRule.clusterRoleSelectors";
    let selectors = aggregation["clusterRoleSelectors"].as_array();
    let selectors = selectors.map_or(&[][..], Vec::as_slice);
    if selectors.is_empty() {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        return vec![FieldError::required(path, why)];
    }
    let checked = |(i, one): (usize, &Value)| {
        let path = format!("{path}[{i}]");
        let mut errors = selector::validate_label_selector(one, &path);
        if !errors.is_empty() {
            errors.push(FieldError::invalid(
                path,
                &Value::Null,
                "invalid label selector.",
            ));
        }
        errors
    };
    selectors.iter().enumerate().flat_map(checked).collect()
}
