//! What came in one run, as the stage of faults saw it: each request with what it is and which of its like.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::identity::Identity;
use crate::fault::{Fault, FaultRequest};
use crate::handlers::cluster::Cluster;

/// How many requests of a run are looked at; a program that makes more is a storm in any case.
pub(crate) const MAX_ASKED: usize = 20_000;

/// The requests of one run.
pub(crate) struct Log {
    cluster: Arc<Cluster>,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    asked: Vec<Asked>,
    counts: BTreeMap<Identity, u64>,
    /// What names begin with that the server makes up.
    made_up: Vec<String>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) identity: Identity,
    /// Which of its like it is, from 1.
    pub(crate) nth: u64,
    /// By the server's clock.
    pub(crate) at: Timestamp,
    pub(crate) path: String,
    /// The client waits for the bookmark that ends what is there already.
    pub(crate) bookmarks: bool,
}

impl Log {
    pub(crate) fn of(cluster: &Arc<Cluster>) -> Arc<Self> {
        Arc::new(Log {
            cluster: cluster.clone(),
            entries: Mutex::default(),
        })
    }

    /// A rule that never acts and sees every request before the others do.
    pub(crate) fn rule(self: &Arc<Self>) -> Fault {
        let log = self.clone();
        Fault::custom(move |request| {
            log.add(request);
            None
        })
        .looking_inside()
        .optional()
    }

    fn add(&self, request: &FaultRequest<'_>) {
        let mut guard = self.entries.lock();
        let entries = &mut *guard;
        let start = match (request.verb(), request.sent_name().strip_suffix('*')) {
            ("create", Some(start)) => start,
            _ => "",
        };
        if !start.is_empty() && !entries.made_up.iter().any(|known| known == start) {
            entries.made_up.push(start.to_owned());
        }
        let identity = Identity::of(request, &entries.made_up);
        if entries.asked.len() >= MAX_ASKED {
            return;
        }
        let nth = entries.counts.entry(identity.clone()).or_default();
        *nth += 1;
        let asked = Asked {
            identity,
            nth: *nth,
            at: self.cluster.clock.now(),
            path: request.path().to_owned(),
            bookmarks: request.query("sendInitialEvents") == Some("true"),
        };
        entries.asked.push(asked);
    }

    /// The request that is being looked at.
    pub(crate) fn is_last(&self, what: impl Fn(&Asked) -> bool) -> bool {
        self.entries.lock().asked.last().is_some_and(what)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.lock().asked.len()
    }

    /// All of them, in the order they came.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.entries.lock().asked.clone()
    }
}

/// How often each thing was asked for.
pub(crate) fn counts(asked: &[Asked]) -> BTreeMap<Identity, u64> {
    let mut counts = BTreeMap::new();
    for request in asked {
        *counts.entry(request.identity.clone()).or_default() += 1;
    }
    counts
}
