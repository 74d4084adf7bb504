//! Watches that break off (in the middle of a line, by a reset, without a word) and a reflector that stays right.
//!
//!     cargo run --example broken_stream

use std::error::Error;
use std::pin::pin;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ResourceExt as _};
use kube::runtime::{reflector, watcher};
use kube::{Client, Config};
use serde_json::json;

const OBJECTS: usize = 9;

fn add(server: &FakeApiServer, name: &str) {
    server.object(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"},
    }));
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let api: Api<Secret> = Api::default_namespaced(client);

    // Each watch breaks in its own way, one after the other; the fifth is whole.
    let faults = [
        server.fault(Fault::watch_ends().after_events(1).nth(1)),
        server.fault(Fault::watch_truncates_a_line().after_events(1).first(1)),
        server.fault(Fault::reset_after(700).verb("watch").first(1)),
        server.fault(Fault::watch_malforms_a_line().after_events(1).first(1)),
    ];
    let (store, writer) = reflector::store();
    let mut events = pin!(reflector(writer, watcher(api, watcher::Config::default())));
    let mut written = 0;
    while written < OBJECTS || store.len() < OBJECTS {
        if let Err(error) = events.next().await.expect("a watcher never ends") {
            println!("  broken: {error}");
        }
        // As long as it keeps up there is more to see.
        if store.len() == written && written < OBJECTS {
            written += 1;
            add(&server, &format!("object-{written}"));
        }
    }
    assert!(faults.iter().all(|fault| fault.fired() == 1));
    let mut known: Vec<String> = store
        .state()
        .iter()
        .map(|object| object.name_any())
        .collect();
    known.sort();
    println!(
        "{} objects, after {} broken watches",
        known.len(),
        faults.len()
    );
    let stored: Vec<Secret> = server.kind::<Secret>().namespace("default").list();
    let mut stored: Vec<String> = stored.iter().map(|object| object.name_any()).collect();
    stored.sort();
    assert_eq!(known, stored);
    Ok(())
}
