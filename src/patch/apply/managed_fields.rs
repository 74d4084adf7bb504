//! `metadata.managedFields`: its entries read, written, sorted and capped.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Writer;
use super::set::Set;
use crate::codec::json::Node;
use crate::codec::time;
use crate::schema::{Struct, Type};

/// Upstream's `DefaultMaxUpdateManagers`: what kubectl and controllers leave behind must not grow for ever.
const MAX_UPDATE_MANAGERS: usize = 10;
/// Who gets the fields of the oldest Update entries beyond that.
const ANCIENT_CHANGES: &str = "ancient-changes";
/// `metav1.validation`: the longest name of a manager.
const MAX_MANAGER_LENGTH: usize = 128;

/// `operation` of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// What makes an entry one of its own. The order of the fields is the order of managers in a conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    /// Empty for Apply: a manager applies in one version at a time.
    pub(crate) api_version: String,
    pub(crate) subresource: String,
}

/// The rest of an entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Owned {
    pub(crate) set: Set,
    pub(crate) api_version: String,
    pub(crate) time: Option<String>,
}

/// The entries of one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Managed {
    pub(crate) entries: BTreeMap<Identity, Owned>,
}

/// What a client's object says of `metadata.managedFields`, which its decoded form no longer tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sent {
    /// Not a word, or null: the stored entries stay.
    Absent,
    /// `[]` or `[{}]`: the stored entries go.
    Reset,
    /// Entries to take the place of the stored ones.
    Entries(Vec<Value>),
}

impl Sent {
    /// From a body, or from the object that a patch made.
    pub(crate) fn of(object: &Node) -> Sent {
        let entries = match object
            .get("metadata")
            .and_then(|metadata| metadata.get("managedFields"))
        {
            Some(Node::Array(entries)) => entries,
            _ => return Sent::Absent,
        };
        match entries.as_slice() {
            [] => Sent::Reset,
            [only] if is_blank(only) => Sent::Reset,
            _ => Sent::Entries(entries.iter().map(Node::to_value).collect()),
        }
    }
}

/// An entry Go decodes to its zero value.
fn is_blank(entry: &Node) -> bool {
    const FIELDS: [&str; 7] = [
        "manager",
        "operation",
        "apiVersion",
        "time",
        "fieldsType",
        "fieldsV1",
        "subresource",
    ];
    FIELDS.iter().all(|field| match entry.get(field) {
        None | Some(Node::Null) => true,
        Some(Node::String(s)) => s.is_empty(),
        _ => false,
    })
}

impl Identity {
    pub(crate) fn of(writer: &Writer<'_>, operation: Operation) -> Identity {
        Identity {
            manager: writer.manager.to_owned(),
            operation,
            api_version: if operation == Operation::Update {
                writer.api_version.to_owned()
            } else {
                String::new()
            },
            subresource: writer.subresource.to_owned(),
        }
    }
}

impl Managed {
    /// The entries of an object that is stored. What cannot be read is dropped as a whole.
    pub(crate) fn of(object: &Value) -> Managed {
        object["metadata"]["managedFields"]
            .as_array()
            .and_then(|list| Managed::decode(list))
            .unwrap_or_default()
    }

    /// Nothing if one entry is not usable.
    pub(crate) fn decode(list: &[Value]) -> Option<Managed> {
        let entries = list.iter().map(decode_entry).collect::<Option<_>>()?;
        Some(Managed { entries })
    }

    /// In line with the schema of a version, and without the entries in other versions: there is no telling what their
    /// fields are called in this one.
    pub(crate) fn reconciled(mut self, api_version: &str, schema: &'static Struct) -> Managed {
        self.entries.retain(|_, owned| owned.api_version == api_version);
        for owned in self.entries.values_mut() {
            owned.set = owned.set.reconcile(&Type::Struct(schema));
        }
        self
    }

    pub(crate) fn drop_empty(&mut self) {
        self.entries.retain(|_, owned| !owned.set.is_empty());
    }

    /// Writes the entries into an object, or removes the field if there are none.
    pub(crate) fn store(self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        if self.entries.is_empty() {
            metadata.remove("managedFields");
            return;
        }
        let mut entries: Vec<_> = self.entries.into_iter().collect();
        entries.sort_by_cached_key(|(id, owned)| {
            let names = (id.manager.clone(), owned.api_version.clone(), id.subresource.clone());
            (id.operation, seconds(owned.time.as_deref()), names)
        });
        let list = entries.iter().map(|(id, owned)| encode_entry(id, owned)).collect();
        metadata.insert("managedFields".to_owned(), Value::Array(list));
    }

