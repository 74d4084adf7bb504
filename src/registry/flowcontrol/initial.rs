//! The objects of flow control that a cluster has from the start. Those called mandatory stay as they are.

use serde_json::{Value, json};

use crate::codec::quote::quote;

/// Who makes them.
pub(super) const MANAGER: &str = "api-priority-and-fairness-config-producer-v1";

/// The levels with limits: name, shares, percent that can be lent, queues, hand.
const LEVELS: [(&str, i32, i32, i32, i32); 6] = [
    ("global-default", 20, 50, 128, 6),
    ("leader-election", 10, 0, 16, 4),
    ("node-high", 40, 25, 64, 6),
    ("system", 30, 33, 64, 6),
    ("workload-high", 40, 50, 128, 6),
    ("workload-low", 100, 90, 128, 6),
];
const QUEUE_LENGTH: i32 = 50;

/// One schema: name, level, precedence, how flows are told apart, subjects, what of.
type Schema = (
    &'static str,
    &'static str,
    i32,
    &'static str,
    &'static [Subject],
    Matched,
);

enum Subject {
    User(&'static str),
    Group(&'static str),
    /// All those of kube-system.
    SystemAccounts,
}

use Subject::{Group, SystemAccounts, User};

#[derive(PartialEq)]
enum Matched {
    All,
    Leases,
    Nodes,
    Health,
}

const EVERYBODY: &[Subject] = &[
    Group("system:unauthenticated"),
    Group("system:authenticated"),
];
const CONTROLLER_MANAGER: Subject = User("system:kube-controller-manager");
const SCHEDULER: Subject = User("system:kube-scheduler");

static SCHEMAS: [Schema; 11] = [
    (
        "catch-all",
        "catch-all",
        10_000,
        "ByUser",
        EVERYBODY,
        Matched::All,
    ),
    (
        "exempt",
        "exempt",
        1,
        "",
        &[Group("system:masters")],
        Matched::All,
    ),
    (
        "global-default",
        "global-default",
        9900,
        "ByUser",
        EVERYBODY,
        Matched::All,
    ),
    (
        "kube-controller-manager",
        "workload-high",
        800,
        "ByNamespace",
        &[CONTROLLER_MANAGER],
        Matched::All,
    ),
    (
        "kube-scheduler",
        "workload-high",
        800,
        "ByNamespace",
        &[SCHEDULER],
        Matched::All,
    ),
    (
        "kube-system-service-accounts",
        "workload-high",
        900,
        "ByNamespace",
        &[SystemAccounts],
        Matched::All,
    ),
    ("probes", "exempt", 2, "", EVERYBODY, Matched::Health),
    (
        "service-accounts",
        "workload-low",
        9000,
        "ByUser",
        &[Group("system:serviceaccounts")],
        Matched::All,
    ),
    (
        "system-leader-election",
        "leader-election",
        100,
        "ByUser",
        &[CONTROLLER_MANAGER, SCHEDULER, SystemAccounts],
        Matched::Leases,
    ),
    (
        "system-node-high",
        "node-high",
        400,
        "ByUser",
        &[Group("system:nodes")],
        Matched::Nodes,
    ),
    (
        "system-nodes",
        "system",
        500,
        "ByUser",
        &[Group("system:nodes")],
        Matched::All,
    ),
];

/// The spec of a schema that must be so.
pub(super) fn mandatory_schema(name: &str) -> Option<Value> {
    let mandatory = matches!(name, "exempt" | "catch-all");
    let schema = SCHEMAS.iter().find(|schema| mandatory && schema.0 == name);
    schema.map(schema_spec)
}

/// The spec of a level that must be so.
pub(super) fn mandatory_level(name: &str) -> Option<Value> {
    match name {
        "catch-all" => Some(json!({
            "type": "Limited",
            "limited": {
                "nominalConcurrencyShares": 5,
                "limitResponse": {"type": "Reject"},
                "lendablePercent": 0,
            },
        })),
        "exempt" => Some(json!({
            "type": "Exempt",
            "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0},
        })),
        _ => None,
    }
}

pub(super) fn flow_schemas(now: &str) -> Vec<Value> {
    SCHEMAS
        .iter()
        .map(|schema| {
            let (name, level) = (schema.0, schema.1);
            let mut object = object(name, schema_spec(schema));
            object["status"] = json!({"conditions": [dangling(level, true, now)]});
            object
        })
        .collect()
}

/// Whether a schema is about a level that is not there.
pub(super) fn dangling(level: &str, is_there: bool, now: &str) -> Value {
    let (status, reason, rest) = match is_there {
        true => ("False", "Found", "and it exists"),
        false => ("True", "NotFound", "but there is no such object"),
    };
    let level = quote(level);
    json!({
        "type": "Dangling",
        "status": status,
        "lastTransitionTime": now,
        "reason": reason,
        "message": format!(
            "This FlowSchema references the PriorityLevelConfiguration object named {level} {rest}"
        ),
    })
}

pub(super) fn priority_levels(_now: &str) -> Vec<Value> {
    let mandatory = ["catch-all", "exempt"];
    let mandatory = mandatory.into_iter().filter_map(|name| {
        let spec = mandatory_level(name)?;
        Some(object(name, spec))
    });
    let limited = LEVELS.iter().map(|(name, shares, lendable, queues, hand)| {
        let queuing = json!({
            "queues": queues,
            "handSize": hand,
            "queueLengthLimit": QUEUE_LENGTH,
        });
        let limited = json!({
            "nominalConcurrencyShares": shares,
            "limitResponse": {"type": "Queue", "queuing": queuing},
            "lendablePercent": lendable,
        });
        object(name, json!({"type": "Limited", "limited": limited}))
    });
    mandatory.chain(limited).collect()
}

fn object(name: &str, spec: Value) -> Value {
    json!({
        "metadata": {
            "name": name,
            "generation": 1,
            "annotations": {"apf.kubernetes.io/autoupdate-spec": "true"},
        },
        "spec": spec,
        "status": {},
    })
}

fn schema_spec((_, level, precedence, method, subjects, matched): &Schema) -> Value {
    let mut rule = json!({"subjects": subjects.iter().map(subject).collect::<Vec<_>>()});
    let resources = match matched {
        Matched::All => json!([resource_rule(&["*"], "*", &["*"], true)]),
        Matched::Leases => json!([resource_rule(
            &["get", "create", "update"],
            "coordination.k8s.io",
            &["leases"],
            false
        )]),
        Matched::Nodes => json!([
            resource_rule(&["*"], "", &["nodes", "nodes/status"], true),
            resource_rule(&["*"], "coordination.k8s.io", &["leases"], false),
        ]),
        Matched::Health => Value::Null,
    };
    if !resources.is_null() {
        rule["resourceRules"] = resources;
    }
    match matched {
        Matched::All => {
            rule["nonResourceRules"] = json!([{"verbs": ["*"], "nonResourceURLs": ["*"]}]);
        }
        Matched::Health => {
            let urls = ["/healthz", "/readyz", "/livez"];
            rule["nonResourceRules"] = json!([{"verbs": ["get"], "nonResourceURLs": urls}]);
        }
        _ => {}
    }
    let mut spec = json!({
        "priorityLevelConfiguration": {"name": level},
        "matchingPrecedence": precedence,
        "rules": [rule],
    });
    if !method.is_empty() {
        spec["distinguisherMethod"] = json!({"type": method});
    }
    spec
}

fn subject(subject: &Subject) -> Value {
    match subject {
        User(name) => json!({"kind": "User", "user": {"name": name}}),
        Group(name) => json!({"kind": "Group", "group": {"name": name}}),
        SystemAccounts => json!({
            "kind": "ServiceAccount",
            "serviceAccount": {"namespace": "kube-system", "name": "*"},
        }),
    }
}

fn resource_rule(verbs: &[&str], group: &str, resources: &[&str], cluster: bool) -> Value {
    let mut rule = json!({
        "verbs": verbs,
        "apiGroups": [group],
        "resources": resources,
        "namespaces": ["*"],
    });
    if cluster {
        rule["clusterScope"] = true.into();
    }
    rule
}
