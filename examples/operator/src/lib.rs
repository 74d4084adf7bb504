//! An operator of sites. A [`Site`] says which pages it has; the operator keeps them in a ConfigMap that belongs to the
//! site, tells in the status how many there are and in events what it did, and when a site goes it first takes it from
//! the index that all sites of a namespace share.

pub mod leader;
mod site;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::finalizer::{self, Event as Stage, finalizer};
use kube::runtime::watcher;
use kube::{Client, Resource as _, ResourceExt as _};
use serde_json::json;

pub use site::{Site, SiteSpec, SiteStatus};

/// Who owns the fields that the operator applies.
const MANAGER: &str = "site-operator";
/// Holds a site until it is taken from the index.
pub const FINALIZER: &str = "example.com/index";
/// The ConfigMap with a line for each site of the namespace.
pub const INDEX: &str = "sites";
/// How soon what failed is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// Why a site could not be brought to where it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Kube(#[from] kube::Error),
    #[error("the finalizer: {0}")]
    Finalizer(#[source] Box<finalizer::Error<kube::Error>>),
}

struct Operator {
    client: Client,
    recorder: Recorder,
}

/// Runs until the client is dropped by whoever runs this.
pub async fn run(client: Client, namespace: &str) {
    let sites: Api<Site> = Api::namespaced(client.clone(), namespace);
    let pages: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let reporter = Reporter {
        controller: MANAGER.to_owned(),
        instance: None,
    };
    let operator = Arc::new(Operator {
        recorder: Recorder::new(client.clone(), reporter),
        client,
    });
    Controller::new(sites, watcher::Config::default())
        .owns(pages, watcher::Config::default())
        .run(reconcile, |_, _, _| Action::requeue(RETRY), operator)
        .for_each(|_| std::future::ready(()))
        .await;
}

async fn reconcile(site: Arc<Site>, operator: Arc<Operator>) -> Result<Action, Error> {
    let namespace = site.namespace().unwrap_or_default();
    let sites: Api<Site> = Api::namespaced(operator.client.clone(), &namespace);
    let done = finalizer(&sites, FINALIZER, site, |stage| async {
        match stage {
            Stage::Apply(site) => operator.apply(&site, &namespace).await,
            Stage::Cleanup(site) => operator.clean_up(&site, &namespace).await,
        }
    });
    done.await.map_err(|error| Error::Finalizer(Box::new(error)))
}

impl Operator {
    /// Brings the pages, the index and the status of a site to what it says.
    async fn apply(&self, site: &Site, namespace: &str) -> kube::Result<Action> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        let mine = PatchParams::apply(MANAGER).force();
        let name = site.name_any();
        let pages = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": format!("{name}-pages"), "ownerReferences": [site.controller_owner_ref(&())]},
            "data": site.spec.pages,
        });
        maps.patch(&format!("{name}-pages"), &mine, &Patch::Apply(pages)).await?;
        self.list(&maps, &name, Some(&site.spec.title)).await?;

        let pages = site.spec.pages.len();
        let is_told = site.status.as_ref().is_some_and(|status| {
            (status.pages, status.observed_generation) == (pages, site.metadata.generation)
        });
        if !is_told {
            let sites: Api<Site> = Api::namespaced(self.client.clone(), namespace);
            let status = json!({"status": {"pages": pages, "observedGeneration": site.metadata.generation}});
            sites.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await?;
            self.tell(site, "Published", &format!("{pages} pages")).await?;
        }
        Ok(Action::await_change())
    }

    /// Takes a site from the index. Its pages belong to it, and go with it.
    async fn clean_up(&self, site: &Site, namespace: &str) -> kube::Result<Action> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
        self.list(&maps, &site.name_any(), None).await?;
        Ok(Action::await_change())
    }

    /// Puts a site into the index, or takes it out. Each line has a manager of its own, so that nobody undoes another's.
    async fn list(&self, maps: &Api<ConfigMap>, site: &str, title: Option<&str>) -> kube::Result<()> {
        let lines = match title {
            Some(title) => json!({site: title}),
            None => json!({}),
        };
        let index = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": INDEX}, "data": lines});
        let params = PatchParams::apply(&format!("{MANAGER}-{site}")).force();
        maps.patch(INDEX, &params, &Patch::Apply(index)).await?;
        Ok(())
    }

    async fn tell(&self, site: &Site, reason: &str, note: &str) -> kube::Result<()> {
        let event = Event {
            type_: EventType::Normal,
            reason: reason.to_owned(),
            note: Some(note.to_owned()),
            action: "Publish".to_owned(),
            secondary: None,
        };
        self.recorder.publish(&event, &site.object_ref(&())).await
    }
}
