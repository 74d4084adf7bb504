//! The operator on whatever KUBECONFIG leads to: a fake, or a cluster.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::conditions::{is_crd_established, is_deleted};
use kube::runtime::wait::{Condition, await_condition};
use kube::{Client, CustomResourceExt as _, ResourceExt as _};
use serde_json::json;
use site_operator::leader::lead;
use site_operator::{INDEX, Site, SiteSpec};

/// How long a cluster may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A namespace for one test, in a cluster that knows sites.
async fn namespace() -> (Client, String) {
    let client = Client::try_default().await.expect("KUBECONFIG leads to a server");
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let applied = PatchParams::apply("suite").force();
    let crd = Site::crd();
    definitions.patch(&crd.name_any(), &applied, &Patch::Apply(&crd)).await.unwrap();
    wait(definitions, &crd.name_any(), is_crd_established()).await;
    let namespace = Namespace {
        metadata: ObjectMeta {
            generate_name: Some("sites-".to_owned()),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let made = namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    (client, made.name_any())
}

async fn wait<K>(api: Api<K>, name: &str, condition: impl Condition<K>) -> Option<K>
where
    K: kube::Resource + Clone + std::fmt::Debug + Send + serde::de::DeserializeOwned + 'static,
{
    let met = tokio::time::timeout(PATIENCE, await_condition(api, name, condition));
    met.await.expect("in time").unwrap()
}

fn site(name: &str, title: &str) -> Site {
    let pages = [("index".to_owned(), "hello".to_owned())].into();
    Site::new(name, SiteSpec { title: title.to_owned(), pages })
}

#[tokio::test]
async fn a_site_is_published_and_taken_from_the_index_when_it_goes() {
    let (client, namespace) = namespace().await;
    let operator = {
        let (client, namespace) = (client.clone(), namespace.clone());
        tokio::spawn(async move { site_operator::run(client, &namespace).await })
    };
    let sites: Api<Site> = Api::namespaced(client.clone(), &namespace);
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    sites.create(&PostParams::default(), &site("shop", "The shop")).await.unwrap();

    let is_published = |site: Option<&Site>| {
        site.and_then(|site| site.status.as_ref()).is_some_and(|status| status.pages == 1)
    };
    wait(sites.clone(), "shop", is_published).await;
    let pages = maps.get("shop-pages").await.unwrap();
    assert_eq!(pages.data.unwrap()["index"], "hello");
    assert_eq!(pages.metadata.owner_references.unwrap()[0].kind, "Site");
    assert_eq!(maps.get(INDEX).await.unwrap().data.unwrap()["shop"], "The shop");

    let uid = sites.get("shop").await.unwrap().uid().unwrap();
    sites.delete("shop", &DeleteParams::default()).await.unwrap();
    wait(sites, "shop", is_deleted(&uid)).await;
    assert!(maps.get(INDEX).await.unwrap().data.unwrap_or_default().is_empty());
    operator.abort();
}

#[tokio::test]
async fn what_a_site_may_not_be_is_refused() {
    let (client, namespace) = namespace().await;
    let sites: Api<Site> = Api::namespaced(client, &namespace);
    let refused = sites.create(&PostParams::default(), &site("none", "")).await.unwrap_err();
    assert!(refused.to_string().contains("spec.title"), "{refused}");

    sites.create(&PostParams::default(), &site("shop", "The shop")).await.unwrap();
    let other = json!({"spec": {"title": "Another"}});
    let renamed = sites.patch("shop", &PatchParams::default(), &Patch::Merge(other)).await;
    let refused = renamed.unwrap_err().to_string();
    assert!(refused.contains("a title is for ever"), "{refused}");
}

#[tokio::test]
async fn one_leads_until_it_is_silent() {
    let (client, namespace) = namespace().await;
    let leases = Api::namespaced(client, &namespace);
    let now = Timestamp::now();
    assert!(lead(&leases, "operator", "a", now).await.unwrap());
    assert!(!lead(&leases, "operator", "b", now).await.unwrap());
    assert!(lead(&leases, "operator", "a", now + SignedDuration::from_secs(10)).await.unwrap());
    assert!(!lead(&leases, "operator", "b", now + SignedDuration::from_secs(20)).await.unwrap());
    assert!(lead(&leases, "operator", "b", now + SignedDuration::from_secs(26)).await.unwrap());
}
