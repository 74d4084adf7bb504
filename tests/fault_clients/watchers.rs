//! A `watcher` ends up with what is there, whatever goes wrong with its first watch.

use std::collections::BTreeMap;
use std::sync::Arc;

use fake_apiserver::{FakeApiServer, Fault};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Endpoints;
use kube::runtime::watcher;
use kube::{Api, ResourceExt as _};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::support::kube::client;
use crate::troubles::{Takes, modes, play, server, troubles};
use crate::{remove, set, stored, until};

/// What a watcher has told.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    known: BTreeMap<String, Endpoints>,
    next: BTreeMap<String, Endpoints>,
    /// How often it began from the start and got through.
    pub(crate) lists: usize,
    /// What it got over.
    pub(crate) errors: Vec<String>,
}

impl Seen {
    fn take(&mut self, event: watcher::Result<watcher::Event<Endpoints>>) {
        use watcher::Event::{Apply, Delete, Init, InitApply, InitDone};
        match event {
            Ok(Init) => self.next.clear(),
            Ok(InitApply(object)) => {
                self.next.insert(object.name_any(), object);
            }
            Ok(InitDone) => {
                self.known = std::mem::take(&mut self.next);
                self.lists += 1;
            }
            Ok(Apply(object)) => {
                self.known.insert(object.name_any(), object);
            }
            Ok(Delete(object)) => {
                self.known.remove(&object.name_any());
            }
            Err(error) => self.errors.push(short(error)),
        }
    }

    /// All of it, by name.
    pub(crate) fn objects(&self) -> Vec<Endpoints> {
        self.known.values().cloned().collect()
    }

    pub(crate) fn state(&self, name: &str) -> Option<&str> {
        self.known
            .get(name)?
            .labels()
            .get("state")
            .map(String::as_str)
    }
}

fn short(error: watcher::Error) -> String {
    match error {
        watcher::Error::WatchError(status) => format!("watch: {}", status.code),
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            format!("start: {}", status.code)
        }
        watcher::Error::WatchFailed(kube::Error::SerdeError(_)) => "no JSON".to_owned(),
        watcher::Error::WatchFailed(_) => "broken".to_owned(),
        watcher::Error::WatchStartFailed(_) => "not begun".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A watcher that runs until this is dropped.
pub(crate) struct Follower {
    seen: Arc<Mutex<Seen>>,
    task: Option<JoinHandle<()>>,
    api: Api<Endpoints>,
}

impl Follower {
    pub(crate) async fn new(server: &FakeApiServer) -> Self {
        let api = Api::namespaced(client(server).await, "default");
        Follower {
            seen: Arc::default(),
            task: None,
            api,
        }
    }

    pub(crate) fn start(&mut self, mode: watcher::Config) {
        let (seen, api) = (self.seen.clone(), self.api.clone());
        self.task = Some(tokio::spawn(watcher(api, mode).for_each(move |event| {
            seen.lock().take(event);
            std::future::ready(())
        })));
    }

    pub(crate) async fn until(&self, done: impl Fn(&Seen) -> bool) {
        until(|| done(&self.seen.lock())).await;
    }

    /// Waits until it knows what is there.
    pub(crate) async fn until_right(&self, server: &FakeApiServer) {
        let stored = stored(server);
        self.until(|seen| seen.lists > 0 && seen.objects() == stored)
            .await;
    }

    pub(crate) fn lists(&self) -> usize {
        self.seen.lock().lists
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.seen.lock().errors.clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

#[tokio::test]
async fn a_watcher_ends_up_right_after_each_trouble() {
    for mode in modes() {
        // A controller writes too, so that two events of one object might change places.
        let swaps = [0, 4].map(|after| Fault::watch_reorders_events().after_events(after));
        let swaps = swaps.map(|fault| (fault, Takes::Nothing));
        for (fault, takes) in troubles().into_iter().chain(swaps) {
            println!("{:?}: {fault:?}", mode.initial_list_strategy);
            let server = server().await;
            let mut follower = Follower::new(&server).await;
            play(&server, &fault, takes, || follower.start(mode.clone())).await;
            follower.until_right(&server).await;
        }
    }
}

#[tokio::test]
async fn a_watcher_tells_of_what_it_gets_over() {
    let etcd = || Fault::watch_error(500, "InternalError", "etcd is away");
    for (fault, error, lists) in [
        (Fault::watch_ends().after_events(4), "", 1),
        (Fault::watch_truncates_a_line().after_events(4), "", 1),
        (etcd().after_events(4), "watch: 500", 1),
        (Fault::watch_expires().after_events(4), "watch: 410", 2),
        (Fault::watch_malforms_a_line().after_events(4), "no JSON", 1),
        (Fault::gone().verb("watch"), "start: 410", 1),
        (Fault::forbidden().verb("watch"), "start: 403", 1),
        (Fault::reset().verb("watch"), "not begun", 1),
        (Fault::garbage("SSH-2.0\r\n").verb("watch"), "not begun", 1),
    ] {
        let expected = Vec::from_iter((!error.is_empty()).then(|| error.to_owned()));
        for mode in modes() {
            println!("{:?}: {fault:?}", mode.initial_list_strategy);
            let server = server().await;
            let mut follower = Follower::new(&server).await;
            let _guard = server.fault(fault.clone().first(1));
            follower.start(mode);
            follower.until(|seen| seen.lists > 0).await;
            for name in ["d", "e", "f", "g", "h"] {
                set(&server, name, "new");
            }
            let told = |seen: &Seen| seen.lists >= lists && seen.errors.len() >= expected.len();
            follower.until(told).await;
            follower.until_right(&server).await;
            assert_eq!(
                (follower.errors(), follower.lists()),
                (expected.clone(), lists)
            );
        }
    }
}

#[tokio::test]
async fn a_watcher_whose_list_has_expired_lists_again() {
    let server = server().await;
    let _guard = server.fault(Fault::gone().verb("list").query("limit", "2").nth(2));
    let mut follower = Follower::new(&server).await;
    follower.start(watcher::Config::default().page_size(2));
    follower.until_right(&server).await;
    let errors = follower.errors();
    assert!(
        errors.len() == 1 && errors[0].starts_with("InitialListFailed"),
        "{errors:?}"
    );
}

#[tokio::test]
async fn a_watcher_that_is_sent_back_in_time_catches_up() {
    for mode in modes() {
        let server = server().await;
        let _guards = [
            server.fault(
                Fault::watch_goes_backwards()
                    .after_events(4)
                    .first(1)
                    .carry_on(),
            ),
            server.fault(Fault::watch_ends().after_events(5).first(1)),
        ];
        let mut follower = Follower::new(&server).await;
        follower.start(mode);
        follower.until_right(&server).await;
        for name in ["d", "e", "f", "g"] {
            set(&server, name, "new");
        }
        remove(&server, "a").await;
        follower.until_right(&server).await;
    }
}
