//! What a watch showed, and etcd's guarantees about it.
//!
//! After a watch test has seen what it wanted to see, [`Seen::check`] holds all of it against the history of the writes:
//!
//! - ordered: the versions rise;
//! - unique: nothing is shown twice;
//! - reliable: nothing is missing, and nothing is shown that did not happen;
//! - resumable: a watch resumed after any event shows exactly the rest;
//! - bookmarkable: so does one resumed at a bookmark.
//!
//! And what the guarantees are for: the events, played back, make the list of that moment.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use fake_apiserver::FakeApiServer;
use serde_json::Value;

use super::client::Client;
use super::history::History;
use super::objects::key;
use super::watch::{Event, Watch};

/// From how many of the events a watch is resumed, at most.
const RESUMED: usize = 12;
/// How long the watches last that [`Seen::check`] makes, on the server's clock.
const LENGTH: Duration = Duration::from_secs(1000);

/// What of a resource is watched.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    path: String,
    /// The selectors, as a query.
    query: String,
    select: fn(&Value) -> bool,
}

/// Objects by namespace and name.
type State = BTreeMap<(String, String), Value>;

/// A watch, and all it has shown so far.
pub(crate) struct Seen<'a> {
    server: &'a FakeApiServer,
    selection: Selection,
    watch: Watch,
    /// The version the live events start after.
    since: u64,
    /// What was there at the start.
    pub(crate) initial: Vec<Event>,
    /// The watch began with what was there.
    tells_initial: bool,
    /// What came after, bookmarks included.
    pub(crate) live: Vec<Event>,
    error: Option<Value>,
}

impl Selection {
    /// All objects below a path.
    pub(crate) fn all(path: impl Into<String>) -> Self {
        Selection {
            path: path.into(),
            query: String::new(),
            select: |_| true,
        }
    }

    /// Those that the selectors of the query pick; `select` says the same in Rust.
    pub(crate) fn of(path: impl Into<String>, query: &str, select: fn(&Value) -> bool) -> Self {
        Selection {
            path: path.into(),
            query: query.to_owned(),
            select,
        }
    }

    fn query(&self, more: &str) -> String {
        format!("{}&{more}", self.query)
    }
}

impl<'a> Seen<'a> {
    /// Watches everything after a version.
    pub(crate) async fn after(
        server: &'a FakeApiServer,
        selection: &Selection,
        since: u64,
        more: &str,
    ) -> Self {
        let query = selection.query(&format!("resourceVersion={since}&{more}"));
        let watch = Watch::open(server, &selection.path, &query).await;
        Seen {
            server,
            selection: selection.clone(),
            watch,
            since,
            initial: Vec::new(),
            tells_initial: false,
            live: Vec::new(),
            error: None,
        }
    }

    /// Watches everything, beginning with what is there.
    pub(crate) async fn streaming(
        server: &'a FakeApiServer,
        selection: &Selection,
        more: &str,
    ) -> Self {
        let query = selection.query(&format!(
            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&{more}"
        ));
        let mut watch = Watch::open(server, &selection.path, &query).await;
        let mut initial = Vec::new();
        let since = loop {
            let event = watch.next().await.expect("the watch goes on");
            if event.ends_initial_events() {
                break event.revision();
            }
            assert_eq!(event.kind, "ADDED");
            initial.push(event);
        };
        Seen {
            server,
            selection: selection.clone(),
            watch,
            since,
            initial,
            tells_initial: true,
            live: Vec::new(),
            error: None,
        }
    }

    /// Reads one event; false at the end.
    pub(crate) async fn read(&mut self) -> bool {
        match self.watch.next().await {
            Some(event) if event.is_error() => {
                self.error = Some(event.object);
                assert_eq!(self.watch.next().await, None, "an error is the last event");
                false
            }
            Some(event) => {
                self.live.push(event);
                true
            }
            None => false,
        }
    }

    /// Reads until this version was shown.
    pub(crate) async fn until(&mut self, revision: u64) {
        while self.version() < revision {
            assert!(self.read().await, "the watch ended before {revision}");
        }
    }

    /// Reads to the end of the watch.
    pub(crate) async fn finish(&mut self) {
        while self.read().await {}
    }

    /// Starts another watch where this one is, which may have ended or not.
    pub(crate) async fn resume(&mut self, more: &str) {
        let query = format!("resourceVersion={}&{more}", self.version());
        let query = self.selection.query(&query);
        self.watch = Watch::open(self.server, &self.selection.path, &query).await;
    }

    /// The newest version shown.
    pub(crate) fn version(&self) -> u64 {
        self.live.last().map_or(self.since, Event::revision)
    }

    /// The version the watch started after.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// The Status the watch ended with, if it did.
    pub(crate) fn error(&self) -> Option<&Value> {
        self.error.as_ref()
    }

