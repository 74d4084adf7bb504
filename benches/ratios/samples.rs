//! Objects of several kinds, small and large.

use fake_apiserver::FakeApiServer;
use serde_json::{Map, Value, json};

use crate::client::request;
use crate::operation::{self, JSON};

/// How many fields a large object has, in groups of this many.
const FIELDS: usize = 5_000;
const GROUP: usize = 50;

/// A kind, and an object of it.
pub(crate) struct Sample {
    pub(crate) collection: &'static str,
    pub(crate) object: fn(&str) -> Value,
    /// Of a custom kind.
    definition: Option<fn() -> Value>,
}

pub(crate) const ENDPOINTS: Sample = Sample {
    collection: operation::COLLECTION,
    object: |name| operation::object(name, 0),
    definition: None,
};

pub(crate) const PODS: Sample = Sample {
    collection: "/api/v1/namespaces/default/pods",
    object: pod,
    definition: None,
};

/// A custom kind with a few fields.
pub(crate) const WIDGETS: Sample = Sample {
    collection: "/apis/bench.example.com/v1/namespaces/default/widgets",
    object: widget,
    definition: Some(|| definition("widget", widget_schema())),
};

/// A custom kind with as many fields as the largest in use.
pub(crate) const GIANTS: Sample = Sample {
    collection: "/apis/bench.example.com/v1/namespaces/default/giants",
    object: giant,
    definition: Some(giants),
};

impl Sample {
    /// Makes the kind known, where it is not.
    pub(crate) fn prepare(&self, server: &FakeApiServer) {
        if let Some(definition) = self.definition {
            server.object(definition());
        }
    }

    /// Names of one length make bodies of one length.
    pub(crate) fn post(&self, name: &str) -> Vec<u8> {
        let body = (self.object)(name).to_string();
        request("POST", self.collection, JSON, &body)
    }
}

fn pod(name: &str) -> Value {
    let container = |name: &str| {
        json!({
            "name": name,
            "image": "registry.example.com/team/app:1.2.3",
            "args": ["--listen=:8080", "--log-format=json"],
            "env": [
                {"name": "LEVEL", "value": "info"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            ],
            "ports": [{"name": "http", "containerPort": 8080}],
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"cpu": "500m", "memory": "256Mi"},
            },
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
            "volumeMounts": [{"name": "settings", "mountPath": "/etc/app", "readOnly": true}],
        })
    };
    let app = container("app");
    let mut sidecar = container("sidecar");
    sidecar["ports"] = json!([{"name": "metrics", "containerPort": 9090}]);
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app.kubernetes.io/name": "bench"}},
        "spec": {
            "containers": [app, sidecar],
            "volumes": [{"name": "settings", "configMap": {"name": "settings"}}],
        },
    })
}

/// The definition of a kind with this name, in lower case.
pub(crate) fn definition(singular: &str, schema: Value) -> Value {
    let kind = format!("{}{}", singular[..1].to_uppercase(), &singular[1..]);
    let plural = format!("{singular}s");
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.bench.example.com")},
        "spec": {
            "group": "bench.example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": singular, "kind": kind},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}},
                "subresources": {"status": {}},
            }],
        },
    })
}

pub(crate) fn widget_schema() -> Value {
    json!({
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 100},
            "colour": {"type": "string", "enum": ["red", "green"], "default": "red"},
            "host": {"type": "string", "pattern": "^[a-z0-9.-]+$", "maxLength": 253},
            "parts": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "name": {"type": "string"}, "weight": {"type": "number"},
            }}},
        },
    })
}

fn widget(name: &str) -> Value {
    json!({
        "apiVersion": "bench.example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": "default", "labels": {"app.kubernetes.io/name": "bench"}},
        "spec": {
            "size": 3,
            "host": "a.example.com",
            "parts": [{"name": "a", "weight": 1.5}, {"name": "b", "weight": 2}],
        },
    })
}

/// A definition of 2 MB.
pub(crate) fn giants() -> Value {
    let field = |number: usize| {
        let mut schema = match number % 3 {
            0 => json!({"type": "string", "maxLength": 64, "pattern": "^[a-z0-9-]*$"}),
            1 => json!({"type": "integer", "minimum": 0, "maximum": 1000}),
            _ => json!({"type": "boolean"}),
        };
        schema["description"] = "What this field is for. ".repeat(14).into();
        schema
    };
    let group = |fields: Value| json!({"type": "object", "properties": fields});
    let groups = grouped(field, group);
    definition("giant", json!({"type": "object", "properties": groups}))
}

fn giant(name: &str) -> Value {
    let value = |number: usize| match number % 3 {
        0 => json!("abc-def-123"),
        1 => json!(5),
        _ => json!(true),
    };
    json!({
        "apiVersion": "bench.example.com/v1",
        "kind": "Giant",
        "metadata": {"name": name, "namespace": "default"},
        "spec": grouped(value, |fields| fields),
    })
}

/// All fields of a large object, below the names of their groups.
fn grouped(field: impl Fn(usize) -> Value, group: impl Fn(Value) -> Value) -> Map<String, Value> {
    let in_group = |first: usize| {
        let fields = first..first + GROUP;
        Value::Object(fields.map(|n| (format!("field{n:05}"), field(n))).collect())
    };
    (0..FIELDS)
        .step_by(GROUP)
        .map(|first| (format!("group{first:05}"), group(in_group(first))))
        .collect()
}
