//! The rules as they are stored: what is written counts for the next request.
//!
//! The authorizer reads the store as a watcher does: all there is once, then the events. A kind whose objects of the start
//! nobody has looked at yet has no others, so those are taken as they are, without a store.

use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::objects::{self, Binding, GROUP, Role};
use super::rbac::{Collected, Rbac};
use crate::kinds::{Catalog, KindRef};
use crate::object::Object;
use crate::registry;
use crate::storage::{Moment, Storage};

/// How many events are read at a time.
const BATCH: usize = 1000;

/// The kinds that make the rules.
const KINDS: [&str; 4] = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];

/// Keeps up with the rules in a store.
#[derive(Debug)]
pub(crate) struct Live {
    storage: Option<Arc<Storage<Object>>>,
    collects: bool,
    known: Mutex<Known>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Known {
    moment: Option<Moment>,
    /// Whether the objects of the start are in the store, by kind.
    settled: Vec<bool>,
    objects: Collected,
    rules: Arc<Rbac>,
}

impl std::fmt::Debug for Storage<Object> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}

impl Live {
    pub(super) fn new(storage: Arc<Storage<Object>>, collects: bool) -> Self {
        Live {
            storage: Some(storage),
            collects,
            known: Mutex::default(),
        }
    }

    /// These rules, which never change.
    #[cfg(test)]
    pub(super) fn fixed(rules: Rbac) -> Self {
        let known = Known {
            rules: Arc::new(rules),
            ..Known::default()
        };
        Live {
            storage: None,
            collects: true,
            known: Mutex::new(known),
        }
    }

    /// The rules as they are now.
    pub(crate) fn rules(&self) -> Arc<Rbac> {
        let mut known = self.known.lock();
        if let Some(storage) = &self.storage {
            let settled = kinds()
                .iter()
                .map(|kind| storage.is_settled(&kind.key("", "")));
            let settled: Vec<bool> = settled.collect();
            let changed = known.follow(storage, &settled).unwrap_or_else(|| {
                known.read_all(storage, settled, self.collects);
                true
            });
            if changed {
                known.rules = Arc::new(known.objects.resolve(self.collects));
            }
        }
        known.rules.clone()
    }
}

impl Known {
    /// Reads what happened since the last time, and tells whether it changed the rules; nothing if it cannot be told.
    fn follow(&mut self, storage: &Storage<Object>, settled: &[bool]) -> Option<bool> {
        let mut at = self.moment.filter(|_| self.settled == settled)?;
        let mut changed = false;
        loop {
            let view = storage.view();
            let now = view.moment();
            if now == at {
                self.moment = Some(at);
                return Some(changed);
            }
            if !now.follows(&at) {
                return None;
            }
            let events = view.events_after(at.revision, BATCH).ok()?;
            drop(view);
            for event in events
                .iter()
                .filter(|event| event.object.kind.group == GROUP)
            {
                if let Some(object) = read(&event.object) {
                    match event.deleted {
                        true => self.objects.remove(&object),
                        false => self.objects.put(object),
                    }
                    changed = true;
                }
            }
            at.revision = events.last().map_or(now.revision, |last| last.revision);
        }
    }

    fn read_all(&mut self, storage: &Storage<Object>, settled: Vec<bool>, collects: bool) {
        self.objects = Collected::default();
        let start = initial(collects);
        let view = storage.view();
        self.moment = Some(view.moment());
        for (kind, settled) in kinds().iter().zip(&settled) {
            if !settled {
                self.objects.extend(&start, &kind.kind);
                continue;
            }
            let stored = view.range(&kind.key("", ""), "", view.revision());
            stored
                .filter_map(|(_, object)| read(object))
                .for_each(|object| self.objects.put(object));
        }
        self.settled = settled;
    }
}

/// The stored versions of the kinds that make the rules.
fn kinds() -> &'static [KindRef] {
    static ALL: LazyLock<Vec<KindRef>> = LazyLock::new(|| {
        let catalog = Catalog::built_in();
        let kinds = KINDS.into_iter();
        kinds
            .filter_map(|kind| catalog.find_stored(GROUP, kind))
            .collect()
    });
    &ALL
}

/// What a new cluster has.
pub(super) fn initial(collects: bool) -> Collected {
    static PLAIN: LazyLock<Collected> = LazyLock::new(|| read_initial(false));
    static COLLECTED: LazyLock<Collected> = LazyLock::new(|| read_initial(true));
    match collects {
        true => COLLECTED.clone(),
        false => PLAIN.clone(),
    }
}

fn read_initial(collects: bool) -> Collected {
    let mut all = Collected::default();
    for kind in kinds() {
        for object in registry::strategy(kind).initial(kind, collects) {
            if let Ok(object) = objects::read(&object) {
                all.put(object);
            }
        }
    }
    all
}

/// A stored object, which is canonical and valid.
fn read(object: &Object) -> Option<objects::Object> {
    let value = object.value();
    match &*object.kind.kind {
        "Role" | "ClusterRole" => Role::of(&value).ok().map(objects::Object::Role),
        _ => Some(objects::Object::Binding(Binding::of(&value))),
    }
}
