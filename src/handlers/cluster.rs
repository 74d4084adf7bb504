//! What all requests share: the store, the clock, the source of made-up names, the version played.

use std::sync::Arc;

use crate::clock::Clock;
use crate::codec::quote::quote;
use crate::handlers::version::Version;
use crate::ids::Ids;
use crate::kinds::{Catalog, Kind};
use crate::object::Object;
use crate::registry::Lister;
use crate::response::LastList;
use crate::status::Status;
use crate::storage::Storage;

/// The count of the ends of watches when the server stops.
const STOPPED: u64 = u64::MAX;

/// The state of one server.
pub(crate) struct Cluster {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) storage: Arc<Storage<Object>>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) last_list: LastList,
    pub(crate) version: Version,
    /// Whether a namespace springs up when something is created in it.
    pub(crate) implicit_namespaces: bool,
    /// Counts the times that all watches end; [`STOPPED`] when no more are to begin.
    pub(crate) watch_ends: tokio::sync::watch::Sender<u64>,
}

impl Cluster {
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
        let kind = self.catalog.find_stored(group, kind)?;
        self.storage
            .view()
            .get(&key(kind, namespace, name))
            .cloned()
    }

    fn is_claimed(&self, claim: &str) -> bool {
        self.storage.view().holder(claim).is_some()
    }
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
            (prefix(endpoints, ".."), "/services/endpoints/.."),
            (key(endpoints, ".", "x"), "/services/endpoints/./x"),
        ] {
            let status = check_key(&key).unwrap_err();
            assert_eq!((status.code, &*status.reason), (500, ""));
            assert_eq!(status.message, format!("invalid key: \"{shown}\""));
        }
        assert_eq!(check_key(&key(endpoints, "a..b", "x")), Ok(()));
    }
}
