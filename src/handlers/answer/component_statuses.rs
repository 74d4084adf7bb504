//! ComponentStatus: what the server finds when it asks the other components whether they are well.
//!
//! Of these there is only the store; nobody listens where the others would.

use serde_json::{Value, json};

pub(super) fn all() -> Vec<Value> {
    vec![
        unreachable("controller-manager", 10257),
        status(
            "etcd-0",
            json!({"type": "Healthy", "status": "True", "message": "ok"}),
        ),
        unreachable("scheduler", 10259),
    ]
}

fn unreachable(name: &str, port: u16) -> Value {
    let address = format!("127.0.0.1:{port}");
    let error = format!(
        "Get \"https://{address}/healthz\": dial tcp {address}: connect: connection refused"
    );
    status(
        name,
        json!({"type": "Healthy", "status": "False", "message": error}),
    )
}

fn status(name: &str, condition: Value) -> Value {
    json!({
        "kind": "ComponentStatus",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "conditions": [condition],
    })
}
