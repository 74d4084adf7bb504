//! A stored object: its value and its JSON, encoded once and shared by everyone who answers with it.

pub(crate) mod frame;
pub(crate) mod kept;
mod labels;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::RwLock;
use serde_json::{Map, Value};

use self::labels::Labels;
use crate::codec::json;
pub(crate) use crate::codec::json::object_mut;
use crate::kinds::{Kind, KindRef, Wire};
use crate::schema::{self, convert};
use crate::storage::{Indexed, Revision};

/// One version of one object.
#[derive(Debug)]
pub(crate) struct Object {
    /// In the version it is stored in.
    pub(crate) kind: KindRef,
    /// Not there once it is [dropped](Self::drop_value): then everyone who asks for it reads the JSON again, and for
    /// themselves.
    value: RwLock<Option<Arc<Value>>>,
    namespace: Box<str>,
    name: Box<str>,
    uid: Box<str>,
    owners: Box<[Box<str>]>,
    claims: Box<[Box<str>]>,
    labels: Labels,
    is_terminating: bool,
    /// Compact JSON and a line end.
    line: Bytes,
    /// The watch frames of this version, made when first needed and then shared by all watchers.
    frames: [OnceLock<Bytes>; 3],
}

/// What a watch event says happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    Added,
    Modified,
    Deleted,
}

impl Change {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Change::Added => "ADDED",
            Change::Modified => "MODIFIED",
            Change::Deleted => "DELETED",
        }
    }
}

impl Object {
    /// The value must be canonical for the kind; `claims` are what no other object may have at the same time.
    pub(crate) fn new(kind: &KindRef, value: Value, claims: Vec<Box<str>>) -> Self {
        let mut line = match kind.wire {
            Wire::GoStruct => schema::to_json(&value, &kind.schema),
            Wire::Unstructured => json::compact(&value).into_bytes(),
        };
        line.push(b'\n');
        line.shrink_to_fit();
        Object {
            kind: kind.clone(),
            namespace: meta_str(&value, "namespace").into(),
            name: meta_str(&value, "name").into(),
            uid: meta_str(&value, "uid").into(),
            owners: owner_uids(&value).map(Box::from).collect(),
            claims: claims.into(),
            labels: Labels::of(labels(&value)),
            is_terminating: is_terminating(&value),
            value: RwLock::new(Some(Arc::new(value))),
            line: line.into(),
            frames: Default::default(),
        }
    }

    /// The same object under another revision.
    pub(crate) fn at_revision(&self, revision: Revision) -> Self {
        let mut value = self.to_value();
        set_resource_version(&mut value, Some(revision));
        Object::new(&self.kind, value, self.claims.to_vec())
    }

    pub(crate) fn value(&self) -> Arc<Value> {
        if let Some(value) = &*self.value.read() {
            return value.clone();
        }
        Arc::new(serde_json::from_slice(self.json()).unwrap_or_default())
    }

    /// Whether this version of the kind shows it as it is.
    fn is_in(&self, version: &Kind) -> bool {
        match (&self.kind.custom, &version.custom) {
            (Some(own), Some(asked)) => {
                let is_same = Arc::ptr_eq(&own.family, &asked.family);
                is_same && self.kind.version == version.version
            }
            _ => version.is_stored(),
        }
    }

    /// The value as this version of the kind has it.
    pub(crate) fn value_in(&self, version: &Kind) -> Arc<Value> {
        let value = self.value();
        if self.is_in(version) {
            return value;
        }
        let mut value = Value::clone(&value);
        if let Some(custom) = &version.custom {
            schema::custom::show(&mut value, version, custom);
            return Arc::new(value);
        }
        convert::from_stored(&mut value, version, &self.kind);
        value["apiVersion"] = version.api_version().into();
        Arc::new(value)
    }

    /// The object as this version of its kind has it, if that is not the one it is stored in.
    pub(crate) fn in_version(&self, version: &KindRef) -> Option<Object> {
        if self.is_in(version) {
            return None;
        }
        let value = Arc::unwrap_or_clone(self.value_in(version));
        Some(Object::new(version, value, Vec::new()))
    }

    /// A copy, to be changed.
    pub(crate) fn to_value(&self) -> Value {
        Value::clone(&self.value())
    }

    /// Keeps the JSON alone, of what was just created or was replaced: most of these are only ever shown, and the value
    /// takes several times the memory.
    pub(crate) fn drop_value(&self) {
        *self.value.write() = None;
    }

    /// Whether the value is at hand.
    #[cfg(test)]
    fn is_parsed(&self) -> bool {
        self.value.read().is_some()
    }

    /// Compact JSON in the server's field order, without a line end.
    pub(crate) fn json(&self) -> &[u8] {
        &self.line[..self.line.len() - 1]
    }

    /// The same with its line end: the body of a GET.
    pub(crate) fn line(&self) -> &Bytes {
        &self.line
    }

