//! The lines of a watch: events, bookmarks and errors, as one watch asked for them.

use bytes::Bytes;
use serde_json::json;

use super::{Presenter, partial, table};
use crate::clock::Clock;
use crate::codec::json::compact;
use crate::object::{Change, Object, frame};
use crate::request::negotiation::{MetaVersion, Transform};
use crate::status::Status;
use crate::storage::Revision;

/// Marks the end of the initial events.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// The line of an error.
pub(crate) fn error(status: &Status) -> Bytes {
    frame("ERROR", &status.to_json())
}

/// What a bookmark is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Bookmark {
    Plain,
    InitialEventsEnd,
}

/// Writes events the way one watch asked for.
pub(crate) struct Encoder {
    presenter: Presenter,
    /// The columns of a Table are described once.
    columns: table::Columns,
}

impl Encoder {
    pub(crate) fn new(presenter: Presenter) -> Self {
        Encoder {
            presenter,
            columns: table::Columns::Shown,
        }
    }

    /// One line, or nothing if this cannot be written: then the stream ends. A Table tells ages by the clock.
    pub(crate) fn event(
        &mut self,
        change: Change,
        object: &Object,
        clock: &Clock,
    ) -> Option<Bytes> {
        match self.presenter.negotiated.transform {
            Transform::None => {
                let shown = self.presenter.in_asked_version(object);
                Some(shown.as_ref().unwrap_or(object).frame(change))
            }
            Transform::PartialObjectMetadata(version) => {
                Some(frame(change.as_str(), &partial::object(object, version)))
            }
            Transform::Table(version) => {
                self.presenter.now = clock.now();
                Some(frame(change.as_str(), &self.table(object, version)))
            }
            Transform::PartialObjectMetadataList(_) => None,
        }
    }

    fn table(&mut self, object: &Object, version: MetaVersion) -> Vec<u8> {
        let columns = std::mem::replace(&mut self.columns, table::Columns::Null);
        table::write(
            &self.presenter,
            &table::meta_of(object),
            std::slice::from_ref(object),
            version,
            columns,
        )
    }

    pub(crate) fn bookmark(&mut self, revision: Revision, what: Bookmark) -> Bytes {
        let kind = &self.presenter.kind;
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if what == Bookmark::InitialEventsEnd {
            metadata["annotations"] = json!({INITIAL_EVENTS_END: "true"});
        }
        let object = match self.presenter.negotiated.transform {
            Transform::Table(version) => self.table_bookmark(revision, metadata, version),
            Transform::PartialObjectMetadata(version) => {
                let empty = Object::new(kind, json!({"metadata": metadata}), Vec::new());
                partial::object(&empty, version)
            }
            _ => {
                let (kind, version) = (&kind.kind, kind.api_version());
                let metadata = ordered_metadata(&metadata);
                format!(
                    "{{\"kind\":\"{kind}\",\"apiVersion\":\"{version}\",\"metadata\":{metadata}}}"
                )
                .into_bytes()
            }
        };
        frame("BOOKMARK", &object)
    }

    fn table_bookmark(
        &mut self,
        revision: Revision,
        metadata: serde_json::Value,
        version: MetaVersion,
    ) -> Vec<u8> {
        let kind = &self.presenter.kind;
        let empty = Object::new(kind, json!({"metadata": metadata}), Vec::new());
        let columns = std::mem::replace(&mut self.columns, table::Columns::Null);
        let presenter = Presenter {
            include_object: super::IncludeObject::Metadata,
            kind: kind.clone(),
            ..self.presenter
        };
        let meta = format!("{{\"resourceVersion\":\"{revision}\"}}");
        table::write(&presenter, meta.as_bytes(), &[empty], version, columns)
    }
}

/// `resourceVersion` comes before `annotations`.
fn ordered_metadata(metadata: &serde_json::Value) -> String {
    let mut out = format!("{{\"resourceVersion\":{}", metadata["resourceVersion"]);
    if let Some(annotations) = metadata.get("annotations") {
        out.push_str(&format!(",\"annotations\":{}", compact(annotations)));
    }
    out.push('}');
    out
}
