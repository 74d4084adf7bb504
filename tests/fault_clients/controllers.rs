//! A `Controller` does its work to the end, whatever goes wrong with its first watch.

use std::sync::Arc;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Endpoints;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::reflector::Store;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher;
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::kube::client;
use crate::troubles::{modes, play, server, troubles};
use crate::{stored, until};

/// Tries again at once, so that no test waits.
struct AtOnce;

impl Iterator for AtOnce {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

impl Backoff for AtOnce {
    fn reset(&mut self) {}
}

/// Notes the state of an object on the object itself.
async fn reconcile(object: Arc<Endpoints>, api: Arc<Api<Endpoints>>) -> kube::Result<Action> {
    let state = &object.labels()["state"];
    if object.annotations().get("noted") != Some(state) {
        let patch = Patch::Merge(json!({"metadata": {"annotations": {"noted": state}}}));
        match api
            .patch(&object.name_any(), &PatchParams::default(), &patch)
            .await
        {
            // It is gone, and so is the work.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            other => drop(other?),
        }
    }
    Ok(Action::await_change())
}

/// Starts the controller; what it knows, and its task.
fn run(api: &Api<Endpoints>, mode: watcher::Config) -> (Store<Endpoints>, JoinHandle<()>) {
    let controller = Controller::new(api.clone(), mode).trigger_backoff(AtOnce);
    let store = controller.store();
    let again = |_, _: &kube::Error, _| Action::requeue(Duration::ZERO);
    let work = controller.run(reconcile, again, Arc::new(api.clone()));
    (
        store,
        tokio::spawn(work.for_each(|_| std::future::ready(()))),
    )
}

fn is_done(server: &FakeApiServer) -> bool {
    let noted =
        |object: &Endpoints| object.annotations().get("noted") == object.labels().get("state");
    stored(server).iter().all(noted)
}

fn known(store: &Store<Endpoints>) -> Vec<Endpoints> {
    let mut known: Vec<Endpoints> = store
        .state()
        .iter()
        .map(|object| (**object).clone())
        .collect();
    known.sort_by_key(|object| object.name_any());
    known
}

#[tokio::test]
async fn a_controller_does_its_work_to_the_end_after_each_trouble() {
    for mode in modes() {
        for (fault, takes) in troubles() {
            println!("{:?}: {fault:?}", mode.initial_list_strategy);
            let server = server().await;
            let api = Api::namespaced(client(&server).await, "default");
            let mut running = None;
            play(&server, &fault, takes, || {
                running = Some(run(&api, mode.clone()))
            })
            .await;
            let (store, task) = running.unwrap();
            until(|| is_done(&server) && known(&store) == stored(&server)).await;
            task.abort();
        }
    }
}

#[tokio::test]
async fn a_controller_whose_writes_fail_tries_again() {
    for fault in [
        Fault::conflict(),
        Fault::internal_error(),
        Fault::reset(),
        Fault::applied_then_reset(),
        Fault::applied_then_internal_error(),
        Fault::lost_race(),
        Fault::deleted_first(),
    ] {
        let server = server().await;
        let api = Api::namespaced(client(&server).await, "default");
        let guard = server.fault(fault.verb("patch").first(2));
        let (store, task) = run(&api, watcher::Config::default());
        until(|| guard.fired() == 2 && is_done(&server) && known(&store) == stored(&server)).await;
        task.abort();
    }
}
