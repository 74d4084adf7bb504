//! `metadata.managedFields`: its entries read, written and sorted.

use serde_json::{Map, Value};

use super::Writer;
pub(crate) use super::entries::{Entries, Identity, Operation, Owned};
use super::set::Set;
use super::versions::Elsewhere;
use crate::codec::json::{self, Node};
use crate::codec::time;
use crate::kinds::{StructRef, Type};

/// `metav1.validation`: the longest name of a manager.
const MAX_MANAGER_LENGTH: usize = 128;

/// The entries of one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Managed {
    pub(crate) entries: Entries,
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

    /// Forgets who wrote in a version that cannot be converted to the writer's.
    pub(crate) fn without_foreign(mut self, writer: &Writer<'_>) -> Managed {
        self.entries.retain(|owned| {
            owned.api_version == writer.api_version || !(writer.is_foreign)(&owned.api_version)
        });
        self
    }

    /// Nothing if one entry is not usable.
    pub(crate) fn decode(list: &[Value]) -> Option<Managed> {
        let entries = list.iter().map(decode_entry).collect::<Option<_>>()?;
        Some(Managed { entries })
    }

    /// The same, as the start of a new object: an over-long name spoils the list here, and is for validation elsewhere.
    pub(crate) fn for_create(object: &Value) -> Managed {
        let managed = Managed::of(object);
        let short = |id: &Identity| id.manager.len() <= MAX_MANAGER_LENGTH;
        if managed.entries.ids().all(short) {
            managed
        } else {
            Managed::default()
        }
    }

    /// In line with the schemas of their versions, and without the entries in versions that nobody knows: there is no
    /// telling what their fields are called in this one.
    pub(crate) fn reconciled(
        mut self,
        api_version: &str,
        schema: &StructRef,
        elsewhere: &Elsewhere,
    ) -> Managed {
        let schema_of = |owned: &Owned| match owned.api_version == api_version {
            true => Some(schema),
            false => elsewhere.schema(&owned.api_version),
        };
        self.entries.retain(|owned| schema_of(owned).is_some());
        for (_, owned) in self.entries.iter_mut() {
            if let Some(schema) = schema_of(owned) {
                owned.set.reconcile(&Type::Struct(schema.clone()));
            }
        }
        self
    }

    pub(crate) fn drop_empty(&mut self) {
        self.entries.retain(|owned| !owned.set.is_empty());
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
        let mut entries = self.entries.into_vec();
        let order = |(id, owned): &(Identity, Owned)| {
            let names = (
                id.manager.clone(),
                owned.api_version.clone(),
                id.subresource.clone(),
            );
            (id.operation, seconds(owned.time.as_deref()), names)
        };
        if entries.len() > 1 {
            entries.sort_by_cached_key(order);
        }
        let list = entries
            .into_iter()
            .map(|(id, owned)| encode_entry(id, owned))
            .collect();
        metadata.insert("managedFields".to_owned(), Value::Array(list));
    }

    /// Adds newer fields to an entry, which gets their time and is made where there is none.
    pub(crate) fn absorb_newer(&mut self, id: Identity, owned: Owned) {
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.set.extend(&owned.set);
                entry.time = owned.time;
            }
            None => self.entries.insert(id, owned),
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
    if !is_group_version(api_version) || text("fieldsType") != "FieldsV1" {
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

fn encode_entry(id: Identity, owned: Owned) -> Value {
    let operation = match id.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut entry = Map::new();
    entry.insert("operation".to_owned(), operation.into());
    entry.insert("apiVersion".to_owned(), owned.api_version.into());
    entry.insert("fieldsType".to_owned(), "FieldsV1".into());
    entry.insert("fieldsV1".to_owned(), owned.set.encode());
    let optional = [
        ("manager", id.manager),
        ("subresource", id.subresource),
        ("time", owned.time.unwrap_or_default()),
    ];
    for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_empty()) {
        entry.insert(name.to_owned(), value.into());
    }
    Value::Object(entry)
}

/// Unix seconds; a missing time sorts first.
pub(crate) fn seconds(time: Option<&str>) -> i64 {
    time.and_then(|text| time::parse(text).ok())
        .map_or(0, |time| time.as_second())
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
    json::object(map.iter().map(strip)).into()
}

fn without(map: &Map<String, Value>, name: &str) -> Value {
    let others = map.iter().filter(|(key, _)| *key != name);
    json::object(others.map(|(key, value)| (key.clone(), value.clone()))).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::json::parse;
    use serde_json::json;

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
        for body in [
            "{}",
            r#"{"metadata":null}"#,
            r#"{"metadata":{"managedFields":null}}"#,
        ] {
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
        assert!(Managed::decode(std::slice::from_ref(&good)).is_some());
        for (field, value) in [
            ("operation", json!("Nope")),
            ("fieldsType", json!("FieldsV2")),
            ("fieldsType", json!("")),
            ("apiVersion", json!("a/b/c")),
            ("apiVersion", json!("")),
            ("fieldsV1", json!({"nope": {}})),
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
}
