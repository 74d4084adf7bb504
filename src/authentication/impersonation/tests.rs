use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;
use crate::authorization::rbac::Rbac;

const TARGET: Attributes<'static> = Attributes {
    verb: "list",
    api_group: "",
    api_version: "v1",
    resource: "endpoints",
    subresource: "",
    namespace: "d",
    name: "",
    path: "",
    is_resource_request: true,
};

/// Names and values of headers.
type List = [(&'static str, &'static str)];

fn headers(list: &List) -> HeaderMap {
    list.iter()
        .map(|&(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
        .collect()
}

/// An authorizer that grants alice each `(verb, group, resource)`, cluster-wide.
fn granting(grants: &[(&str, &str, &str)]) -> Authorizer {
    let version = "rbac.authorization.k8s.io/v1";
    let mut rules = Vec::new();
    for (verb, group, resource) in grants {
        rules.push(json!({"verbs": [verb], "apiGroups": [group], "resources": [resource]}));
    }
    let role = json!({"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": "r"}, "rules": rules});
    let binding = json!({
        "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": {"name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "User", "name": "alice"}],
    });
    Authorizer::from(Rbac::exactly(&[role, binding]).unwrap())
}

fn alice(grants: &[(&str, &str, &str)], list: &List) -> Result<Option<UserInfo>, Status> {
    impersonate(
        &headers(list),
        &UserInfo::member("alice", &[]),
        &TARGET,
        &granting(grants),
    )
}

fn admin(list: &List) -> UserInfo {
    let admin = UserInfo::member("admin", &[MASTERS]);
    impersonate(&headers(list), &admin, &TARGET, &granting(&[]))
        .unwrap()
        .unwrap()
}

#[test]
fn a_request_without_the_headers_is_served_as_its_own_user() {
    assert_eq!(alice(&[], &[]), Ok(None));
    assert_eq!(alice(&[], &[("impersonate-user", "")]), Ok(None));
}

#[test]
fn a_denial_names_the_request_and_the_mode() {
    let cases = [
        ("bob", "user-info"),
        ("system:serviceaccount:n:robot", "serviceaccount"),
        ("system:node:n1", "arbitrary-node"),
        ("system:node:Not_A_Node", "user-info"),
        ("system:serviceaccount:n:a:b", "user-info"),
    ];
    for (name, mode) in cases {
        let status = alice(&[], &[("impersonate-user", name)]).unwrap_err();
        let expected = format!(
            r#"endpoints is forbidden: User "alice" cannot impersonate-on:{mode}:list resource "endpoints" in API group "" in the namespace "d""#
        );
        assert_eq!((status.code, status.message), (403, expected));
    }
}

#[test]
fn a_denial_about_a_path_names_the_path() {
    let target = Attributes {
        verb: "get",
        path: "/healthz",
        ..Attributes::default()
    };
    let user = UserInfo::member("alice", &[]);
    let status = impersonate(
        &headers(&[("impersonate-user", "bob")]),
        &user,
        &target,
        &granting(&[]),
    )
    .unwrap_err();
    let expected = r#"forbidden: User "alice" cannot impersonate-on:user-info:get path "/healthz""#;
    assert_eq!(status.message, expected);
}

#[test]
fn the_plain_verb_on_the_identity_still_suffices() {
    let bob = UserInfo::member("bob", &["system:authenticated"]);
    assert_eq!(
        alice(
            &[("impersonate", "", "users")],
            &[("impersonate-user", "bob")]
        ),
        Ok(Some(bob))
    );
    let with_group = [("impersonate-user", "bob"), ("impersonate-group", "g")];
    assert!(alice(&[("impersonate", "", "users")], &with_group).is_err());
    assert!(
        alice(
            &[("impersonate", "", "users"), ("impersonate", "", "groups")],
            &with_group
        )
        .is_ok()
    );
}

#[test]
fn leave_for_the_request_still_needs_leave_for_the_identity() {
    const ON: (&str, &str, &str) = ("impersonate-on:user-info:list", "", "endpoints");
    const USERS: (&str, &str, &str) = ("impersonate:user-info", "authentication.k8s.io", "users");
    let user = ("impersonate-user", "bob");
    let status = alice(&[ON], &[user]).unwrap_err();
    let expected = r#"users.authentication.k8s.io "bob" is forbidden: User "alice" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope"#;
    assert_eq!(status.message, expected);
    assert!(alice(&[ON, USERS], &[user]).is_ok());

    let cases = [
        (
            ("impersonate-group", "g"),
            r#"groups.authentication.k8s.io "g" is forbidden: User "alice" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope"#,
        ),
        (
            ("impersonate-uid", "1"),
            r#"uids.authentication.k8s.io "1" is forbidden: User "alice" cannot impersonate:user-info resource "uids" in API group "authentication.k8s.io" at the cluster scope"#,
        ),
        (
            ("impersonate-extra-acme.io%2ffoo", "v"),
            r#"userextras.authentication.k8s.io "v" is forbidden: User "alice" cannot impersonate:user-info resource "userextras/acme.io/foo" in API group "authentication.k8s.io" at the cluster scope"#,
        ),
        (
            ("impersonate-extra-foo", "v"),
            r#"userextras.authentication.k8s.io is forbidden: User "alice" cannot impersonate:user-info resource "userextras" in API group "authentication.k8s.io" at the cluster scope: impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")"#,
        ),
        (
            ("impersonate-group", "system:masters"),
            r#"groups.authentication.k8s.io "system:masters" is forbidden: User "alice" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed"#,
        ),
    ];
    for (header, expected) in cases {
        let status = alice(&[ON, USERS], &[user, header]).unwrap_err();
        assert_eq!(status.message, expected);
    }
}

#[test]
fn where_only_the_plain_verb_applies_its_denial_is_shown() {
    let node = [
        ("impersonate-user", "system:node:n1"),
        ("impersonate-group", "g"),
    ];
    let expected = r#"users "system:node:n1" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope"#;
    assert_eq!(alice(&[], &node).unwrap_err().message, expected);
    let robot = [
        ("impersonate-user", "system:serviceaccount:n:robot"),
        ("impersonate-uid", "1"),
    ];
    let expected = r#"serviceaccounts "robot" is forbidden: User "alice" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "n""#;
    assert_eq!(alice(&[], &robot).unwrap_err().message, expected);
}

#[test]
fn many_groups_may_be_allowed_at_once() {
    let grants = [
        ("impersonate-on:user-info:list", "", "endpoints"),
        ("impersonate:user-info", "authentication.k8s.io", "users"),
        ("impersonate:user-info", "authentication.k8s.io", "groups"),
    ];
    let group = "impersonate-group";
    let list = [
        ("impersonate-user", "bob"),
        (group, "a"),
        (group, "b"),
        (group, "c"),
        (group, "d"),
    ];
    let bob = alice(&grants, &list).unwrap().unwrap();
    assert_eq!(bob.groups, ["a", "b", "c", "d", "system:authenticated"]);
}

#[test]
fn anything_else_without_a_user_is_a_mistake() {
    let cases = [
        (
            ("impersonate-group", "g"),
            r#"&user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)}"#,
        ),
        (
            ("impersonate-uid", "1"),
            r#"&user.DefaultInfo{Name:"", UID:"1", Groups:[]string(nil), Extra:map[string][]string(nil)}"#,
        ),
        (
            ("impersonate-extra-k", "v"),
            r#"&user.DefaultInfo{Name:"", UID:"", Groups:[]string(nil), Extra:map[string][]string{"k":[]string{"v"}}}"#,
        ),
    ];
    for (header, user) in cases {
        let status = alice(&[], &[header]).unwrap_err();
        assert_eq!((status.code, &*status.reason), (400, "BadRequest"));
        assert_eq!(
            status.message,
            format!("requested {user} without impersonating a user name")
        );
    }
}

#[test]
fn an_identity_comes_with_its_groups() {
    let cases: [(&List, &[&str]); 7] = [
        (&[("impersonate-user", "bob")], &["system:authenticated"]),
        (
            &[("impersonate-user", "bob"), ("impersonate-group", "g")],
            &["g", "system:authenticated"],
        ),
        (
            &[
                ("impersonate-user", "bob"),
                ("impersonate-group", "system:unauthenticated"),
            ],
            &["system:unauthenticated"],
        ),
        (
            &[("impersonate-user", "system:anonymous")],
            &["system:unauthenticated"],
        ),
        (
            &[("impersonate-user", "system:node:n1")],
            &["system:nodes", "system:authenticated"],
        ),
        (
            &[("impersonate-user", "system:serviceaccount:n:robot")],
            &[
                "system:serviceaccounts",
                "system:serviceaccounts:n",
                "system:authenticated",
            ],
        ),
        (
            &[
                ("impersonate-user", "system:serviceaccount:n:robot"),
                ("impersonate-group", "g"),
            ],
            &["g", "system:authenticated"],
        ),
    ];
    for (list, groups) in cases {
        assert_eq!(admin(list).groups, groups, "{list:?}");
    }
}

#[test]
fn extra_keys_are_decoded_and_their_values_kept_in_order() {
    let user = admin(&[
        ("impersonate-user", "bob"),
        ("impersonate-uid", "1"),
        ("impersonate-extra-acme.io%2fscope", "b"),
        ("impersonate-extra-acme.io%2fscope", "a"),
        ("impersonate-extra-bad%2", "x"),
    ]);
    let extra = [("acme.io/scope", vec!["b", "a"]), ("bad%2", vec!["x"])];
    let expected = extra.map(|(key, values)| {
        (
            key.to_owned(),
            values.into_iter().map(str::to_owned).collect(),
        )
    });
    assert_eq!(user.extra, BTreeMap::from(expected));
    assert_eq!(user.uid, "1");
}

#[test]
fn a_constrained_mode_is_particular_about_extra_keys() {
    let check = |key: &str, value: &str| {
        check_extra(&BTreeMap::from([(key.to_owned(), vec![value.to_owned()])]))
    };
    let invalid = "impersonating an invalid key in extra is not allowed: extra.key: Invalid value:";
    let cases = [
        ("acme.io/foo", "v", Ok(())),
        (
            "",
            "v",
            Err("impersonating the empty string key in extra is not allowed".to_owned()),
        ),
        (
            "/foo",
            "v",
            Err(format!("{invalid} \"/foo\": {NOT_A_PATH}")),
        ),
        (
            "_/foo",
            "v",
            Err(format!("{invalid} \"_\": {NOT_A_SUBDOMAIN}")),
        ),
        (
            "a.io/f o",
            "v",
            Err(format!("{invalid} \"f o\": {NOT_HTTP_PATH}")),
        ),
        (
            "a.io/Foo",
            "v",
            Err(
                "impersonating a non-lowercase key in extra is not allowed: \"a.io/Foo\""
                    .to_owned(),
            ),
        ),
        (
            "a.io/foo",
            "",
            Err("impersonating the empty string value in extra is not allowed".to_owned()),
        ),
    ];
    for (key, value, expected) in cases {
        assert_eq!(check(key, value), expected, "{key}");
    }
}

#[test]
fn without_access_rules_everybody_may_be_anybody() {
    let user = UserInfo::member("alice", &[]);
    let list = headers(&[("impersonate-user", "bob")]);
    let bob = impersonate(&list, &user, &TARGET, &Authorizer::AlwaysAllow)
        .unwrap()
        .unwrap();
    assert_eq!(bob, UserInfo::member("bob", &["system:authenticated"]));
}
