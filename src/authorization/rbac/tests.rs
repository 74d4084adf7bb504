use serde_json::json;

use super::super::Authorizer;
use super::super::objects::API_VERSION;
use super::*;

fn user(name: &str, groups: &[&str]) -> UserInfo {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    UserInfo {
        name: name.to_owned(),
        groups,
        ..UserInfo::default()
    }
}

fn on<'a>(verb: &'a str, namespace: &'a str, resource: &'a str) -> Attributes<'a> {
    Attributes {
        verb,
        namespace,
        resource,
        is_resource_request: true,
        ..Attributes::default()
    }
}

fn role(namespace: &str, name: &str, rule: Value) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": if namespace.is_empty() { "ClusterRole" } else { "Role" },
        "metadata": {"namespace": namespace, "name": name}, "rules": [rule],
    })
}

fn binding(namespace: &str, name: &str, role: Value, subject: Value) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" },
        "metadata": {"namespace": namespace, "name": name}, "roleRef": role, "subjects": [subject],
    })
}

fn alice() -> Value {
    json!({"kind": "User", "name": "alice"})
}

/// Whether a user bound to one rule, cluster-wide, may do this.
fn granted(rule: &Value, attributes: &Attributes<'_>) -> bool {
    let to = json!({"kind": "ClusterRole", "name": "r"});
    let rbac =
        Rbac::exactly(&[role("", "r", rule.clone()), binding("", "b", to, alice())]).unwrap();
    rbac.decide(&user("alice", &[]), attributes).allowed
}

#[test]
fn a_rule_covers_its_verbs_groups_and_resources() {
    let pods = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]});
    let all = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
    let scale = json!({"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["get"]});
    let log = json!({"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]});
    let sub = |resource, subresource| Attributes {
        subresource,
        ..on("get", "n", resource)
    };
    let apps = |attributes| Attributes {
        api_group: "apps",
        ..attributes
    };
    let cases = [
        (&pods, on("get", "n", "pods"), true),
        (&pods, on("list", "", "pods"), true),
        (&pods, on("watch", "n", "pods"), false),
        (&pods, on("get", "n", "services"), false),
        (&pods, apps(on("get", "n", "pods")), false),
        (&pods, sub("pods", "log"), false),
        (&log, sub("pods", "log"), true),
        (&log, on("get", "n", "pods"), false),
        (&all, apps(sub("deployments", "scale")), true),
        (&all, on("", "n", "pods"), true),
        (&scale, apps(sub("deployments", "scale")), true),
        (&scale, apps(sub("deployments", "status")), false),
        (&scale, apps(on("get", "n", "deployments")), false),
    ];
    for (rule, attributes, expected) in cases {
        assert_eq!(
            granted(rule, &attributes),
            expected,
            "{rule} {attributes:?}"
        );
    }
}

#[test]
fn resource_names_narrow_a_rule_to_those_names() {
    let rule =
        json!({"apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"], "verbs": ["*"]});
    let named = |name| Attributes {
        name,
        ..on("get", "n", "pods")
    };
    assert!(granted(&rule, &named("a")));
    assert!(!granted(&rule, &named("b")));
    assert!(!granted(&rule, &named("")));
}

#[test]
fn a_path_may_end_in_a_star() {
    let rule = json!({"nonResourceURLs": ["/a", "/b/*", "/c*"], "verbs": ["get"]});
    let cases = [
        ("/a", true),
        ("/a/x", false),
        ("/b", false),
        ("/b/", true),
        ("/b/x/y", true),
        ("/cd", true),
        ("/d", false),
    ];
    for (path, expected) in cases {
        let attributes = Attributes {
            verb: "get",
            path,
            ..Attributes::default()
        };
        assert_eq!(granted(&rule, &attributes), expected, "{path}");
    }
    let everything = json!({"nonResourceURLs": ["*"], "verbs": ["*"]});
    assert!(granted(
        &everything,
        &Attributes {
            verb: "post",
            path: "/x",
            ..Attributes::default()
        }
    ));
    assert!(!granted(&everything, &on("get", "n", "pods")));
}

#[test]
fn a_role_holds_only_in_its_namespace() {
    let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]});
    let to = json!({"kind": "Role", "name": "r"});
    let rbac = Rbac::exactly(&[role("n", "r", rule), binding("n", "b", to, alice())]).unwrap();
    assert!(
        rbac.decide(&user("alice", &[]), &on("get", "n", "pods"))
            .allowed
    );
    assert!(
        !rbac
            .decide(&user("alice", &[]), &on("get", "m", "pods"))
            .allowed
    );
    assert!(
        !rbac
            .decide(&user("alice", &[]), &on("get", "", "pods"))
            .allowed
    );
    assert!(
        !rbac
            .decide(&user("bob", &[]), &on("get", "n", "pods"))
            .allowed
    );
}

