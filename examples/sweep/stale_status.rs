//! A Deployment has its pods made, and its status says how many there are.
//!
//! The bug: the pods are counted by a list right after they were made. An apiserver that lags behind shows a list without
//! them, and the status stays wrong until something else happens.

use fake_apiserver::sweep::Report;
use fake_apiserver::{Error, FakeApiServer, Sweep};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams, VersionMatch};
use serde_json::json;

use super::{client, retried};

/// Who writes.
const MANAGER: &str = "pods";

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Version {
    Buggy,
    Mended,
}

async fn reconcile(client: &Client, version: Version) -> kube::Result<()> {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let applied = PatchParams::apply(MANAGER).force();
    let mut newest = String::new();
    for name in ["web-0", "web-1"] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "web:1"}]}});
        let pod = pods.patch(name, &applied, &Patch::Apply(pod)).await?;
        newest = pod.metadata.resource_version.unwrap_or_default();
    }
    let list = ListParams::default().labels("app=web");
    let list = match version {
        Version::Buggy => list,
        // Whoever answers must have seen the last write.
        Version::Mended => list.at(&newest).matching(VersionMatch::NotOlderThan),
    };
    let there = pods.list(&list).await?.items.len();
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let status = Patch::Merge(json!({"status": {"replicas": there}}));
    deployments
        .patch_status("web", &PatchParams::default(), &status)
        .await?;
    Ok(())
}

pub(crate) fn setup(server: &FakeApiServer) {
    server.object(json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"},
    }));
    server.object(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "web:1"}]},
            },
        },
    }));
}

pub(crate) fn sweep(version: Version) -> Result<Report, Error> {
    Sweep::new().setup(setup).try_run(move |server| async move {
        let client = client(&server)?;
        let done = retried(async || reconcile(&client, version).await).await;
        done.map_err(|error| error.to_string())
    })
}
