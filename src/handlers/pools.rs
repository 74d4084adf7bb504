//! What writes take from the cluster besides a name: see [`Strategy::allocate`].

use serde_json::Value;

use crate::handlers::cluster::prefix;
use crate::ids::Ids;
use crate::object::Object;
use crate::registry::Strategy;
use crate::registry::strategy::Surroundings;
use crate::status::Status;
use crate::storage::Transaction;

/// Lets the strategy allocate, with a look at the other objects of the transaction.
pub(crate) fn allocate(
    ids: &Ids,
    tx: &Transaction<'_, Object>,
    strategy: &dyn Strategy,
    object: &mut Value,
    old: Option<&Value>,
    dry_run: bool,
) -> Result<(), Status> {
    let peers = || {
        let objects = tx.range(&prefix(strategy.resource(), "")).into_iter();
        objects.map(|(_, object)| object).collect()
    };
    let around = Surroundings {
        peers: &peers,
        chance: &|end| ids.below(end),
        dry_run,
    };
    strategy.allocate(object, old, &around)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handlers::cluster::key;
    use crate::registry::find;
    use crate::storage::Storage;
    use serde_json::json;

    /// Creates services one after another and tells their addresses.
    fn addresses(seed: u64, names: &[&str]) -> Vec<String> {
        let (storage, ids) = (Storage::new(100), Ids::new(seed));
        let services = find("", "v1", "services").unwrap();
        let create = |name: &&str| {
            let mut object = json!({"metadata": {"name": name}, "spec": {"type": "ClusterIP"}});
            storage.write(|tx| {
                allocate(&ids, tx, services, &mut object, None, false).unwrap();
                let key = key(services.resource(), "default", name);
                let object = tx.put(&key, |_| Object::new(services.resource(), object));
                object.value()["spec"]["clusterIP"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        };
        names.iter().map(create).collect()
    }

    #[test]
    fn the_same_seed_allocates_the_same() {
        assert_eq!(addresses(7, &["a", "b"]), addresses(7, &["a", "b"]));
        assert_ne!(addresses(7, &["a", "b"]), addresses(8, &["a", "b"]));
    }

    #[test]
    fn no_two_services_have_one_address() {
        let names: Vec<String> = (0..200).map(|i| format!("s{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut all = addresses(1, &names);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 200);
    }

    #[test]
    fn what_was_not_stored_was_not_taken() {
        let (storage, ids) = (Storage::new(100), Ids::new(1));
        let services = find("", "v1", "services").unwrap();
        let wanted = json!({"metadata": {"name": "a"}, "spec": {
            "type": "ClusterIP", "clusterIP": "10.0.0.9",
        }});
        for _ in 0..2 {
            let mut object = wanted.clone();
            storage
                .write(|tx| allocate(&ids, tx, services, &mut object, None, false))
                .unwrap();
        }
    }
}
