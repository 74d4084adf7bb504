//! A program through a sweep, each point a test of its own: `cargo test --test sweep_trials 1:reset`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Sweep};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Config};
use serde_json::json;

/// Applies four objects, and each again until it is there.
async fn apply(server: Arc<FakeApiServer>) -> Result<(), String> {
    let mut config = Config::new(server.url().parse().map_err(|_| "no URL")?);
    config.root_cert = Some(Vec::new());
    let client = Client::try_from(config).map_err(|error| error.to_string())?;
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    for name in ["a", "b", "c", "d"] {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        let mut tries = 0;
        while let Err(error) = api
            .patch(name, &PatchParams::apply("test"), &Patch::Apply(&object))
            .await
        {
            tries += 1;
            if tries == 5 {
                return Err(error.to_string());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    Sweep::new()
        .faults("500, reset, ambiguous, restart")
        .test_main(apply)
}
