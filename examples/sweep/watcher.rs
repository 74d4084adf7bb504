//! The relay of missed_event.rs with the watcher of kube-rs as it is, without a bug that is known.

use std::time::Duration;

use fake_apiserver::sweep::Report;
use fake_apiserver::{Error, Sweep};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::Api;
use kube::runtime::{WatchStreamExt as _, watcher};

use super::{client, missed_event, retried};

async fn run(client: Client, config: watcher::Config) {
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    let stages = watcher(api.clone(), config).default_backoff();
    let mut stages = std::pin::pin!(stages.applied_objects());
    while let Some(stage) = stages.next().await {
        if let Ok(stage) = stage {
            // Nobody sees to it again, so it is tried until it is given up.
            let _ = retried(async || missed_event::pass_on(&api, &stage).await).await;
        }
    }
}

/// With a list before its watch, or with the list in the watch.
pub(crate) fn sweep(faults: &str, config: watcher::Config) -> Result<Report, Error> {
    Sweep::new()
        .faults(faults)
        .setup(missed_event::setup)
        .until_quiet(Duration::from_millis(100))
        .try_run(move |server| {
            let config = config.clone();
            async move {
                let client = client(&server)?;
                run(client, config).await;
                Ok::<_, String>(())
            }
        })
}
