use serde_json::json;

use super::*;

fn role(kind: &str, metadata: Value, rule: Value) -> Value {
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "rules": [rule]})
}

fn binding(kind: &str, metadata: Value, role: Value, subject: Value) -> Value {
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "roleRef": role, "subjects": [subject]})
}

#[test]
fn what_the_server_stores_can_be_read_back() {
    let stored = json!({
        "apiVersion": API_VERSION, "kind": "ClusterRole",
        "metadata": {"name": "c", "uid": "1", "managedFields": [], "labels": null}, "rules": null,
    });
    assert!(read(&stored).is_ok());
}

#[test]
fn a_malformed_role_is_refused_by_name() {
    let good = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]});
    let here = json!({"namespace": "n", "name": "r"});
    let there = json!({"name": "r"});
    let cases = [
        (
            role("Role", there.clone(), good.clone()),
            r#"Role "r": metadata.namespace is required"#,
        ),
        (
            role("ClusterRole", here.clone(), good.clone()),
            r#"ClusterRole "n/r": metadata.namespace is not allowed on this kind"#,
        ),
        (
            role("ClusterRole", json!({}), good),
            r#"ClusterRole "": metadata.name is required"#,
        ),
        (
            role(
                "Role",
                here.clone(),
                json!({"apiGroups": [""], "resources": ["pods"]}),
            ),
            r#"Role "n/r": rules[0]: verbs must contain at least one value"#,
        ),
        (
            role(
                "Role",
                here.clone(),
                json!({"resources": ["pods"], "verbs": ["get"]}),
            ),
            r#"Role "n/r": rules[0]: resource rules must supply at least one api group"#,
        ),
        (
            role(
                "Role",
                here.clone(),
                json!({"apiGroups": [""], "verbs": ["get"]}),
            ),
            r#"Role "n/r": rules[0]: resource rules must supply at least one resource"#,
        ),
        (
            role(
                "Role",
                here,
                json!({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}),
            ),
            r#"Role "n/r": rules[0]: namespaced rules cannot apply to non-resource URLs"#,
        ),
        (
            role(
                "ClusterRole",
                there,
                json!({"nonResourceURLs": ["/"], "resources": ["x"], "verbs": ["get"]}),
            ),
            r#"ClusterRole "r": rules[0]: rules cannot apply to both regular resources and non-resource URLs"#,
        ),
    ];
    for (object, message) in cases {
        assert_eq!(read(&object).unwrap_err(), message);
    }
}

#[test]
fn a_malformed_binding_is_refused_by_name() {
    let here = || json!({"namespace": "n", "name": "b"});
    let there = || json!({"name": "b"});
    let view = || json!({"kind": "ClusterRole", "name": "view"});
    let user = || json!({"kind": "User", "name": "u"});
    let cases = [
        (
            binding(
                "ClusterRoleBinding",
                there(),
                json!({"kind": "Role", "name": "r"}),
                user(),
            ),
            r#"ClusterRoleBinding "b": roleRef.kind: a binding of this kind cannot refer to a "Role""#,
        ),
        (
            binding(
                "RoleBinding",
                here(),
                json!({"kind": "Role", "name": "r", "apiGroup": "apps"}),
                user(),
            ),
            r#"RoleBinding "n/b": roleRef.apiGroup must be rbac.authorization.k8s.io"#,
        ),
        (
            binding(
                "ClusterRoleBinding",
                there(),
                view(),
                json!({"kind": "ServiceAccount", "name": "s"}),
            ),
            r#"ClusterRoleBinding "b": subjects[0]: namespace is required"#,
        ),
        (
            binding(
                "RoleBinding",
                here(),
                view(),
                json!({"kind": "Robot", "name": "s"}),
            ),
            r#"RoleBinding "n/b": subjects[0]: kind must be User, Group or ServiceAccount, not "Robot""#,
        ),
        (
            binding(
                "RoleBinding",
                here(),
                view(),
                json!({"kind": "ServiceAccount", "name": "s", "apiGroup": GROUP}),
            ),
            r#"RoleBinding "n/b": subjects[0]: apiGroup of a ServiceAccount must be """#,
        ),
        (
            binding(
                "RoleBinding",
                here(),
                view(),
                json!({"kind": "Group", "name": ""}),
            ),
            r#"RoleBinding "n/b": subjects[0]: name is required"#,
        ),
    ];
    for (object, message) in cases {
        assert_eq!(read(&object).unwrap_err(), message);
    }
}

#[test]
fn a_misspelt_field_is_refused_rather_than_ignored() {
    let rule = json!({"apiGroup": [""], "resources": ["pods"], "verbs": ["get"]});
    assert_eq!(
        read(&role("ClusterRole", json!({"name": "r"}), rule)).unwrap_err(),
        r#"ClusterRole "r": rules[0]: unknown field `apiGroup`; did you mean `apiGroups`?"#
    );
}

#[test]
fn what_is_of_another_type_is_refused_with_the_way_to_it() {
    let there = || json!({"name": "r"});
    let selector = json!({"matchExpressions": [{"key": "a", "operator": "Is"}]});
    let mut aggregated = role("ClusterRole", there(), json!({}));
    aggregated["aggregationRule"] = json!({"clusterRoleSelectors": [selector]});
    aggregated["rules"] = Value::Null;
    let cases = [
        (
            role("ClusterRole", there(), json!({"verbs": "get"})),
            "json: cannot unmarshal string into Go struct field PolicyRule.rules.verbs of type []string",
        ),
        (
            role("ClusterRole", there(), json!({"verbs": [5]})),
            "json: cannot unmarshal number into Go struct field PolicyRule.rules.verbs of type string",
        ),
        (
            role(
                "ClusterRole",
                json!({"name": "r", "labels": [1]}),
                json!({}),
            ),
            "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            binding("ClusterRoleBinding", there(), Value::Null, json!({})),
            "roleRef is required",
        ),
        (
            aggregated,
            "aggregationRule.clusterRoleSelectors[0].matchExpressions[0]: \
             operator must be In, NotIn, Exists or DoesNotExist, not \"Is\"",
        ),
    ];
    for (object, why) in cases {
        let error = read(&object).unwrap_err();
        assert_eq!(error.split_once(": ").unwrap().1, why);
    }
}

#[test]
fn another_kind_is_refused() {
    let pod = json!({"apiVersion": API_VERSION, "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}});
    let expected =
        r#"Pod "n/p": kind must be Role, ClusterRole, RoleBinding or ClusterRoleBinding"#;
    assert_eq!(read(&pod).unwrap_err(), expected);
    let old = json!({"apiVersion": "rbac.authorization.k8s.io/v1beta1", "kind": "Role"});
    assert_eq!(
        read(&old).unwrap_err(),
        r#"Role "": apiVersion must be rbac.authorization.k8s.io/v1"#
    );
    let nothing = "object without a kind \"\": apiVersion must be rbac.authorization.k8s.io/v1";
    assert_eq!(read(&json!([])).unwrap_err(), nothing);
}

#[test]
fn a_selector_reads_labels_and_expressions() {
    let labels = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
    let cases = [
        (json!({}), true),
        (json!({"matchLabels": {"a": "1"}}), true),
        (json!({"matchLabels": {"a": "2"}}), false),
        (
            json!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}),
            true,
        ),
        (
            json!({"matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["1"]}]}),
            true,
        ),
        (
            json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]}),
            true,
        ),
        (
            json!({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}),
            false,
        ),
    ];
    for (selector, expected) in cases {
        let read = LabelSelector::of(&selector).unwrap();
        assert_eq!(read.matches(&labels), expected, "{selector}");
    }
}
