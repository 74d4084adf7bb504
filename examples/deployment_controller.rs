//! A controller that keeps as many pods as a Deployment asks for, tested through failures: a create that fails, a status
//! that somebody else wrote first, a watch that ends.
//!
//!     cargo run --example deployment_controller

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::StreamExt as _;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::wait::{Condition, await_condition};
use kube::runtime::watcher;
use kube::{Client, Config, Resource as _, ResourceExt as _};
use serde_json::json;

/// How soon what failed is tried again.
const RETRY: Duration = Duration::from_millis(5);

/// Brings the pods of a Deployment to the number it asks for, and says in its status how many there are.
async fn reconcile(deployment: Arc<Deployment>, client: Arc<Client>) -> kube::Result<Action> {
    let namespace = deployment.namespace().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced((*client).clone(), &namespace);
    let spec = deployment.spec.clone().unwrap_or_default();
    let wanted = usize::try_from(spec.replicas.unwrap_or(1)).unwrap_or_default();

    let labels = spec.selector.match_labels.unwrap_or_default();
    let selector: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let mine = ListParams::default().labels(&selector.join(","));
    let there = pods.list(&mine).await?.items;
    for _ in there.len()..wanted {
        let template = spec.template.clone();
        let pod = Pod {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", deployment.name_any())),
                labels: template.metadata.and_then(|metadata| metadata.labels),
                owner_references: Some(Vec::from_iter(deployment.controller_owner_ref(&()))),
                ..ObjectMeta::default()
            },
            spec: template.spec,
            ..Pod::default()
        };
        pods.create(&PostParams::default(), &pod).await?;
    }
    for surplus in there.iter().skip(wanted) {
        pods.delete(&surplus.name_any(), &DeleteParams::default())
            .await?;
    }

    let deployments: Api<Deployment> = Api::namespaced((*client).clone(), &namespace);
    let status = json!({"status": {"replicas": wanted, "observedGeneration": deployment.metadata.generation}});
    deployments
        .patch_status(
            &deployment.name_any(),
            &PatchParams::default(),
            &Patch::Merge(status),
        )
        .await?;
    Ok(Action::await_change())
}

/// The status speaks of the newest generation, and of this many pods.
fn settled(replicas: i32) -> impl Condition<Deployment> {
    move |deployment: Option<&Deployment>| {
        deployment.is_some_and(|deployment| {
            let status = deployment.status.as_ref();
            status.is_some_and(|status| {
                status.observed_generation == deployment.metadata.generation
                    && status.replicas == Some(replicas)
            })
        })
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client.clone());

    // What goes wrong: the second pod, the first two statuses, and the watch of the pods.
    let faults = [
        server.fault(
            Fault::internal_error()
                .verb("create")
                .resource("pods")
                .nth(2),
        ),
        server.fault(
            Fault::conflict()
                .verb("patch")
                .resource("deployments")
                .first(2),
        ),
        server.fault(Fault::watch_ends().resource("pods").first(1)),
    ];
    let running = Controller::new(deployments.clone(), watcher::Config::default())
        .owns(pods.clone(), watcher::Config::default())
        .run(
            reconcile,
            |_, _, _| Action::requeue(RETRY),
            Arc::new(client),
        )
        .for_each(|_| std::future::ready(()));
    let running = tokio::spawn(running);

    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "main", "image": "shop:1"}]},
            },
        },
    });
    deployments
        .create(&PostParams::default(), &serde_json::from_value(deployment)?)
        .await?;
    await_condition(deployments.clone(), "shop", settled(3)).await?;
    println!("three pods");

    let fewer = Patch::Merge(json!({"spec": {"replicas": 1}}));
    deployments
        .patch("shop", &PatchParams::default(), &fewer)
        .await?;
    await_condition(deployments.clone(), "shop", settled(1)).await?;
    running.abort();

    assert_eq!(pods.list(&ListParams::default()).await?.items.len(), 1);
    for fault in &faults {
        println!("survived {} failures of one kind", fault.fired());
        assert!(fault.fired() > 0);
    }
    Ok(())
}
