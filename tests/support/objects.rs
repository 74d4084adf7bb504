//! Objects to write, and what to ask of those that were read.

use serde_json::{Value, json};

/// Endpoints with labels and one address.
pub(crate) fn endpoints(namespace: &str, name: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}],
    })
}

pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// The path of all Endpoints of a namespace.
pub(crate) fn path(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/endpoints")
}

/// The version of an object or a list.
#[track_caller]
pub(crate) fn revision(object: &Value) -> u64 {
    match object["metadata"]["resourceVersion"]
        .as_str()
        .and_then(|text| text.parse().ok())
    {
        Some(revision) => revision,
        None => panic!("no resourceVersion in {object}"),
    }
}

/// Namespace and name.
pub(crate) fn key(object: &Value) -> (String, String) {
    let text = |field: &str| {
        object["metadata"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (text("namespace"), text("name"))
}

/// The same object under another version.
pub(crate) fn at_revision(object: &Value, revision: u64) -> Value {
    let mut object = object.clone();
    object["metadata"]["resourceVersion"] = revision.to_string().into();
    object
}

pub(crate) fn label<'a>(object: &'a Value, label: &str) -> Option<&'a str> {
    object["metadata"]["labels"][label].as_str()
}