    /// The JSON as it stands in a list: without its opening brace, and where a Go struct stands behind it without kind and
    /// apiVersion.
    pub(crate) fn item_json(&self) -> &[u8] {
        if self.kind.wire == Wire::Unstructured {
            return &self.json()[1..];
        }
        // {"kind":"K","apiVersion":"V",
        let head = 9 + self.kind.kind.len() + 16 + self.kind.api_version_len() + 2;
        self.json().get(head..).unwrap_or_default()
    }

    /// The same, shared.
    pub(crate) fn item_bytes(&self) -> Bytes {
        self.line.slice_ref(self.item_json())
    }

    /// `{"type":"ADDED","object":{…}}` and a line end.
    pub(crate) fn frame(&self, change: Change) -> Bytes {
        self.frames[change as usize]
            .get_or_init(|| frame(change.as_str(), self.json()))
            .clone()
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn is_terminating(&self) -> bool {
        self.is_terminating
    }
}

impl Indexed for Object {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        self.owners.iter().map(|owner| &**owner)
    }

    fn claims(&self) -> &[Box<str>] {
        &self.claims
    }

    fn size(&self) -> usize {
        let frames = self.frames.iter().filter_map(OnceLock::get);
        let named = self.name.len() + self.namespace.len() + self.labels.size();
        size_of::<Object>() + self.line.len() + named + frames.map(Bytes::len).sum::<usize>()
    }
}

/// One line of a watch stream.
pub(crate) fn frame(change: &str, object: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(object.len() + 40);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(change.as_bytes());
    out.extend_from_slice(b"\",\"object\":");
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
    out.into()
}

pub(crate) fn metadata(value: &Value) -> Option<&Map<String, Value>> {
    value.get("metadata")?.as_object()
}

pub(crate) fn labels(value: &Value) -> Option<&Map<String, Value>> {
    metadata(value)?.get("labels")?.as_object()
}

/// The metadata of an object, made if it is not there.
pub(crate) fn metadata_mut(value: &mut Value) -> &mut Map<String, Value> {
    let fields = object_mut(value);
    if !fields.contains_key("metadata") {
        fields.insert("metadata".to_owned(), Value::Null);
    }
    object_mut(&mut fields["metadata"])
}

/// A string of the metadata; empty where there is none.
pub(crate) fn meta_str<'a>(value: &'a Value, field: &str) -> &'a str {
    metadata(value)
        .and_then(|m| m.get(field))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The references of an object to those it belongs to.
pub(crate) fn owner_references(value: &Value) -> &[Value] {
    let list = metadata(value).and_then(|m| m.get("ownerReferences")?.as_array());
    list.map_or(&[], Vec::as_slice)
}

/// The uids of the objects an object belongs to.
pub(crate) fn owner_uids(value: &Value) -> impl Iterator<Item = &str> {
    owner_references(value)
        .iter()
        .filter_map(|reference| reference["uid"].as_str())
}

/// A list of strings of the metadata.
pub(crate) fn meta_strings(value: &Value, field: &str) -> Vec<String> {
    let list = metadata(value)
        .and_then(|m| m.get(field))
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

pub(crate) fn set_resource_version(value: &mut Value, revision: Option<Revision>) {
    let metadata = metadata_mut(value);
    match revision {
        Some(revision) => {
            metadata.insert("resourceVersion".to_owned(), revision.to_string().into())
        }
        None => metadata.remove("resourceVersion"),
    };
}

pub(crate) fn is_terminating(value: &Value) -> bool {
    metadata(value).is_some_and(|m| m.contains_key("deletionTimestamp"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_of_the_past_is_what_it_was() {
        let catalog = crate::kinds::Catalog::built_in();
        let endpoints = catalog.find("", "v1", "endpoints").unwrap();
        let value = json!({
            "kind": "Endpoints", "apiVersion": "v1",
            "metadata": {
                "name": "a", "namespace": "n", "creationTimestamp": null, "generation": 3,
                "labels": {"app": "<é\u{2028}\">"},
                "managedFields": [{"manager": "m", "fieldsV1": {"f:subsets": {}}}],
            },
            "subsets": [{"ports": [{"port": 80}]}],
        });
        let object = Object::new(&endpoints, value.clone(), Vec::new());
        assert_eq!(*object.value(), value);
        object.drop_value();
        assert_eq!(*object.value(), value);
        assert_eq!(object.label("app"), Some("<é\u{2028}\">"));
    }

    #[test]
    fn what_no_go_struct_stands_behind_is_written_with_sorted_keys() {
        let catalog = crate::kinds::Catalog::built_in();
        let endpoints = catalog.find("", "v1", "endpoints").unwrap();
        let kind = KindRef::new(Kind {
            wire: Wire::Unstructured,
            ..Kind::clone(&endpoints)
        });
        let value =
            json!({"kind": "K", "metadata": {"name": "a"}, "apiVersion": "v1", "b": 1, "a": 2.5});
        let object = Object::new(&kind, value, Vec::new());
        let expected = r#"{"a":2.5,"apiVersion":"v1","b":1,"kind":"K","metadata":{"name":"a"}}"#;
        assert_eq!(object.json(), expected.as_bytes());
        assert_eq!(object.item_json(), &expected.as_bytes()[1..]);
    }
}
