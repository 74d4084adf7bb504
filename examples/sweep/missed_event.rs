//! A relay: whenever there is a ConfigMap of one stage, that of the next is made. It is a controller that never ends.
//!
//! The bug: when its watch has expired, it begins a new one where the server is now, and what happened in between is
//! never seen. A list has to come first.

use std::time::Duration;

use fake_apiserver::sweep::Report;
use fake_apiserver::{Error, FakeApiServer, Sweep};
use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use kube::{Client, ResourceExt as _};
use serde_json::json;

use super::client;

/// The last stage.
const LAST: u32 = 3;
/// How long it waits when something has failed, twice as long each time.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Version {
    Buggy,
    Mended,
}

/// Makes the stage after this one.
pub(crate) async fn pass_on(api: &Api<ConfigMap>, stage: &ConfigMap) -> kube::Result<()> {
    let name = stage.name_any();
    let number: u32 = name.trim_start_matches("stage-").parse().unwrap_or(LAST);
    if !name.starts_with("stage-") || number >= LAST {
        return Ok(());
    }
    let next = format!("stage-{}", number + 1);
    let stage = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": next}});
    let params = PatchParams::apply("relay").force();
    api.patch(&next, &params, &Patch::Apply(stage)).await?;
    Ok(())
}

/// Sees to all that there is; from here on, it is to be watched.
async fn catch_up(api: &Api<ConfigMap>) -> kube::Result<String> {
    let list = api.list(&ListParams::default()).await?;
    for stage in &list {
        pass_on(api, stage).await?;
    }
    Ok(list.metadata.resource_version.unwrap_or_default())
}

/// Watches until the watch ends; the version to go on from, or none if that is too old.
async fn follow(api: &Api<ConfigMap>, from: &str) -> kube::Result<Option<String>> {
    let mut newest = from.to_owned();
    let stream = api
        .watch(&WatchParams::default().disable_bookmarks(), from)
        .await?;
    let mut stream = std::pin::pin!(stream);
    loop {
        match stream.try_next().await {
            Ok(Some(WatchEvent::Added(stage) | WatchEvent::Modified(stage))) => {
                pass_on(api, &stage).await?;
                newest = stage.resource_version().unwrap_or_default();
            }
            Ok(Some(WatchEvent::Error(status))) if status.code == 410 => return Ok(None),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Ok(Some(newest)),
        }
    }
}

async fn run(client: Client, version: Version) {
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    let mut from: Option<String> = None;
    let mut pause = SHORTEST;
    loop {
        let followed = match &from {
            Some(from) => {
                let followed = follow(&api, from).await;
                pause = if followed.is_ok() { SHORTEST } else { pause };
                followed
            }
            None => catch_up(&api).await.map(Some),
        };
        from = match followed {
            Ok(Some(newest)) => Some(newest),
            // Where the server is now: what a watch without a list must not begin with.
            Ok(None) if version == Version::Buggy => newest(&api).await.ok(),
            Ok(None) => None,
            Err(_) => {
                tokio::time::sleep(pause).await;
                pause = LONGEST.min(pause * 2);
                None
            }
        };
    }
}

async fn newest(api: &Api<ConfigMap>) -> kube::Result<String> {
    let list = api.list_metadata(&ListParams::default().limit(1)).await?;
    Ok(list.metadata.resource_version.unwrap_or_default())
}

pub(crate) fn setup(server: &FakeApiServer) {
    server
        .object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stage-1"}}));
}

pub(crate) fn sweep(version: Version) -> Result<Report, Error> {
    swept(Sweep::new(), version)
}

pub(crate) fn swept(sweep: Sweep, version: Version) -> Result<Report, Error> {
    sweep
        .setup(setup)
        .until_quiet(Duration::from_millis(100))
        .patience(Duration::from_secs(2))
        .try_run(move |server| async move {
            let client = client(&server)?;
            run(client, version).await;
            Ok::<_, String>(())
        })
}
