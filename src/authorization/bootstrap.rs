//! The roles and bindings every cluster starts with, as upstream's `bootstrappolicy` has them: those that matter to a
//! server without nodes and controllers.
//!
//! `admin`, `edit` and `view` are aggregated, so that a ClusterRole labelled
//! `rbac.authorization.k8s.io/aggregate-to-view: "true"` adds to them. Mind that `edit` and `admin` may read Endpoints
//! and EndpointSlices but not write them: upstream withdrew that in 1.22 (CVE-2021-25740).

use serde_json::{Value, json};

use super::objects::{API_VERSION, GROUP};

/// Names with spaces between them.
type Names = &'static str;

const READ: Names = "get list watch";
const WRITE: Names = "create delete deletecollection patch update";
const READ_WRITE: Names = "create delete deletecollection get list patch update watch";

/// A rule: a group, resources, verbs; or verbs and paths.
enum Grant {
    Resources(&'static str, Names, Names),
    Urls(Names, Names),
}

use Grant::{Resources, Urls};

/// The roles made of rules, with the aggregated role each adds to (or nothing).
const ROLES: &[(&str, &str, &[Grant])] = &[
    (
        "cluster-admin",
        "",
        &[Resources("*", "*", "*"), Urls("*", "*")],
    ),
    ("system:aggregate-to-admin", "admin", ADMIN),
    ("system:aggregate-to-edit", "edit", EDIT),
    ("system:aggregate-to-view", "view", VIEW),
    ("system:auth-delegator", "", AUTH_DELEGATOR),
    ("system:basic-user", "", BASIC_USER),
    ("system:discovery", "", DISCOVERY),
    ("system:monitoring", "", MONITORING),
    ("system:public-info-viewer", "", PUBLIC_INFO_VIEWER),
    (
        "system:service-account-issuer-discovery",
        "",
        ISSUER_DISCOVERY,
    ),
];

/// The aggregated roles, with the one each adds to in turn.
const AGGREGATED: &[(&str, &str)] = &[("admin", ""), ("edit", "admin"), ("view", "edit")];

/// The bindings: the role, and the groups that have it.
const BINDINGS: &[(&str, Names)] = &[
    ("cluster-admin", "system:masters"),
    ("system:basic-user", "system:authenticated"),
    ("system:discovery", "system:authenticated"),
    ("system:monitoring", "system:monitoring"),
    (
        "system:public-info-viewer",
        "system:authenticated system:unauthenticated",
    ),
    (
        "system:service-account-issuer-discovery",
        "system:serviceaccounts",
    ),
];

const AUTH_DELEGATOR: &[Grant] = &[
    Resources("authentication.k8s.io", "tokenreviews", "create"),
    Resources("authorization.k8s.io", "subjectaccessreviews", "create"),
];

const BASIC_USER: &[Grant] = &[
    Resources(
        "authorization.k8s.io",
        "selfsubjectaccessreviews selfsubjectrulesreviews",
        "create",
    ),
    Resources("authentication.k8s.io", "selfsubjectreviews", "create"),
];

const DISCOVERY: &[Grant] = &[Urls(
    "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/",
    "get",
)];

const MONITORING: &[Grant] = &[Urls(
    "/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*",
    "get",
)];

const PUBLIC_INFO_VIEWER: &[Grant] = &[Urls("/healthz /livez /readyz /version /version/", "get")];

const ISSUER_DISCOVERY: &[Grant] = &[Urls(
    "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/",
    "get",
)];

const ADMIN: &[Grant] = &[
    Resources(
        "authorization.k8s.io",
        "localsubjectaccessreviews",
        "create",
    ),
    Resources(GROUP, "rolebindings roles", READ_WRITE),
];

const EDIT: &[Grant] = &[
    Resources(
        "",
        "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy",
        READ,
    ),
    Resources("", "serviceaccounts", "impersonate"),
    Resources(
        "",
        "pods pods/attach pods/exec pods/portforward pods/proxy",
        WRITE,
    ),
    Resources("", "pods/eviction", "create"),
    Resources(
        "",
        "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale \
         secrets serviceaccounts services services/proxy",
        WRITE,
    ),
    Resources("", "serviceaccounts/token", "create"),
    Resources(
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale \
         statefulsets statefulsets/scale",
        WRITE,
    ),
    Resources("autoscaling", "horizontalpodautoscalers", WRITE),
    Resources("batch", "cronjobs jobs", WRITE),
    Resources(
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies \
         replicasets replicasets/scale replicationcontrollers/scale",
        WRITE,
    ),
    Resources("policy", "poddisruptionbudgets", WRITE),
    Resources("networking.k8s.io", "ingresses networkpolicies", WRITE),
    Resources("coordination.k8s.io", "leases", READ_WRITE),
    Resources(
        "resource.k8s.io",
        "resourceclaims resourceclaimtemplates",
        WRITE,
    ),
];

const VIEW: &[Grant] = &[
    Resources(
        "",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods \
         replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
        READ,
    ),
    Resources(
        "",
        "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status \
         resourcequotas resourcequotas/status",
        READ,
    ),
    Resources("", "namespaces", READ),
    Resources("discovery.k8s.io", "endpointslices", READ),
    Resources(
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale \
         deployments/status replicasets replicasets/scale replicasets/status statefulsets \
         statefulsets/scale statefulsets/status",
        READ,
    ),
    Resources(
        "autoscaling",
        "horizontalpodautoscalers horizontalpodautoscalers/status",
        READ,
    ),
    Resources("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
    Resources(
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses \
         ingresses/status networkpolicies replicasets replicasets/scale replicasets/status \
         replicationcontrollers/scale",
        READ,
    ),
    Resources(
        "policy",
        "poddisruptionbudgets poddisruptionbudgets/status",
        READ,
    ),
    Resources(
        "networking.k8s.io",
        "ingresses ingresses/status networkpolicies",
        READ,
    ),
    Resources(
        "resource.k8s.io",
        "resourceclaims resourceclaims/status resourceclaimtemplates",
        READ,
    ),
];

/// All of them as API objects, roles first.
pub(crate) fn objects() -> Vec<Value> {
    let roles = ROLES
        .iter()
        .map(|(name, adds_to, grants)| role(name, adds_to, grants));
    let aggregated = AGGREGATED
        .iter()
        .map(|(name, adds_to)| aggregated(name, adds_to));
    let bindings = BINDINGS.iter().map(|(name, groups)| binding(name, groups));
    roles.chain(aggregated).chain(bindings).collect()
}

fn role(name: &str, adds_to: &str, grants: &[Grant]) -> Value {
    let rules: Vec<Value> = grants.iter().map(Grant::rule).collect();
    json!({"apiVersion": API_VERSION, "kind": "ClusterRole", "metadata": metadata(name, adds_to), "rules": rules})
}

fn aggregated(name: &str, adds_to: &str) -> Value {
    let selector = json!({"matchLabels": {aggregation_label(name): "true"}});
    json!({
        "apiVersion": API_VERSION,
        "kind": "ClusterRole",
        "metadata": metadata(name, adds_to),
        "aggregationRule": {"clusterRoleSelectors": [selector]},
        "rules": null,
    })
}

fn binding(name: &str, groups: &str) -> Value {
    let subjects: Vec<Value> = groups
        .split(' ')
        .map(|group| json!({"apiGroup": GROUP, "kind": "Group", "name": group}))
        .collect();
    json!({
        "apiVersion": API_VERSION,
        "kind": "ClusterRoleBinding",
        "metadata": metadata(name, ""),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
        "subjects": subjects,
    })
}

fn metadata(name: &str, adds_to: &str) -> Value {
    let mut labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    if !adds_to.is_empty() {
        labels[aggregation_label(adds_to)] = "true".into();
    }
    json!({"name": name, "labels": labels, "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"}})
}

fn aggregation_label(role: &str) -> String {
    format!("{GROUP}/aggregate-to-{role}")
}

impl Grant {
    fn rule(&self) -> Value {
        let list = |names: &str| names.split_whitespace().map(Value::from).collect::<Value>();
        match self {
            Resources(group, resources, verbs) => {
                json!({"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)})
            }
            Urls(urls, verbs) => json!({"nonResourceURLs": list(urls), "verbs": list(verbs)}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Attributes;
    use super::super::rbac::Rbac;
    use super::*;
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
}
