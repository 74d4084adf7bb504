//! Bookmarks: how far a watch has come, as an object without content.

use serde_json::{Value, json};

use crate::codec::json::compact;
use crate::kinds::Kind;
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

    /// `resourceVersion` comes before `annotations`.
    pub(super) fn to_json(self) -> Vec<u8> {
        let metadata = self.metadata();
        let mut out = format!(
            "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":{{\"resourceVersion\":{}",
            self.kind.kind,
            self.kind.api_version(),
            metadata["resourceVersion"]
        );
        if let Some(annotations) = metadata.get("annotations") {
            out.push_str(&format!(",\"annotations\":{}", compact(annotations)));
        }
        out.push_str("}}");
        out.into_bytes()
    }
}