    /// The events without the bookmarks.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> + Clone {
        self.live.iter().filter(|event| !event.is_bookmark())
    }

    pub(crate) fn bookmarks(&self) -> impl Iterator<Item = &Event> {
        self.live.iter().filter(|event| event.is_bookmark())
    }

    /// Type and name of each event, for a test to compare with.
    pub(crate) fn told(&self) -> Vec<(&str, &str)> {
        self.events()
            .map(|event| {
                let name = event.object["metadata"]["name"].as_str();
                (event.kind.as_str(), name.unwrap_or_default())
            })
            .collect()
    }

    /// Checks all guarantees, on a watch that was read as far as the history goes. Advances the server's clock.
    pub(crate) async fn check(&self, history: &History) {
        self.check_order();
        self.check_nothing_is_missing(history, u64::MAX);
        self.check_resuming().await;
        self.check_playback().await;
    }

    /// Checks a watch whose history is compacted by now: it can no more be resumed.
    pub(crate) fn check_compacted(&self, history: &History) {
        self.check_order();
        self.check_nothing_is_missing(history, self.version());
    }

    /// Ordered and unique.
    fn check_order(&self) {
        let mut newest = self.since;
        for event in &self.live {
            let revision = event.revision();
            let rises = if event.is_bookmark() {
                revision >= newest
            } else {
                revision > newest
            };
            assert!(rises, "after version {newest} came {event:?}");
            newest = revision;
        }
        let lines: HashSet<_> = self.events().map(|event| &event.line).collect();
        assert_eq!(
            lines.len(),
            self.events().count(),
            "an event was shown twice"
        );
        let keys: Vec<_> = self.initial.iter().map(|e| key(&e.object)).collect();
        let mut in_order = keys.clone();
        in_order.sort_by_key(|(namespace, name)| format!("{namespace}/{name}"));
        in_order.dedup();
        assert_eq!(
            keys, in_order,
            "the initial events come in the order of keys"
        );
    }

    /// Reliable: exactly what happened to the selected objects was shown.
    fn check_nothing_is_missing(&self, history: &History, through: u64) {
        let expected = history.told(self.since + 1..=through, self.selection.select);
        let shown: Vec<_> = self
            .events()
            .map(|e| (e.kind.clone(), e.revision(), e.object.clone()))
            .collect();
        for (shown, expected) in shown.iter().zip(&expected) {
            assert_eq!(shown, expected, "{:?}", self.selection);
        }
        assert_eq!(shown.len(), expected.len(), "{:?}", self.selection);
    }

    /// Resumable and bookmarkable.
    async fn check_resuming(&self) {
        let mut places: Vec<usize> = (0..self.live.len()).collect();
        let step = places.len().div_ceil(RESUMED).max(1);
        places.retain(|place| place % step == 0 || self.live[*place].is_bookmark());
        let mut resumed = Vec::new();
        for place in places {
            let version = self.live[place].revision();
            let query = format!(
                "resourceVersion={version}&timeoutSeconds={}",
                LENGTH.as_secs()
            );
            let query = self.selection.query(&query);
            let watch = Watch::open(self.server, &self.selection.path, &query).await;
            resumed.push((place, watch));
        }
        self.server.advance(LENGTH);
        for (place, mut watch) in resumed {
            let after = self.live[place + 1..].iter();
            let expected: Vec<_> = after.filter(|e| !e.is_bookmark()).cloned().collect();
            assert_eq!(
                watch.rest().await,
                expected,
                "resumed after {:?}",
                self.live[place]
            );
        }
    }

    /// The events lead from the list of the first moment to the list of the last.
    async fn check_playback(&self) {
        let mut state = self.list_at(self.since).await;
        let initial: State = self.initial.iter().map(|e| item(&e.object)).collect();
        if self.tells_initial {
            assert_eq!(initial, state, "what was there at version {}", self.since);
        }
        for event in self.events() {
            let (key, object) = item(&event.object);
            let was_there = match event.kind.as_str() {
                "DELETED" => state.remove(&key).is_some(),
                _ => state.insert(key, object).is_some(),
            };
            assert_eq!(was_there, event.kind != "ADDED", "{event:?}");
        }
        let version = self.version();
        assert_eq!(state, self.list_at(version).await, "at version {version}");
    }

    async fn list_at(&self, version: u64) -> State {
        let query = format!("resourceVersion={version}&resourceVersionMatch=Exact");
        let target = format!("{}?{}", self.selection.path, self.selection.query(&query));
        let answer = Client::connect(self.server).await.get(&target).await;
        let list = answer.object();
        let items = list["items"].as_array().expect("a list has items");
        let state: State = items.iter().map(item).collect();
        assert_eq!(state.len(), items.len(), "an object is listed twice");
        state
    }
}

/// An object as it stands in a list, under its key.
fn item(object: &Value) -> ((String, String), Value) {
    let mut item = object.clone();
    let fields = item.as_object_mut().expect("an object");
    fields.remove("kind");
    fields.remove("apiVersion");
    (key(object), item)
}
