//! The cap on Update entries.

use super::managed_fields::{Identity, Managed, Operation, seconds};

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
        let mut first_of_version: Vec<Identity> = Vec::new();
        for id in updaters {
            if left <= MAX_UPDATE_MANAGERS {
                return;
            }
            let mut firsts = first_of_version.iter();
            let Some(first) = firsts.find(|first| first.api_version == id.api_version) else {
                first_of_version.push(id);
                continue;
            };
            left -= 1;
            self.bury(first.clone(), &id);
        }
    }

    /// Moves two entries of one version into its bucket, which gets the later time.
    fn bury(&mut self, first: Identity, id: &Identity) {
        let bucket = Identity {
            manager: ANCIENT_CHANGES.to_owned(),
            operation: Operation::Update,
            api_version: id.api_version.clone(),
            subresource: String::new(),
        };
        if *id == bucket {
            // Upstream would lose the bucket here: two entries of one second, the other one's name the lesser.
            if let Some(owned) = self.entries.remove(&first) {
                self.absorb(bucket, owned);
            }
            return;
        }
        if self.entries.get(&bucket).is_none()
            && let Some(owned) = self.entries.remove(&first)
        {
            self.entries.insert(bucket.clone(), owned);
        }
        if let Some(owned) = self.entries.remove(id) {
            self.absorb_newer(bucket, owned);
        }
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
