//! The two controllers without which deletions would hang, the garbage collector and the namespace controller; and the one
//! that collects the rules of roles from those of others.
//!
//! A real apiserver has neither: on a cluster they run in the controller manager. They watch what happens like anyone
//! else and act a moment later ([`DELAY`] on the server's clock), so that a client sees the states in between: the
//! object with its finalizer, the namespace that is Terminating.

mod collection;
mod garbage;
mod namespace;
mod protection;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::clock;
use crate::handlers::cluster::Cluster;
use crate::handlers::write::place;
use crate::object::{Object, meta_str, meta_strings};
use crate::registry::deletion::{FOREGROUND_FINALIZER, ORPHAN_FINALIZER};
use crate::storage::{Event, Indexed as _, Revision};

/// How long after a change the controllers act on it.
const DELAY: SignedDuration = SignedDuration::from_secs(1);
/// How many events are read at a time.
const BATCH: usize = 1000;

/// Something to look after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    /// An object whose deletion waits for the garbage collector, by its key.
    Owner(String),
    /// An object some of whose owners are not there, by its key.
    Dependent(String),
    /// The dependents of an object that is gone, by its uid.
    Dependents(String),
    /// A namespace that is being deleted, by its name.
    Namespace(String),
    /// An object of storage that is held as long as it is in use, by its key.
    Held(String),
    /// A namespace that lost something every namespace has, by its name.
    Along(String),
    /// The roles that collect the rules of others.
    Collection,
}

/// Runs until the server stops.
pub(crate) async fn run(cluster: Arc<Cluster>) {
    let mut latest = cluster.storage.subscribe();
    let mut queue = Queue::default();
    let mut cursor = queue.scan(&cluster);
    loop {
        latest.borrow_and_update();
        cursor = queue.read(&cluster, cursor);
        let due = queue.due.keys().next().map(|(due, _)| *due);
        tokio::select! {
            changed = latest.changed() => if changed.is_err() { return },
            () = cluster.clock.sleep_until(due.unwrap_or(Timestamp::MAX)), if due.is_some() => queue.work(&cluster).await,
        }
    }
}

/// The tasks to come, in the order they are due.
#[derive(Default)]
struct Queue {
    due: BTreeMap<(Timestamp, u64), Task>,
    /// The same tasks, none twice.
    waiting: BTreeSet<Task>,
    count: u64,
    /// The contents of the store that the cursor is about.
    epoch: u64,
}

impl Queue {
    /// Takes up what was there before the first event.
    fn scan(&mut self, cluster: &Cluster) -> Revision {
        let view = cluster.storage.view();
        let revision = view.revision();
        self.epoch = view.epoch();
        let all: Vec<Arc<Object>> = view
            .range("/", "", revision)
            .map(|(_, object)| object.clone())
            .collect();
        drop(view);
        for object in all {
            self.add_for(cluster, &object, false);
        }
        revision
    }

    fn read(&mut self, cluster: &Cluster, mut cursor: Revision) -> Revision {
        loop {
            let view = cluster.storage.view();
            let known = view.epoch() == self.epoch;
            let events = view.events_after(cursor, BATCH);
            drop(view);
            let Some(events) = events.ok().filter(|_| known) else {
                return self.scan(cluster);
            };
            let Some(last) = events.last() else {
                return cursor;
            };
            cursor = last.revision;
            for event in &events {
                self.add_event(cluster, event);
            }
        }
    }

    fn add_event(&mut self, cluster: &Cluster, event: &Event<Object>) {
        self.add_for(cluster, &event.object, event.deleted);
    }

    /// What one state of one object gives to do.
    fn add_for(&mut self, cluster: &Cluster, object: &Object, deleted: bool) {
        if collection::concerns(object) {
            self.add(cluster, Task::Collection);
        }
        let is_namespace = object.kind.kind == "Namespace" && object.kind.group.is_empty();
        if deleted {
            let uid = meta_str(&object.value(), "uid").to_owned();
            self.add(cluster, Task::Dependents(uid));
            if !object.namespace().is_empty() {
                self.add_namespace(cluster, object);
                for key in protection::held_in(cluster, object.namespace()) {
                    self.add(cluster, Task::Held(key));
                }
            }
            self.add_waiting_owners(cluster, object);
        } else if object.is_terminating() {
            let finalizers = meta_strings(&object.value(), "finalizers");
            if finalizers
                .iter()
                .any(|f| f == ORPHAN_FINALIZER || f == FOREGROUND_FINALIZER)
            {
                let key =
                    crate::handlers::cluster::key(&object.kind, object.namespace(), object.name());
                self.add(cluster, Task::Owner(key));
            }
            if protection::is_held(object) {
                let key = object.kind.key(object.namespace(), object.name());
                self.add(cluster, Task::Held(key));
            }
            if is_namespace {
                self.add(cluster, Task::Namespace(object.name().to_owned()));
            }
        } else if garbage::misses_an_owner(cluster, object) {
            let key =
                crate::handlers::cluster::key(&object.kind, object.namespace(), object.name());
            self.add(cluster, Task::Dependent(key));
        }
    }

    /// A terminating namespace waits for its last object; another gets back what every namespace has.
    fn add_namespace(&mut self, cluster: &Cluster, lost: &Object) {
        let name = lost.namespace();
        let key = cluster.namespace_key(name);
        let Some(namespace) = cluster.storage.view().get(&key).cloned() else {
            return;
        };
        if namespace.is_terminating() {
            self.add(cluster, Task::Namespace(name.to_owned()));
        } else if place::comes_along(cluster, &namespace, lost) {
            self.add(cluster, Task::Along(name.to_owned()));
        }
    }

    /// An owner in a foreground deletion waits for its last dependent.
    fn add_waiting_owners(&mut self, cluster: &Cluster, dependent: &Object) {
        for uid in dependent.owners() {
            if let Some(key) = garbage::find_terminating(cluster, uid) {
                self.add(cluster, Task::Owner(key));
            }
        }
    }

    fn add(&mut self, cluster: &Cluster, task: Task) {
        if !self.waiting.insert(task.clone()) {
            return;
        }
        self.count += 1;
        let due = clock::add(cluster.clock.now(), DELAY);
        self.due.insert((due, self.count), task);
    }

    /// Does what is due.
    async fn work(&mut self, cluster: &Cluster) {
        let now = cluster.clock.now();
        let mut gone = BTreeSet::new();
        while let Some(entry) = self.due.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let task = entry.remove();
            self.waiting.remove(&task);
            match task {
                Task::Owner(key) => garbage::finish_deletion(cluster, &key).await,
                Task::Dependent(key) => garbage::collect_dangling(cluster, &key).await,
                Task::Namespace(name) => namespace::finish_deletion(cluster, &name).await,
                Task::Held(key) => protection::release(cluster, &key).await,
                Task::Along(name) => namespace::complete(cluster, &name),
                Task::Collection => collection::collect_rules(cluster).await,
                // All of them in one search.
                Task::Dependents(uid) => {
                    gone.insert(uid);
                }
            }
        }
        if !gone.is_empty() {
            garbage::collect_dependents(cluster, &gone).await;
        }
    }
}

#[cfg(test)]
mod tests;
