//! What the aggregation controller does: a ClusterRole with an `aggregationRule` gets the rules of all those its selectors
//! choose.

use serde_json::Value;

use crate::object::{labels, meta_str};

/// The ClusterRoles with all rules collected. Rules only accumulate, so it ends.
pub(crate) fn collect(mut roles: Vec<Value>) -> Vec<Value> {
    loop {
        let found: Vec<Option<Value>> = roles.iter().map(|role| gather(role, &roles)).collect();
        let mut changed = false;
        for (role, rules) in roles.iter_mut().zip(found) {
            if let Some(rules) = rules.filter(|rules| *rules != role["rules"]) {
                role["rules"] = rules;
                changed = true;
            }
        }
        if !changed {
            return roles;
        }
    }
}

/// The rules of every other role that this one chooses, each once; nothing for one that does not collect.
fn gather(role: &Value, roles: &[Value]) -> Option<Value> {
    let selectors = role.get("aggregationRule")?.get("clusterRoleSelectors");
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors.and_then(Value::as_array).into_iter().flatten() {
        let chosen = roles.iter().filter(|other| {
            meta_str(other, "name") != meta_str(role, "name") && matches(selector, other)
        });
        for rule in chosen.flat_map(|other| other["rules"].as_array().into_iter().flatten()) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    Some(match rules.is_empty() {
        true => Value::Null,
        false => rules.into(),
    })
}

/// Whether a valid label selector chooses an object.
fn matches(selector: &Value, object: &Value) -> bool {
    let label = |key: &str| labels(object).and_then(|labels| labels.get(key));
    let mut equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut others = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    equal.all(|(key, value)| label(key) == Some(value))
        && others.all(|one| {
            let value = label(one["key"].as_str().unwrap_or_default());
            let values = one["values"].as_array().map_or(&[][..], Vec::as_slice);
            let is_listed = value.is_some_and(|value| values.contains(value));
            match one["operator"].as_str() {
                Some("In") => is_listed,
                Some("NotIn") => !is_listed,
                Some("Exists") => value.is_some(),
                _ => value.is_none(),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_collected_through_roles_that_collect() {
        let role = |name: &str, labels: Value, rules: Value, wanted: Option<&str>| {
            let mut role = json!({"metadata": {"name": name, "labels": labels}, "rules": rules});
            if let Some(label) = wanted {
                let selector = json!({"matchExpressions": [{"key": label, "operator": "Exists"}]});
                role["aggregationRule"] = json!({"clusterRoleSelectors": [selector]});
            }
            role
        };
        let roles = vec![
            role(
                "edit",
                json!({}),
                json!([{"verbs": ["old"]}]),
                Some("to-edit"),
            ),
            role(
                "more",
                json!({"to-view": "x"}),
                json!([{"verbs": ["get"]}]),
                None,
            ),
            role(
                "view",
                json!({"to-edit": "x"}),
                Value::Null,
                Some("to-view"),
            ),
            role("none", json!({}), Value::Null, Some("to-none")),
        ];
        let rules: Vec<Value> = collect(roles)
            .iter()
            .map(|role| role["rules"].clone())
            .collect();
        let got = json!([{"verbs": ["get"]}]);
        assert_eq!(rules, [got.clone(), got.clone(), got, Value::Null]);
    }
}
