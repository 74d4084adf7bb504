//! What writes take from the cluster besides a name: see [`Strategy::allocate`].

use serde_json::Value;

use crate::cluster::{Cluster, prefix};
use crate::object::Object;
use crate::registry::Strategy;
use crate::registry::strategy::Surroundings;
use crate::status::Status;
use crate::storage::Transaction;

/// Lets the strategy allocate, with a look at the other objects of the transaction.
pub(crate) fn allocate(
    cluster: &Cluster,
    tx: &Transaction<'_, Object>,
    strategy: &dyn Strategy,
    object: &mut Value,
    old: Option<&Value>,
    dry_run: bool,
) -> Result<(), Status> {
    let prefix = prefix(strategy.resource(), "");
    let peers = || {
        let objects = tx.range(&prefix).into_iter();
        objects.map(|(_, object)| object).collect()
    };
    let around = Surroundings {
        peers: &peers,
        chance: &|end| cluster.ids.below(end),
        dry_run,
    };
    strategy.allocate(object, old, &around)
}
