//! The first test: a server of its own, a client that is pointed at it, and a race that is lost on purpose.
//!
//!     cargo run --example quick_start

use std::error::Error;

use fake_apiserver::{FakeApiServer, Fault};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams};
use kube::{Client, Config};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    server.object(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "shop"},
        "data": {"colour": "red"},
    }));

    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let api: Api<ConfigMap> = Api::namespaced(client, "shop");
    let mut settings = api.get("settings").await?;
    println!("read:    {:?}", settings.data);

    // Someone else writes just before the first update, so the server itself refuses it.
    let fault = server.fault(Fault::lost_race().verb("update").first(1));
    settings
        .data
        .get_or_insert_default()
        .insert("colour".to_owned(), "blue".to_owned());
    let refused = api
        .replace("settings", &PostParams::default(), &settings)
        .await
        .unwrap_err();
    println!("refused: {refused}");
    assert!(matches!(refused, kube::Error::Api(status) if status.is_conflict()));
    assert_eq!(fault.fired(), 1);

    settings.metadata.resource_version = api.get("settings").await?.metadata.resource_version;
    let replaced = api
        .replace("settings", &PostParams::default(), &settings)
        .await?;
    println!("written: {:?}", replaced.data);

    // What is stored can be looked at without a request.
    let stored = server.kind::<ConfigMap>().namespace("shop").get("settings");
    assert_eq!(stored, Some(replaced));
    Ok(())
}
