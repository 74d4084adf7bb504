//! The roles and bindings every cluster starts with, upstream's `bootstrappolicy`: a list, read when first asked for.
//!
//! ```text
//! ClusterRole NAME [adds-to=ROLE] [gathers=ROLE]
//!   VERBS GROUPS RESOURCES [named NAMES]
//!   VERBS url PATHS
//! ClusterRoleBinding NAME to=KIND/NAME [SUBJECT-KIND:NAME]…
//! ```
//!
//! What has a namespace says it before its name: `kube-system/NAME`. The core group is `core`. `adds-to=view` and
//! `gathers=view` stand for the label, and for the selector of it, by which rules are collected.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::GROUP;
use super::collect::collect;

static LIST: &str = include_str!("bootstrap.list");

/// The objects as a cluster without controllers has them.
static PLAIN: LazyLock<Vec<Value>> = LazyLock::new(|| read(LIST));

/// The same once the rules have been collected.
static COLLECTED: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let (roles, mut others): (Vec<_>, Vec<_>) = PLAIN
        .iter()
        .cloned()
        .partition(|object| object["kind"] == "ClusterRole");
    others.extend(collect(roles));
    others
});

/// Those of one kind.
pub(super) fn objects(kind: &str, collected: bool) -> Vec<Value> {
    let all = if collected { &*COLLECTED } else { &*PLAIN };
    all.iter()
        .filter(|object| object["kind"] == kind)
        .cloned()
        .collect()
}

fn read(list: &str) -> Vec<Value> {
    let mut objects: Vec<Value> = Vec::new();
    for line in list.lines() {
        match (line.strip_prefix("  "), objects.last_mut()) {
            (Some(rule), Some(role)) => {
                if let Some(rules) = role["rules"].as_array_mut() {
                    rules.push(read_rule(rule));
                } else {
                    role["rules"] = json!([read_rule(rule)]);
                }
            }
            _ => objects.push(read_head(line)),
        }
    }
    objects
}

fn read_rule(line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    let names = |at: usize| -> Value {
        let names = words.get(at).copied().unwrap_or_default().split(',');
        names
            .map(|name| if name == "core" { "" } else { name })
            .map(Value::from)
            .collect()
    };
    if words.get(1) == Some(&"url") {
        return json!({"verbs": names(0), "nonResourceURLs": names(2)});
    }
    let mut rule = json!({"verbs": names(0), "apiGroups": names(1), "resources": names(2)});
    if words.get(3) == Some(&"named") {
        rule["resourceNames"] = names(4);
    }
    rule
}

fn read_head(line: &str) -> Value {
    let mut words = line.split(' ');
    let kind = words.next().unwrap_or_default();
    let place = words.next().unwrap_or_default();
    let label = |role: &str| format!("{GROUP}/aggregate-to-{role}");
    let mut object = json!({
        "kind": kind,
        "apiVersion": format!("{GROUP}/v1"),
        "metadata": {
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
            "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
        },
    });
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    object["metadata"]["name"] = name.into();
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    if !kind.ends_with("Binding") {
        object["rules"] = Value::Null;
    }
    for word in words {
        if let Some(role) = word.strip_prefix("adds-to=") {
            object["metadata"]["labels"][label(role)] = "true".into();
        } else if let Some(role) = word.strip_prefix("gathers=") {
            let selector = json!({"matchLabels": {label(role): "true"}});
            object["aggregationRule"] = json!({"clusterRoleSelectors": [selector]});
        } else if let Some((kind, name)) =
            word.strip_prefix("to=").and_then(|to| to.split_once('/'))
        {
            object["roleRef"] = json!({"apiGroup": GROUP, "kind": kind, "name": name});
        } else if let Some((kind, name)) = word.split_once(':') {
            let subject = read_subject(kind, name);
            match object["subjects"].as_array_mut() {
                Some(subjects) => subjects.push(subject),
                None => object["subjects"] = json!([subject]),
            }
        }
    }
    object
}

fn read_subject(kind: &str, name: &str) -> Value {
    match name.split_once('/').filter(|_| kind == "ServiceAccount") {
        Some((namespace, name)) => json!({"kind": kind, "name": name, "namespace": namespace}),
        None => json!({"kind": kind, "apiGroup": GROUP, "name": name}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_or_one_of_its_rules() {
        let list = "ClusterRole view adds-to=edit gathers=view\nClusterRole a\n  get,list core,apps pods named x\n  get url /a,/b\n\
                    RoleBinding n/b to=Role/a User:u:v ServiceAccount:m/s\n";
        let objects = read(list);
        assert_eq!(objects[0]["rules"], Value::Null);
        assert_eq!(
            objects[1]["rules"],
            json!([
                {"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods"], "resourceNames": ["x"]},
                {"verbs": ["get"], "nonResourceURLs": ["/a", "/b"]},
            ])
        );
        assert_eq!(objects[2]["metadata"]["namespace"], "n");
        assert_eq!(
            objects[2]["subjects"],
            json!([
                {"kind": "User", "apiGroup": GROUP, "name": "u:v"},
                {"kind": "ServiceAccount", "name": "s", "namespace": "m"},
            ])
        );
    }

    #[test]
    fn roles_are_collected_where_there_is_somebody_to_do_so() {
        let count = |collected: bool| {
            let roles = objects("ClusterRole", collected);
            let admin = roles
                .iter()
                .find(|role| role["metadata"]["name"] == "admin");
            admin
                .and_then(|role| role["rules"].as_array())
                .map_or(0, Vec::len)
        };
        assert_eq!(count(false), 0);
        assert!(count(true) > 20);
        assert_eq!(
            objects("ClusterRole", true).len(),
            objects("ClusterRole", false).len()
        );
    }
}
