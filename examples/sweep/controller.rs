//! A controller as kube-rs has them, without a bug that is known: two pods for each Deployment, and a status.

use std::sync::Arc;
use std::time::Duration;

use fake_apiserver::sweep::Report;
use fake_apiserver::{Error, Sweep};
use futures_util::StreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::watcher;
use kube::{Client, Resource as _, ResourceExt as _};
use serde_json::json;

use super::client;

/// How soon what failed is tried again.
const RETRY: Duration = Duration::from_millis(50);

async fn reconcile(deployment: Arc<Deployment>, client: Arc<Client>) -> kube::Result<Action> {
    let namespace = deployment.namespace().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced((*client).clone(), &namespace);
    let applied = PatchParams::apply("pods").force();
    for number in 0..2 {
        let name = format!("{}-{number}", deployment.name_any());
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "ownerReferences": [deployment.controller_owner_ref(&())]},
            "spec": {"containers": [{"name": "main", "image": "web:1"}]}});
        pods.patch(&name, &applied, &Patch::Apply(pod)).await?;
    }
    let deployments: Api<Deployment> = Api::namespaced((*client).clone(), &namespace);
    let status = Patch::Merge(json!({"status": {"replicas": 2}}));
    deployments
        .patch_status(&deployment.name_any(), &PatchParams::default(), &status)
        .await?;
    Ok(Action::await_change())
}

async fn run(client: Client) {
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    Controller::new(deployments, watcher::Config::default())
        .owns(pods, watcher::Config::default())
        .run(
            reconcile,
            |_, _, _| Action::requeue(RETRY),
            Arc::new(client),
        )
        .for_each(|_| std::future::ready(()))
        .await;
}

pub(crate) fn sweep(faults: &str) -> Result<Report, Error> {
    sweep_with(faults, 0)
}

/// Every fault at every request, and as many pairs of faults.
pub(crate) fn sweep_with(faults: &str, pairs: usize) -> Result<Report, Error> {
    Sweep::new()
        .faults(faults)
        .pairs(pairs, 7)
        .setup(super::stale_status::setup)
        .until_quiet(Duration::from_millis(100))
        .try_run(|server| async move {
            let client = client(&server)?;
            run(client).await;
            Ok::<_, String>(())
        })
}
