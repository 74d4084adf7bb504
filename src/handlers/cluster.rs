//! What all requests share: the store, the clock, the source of made-up names, the version played.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;

use crate::admission;
use crate::admission::selection::Selection;
use crate::authentication::accounts::{Accounts, Issuance};
use crate::clock::Clock;
use crate::codec::quote::quote;
use crate::handlers::definitions::Kinds;
use crate::handlers::version::Version;
use crate::ids::Ids;
use crate::kinds::{Catalog, Kind, KindRef};
use crate::object::kept::Kept;
use crate::object::{Object, meta_str, set_resource_version};
use crate::outbound;
use crate::patch::apply::{self, Writer};
use crate::registry::strategy::AT_START;
use crate::registry::{self, Lister, generic};
use crate::response::LastList;
use crate::status::Status;
use crate::storage::{History, Revision, Storage};

/// How many events may wait for a watcher that does not read before its watch is closed.
pub(crate) const DEFAULT_WATCH_BACKLOG: usize = 1000;

/// The count of the ends of watches when the server stops.
const STOPPED: u64 = u64::MAX;

/// The state of one server.
pub(crate) struct Cluster {
    pub(crate) kinds: Kinds,
    pub(crate) storage: Arc<Storage<Object>>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) last_list: LastList,
    pub(crate) kept: Kept,
    pub(crate) version: Version,
    pub(crate) start: Start,
    /// Whether a namespace springs up when something is created in it.
    pub(crate) implicit_namespaces: bool,
    /// The bundle of certificates that each namespace is given, if the controllers play that give it.
    pub(crate) authority: Option<Arc<str>>,
    /// What of the store acts on writes.
    pub(crate) acting: admission::Known,
    /// Calls webhooks.
    pub(crate) outbound: outbound::Client,
    /// The admission plugins that take part.
    pub(crate) plugins: Selection,
    /// How tokens of service accounts are issued.
    pub(crate) issuance: Arc<Issuance>,
    /// How many events may wait for a watcher that does not read.
    pub(crate) watch_backlog: usize,
    /// Counts the times that all watches end; [`STOPPED`] when no more are to begin.
    pub(crate) watch_ends: tokio::sync::watch::Sender<u64>,
}

/// How the cluster began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) time: Timestamp,
    /// Whether the controllers run, one of which collects the rules of roles from those of others.
    pub(crate) controllers: bool,
}

impl Cluster {
    /// A cluster that nobody will see.
    pub(crate) fn scratch(clock: Clock, ids: Arc<Ids>, version: Version) -> Self {
        let start = Start {
            time: clock.now(),
            controllers: true,
        };
        Cluster {
            start,
            kinds: Kinds::default(),
            storage: Arc::new(Storage::new(History::default())),
            clock: Arc::new(clock),
            ids,
            last_list: LastList::default(),
            version,
            implicit_namespaces: false,
            authority: None,
            plugins: Selection::default(),
            issuance: Arc::default(),
            kept: Kept::default(),
            acting: admission::Known::default(),
            outbound: outbound::Client::default(),
            watch_backlog: DEFAULT_WATCH_BACKLOG,
            watch_ends: tokio::sync::watch::Sender::new(0),
        }
    }

    /// All kinds there are now.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.kinds.catalog()
    }

    /// Makes the catalog anew, now that one of the objects of this kind has changed, which define others.
    pub(crate) fn redefine(&self, kind: &Kind) {
        self.kinds.redefine(|| {
            let view = self.storage.view();
            let all = view.range(&prefix(kind, ""), "", view.revision());
            all.map(|(_, object)| object.clone()).collect()
        });
    }

    /// The same when all there is has changed.
    pub(crate) fn redefine_all(&self) {
        self.kinds.redefine(|| {
            let view = self.storage.view();
            let all = view
                .range("/", "", view.revision())
                .map(|(_, object)| object);
            let defining = all.filter(|object| object.kind.policy.defines_kinds);
            defining.cloned().collect()
        });
    }

    /// Sees to it that what was there of a kind from the start is there. It is made when somebody first looks, as most
    /// never do.
    pub(crate) fn settle(&self, kind: &Kind) {
        if kind.policy.has_initial {
            let prefix = prefix(kind, "");
            self.storage.settle(&prefix, |revision| {
                let kind = self.catalog().find_stored(&kind.stored.group, &kind.kind);
                kind.map_or_else(Vec::new, |kind| self.initial(&kind, revision))
            });
        }
    }

    fn initial(&self, kind: &KindRef, revision: Revision) -> Vec<(String, Object)> {
        let created = crate::codec::time::format(self.start.time);
        let complete = |object: &Value| {
            let mut object = object.clone();
            object["metadata"]["managedFields"][0]["time"] = created.as_str().into();
            set_start(&mut object, &created);
            let (namespace, name) = (meta_str(&object, "namespace"), meta_str(&object, "name"));
            let key = key(kind, namespace, name);
            generic::fill_system_fields(&mut object, self.ids.uid_of(&key), &created);
            set_resource_version(&mut object, Some(revision));
            (key, Object::new(kind, object, Vec::new()))
        };
        let objects = owned_by_the_server(kind, self.start.controllers);
        objects.iter().map(complete).collect()
    }

    /// The service accounts and their tokens.
    pub(crate) fn accounts(&self) -> Accounts<'_> {
        Accounts {
            lister: self,
            ids: &self.ids,
            clock: &self.clock,
            issuance: &self.issuance,
        }
    }

    /// All objects of a kind, in the order of their keys.
    pub(crate) fn all(&self, kind: &Kind) -> Vec<Arc<Object>> {
        self.settle(kind);
        let view = self.storage.view();
        let all = view.range(&prefix(kind, ""), "", view.revision());
        all.map(|(_, object)| object.clone()).collect()
    }

    /// Ends every watch there is.
    pub(crate) fn end_watches(&self) {
        self.watch_ends
            .send_modify(|count| *count = count.saturating_add(1));
    }

    /// Ends every watch there is and there will be.
    pub(crate) fn stop_watches(&self) {
        self.watch_ends.send_replace(STOPPED);
    }

    /// The storage key of a namespace.
    pub(crate) fn namespace_key(&self, name: &str) -> String {
        ["/namespaces/", name].concat()
    }

    /// The time as objects carry it.
    pub(crate) fn timestamp(&self) -> String {
        crate::codec::time::format(self.clock.now())
    }
}

