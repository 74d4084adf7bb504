//! What the roles and bindings of a new cluster allow.

use serde_json::json;

use super::Rbac;
use crate::authorization::Attributes;
use crate::authorization::objects::API_VERSION;
use crate::request::user::UserInfo;

fn user(name: &str, groups: &[&str]) -> UserInfo {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    UserInfo {
        name: name.to_owned(),
        groups,
        ..UserInfo::default()
    }
}

#[test]
fn everybody_may_read_health_and_version_and_the_known_discovery_too() {
    let rbac = Rbac::from_objects(&[]).unwrap();
    let anonymous = user("system:anonymous", &["system:unauthenticated"]);
    let known = user("u", &["system:authenticated"]);
    let cases = [
        ("get", "/livez", true, true),
        ("get", "/healthz", true, true),
        ("get", "/readyz", true, true),
        ("get", "/version", true, true),
        ("get", "/livez/ping", false, false),
        ("post", "/livez", false, false),
        ("get", "/api", false, true),
        ("get", "/apis/apps/v1", false, true),
        ("get", "/openapi/v2", false, true),
        ("get", "/metrics", false, false),
        ("get", "/", false, false),
    ];
    for (verb, path, to_anybody, to_known) in cases {
        let attributes = Attributes {
            verb,
            path,
            ..Attributes::default()
        };
        assert_eq!(
            rbac.decide(&anonymous, &attributes).allowed,
            to_anybody,
            "anonymous {verb} {path}"
        );
        assert_eq!(
            rbac.decide(&known, &attributes).allowed,
            to_known,
            "authenticated {verb} {path}"
        );
    }
}

#[test]
fn a_known_user_may_review_itself() {
    let rbac = Rbac::from_objects(&[]).unwrap();
    let attributes = Attributes {
        verb: "create",
        api_group: "authorization.k8s.io",
        resource: "selfsubjectaccessreviews",
        is_resource_request: true,
        ..Attributes::default()
    };
    assert!(
        rbac.decide(&user("u", &["system:authenticated"]), &attributes)
            .allowed
    );
    assert!(
        !rbac
            .decide(
                &user("system:anonymous", &["system:unauthenticated"]),
                &attributes
            )
            .allowed
    );
}

#[test]
fn the_user_facing_roles_build_on_each_other() {
    let cases = [
        ("get", "", "endpoints", [true, true, true, true]),
        ("update", "", "endpoints", [false, false, false, true]),
        ("list", "", "secrets", [false, true, true, true]),
        ("create", "", "configmaps", [false, true, true, true]),
        (
            "get",
            "resource.k8s.io",
            "resourceclaims",
            [true, true, true, true],
        ),
        (
            "create",
            "rbac.authorization.k8s.io",
            "rolebindings",
            [false, false, true, true],
        ),
        ("list", "", "nodes", [false, false, false, true]),
    ];
    for (i, role) in ["view", "edit", "admin", "cluster-admin"]
        .into_iter()
        .enumerate()
    {
        let binding = json!({
            "apiVersion": API_VERSION, "kind": "RoleBinding", "metadata": {"namespace": "n", "name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [{"kind": "User", "name": "u"}],
        });
        let rbac = Rbac::from_objects(&[binding]).unwrap();
        for (verb, api_group, resource, expected) in cases {
            let here = Attributes {
                verb,
                api_group,
                resource,
                namespace: "n",
                is_resource_request: true,
                ..Attributes::default()
            };
            let elsewhere = Attributes {
                namespace: "m",
                ..here
            };
            assert_eq!(
                rbac.decide(&user("u", &[]), &here).allowed,
                expected[i],
                "{role}: {verb} {resource}"
            );
            assert!(
                !rbac.decide(&user("u", &[]), &elsewhere).allowed,
                "{role}: {verb} {resource} elsewhere"
            );
        }
    }
}
