//! A fault script given to the binary, as kube-rs meets it: `examples/faults/` does the same with other clients.

mod support;

use std::io::{BufRead as _, BufReader};
use std::pin::pin;
use std::process::{Child, Command, Stdio};

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Endpoints;
use kube::api::{ListParams, PostParams};
use kube::core::ObjectMeta;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Config, Error, ResourceExt as _};
use support::within;

/// A running binary, killed at the end of the test.
struct Binary {
    child: Child,
    url: String,
}

impl Binary {
    fn serve(faults: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"))
            .args(["serve", "--faults", faults])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut url).unwrap();
        let url = url.trim_end().to_owned();
        Binary { child, url }
    }

    fn api(&self) -> Api<Endpoints> {
        let mut config = Config::new(self.url.parse().unwrap());
        // What is scripted is to be seen, not retried away.
        config.default_retry = false;
        Api::namespaced(Client::try_from(config).unwrap(), "default")
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn db() -> Endpoints {
    Endpoints {
        metadata: ObjectMeta {
            name: Some("db".to_owned()),
            ..ObjectMeta::default()
        },
        subsets: None,
    }
}

/// The code of a Status, or of an answer that is none.
#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> u16 {
    match result.unwrap_err() {
        Error::Api(status) => status.code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn kube_rs_meets_409_429_and_503_and_comes_through() {
    let binary = Binary::serve("examples/faults/faults.yaml");
    let api = binary.api();
    let mut object = within(api.create(&PostParams::default(), &db()))
        .await
        .unwrap();

    object
        .labels_mut()
        .insert("app".to_owned(), "shop".to_owned());
    let replace = |object: Endpoints| {
        let api = api.clone();
        async move { api.replace("db", &PostParams::default(), &object).await }
    };
    assert_eq!(code(within(replace(object)).await), 409);
    // The reader meets the 503, the retry the object another writer has changed.
    assert_eq!(code(within(api.get("db")).await), 503);
    let mut fresh = within(api.get("db")).await.unwrap();
    fresh
        .labels_mut()
        .insert("app".to_owned(), "shop".to_owned());
    assert_eq!(
        within(replace(fresh)).await.unwrap().labels()["app"],
        "shop"
    );

    assert_eq!(code(within(api.list(&ListParams::default())).await), 429);
    assert_eq!(
        within(api.list(&ListParams::default()))
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn kube_rs_watches_on_through_a_broken_stream() {
    let binary = Binary::serve("examples/faults/faults.yaml");
    let api = binary.api();
    let mut events = pin!(
        watcher(api.clone(), watcher::Config::default())
            .default_backoff()
            .applied_objects()
            .filter_map(async |event| event.ok())
    );
    // The first list is throttled, so that the watch begins with the second.
    let created = async {
        for name in ["a", "b", "c"] {
            let mut object = db();
            object.metadata.name = Some(name.to_owned());
            api.create(&PostParams::default(), &object).await.unwrap();
        }
    };
    let seen = async {
        let mut names = std::collections::BTreeSet::new();
        while names.len() < 3 {
            names.insert(events.next().await.unwrap().name_any());
        }
        names
    };
    let ((), names) = within(futures_util::future::join(created, seen)).await;
    assert_eq!(Vec::from_iter(names), ["a", "b", "c"]);
}
