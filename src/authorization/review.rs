//! All that a user may do, as a SelfSubjectRulesReview tells it.

use serde_json::{Value, json};

use super::Authorizer;
use super::rbac::resolution_errors;
use crate::request::user::UserInfo;

/// The rules that hold for a user.
pub(crate) struct Rules {
    pub(crate) resources: Vec<Value>,
    pub(crate) paths: Vec<Value>,
    /// What went wrong in looking them up; mostly empty.
    pub(crate) error: String,
}

impl Authorizer {
    pub(crate) fn rules_for(&self, user: &UserInfo, namespace: &str) -> Rules {
        let Authorizer::Rbac(live) = self else {
            let resource = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
            return Rules {
                resources: vec![resource],
                paths: vec![json!({"verbs": ["*"], "nonResourceURLs": ["*"]})],
                error: String::new(),
            };
        };
        let rbac = live.rules();
        let held = rbac.rules_for(user, namespace);
        let mut rules = Rules {
            resources: Vec::new(),
            paths: Vec::new(),
            error: resolution_errors(&held.errors)
                .trim_start_matches("RBAC: ")
                .to_owned(),
        };
        for rule in held.rules {
            if !rule.resources.is_empty() {
                let lists = [
                    ("apiGroups", &rule.api_groups),
                    ("resources", &rule.resources),
                    ("resourceNames", &rule.resource_names),
                ];
                rules.resources.push(shown(&rule.verbs, &lists));
            }
            if !rule.non_resource_urls.is_empty() {
                let lists = [("nonResourceURLs", &rule.non_resource_urls)];
                rules.paths.push(shown(&rule.verbs, &lists));
            }
        }
        rules
    }
}

fn shown(verbs: &[String], lists: &[(&str, &Vec<String>)]) -> Value {
    let mut shown = json!({"verbs": verbs});
    for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        shown[*name] = json!(list);
    }
    shown
}
