//! The cap on Update entries.

use std::collections::BTreeMap;

use super::managed_fields::{Entries, Identity, Managed, Operation, Owned, seconds};
use super::set::Set;

/// Upstream's `DefaultMaxUpdateManagers`: what kubectl and controllers leave behind must not grow for ever.
const MAX_UPDATE_MANAGERS: usize = 10;
/// Who gets the fields of the oldest Update entries beyond that.
const ANCIENT_CHANGES: &str = "ancient-changes";

impl Managed {
    /// Upstream's `capUpdateManagers`: merges the oldest Update entries of a version into `ancient-changes` until there
    /// are few enough.
    pub(crate) fn cap(&mut self) {
        let updates = |id: &&Identity| id.operation == Operation::Update;
        let mut left = self.entries.ids().filter(updates).count();
        if left <= MAX_UPDATE_MANAGERS {
            return;
        }
        let mut updaters: Vec<Identity> = self.entries.ids().filter(updates).cloned().collect();
        updaters.sort_by_cached_key(|id| {
            (
                seconds(self.entries.get(id).and_then(|o| o.time.as_deref())),
                id.clone(),
            )
        });
        let mut graves = Graves {
            entries: std::mem::take(&mut self.entries)
                .into_vec()
                .into_iter()
                .collect(),
            buried: BTreeMap::new(),
        };
        let mut first_of_version: BTreeMap<String, Identity> = BTreeMap::new();
        for id in updaters {
            if left <= MAX_UPDATE_MANAGERS {
                break;
            }
            let Some(first) = first_of_version.get(&id.api_version) else {
                first_of_version.insert(id.api_version.clone(), id);
                continue;
            };
            left -= 1;
            graves.bury(first, &id);
        }
        self.entries = graves.close();
    }
}

/// The entries, and what is to go into some of them: there may be thousands, which are put together in one go.
struct Graves {
    entries: BTreeMap<Identity, Owned>,
    buried: BTreeMap<Identity, Vec<Set>>,
}

impl Graves {
    /// Moves two entries of one version into its bucket, which gets the later time.
    fn bury(&mut self, first: &Identity, id: &Identity) {
        let bucket = Identity {
            manager: ANCIENT_CHANGES.to_owned(),
            operation: Operation::Update,
            api_version: id.api_version.clone(),
            subresource: String::new(),
        };
        if *id == bucket {
            // Upstream would lose the bucket here: two entries of one second, the other one's name the lesser.
            if let Some(owned) = self.entries.remove(first) {
                self.buried.entry(bucket).or_default().push(owned.set);
            }
            return;
        }
        if !self.entries.contains_key(&bucket)
            && let Some(owned) = self.entries.remove(first)
        {
            self.entries.insert(bucket.clone(), owned);
        }
        let Some(owned) = self.entries.remove(id) else {
            return;
        };
        match self.entries.get_mut(&bucket) {
            Some(entry) => {
                entry.time = owned.time;
                self.buried.entry(bucket).or_default().push(owned.set);
            }
            None => drop(self.entries.insert(bucket, owned)),
        }
    }

    fn close(mut self) -> Entries {
        for (bucket, mut sets) in self.buried {
            if let Some(entry) = self.entries.get_mut(&bucket) {
                sets.push(std::mem::take(&mut entry.set));
                entry.set = Set::union_of(sets);
            }
        }
        self.entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn entry(manager: &str, operation: &str, time: Option<&str>) -> Value {
        let mut entry = json!({
            "manager": manager, "operation": operation, "apiVersion": "v1",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:subsets": {}}
        });
        if let Some(time) = time {
            entry["time"] = time.into();
        }
        entry
    }

    #[test]
    fn the_oldest_of_eleven_updaters_become_ancient_changes() {
        let time = |i: usize| format!("2024-01-01T00:00:{i:02}Z");
        let list: Vec<Value> = (0..11)
            .map(|i| entry(&format!("m{i:02}"), "Update", Some(&time(i))))
            .collect();
        let mut managed = Managed::decode(&list).unwrap();
        managed.cap();
        let mut object = json!({"metadata": {}});
        managed.store(&mut object);
        let entries = object["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(entries.len(), 10);
        assert_eq!(entries[0]["manager"], "ancient-changes");
        assert_eq!(entries[0]["time"], time(1));
        assert_eq!(entries[1]["manager"], "m02");
    }

    #[test]
    fn a_twelfth_updater_joins_the_ancient_changes_that_are_there() {
        let time = |i: usize| format!("2024-01-01T00:00:{i:02}Z");
        let mut list: Vec<Value> = (1..11)
            .map(|i| entry(&format!("m{i:02}"), "Update", Some(&time(i))))
            .collect();
        list.push(entry("ancient-changes", "Update", Some(&time(1))));
        let mut managed = Managed::decode(&list).unwrap();
        managed.cap();
        let names: Vec<_> = managed
            .entries
            .ids()
            .map(|id| id.manager.as_str())
            .collect();
        assert_eq!(
            names.join(" "),
            "ancient-changes m02 m03 m04 m05 m06 m07 m08 m09 m10"
        );
    }

    #[test]
    fn apply_entries_do_not_count_towards_the_cap() {
        let list: Vec<Value> = (0..12)
            .map(|i| entry(&format!("m{i}"), "Apply", None))
            .collect();
        let mut managed = Managed::decode(&list).unwrap();
        managed.cap();
        assert_eq!(managed.entries.ids().count(), 12);
    }
}
