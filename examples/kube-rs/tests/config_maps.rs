//! The suite of a program that keeps its settings in ConfigMaps, run against whatever KUBECONFIG points at.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Error, ResourceExt as _};

/// A namespace for one test, so that the tests can run side by side.
async fn namespace() -> Result<Api<ConfigMap>, Error> {
    let client = Client::try_default().await.expect("KUBECONFIG leads to a server");
    let metadata = ObjectMeta {
        generate_name: Some("suite-".to_owned()),
        ..ObjectMeta::default()
    };
    let namespace = Namespace {
        metadata,
        ..Namespace::default()
    };
    let namespace = Api::all(client.clone()).create(&PostParams::default(), &namespace).await?;
    Ok(Api::namespaced(client, &namespace.name_any()))
}

fn settings(colour: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some("settings".to_owned()),
            ..ObjectMeta::default()
        },
        data: Some([("colour".to_owned(), colour.to_owned())].into()),
        ..ConfigMap::default()
    }
}

fn colour(settings: &ConfigMap) -> Option<&str> {
    settings.data.as_ref()?.get("colour").map(String::as_str)
}

#[tokio::test]
async fn settings_are_created_changed_and_deleted() -> Result<(), Error> {
    let api = namespace().await?;
    let created = api.create(&PostParams::default(), &settings("red")).await?;
    let mut green = settings("green");
    green.metadata.resource_version = created.resource_version();
    assert_eq!(colour(&api.replace("settings", &PostParams::default(), &green).await?), Some("green"));

    // Written by someone who read it before.
    let late = api.replace("settings", &PostParams::default(), &created).await;
    assert!(matches!(late, Err(Error::Api(status)) if status.is_conflict()));

    api.delete("settings", &DeleteParams::default()).await?;
    assert!(api.get_opt("settings").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn two_who_apply_the_same_field_are_told() -> Result<(), Error> {
    let api = namespace().await?;
    let apply = |manager: &str, colour: &str| {
        let (api, params) = (api.clone(), PatchParams::apply(manager));
        let settings = settings(colour);
        async move { api.patch("settings", &params, &Patch::Apply(&settings)).await }
    };
    apply("painter", "red").await?;
    let refused = apply("decorator", "blue").await;
    assert!(matches!(refused, Err(Error::Api(status)) if status.is_conflict()));
    Ok(())
}

#[tokio::test]
async fn a_watcher_sees_every_state() -> Result<(), Error> {
    let api = namespace().await?;
    api.create(&PostParams::default(), &settings("red")).await?;
    // The namespace has another, with the certificate of the cluster.
    let settings_alone = watcher::Config::default().fields("metadata.name=settings");
    let mut seen = pin!(watcher(api.clone(), settings_alone).applied_objects());
    let first = seen.try_next().await.expect("a watch");
    assert_eq!(first.as_ref().and_then(colour), Some("red"));
    let patch = Patch::Merge(change());
    api.patch("settings", &PatchParams::default(), &patch).await?;
    let next = seen.try_next().await.expect("a watch");
    assert_eq!(next.as_ref().and_then(colour), Some("green"));
    Ok(())
}

fn change() -> ConfigMap {
    let mut patch = settings("green");
    patch.metadata = ObjectMeta::default();
    patch
}
