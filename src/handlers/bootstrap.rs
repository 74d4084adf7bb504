//! What a cluster has from the start.
//!
//! It is made once in a process and then shared: the servers of a test suite begin with the same objects. Where the time
//! is the test's own, they are made for that server, since they say when they were made.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use parking_lot::Mutex;

use super::cluster::Cluster;
use super::write::place;
use crate::clock::Clock;
use crate::ids::Ids;
use crate::object::Object;
use crate::registry::{self, INITIAL_NAMESPACES};
use crate::storage::Contents;

/// Where the made-up names of these objects come from, whatever the seed of the server is.
const SEED: u64 = 0x6b38_735f_6661_6b65;
/// How many different beginnings are kept.
const MAX_KEPT: usize = 16;

/// What beginnings differ in.
#[derive(Clone, Debug, PartialEq)]
struct Setting {
    /// When the clock stands still; no time for one that runs.
    time: Option<Timestamp>,
    /// The bundle of certificates that every namespace is given, if the controllers play.
    authority: Option<Arc<str>>,
}

type Kept = (Setting, Arc<Contents<Object>>);

static KEPT: LazyLock<Mutex<Vec<Kept>>> = LazyLock::new(Mutex::default);

/// Makes what every cluster has, as far as it is not there.
pub(crate) fn begin(cluster: &Cluster) {
    if cluster.storage.is_untouched() {
        cluster.storage.begin_with(&contents(cluster));
    } else {
        complete(cluster);
    }
}

/// One by one: these are valid.
fn complete(cluster: &Cluster) {
    for namespace in INITIAL_NAMESPACES {
        let _ = place::namespace(cluster, namespace);
    }
    for object in registry::initial_objects() {
        let _ = place::unless_there(cluster, object);
    }
}

fn contents(cluster: &Cluster) -> Arc<Contents<Object>> {
    let setting = Setting {
        time: cluster.clock.frozen_at(),
        authority: cluster.authority.clone(),
    };
    let mut kept = KEPT.lock();
    if let Some((_, contents)) = kept.iter().find(|(known, _)| *known == setting) {
        return contents.clone();
    }
    let clock = Clock::frozen(cluster.clock.now());
    let scratch = Cluster {
        authority: cluster.authority.clone(),
        ..Cluster::scratch(clock, Arc::new(Ids::new(SEED)), cluster.version)
    };
    complete(&scratch);
    let contents = Arc::new(scratch.storage.contents());
    // No other server has the same certificates.
    if setting
        .authority
        .as_deref()
        .is_some_and(|pem| !pem.is_empty())
    {
        return contents;
    }
    if kept.len() == MAX_KEPT {
        kept.remove(0);
    }
    kept.push((setting, contents.clone()));
    contents
}