#[test]
fn a_decision_says_which_binding_made_it() {
    let groups = ["system:serviceaccounts", "dev"];
    let service_account = "system:serviceaccount:n:robot";
    let cases = [
        (
            "",
            alice(),
            "alice",
            r#"ClusterRoleBinding "b" of ClusterRole "r" to User "alice""#,
        ),
        (
            "",
            json!({"kind": "Group", "name": "dev"}),
            "x",
            r#"ClusterRoleBinding "b" of ClusterRole "r" to Group "dev""#,
        ),
        (
            "n",
            alice(),
            "alice",
            r#"RoleBinding "b/n" of ClusterRole "r" to User "alice""#,
        ),
        (
            "n",
            json!({"kind": "ServiceAccount", "name": "robot"}),
            service_account,
            r#"RoleBinding "b/n" of ClusterRole "r" to ServiceAccount "robot/n""#,
        ),
        (
            "",
            json!({"kind": "ServiceAccount", "name": "robot", "namespace": "n"}),
            service_account,
            r#"ClusterRoleBinding "b" of ClusterRole "r" to ServiceAccount "robot/n""#,
        ),
    ];
    let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]});
    for (namespace, subject, name, by) in cases {
        let to = json!({"kind": "ClusterRole", "name": "r"});
        let rbac = Rbac::exactly(&[
            role("", "r", rule.clone()),
            binding(namespace, "b", to, subject),
        ])
        .unwrap();
        let decision = rbac.decide(&user(name, &groups), &on("get", "n", "pods"));
        assert_eq!(decision, Decision::allow(format!("RBAC: allowed by {by}")));
    }
}

#[test]
fn a_binding_to_a_missing_role_is_the_reason_of_the_denial() {
    let to = |kind: &str, name: &str| json!({"kind": kind, "name": name});
    let one = binding("n", "b", to("Role", "x"), alice());
    let authorizer = Authorizer::from(Rbac::from_objects(std::slice::from_ref(&one)).unwrap());
    let status = authorizer
        .authorize(&user("alice", &[]), &on("list", "n", "endpoints"))
        .unwrap_err();
    let expected = r#"endpoints is forbidden: User "alice" cannot list resource "endpoints" in API group "" in the namespace "n": RBAC: role.rbac.authorization.k8s.io "x" not found"#;
    assert_eq!(status.message, expected);

    let (two, again) = (
        binding("", "c", to("ClusterRole", "y"), alice()),
        binding("n", "d", to("Role", "x"), alice()),
    );
    let rbac = Rbac::exactly(&[one, two, again]).unwrap();
    let expected = r#"RBAC: [clusterrole.rbac.authorization.k8s.io "y" not found, role.rbac.authorization.k8s.io "x" not found]"#;
    assert_eq!(
        rbac.decide(&user("alice", &[]), &on("list", "n", "endpoints"))
            .reason,
        expected
    );
}

#[test]
fn a_labelled_role_joins_the_aggregated_ones_and_those_above() {
    let mut widgets = role(
        "",
        "widgets",
        json!({"apiGroups": ["x.io"], "resources": ["widgets"], "verbs": ["get"]}),
    );
    widgets["metadata"]["labels"] = json!({"rbac.authorization.k8s.io/aggregate-to-view": "true"});
    for name in ["view", "edit", "admin"] {
        let to = json!({"kind": "ClusterRole", "name": name});
        let rbac = Rbac::from_objects(&[widgets.clone(), binding("", "b", to, alice())]).unwrap();
        let attributes = Attributes {
            api_group: "x.io",
            ..on("get", "n", "widgets")
        };
        assert!(
            rbac.decide(&user("alice", &[]), &attributes).allowed,
            "{name}"
        );
    }
}

#[test]
fn roles_that_aggregate_each_other_come_to_an_end() {
    let around = |name: &str| {
        json!({
            "apiVersion": API_VERSION, "kind": "ClusterRole", "metadata": {"name": name},
            "aggregationRule": {"clusterRoleSelectors": [{}]},
        })
    };
    let pods = role(
        "",
        "p",
        json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}),
    );
    let to = json!({"kind": "ClusterRole", "name": "b"});
    let rbac = Rbac::exactly(&[
        around("a"),
        around("b"),
        pods,
        binding("", "c", to, alice()),
    ])
    .unwrap();
    assert!(
        rbac.decide(&user("alice", &[]), &on("get", "n", "pods"))
            .allowed
    );
}

#[test]
fn an_object_of_a_clusters_own_name_replaces_it() {
    let nothing = json!({"apiVersion": API_VERSION, "kind": "ClusterRole", "metadata": {"name": "system:discovery"}});
    let rbac = Rbac::from_objects(&[nothing]).unwrap();
    let api = Attributes {
        verb: "get",
        path: "/api",
        ..Attributes::default()
    };
    assert!(
        !rbac
            .decide(&user("u", &["system:authenticated"]), &api)
            .allowed
    );
}
