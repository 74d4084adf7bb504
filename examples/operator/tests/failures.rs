//! The operator on servers that go wrong.

use std::sync::Arc;
use std::time::Duration;

use fake_apiserver::{FakeApiServer, Fault, Sweep, Verb};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, Config, CustomResourceExt as _};
use serde_json::json;
use site_operator::{INDEX, Site};

fn client(server: &FakeApiServer) -> Client {
    let config = Config::new(server.url().parse().expect("a URL"));
    Client::try_from(config).expect("a client")
}

fn shop() -> serde_json::Value {
    json!({"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "shop", "namespace": "default"},
           "spec": {"title": "The shop", "pages": {"index": "hello", "about": "us"}}})
}

#[tokio::test]
async fn a_site_is_published_through_failures() {
    let server = FakeApiServer::builder().crd(Site::crd()).start().await;
    server.object(shop());
    let lost = server.fault(Fault::applied_then_reset().verb(Verb::Patch).resource("configmaps").first(2));
    let raced = server.fault(Fault::lost_race().verb(Verb::Patch).resource("sites").first(1));
    let cut = server.fault(Fault::watch_ends().resource("sites").first(1));
    let client = client(&server);
    let operator = tokio::spawn({
        let client = client.clone();
        async move { site_operator::run(client, "default").await }
    });
    let sites: Api<Site> = Api::namespaced(client, "default");
    let is_published = |site: Option<&Site>| {
        site.and_then(|site| site.status.as_ref()).is_some_and(|status| status.pages == 2)
    };
    let published = await_condition(sites, "shop", is_published);
    tokio::time::timeout(Duration::from_secs(30), published).await.expect("in time").unwrap();
    operator.abort();

    let index = server.resource("configmaps").namespace("default").get(INDEX).unwrap();
    assert_eq!(index["data"]["shop"], "The shop");
    assert_eq!((lost.fired(), raced.fired(), cut.fired()), (2, 1, 1));
}

#[test]
fn whatever_fails_the_same_is_left() {
    let report = Sweep::new()
        .faults("transient")
        .on(FakeApiServer::builder().crd(Site::crd()))
        .setup(|server| {
            server.object(shop());
        })
        // How often something was told of is no matter.
        .ignore("metadata.resourceVersion")
        .until_quiet(Duration::from_millis(200))
        .jobs(16)
        .try_run(|server: Arc<FakeApiServer>| async move {
            site_operator::run(client(&server), "default").await;
            Ok::<_, String>(())
        })
        .expect("a sweep");
    assert!(report.passed(), "{report}");
    assert!(report.points().len() > 10, "{report}");
}
