//! The README's first test, word for word.

use fake_apiserver::{FakeApiServer, Fault, Verb};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Client, Config};
use serde_json::json;

#[tokio::test]
async fn an_update_that_loses_its_race_is_a_conflict() {
    let server = FakeApiServer::start().await;
    server.object(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "shop"},
    }));

    let client = Client::try_from(Config::new(server.url().parse().unwrap())).unwrap();
    let api: Api<ConfigMap> = Api::namespaced(client, "shop");
    let settings = api.get("settings").await.unwrap();

    // Someone else writes just before the first update.
    let fault = server.fault(Fault::lost_race().verb(Verb::Update).first(1));
    let lost = api
        .replace("settings", &Default::default(), &settings)
        .await
        .unwrap_err();

    assert!(matches!(lost, kube::Error::Api(status) if status.is_conflict()));
    assert_eq!(fault.fired(), 1);
} // dropping the server stops it and frees the port
