//! Bookmarks: how far a watch has come, as an object without content.

use serde_json::{Value, json};

use crate::codec::json::compact;
use crate::kinds::{Kind, Wire};
use crate::schema;
use crate::storage::Revision;

/// Marks the end of the initial events.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// A bookmark as an object of its kind.
#[derive(Clone, Copy)]
pub(crate) struct Bookmark<'a> {
    pub(super) kind: &'a Kind,
    pub(super) revision: Revision,
    pub(super) ends_initial_events: bool,
}

impl Bookmark<'_> {
    pub(super) fn metadata(&self) -> Value {
        let mut metadata = json!({"resourceVersion": self.revision.to_string()});
        if self.ends_initial_events {
            metadata["annotations"] = json!({INITIAL_EVENTS_END: "true"});
        }
        metadata
    }

    /// The object, with what is written even if there is nothing in it.
    pub(super) fn value(&self) -> Value {
        let kind = self.kind;
        let mut value = json!({
            "kind": kind.kind, "apiVersion": kind.api_version(), "metadata": self.metadata(),
        });
        if kind.wire == Wire::GoStruct {
            schema::prune(&mut value, &kind.schema);
        }
        value
    }

    pub(super) fn to_json(self) -> Vec<u8> {
        match self.kind.wire {
            Wire::GoStruct => schema::to_json(&self.value(), &self.kind.schema),
            Wire::Unstructured => compact(&self.value()).into_bytes(),
        }
    }
}
