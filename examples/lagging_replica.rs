//! A read from a replica that lags behind one's own write, and a guard that knows it by its version.
//!
//!     cargo run --example lagging_replica

use std::error::Error;

use fake_apiserver::{FakeApiServer, Fault};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams, ResourceExt as _};
use kube::{Client, Config};
use serde_json::json;

/// Versions can be compared since Kubernetes 1.35.
fn version(object: &ConfigMap) -> u64 {
    object
        .resource_version()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

fn colour(object: &ConfigMap) -> Option<&str> {
    object.data.as_ref()?.get("colour").map(String::as_str)
}

/// Reads until what is read is no older than this. Returns how often it read, too.
async fn read_no_older(
    api: &Api<ConfigMap>,
    name: &str,
    than: u64,
) -> kube::Result<(ConfigMap, u32)> {
    let mut reads = 0;
    loop {
        reads += 1;
        let object = api.get(name).await?;
        if version(&object) >= than {
            return Ok((object, reads));
        }
        println!(
            "guarded: {:?} is older than what was written",
            colour(&object)
        );
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    let settings = serde_json::from_value(
        json!({"metadata": {"name": "settings"}, "data": {"colour": "red"}}),
    )?;
    api.create(&PostParams::default(), &settings).await?;
    let patch = Patch::Merge(json!({"data": {"colour": "blue"}}));
    let written = api
        .patch("settings", &PatchParams::default(), &patch)
        .await?;

    // The next three reads go to a replica that has not seen the last write.
    let replica = server.fault(Fault::lagging(1).verb("get").first(3));
    let stale = api.get("settings").await?;
    println!(
        "unguarded: {:?}, though {:?} was written",
        colour(&stale),
        colour(&written)
    );
    assert_eq!(
        (colour(&stale), colour(&written)),
        (Some("red"), Some("blue"))
    );

    // Whoever writes on top of it is refused, for the version is in the object.
    let refused = api
        .replace("settings", &PostParams::default(), &stale)
        .await
        .unwrap_err();
    println!("refused: {refused}");
    assert!(matches!(refused, kube::Error::Api(status) if status.is_conflict()));

    let (read, reads) = read_no_older(&api, "settings", version(&written)).await?;
    println!("guarded: {:?}, read {reads} times", colour(&read));
    assert_eq!((read, reads, replica.fired()), (written, 3, 3));
    Ok(())
}