    /// Upstream's `capUpdateManagers`: merges the oldest Update entries of a version into `ancient-changes` until there
    /// are few enough.
    pub(crate) fn cap(&mut self) {
        let mut updaters: Vec<Identity> = self
            .entries
            .keys()
            .filter(|id| id.operation == Operation::Update)
            .cloned()
            .collect();
        let mut left = updaters.len();
        updaters.sort_by_cached_key(|id| {
            (
                seconds(self.entries.get(id).and_then(|o| o.time.as_deref())),
                id.clone(),
            )
        });
        let mut first_of_version: BTreeMap<String, Identity> = BTreeMap::new();
        for id in updaters {
            if left <= MAX_UPDATE_MANAGERS {
                return;
            }
            let Some(first) = first_of_version.get(&id.api_version) else {
                first_of_version.insert(id.api_version.clone(), id);
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
        if !self.entries.contains_key(&bucket) {
            if let Some(owned) = self.entries.remove(&first) {
                self.entries.insert(bucket.clone(), owned);
            }
        }
        if let Some(owned) = self.entries.remove(id) {
            let time = owned.time.clone();
            self.absorb(bucket.clone(), owned);
            if let Some(ancient) = self.entries.get_mut(&bucket) {
                ancient.time = time;
            }
        }
    }

    /// Adds fields to an entry, which is made where there is none.
    pub(crate) fn absorb(&mut self, id: Identity, owned: Owned) {
        match self.entries.get_mut(&id) {
            Some(entry) => entry.set = entry.set.union(&owned.set),
            None => {
                self.entries.insert(id, owned);
            }
        }
    }
}

fn decode_entry(entry: &Value) -> Option<(Identity, Owned)> {
    let text = |name: &str| entry[name].as_str().unwrap_or("");
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    let api_version = text("apiVersion");
    let usable = is_group_version(api_version)
        && text("fieldsType") == "FieldsV1"
        && text("manager").len() <= MAX_MANAGER_LENGTH;
    if !usable {
        return None;
    }
    let identity = Identity {
        manager: text("manager").to_owned(),
        operation,
        api_version: if operation == Operation::Update {
            api_version.to_owned()
        } else {
            String::new()
        },
        subresource: text("subresource").to_owned(),
    };
    let time = entry["time"].as_str().map(str::to_owned);
    Some((
        identity,
        Owned {
            set: Set::decode(&entry["fieldsV1"])?,
            api_version: api_version.to_owned(),
            time,
        },
    ))
}

fn is_group_version(text: &str) -> bool {
    !text.is_empty() && text.matches('/').count() <= 1
}

fn encode_entry(id: &Identity, owned: &Owned) -> Value {
    let mut entry = json!({
        "operation": if id.operation == Operation::Apply { "Apply" } else { "Update" },
        "apiVersion": owned.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": owned.set.encode(),
    });
    let optional = [
        ("manager", id.manager.as_str()),
        ("subresource", id.subresource.as_str()),
        ("time", owned.time.as_deref().unwrap_or("")),
    ];
    for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_empty()) {
        entry[name] = value.into();
    }
    entry
}

/// Unix seconds; a missing time sorts first.
fn seconds(time: Option<&str>) -> i64 {
    time.and_then(|text| time::parse(text).ok())
        .map_or(0, |time| time.as_second())
}

/// Upstream's `IgnoreManagedFieldsTimestampsTransformer`, for just before a write: where the new object differs from the
/// stored one in nothing but times of entries, it gets the stored times back, so that the write becomes none. Entries are
/// compared by position: that times moved one past another is a difference.
pub(crate) fn keep_times(live: &Value, new: &mut Value) {
    let stored = &live["metadata"]["managedFields"];
    if stored == &new["metadata"]["managedFields"] || without_times(live) != without_times(new) {
        return;
    }
    if let Some(field) = new
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("managedFields"))
    {
        *field = stored.clone();
    }
}

fn without_times(object: &Value) -> Value {
    let mut object = object.clone();
    let entries = object
        .pointer_mut("/metadata/managedFields")
        .and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        entry.remove("time");
    }
    object
}