impl Lister for Cluster {
    fn get(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        let kind = self.catalog().find_stored(group, kind)?;
        self.settle(&kind);
        self.storage
            .view()
            .get(&key(&kind, namespace, name))
            .cloned()
    }

    fn list(&self, group: &str, kind: &str, namespace: &str) -> Vec<Arc<Object>> {
        let Some(kind) = self.catalog().find_stored(group, kind) else {
            return Vec::new();
        };
        self.settle(&kind);
        let view = self.storage.view();
        let all = view.range(&prefix(&kind, namespace), "", view.revision());
        all.map(|(_, object)| object.clone()).collect()
    }

    fn is_claimed(&self, claim: &str) -> bool {
        self.storage.view().holder(claim).is_some()
    }
}

/// Puts the time of the start where it is meant.
fn set_start(value: &mut Value, time: &str) {
    match value {
        Value::String(text) if text == AT_START => *text = time.to_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| set_start(item, time)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| set_start(member, time)),
        _ => {}
    }
}

/// The objects of the start with their fields given to the server: the same for every cluster, but for the time.
fn owned_by_the_server(kind: &KindRef, collected: bool) -> Arc<Vec<Value>> {
    type Known = BTreeMap<(String, bool), Arc<Vec<Value>>>;
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let writer = Writer {
        is_foreign: &|_| false,
        in_version: &|_, _| None,
        manager: registry::strategy(kind).initial_manager(),
        api_version: &kind.api_version(),
        subresource: "",
        now: "",
    };
    let make = || {
        let mut objects = registry::strategy(kind).initial(kind, collected);
        for object in &mut objects {
            apply::create(object, &kind.schema, &writer, &kind.resets);
        }
        Arc::new(objects)
    };
    let mut known = KNOWN.lock();
    let place = known.entry((kind.stored.prefix.clone(), collected));
    place.or_insert_with(make).clone()
}

/// The end that all watches come to together.
#[derive(Clone)]
pub(crate) struct Ends {
    count: tokio::sync::watch::Receiver<u64>,
    seen: u64,
}

impl Ends {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let count = cluster.watch_ends.subscribe();
        let seen = *count.borrow();
        Ends { count, seen }
    }

    /// Whether it came while the server goes on, perhaps with another store.
    pub(crate) fn came(&self) -> bool {
        let now = *self.count.borrow();
        now != self.seen && now != STOPPED
    }

    pub(crate) async fn come(&mut self) {
        let seen = self.seen;
        let end = self.count.wait_for(|&now| now != seen || now == STOPPED);
        let _ = end.await;
    }
}

/// Where an object is kept.
pub(crate) fn key(kind: &Kind, namespace: &str, name: &str) -> String {
    kind.key(namespace, name)
}

/// The store takes no key that could lead out of its place; the error is a bare 500, as upstream's.
pub(crate) fn check_key(key: &str) -> Result<(), Status> {
    // Hardly any key has a dot at all.
    if !memchr::memchr_iter(b'.', key.as_bytes()).any(|at| key[..at].ends_with('/')) {
        return Ok(());
    }
    let key = key.trim_end_matches('/');
    if key.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(Status::raw(format!("invalid key: {}", quote(key))));
    }
    Ok(())
}

/// Where a resource's objects are kept: all of them, or those of one namespace.
pub(crate) fn prefix(kind: &Kind, namespace: &str) -> String {
    kind.key(namespace, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_of_dots_is_no_part_of_a_key() {
        let catalog = Catalog::built_in();
        let endpoints = catalog.find("", "v1", "endpoints").unwrap();
        for (key, shown) in [
            (prefix(&endpoints, ".."), "/services/endpoints/.."),
            (key(&endpoints, ".", "x"), "/services/endpoints/./x"),
        ] {
            let status = check_key(&key).unwrap_err();
            assert_eq!((status.code, &*status.reason), (500, ""));
            assert_eq!(status.message, format!("invalid key: \"{shown}\""));
        }
        assert_eq!(check_key(&key(&endpoints, "a..b", "x")), Ok(()));
    }
}
