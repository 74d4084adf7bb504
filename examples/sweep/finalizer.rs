//! A ConfigMap has something made for it, here a Secret, which a finalizer sees to when it goes.
//!
//! The bug: cleaning up is two writes, the deletion of the Secret and the release of the finalizer. Where the second
//! fails, the next attempt finds no Secret, takes the work for done, and never releases the finalizer.

use fake_apiserver::sweep::Report;
use fake_apiserver::{Error, FakeApiServer, Sweep};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::json;

use super::{client, retried};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Version {
    Buggy,
    Mended,
}

/// Brings one ConfigMap to its end.
async fn clean_up(client: &Client, version: Version) -> kube::Result<()> {
    let configs: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    let Some(config) = configs.get_opt("shop").await? else {
        return Ok(());
    };
    if config.metadata.deletion_timestamp.is_none() {
        return Ok(());
    }
    let secret = secrets.get_opt("shop-key").await?;
    if secret.is_some() {
        match secrets.delete("shop-key", &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            deleted => drop(deleted?),
        }
    } else if version == Version::Buggy {
        // Nothing is left of it, so there is nothing to do.
        return Ok(());
    }
    let released = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    match configs
        .patch("shop", &PatchParams::default(), &released)
        .await
    {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        patched => patched.map(drop),
    }
}

fn setup(server: &FakeApiServer) {
    server.object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-key"}}));
    server.object(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "shop", "finalizers": ["example.com/key"]}}));
    server
        .resource("configmaps")
        .namespace("default")
        .delete("shop");
}

pub(crate) fn sweep(version: Version) -> Result<Report, Error> {
    Sweep::new().setup(setup).try_run(move |server| async move {
        let client = client(&server)?;
        let done = retried(async || clean_up(&client, version).await).await;
        done.map_err(|error| error.to_string())
    })
}