/// An object without its `managedFields`.
pub(crate) fn unmanaged(object: &Value) -> Value {
    let Value::Object(map) = object else {
        return object.clone();
    };
    let strip = |(name, value): (&String, &Value)| {
        let value = match (name.as_str(), value) {
            ("metadata", Value::Object(metadata)) => without(metadata, "managedFields"),
            (_, value) => value.clone(),
        };
        (name.clone(), value)
    };
    Value::Object(map.iter().map(strip).collect())
}

fn without(map: &Map<String, Value>, name: &str) -> Value {
    Value::Object(
        map.iter()
            .filter(|(key, _)| *key != name)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::json::parse;

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

    fn sent(body: &str) -> Sent {
        Sent::of(&parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn an_empty_list_and_an_empty_entry_reset() {
        for body in ["[]", "[{}]", "[null]", r#"[{"manager":"","time":null}]"#] {
            assert_eq!(
                sent(&format!(r#"{{"metadata":{{"managedFields":{body}}}}}"#)),
                Sent::Reset,
                "{body}"
            );
        }
    }

    #[test]
    fn null_and_nothing_leave_the_entries_alone() {
        for body in ["{}", r#"{"metadata":null}"#, r#"{"metadata":{"managedFields":null}}"#] {
            assert_eq!(sent(body), Sent::Absent, "{body}");
        }
    }

    #[test]
    fn anything_else_is_a_list_of_entries() {
        let body = r#"{"metadata":{"managedFields":[{"manager":"a"}]}}"#;
        assert_eq!(sent(body), Sent::Entries(vec![json!({"manager": "a"})]));
        let two = r#"{"metadata":{"managedFields":[{},{}]}}"#;
        assert_eq!(sent(two), Sent::Entries(vec![json!({}), json!({})]));
    }

    #[test]
    fn one_unusable_entry_spoils_the_list() {
        let good = entry("a", "Apply", None);
        assert!(Managed::decode(&[good.clone()]).is_some());
        for (field, value) in [
            ("operation", json!("Nope")),
            ("fieldsType", json!("FieldsV2")),
            ("fieldsType", json!("")),
            ("apiVersion", json!("a/b/c")),
            ("apiVersion", json!("")),
            ("fieldsV1", json!({"nope": {}})),
            ("manager", json!("m".repeat(129))),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(Managed::decode(&[good.clone(), bad.clone()]), None, "{bad}");
        }
    }

    #[test]
    fn entries_are_sorted_by_operation_time_and_name() {
        let (early, late) = ("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z");
        let list = [
            entry("c2", "Update", Some(early)),
            entry("a", "Update", Some(late)),
            entry("c12", "Update", Some(early)),
            entry("z", "Update", None),
            entry("z", "Apply", Some(late)),
        ];
        let mut object = json!({"metadata": {}});
        Managed::decode(&list).unwrap().store(&mut object);
        let names: Vec<_> = object["metadata"]["managedFields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e["manager"])
            .collect();
        assert_eq!(names, ["z", "z", "c12", "c2", "a"]);
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
        let names: Vec<_> = managed.entries.keys().map(|id| id.manager.as_str()).collect();
        assert_eq!(
            names,
            [
                "ancient-changes",
                "m02",
                "m03",
                "m04",
                "m05",
                "m06",
                "m07",
                "m08",
                "m09",
                "m10"
            ]
        );
    }

    #[test]
    fn apply_entries_do_not_count_towards_the_cap() {
        let list: Vec<Value> = (0..12).map(|i| entry(&format!("m{i}"), "Apply", None)).collect();
        let mut managed = Managed::decode(&list).unwrap();
        managed.cap();
        assert_eq!(managed.entries.len(), 12);
    }

    #[test]
    fn a_write_that_only_moves_times_gets_the_stored_ones_back() {
        let object = |time, label| json!({"metadata": {"labels": {"a": label}, "managedFields": [entry("a", "Apply", Some(time))]}});
        let live = object("2024-01-01T00:00:00Z", "1");
        let mut same = object("2024-01-01T00:00:09Z", "1");
        keep_times(&live, &mut same);
        assert_eq!(same, live);
        let changed = object("2024-01-01T00:00:09Z", "2");
        let mut new = changed.clone();
        keep_times(&live, &mut new);
        assert_eq!(new, changed);
    }
}
