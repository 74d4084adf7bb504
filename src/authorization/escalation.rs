//! Giving away no more rights than one has: upstream's `ConfirmNoEscalation`.
//!
//! The rules to be given are broken down to the smallest: one verb on one resource of one group, and maybe one name, or
//! one verb on one path. Each must be covered by a single rule of the giver. Those that are not are put together again for
//! the message.

use serde_json::Value;

use super::objects::PolicyRule;
use super::rbac::has;
use super::{Attributes, Authorizer};
use crate::codec::quote::quote;
use crate::registry::{Access, Ask};
use crate::request::user::UserInfo;

impl Access for Authorizer {
    fn allows(&self, user: &UserInfo, ask: &Ask<'_>) -> bool {
        let attributes = Attributes {
            verb: ask.verb,
            api_group: ask.group,
            api_version: "*",
            resource: ask.resource,
            namespace: ask.namespace,
            name: ask.name,
            subresource: ask.subresource,
            path: ask.path,
            is_resource_request: ask.path.is_empty(),
        };
        Authorizer::allows(self, user, &attributes)
    }

    fn escalation(&self, user: &UserInfo, namespace: &str, rules: &[Value]) -> Option<String> {
        let Authorizer::Rbac(live) = self else {
            return None;
        };
        let rbac = live.rules();
        let held = rbac.rules_for(user, namespace);
        let given = rules.iter().map(PolicyRule::of);
        let missing: Vec<PolicyRule> = given
            .flat_map(|rule| broken_down(&rule))
            .filter(|rule| !held.rules.iter().any(|own| covers(own, rule)))
            .collect();
        if missing.is_empty() {
            return None;
        }
        let mut shown: Vec<String> = compacted(missing).iter().map(show).collect();
        shown.sort_unstable();
        shown.dedup();
        let mut why = format!(
            "user {} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
            quote(&user.name),
            quoted(&user.groups),
            shown.join("\n")
        );
        if !held.errors.is_empty() {
            // Go prints a list with one error, the aggregate.
            let errors = match &held.errors[..] {
                [one] => one.clone(),
                many => format!("[{}]", many.join(", ")),
            };
            why.push_str(&format!("; resolution errors: [{errors}]"));
        }
        Some(why)
    }
}

/// `["a" "b"]`
fn quoted(texts: &[String]) -> String {
    let all: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", all.join(" "))
}

fn broken_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let one = |text: &String| vec![text.clone()];
    let mut parts = Vec::new();
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let part = PolicyRule {
                    verbs: one(verb),
                    api_groups: one(group),
                    resources: one(resource),
                    ..PolicyRule::default()
                };
                if rule.resource_names.is_empty() {
                    parts.push(part.clone());
                }
                parts.extend(rule.resource_names.iter().map(|name| PolicyRule {
                    resource_names: one(name),
                    ..part.clone()
                }));
            }
        }
    }
    for url in &rule.non_resource_urls {
        parts.extend(rule.verbs.iter().map(|verb| PolicyRule {
            verbs: one(verb),
            non_resource_urls: one(url),
            ..PolicyRule::default()
        }));
    }
    parts
}

/// Whether one rule covers a part of another.
fn covers(own: &PolicyRule, part: &PolicyRule) -> bool {
    let all = |own: &[String], wanted: &[String]| wanted.iter().all(|text| has(own, text));
    let covers_resource = |resource: &String| {
        let sub = resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        has(&own.resources, resource) || sub.is_some_and(|any| own.resources.contains(&any))
    };
    let covers_url = |url: &String| {
        own.non_resource_urls.iter().any(|own| {
            own == url || own.ends_with('*') && url.starts_with(own.trim_end_matches('*'))
        })
    };
    let covers_name = |name: &String| own.resource_names.contains(name);
    let covers_names = own.resource_names.is_empty()
        || !part.resource_names.is_empty() && part.resource_names.iter().all(covers_name);
    all(&own.verbs, &part.verbs)
        && all(&own.api_groups, &part.api_groups)
        && part.resources.iter().all(covers_resource)
        && covers_names
        && part.non_resource_urls.iter().all(covers_url)
}

/// Puts together the verbs of parts about the same resource.
fn compacted(parts: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for part in parts {
        let same = |rule: &&mut PolicyRule| {
            part.non_resource_urls.is_empty()
                && rule.non_resource_urls.is_empty()
                && rule.api_groups == part.api_groups
                && rule.resources == part.resources
                && rule.resource_names == part.resource_names
        };
        match rules.iter_mut().find(same) {
            Some(rule) => rule.verbs.extend(part.verbs),
            None => rules.push(part),
        }
    }
    rules
}

/// `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`
fn show(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.non_resource_urls),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let shown = parts.into_iter().filter(|(_, texts)| !texts.is_empty());
    let shown: Vec<String> = shown
        .map(|(name, texts)| format!("{name}:{}", quoted(texts)))
        .collect();
    format!("{{{}}}", shown.join(", "))
}
