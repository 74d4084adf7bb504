//! Everything that was written, as a reference for what watches show.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use fake_apiserver::FakeApiServer;
use serde_json::Value;

use super::client::{Answer, Client};
use super::objects::{at_revision, key, revision};
use super::watch::Event;

/// One write: what was there before, and what after.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) revision: u64,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// All writes to the objects of one kind, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) writes: Vec<Write>,
    live: BTreeMap<(String, String), Value>,
}

/// What a watcher should be told: the type, the version, the object.
pub(crate) type Told = (String, u64, Value);

impl History {
    /// The history that a watch of everything tells.
    pub(crate) fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut history = History::default();
        for event in events.into_iter().filter(|e| !e.is_bookmark()) {
            let deleted = event.kind == "DELETED";
            history.put(
                event.revision(),
                key(&event.object),
                (!deleted).then(|| event.object.clone()),
            );
        }
        history
    }

    fn put(&mut self, revision: u64, key: (String, String), after: Option<Value>) {
        let before = match &after {
            Some(object) => self.live.insert(key, object.clone()),
            None => self.live.remove(&key),
        };
        self.writes.push(Write {
            revision,
            before,
            after,
        });
    }

    /// What is there after all of it, in no matter which order.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Value> {
        self.live.values()
    }

    /// What was there at a version.
    pub(crate) fn at(&self, revision: u64) -> BTreeMap<(String, String), Value> {
        let mut state = BTreeMap::new();
        for write in self.writes.iter().filter(|w| w.revision <= revision) {
            match (&write.before, &write.after) {
                (_, Some(object)) => state.insert(key(object), object.clone()),
                (Some(object), None) => state.remove(&key(object)),
                (None, None) => None,
            };
        }
        state
    }

    /// What a watcher of the objects that `select` picks should be told of the writes of these revisions.
    pub(crate) fn told(
        &self,
        revisions: impl RangeBounds<u64>,
        select: impl Fn(&Value) -> bool,
    ) -> Vec<Told> {
        let wanted = |object: &Option<Value>| object.clone().filter(&select);
        let tell = |write: &Write| {
            let (kind, object) = match (wanted(&write.before), wanted(&write.after)) {
                (None, None) => return None,
                (None, Some(after)) => ("ADDED", after),
                (Some(_), Some(after)) => ("MODIFIED", after),
                (Some(before), None) => ("DELETED", at_revision(&before, write.revision)),
            };
            Some((kind.to_owned(), write.revision, object))
        };
        self.writes
            .iter()
            .filter(|write| revisions.contains(&write.revision))
            .filter_map(tell)
            .collect()
    }
}

/// The only client that writes to a server, keeping its history.
pub(crate) struct Writer<'a> {
    server: &'a FakeApiServer,
    client: Client,
    pub(crate) history: History,
}

impl<'a> Writer<'a> {
    pub(crate) async fn new(server: &'a FakeApiServer) -> Self {
        Writer {
            server,
            client: Client::connect(server).await,
            history: History::default(),
        }
    }

    pub(crate) async fn create(&mut self, collection: &str, object: &Value) -> Value {
        let answer = self.client.post(collection, object).await;
        self.wrote(&answer)
    }

    pub(crate) async fn replace(&mut self, path: &str, object: &Value) -> Value {
        let answer = self.client.put(path, object).await;
        self.wrote(&answer)
    }

    pub(crate) async fn patch(&mut self, path: &str, kind: &str, patch: &Value) -> Value {
        let answer = self.client.patch(path, kind, patch).await;
        self.wrote(&answer)
    }

    /// Deletes an object without finalizers.
    pub(crate) async fn delete(&mut self, path: &str) {
        let before = self.client.get(path).await.object();
        self.client.delete(path).await.object();
        self.history.put(self.server.revision(), key(&before), None);
    }

    fn wrote(&mut self, answer: &Answer) -> Value {
        let object = answer.object();
        let known = self.history.live.get(&key(&object));
        if known != Some(&object) {
            self.history
                .put(revision(&object), key(&object), Some(object.clone()));
        }
        object
    }
}
