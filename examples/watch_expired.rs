//! A kube-rs watcher whose watch expires: it is told 410, lists again, and misses nothing.
//!
//!     cargo run --example watch_expired

use std::collections::BTreeSet;
use std::error::Error;
use std::pin::pin;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ResourceExt as _};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Config};
use serde_json::json;

fn add(server: &FakeApiServer, name: &str) {
    server.object(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"},
    }));
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    add(&server, "first");
    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let api: Api<Secret> = Api::default_namespaced(client);

    // After one event the watch is told that its version is too old.
    let expiry = server.fault(Fault::watch_expires().after_events(1).first(1));
    let mut events = pin!(watcher(api, watcher::Config::default()));
    let (mut known, mut lists, mut expired) = (BTreeSet::new(), 0, 0);
    while known.len() < 3 {
        match events.next().await.expect("a watcher never ends") {
            Ok(Event::Init) => {
                println!("lists");
                known.clear();
            }
            Ok(Event::InitDone) => {
                lists += 1;
                if lists == 1 {
                    add(&server, "second");
                    add(&server, "third");
                }
            }
            Ok(Event::InitApply(object) | Event::Apply(object)) => {
                println!("  {}", object.name_any());
                known.insert(object.name_any());
            }
            Ok(Event::Delete(object)) => {
                known.remove(&object.name_any());
            }
            Err(error) => {
                println!("  {error}");
                expired += 1;
            }
        }
    }
    assert_eq!((lists, expired, expiry.fired()), (1, 1, 1));
    assert_eq!(
        known.len(),
        server.resource("secrets").namespace("default").list().len()
    );
    Ok(())
}
