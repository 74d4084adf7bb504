//! A retry loop on 409: two clients count on the same object, and no count is lost though races are.
//!
//!     cargo run --example retry_on_conflict

use std::error::Error;

use fake_apiserver::{FakeApiServer, Fault};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams};
use kube::{Client, Config};
use serde_json::json;

/// Adds one: reads, changes, writes, and begins again if someone else was faster. Returns how often it tried.
async fn count(api: &Api<ConfigMap>) -> kube::Result<u32> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        // Each attempt reads again: the version in the object is what the server compares.
        let mut object = api.get("counter").await?;
        let data = object.data.get_or_insert_default();
        let count: u32 = data
            .get("count")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        data.insert("count".to_owned(), (count + 1).to_string());
        match api
            .replace("counter", &PostParams::default(), &object)
            .await
        {
            Err(kube::Error::Api(status)) if status.is_conflict() => {
                println!("attempt {attempts}: {}", status.message);
            }
            result => return result.map(|_| attempts),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    server.object(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "counter", "namespace": "default"},
        "data": {"count": "0"},
    }));
    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let api = Api::default_namespaced(client);

    // Another writer gets in first, twice.
    let races = server.fault(Fault::lost_race().verb("update").first(2));
    let attempts = count(&api).await?;
    println!("counted on attempt {attempts}");
    assert_eq!((attempts, races.fired()), (3, 2));
    drop(races);

    // And now one that is really there.
    let (one, other) = tokio::try_join!(count(&api), count(&api))?;
    println!("two at once: {one} and {other} attempts");
    let counter = server
        .resource("configmaps")
        .namespace("default")
        .get("counter")
        .expect("it is there");
    assert_eq!(counter["data"]["count"], "3");
    Ok(())
}
