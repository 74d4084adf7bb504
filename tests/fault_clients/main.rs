//! kube-rs under faults: what a program that uses it sees, and where it ends up.

mod calls;
mod controllers;
mod lost_events;
#[path = "../support/mod.rs"]
mod support;
mod troubles;
mod watchers;

use fake_apiserver::FakeApiServer;
use fake_apiserver::handles::FaultGuard;
use k8s_openapi::api::core::v1::Endpoints;
use serde_json::json;

use support::ask::delete;
use support::objects::endpoints;
use support::within;

const EP: &str = "/api/v1/namespaces/default/endpoints";
const NOW: u64 = 1_700_000_000;

/// Waits until this holds; everything else goes on meanwhile.
async fn until(mut done: impl FnMut() -> bool) {
    within(async {
        while !done() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn until_fired(guard: &FaultGuard) {
    until(|| guard.fired() > 0).await;
}

/// Writes an object, new or not, with this label.
fn set(server: &FakeApiServer, name: &str, state: &str) {
    server.object(endpoints("default", name, json!({"state": state})));
}

async fn remove(server: &FakeApiServer, name: &str) {
    let status = delete(format!("{EP}/{name}"))
        .status(server.address())
        .await;
    assert_eq!(status, 200, "{name}");
}

/// What is really there.
fn stored(server: &FakeApiServer) -> Vec<Endpoints> {
    server.kind::<Endpoints>().namespace("default").list()
}
