//! The stream of a watch: a cursor that reads the event log, and the writing of what it finds.
//!
//! There is no queue: the stream is pulled, reads events after its cursor, writes them and moves on. A client that does
//! not read costs nothing but its place in the log, and when that place is compacted away it is told so.

use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{ByteStream, Presenter, partial, table};
use crate::clock;
use crate::cluster::Cluster;
use crate::codec::json::compact;
use crate::object::{Change, Object, frame};
use crate::request::negotiation::{MetaVersion, Transform};
use crate::status::Status;
use crate::storage::{Event, Revision};

/// How many events are read at a time.
const BATCH: usize = 256;
/// How often a bookmark comes.
const BOOKMARK_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How long before its end a watch gets one more.
const BOOKMARK_BEFORE_END: SignedDuration = SignedDuration::from_secs(2);
/// Marks the end of the initial events.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Where a watch starts.
pub(crate) enum Start {
    /// With events that tell of what is there.
    With {
        objects: Vec<Arc<Object>>,
        revision: Revision,
    },
    /// After a revision.
    After(Revision),
    /// It does not: the stream is one error.
    Failed(Status),
}

/// When a watch ends.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    AtOnce,
    At(Timestamp),
}

/// Everything the stream of one watch needs.
pub(crate) struct Feed {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) prefix: String,
    pub(crate) select: Arc<dyn Fn(&Object) -> bool + Send + Sync>,
    pub(crate) start: Start,
    pub(crate) ending: Ending,
    pub(crate) bookmarks: bool,
    pub(crate) encoder: Encoder,
}

impl Feed {
    /// One item a line, until the watch ends.
    pub(crate) fn stream(self) -> ByteStream {
        let Feed {
            cluster,
            prefix,
            select,
            start,
            ending,
            bookmarks,
            mut encoder,
        } = self;
        Box::pin(async_stream::stream! {
            let Ending::At(end) = ending else { return };
            let (initial, mut cursor) = match start {
                Start::With { objects, revision } => (Some(objects), revision),
                Start::After(revision) => (None, revision),
                Start::Failed(status) => {
                    yield error(&status);
                    return;
                }
            };
            let since = cursor;
            if let Some(objects) = initial {
                for object in objects {
                    match encoder.event(Change::Added, &object) {
                        Some(line) => yield line,
                        None => return,
                    }
                }
                if bookmarks {
                    yield encoder.bookmark(since, Bookmark::InitialEventsEnd);
                }
            }
            let mut latest = cluster.storage.subscribe();
            let mut stopping = cluster.stopping.subscribe();
            let mut next_bookmark = first_bookmark(cluster.clock.now(), end);
            loop {
                latest.borrow_and_update();
                let events = match read(&cluster, cursor) {
                    Ok(events) => events,
                    Err(status) => {
                        yield error(&status);
                        return;
                    }
                };
                if !events.is_empty() {
                    for event in events {
                        cursor = event.revision;
                        if !event.key.starts_with(&prefix) {
                            continue;
                        }
                        if let Some((change, object)) = seen(&event, &*select) {
                            match encoder.event(change, &object) {
                                Some(line) => yield line,
                                None => return,
                            }
                        }
                    }
                    continue;
                }
                let bookmark = next_bookmark.filter(|_| bookmarks).unwrap_or(end);
                tokio::select! {
                    biased;
                    changed = latest.changed() => if changed.is_err() { return },
                    () = stopped(&mut stopping) => return,
                    () = cluster.clock.sleep_until(bookmark.min(end)) => {
                        let now = cluster.clock.now();
                        if now >= end {
                            return;
                        }
                        if cursor >= since && cluster.storage.revision() == cursor {
                            yield encoder.bookmark(cursor, Bookmark::Plain);
                        }
                        next_bookmark = following_bookmark(now, end);
                    }
                }
            }
        })
    }
}

/// Waits until the server stops.
async fn stopped(stopping: &mut tokio::sync::watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The events after the cursor, or why there are none to be had.
fn read(cluster: &Cluster, cursor: Revision) -> Result<Vec<Arc<Event<Object>>>, Status> {
    cluster
        .storage
        .view()
        .events_after(cursor, BATCH)
        .map_err(|compacted| {
            Status::expired(format!(
                "too old resource version: {cursor} ({})",
                compacted.through
            ))
        })
}

/// What a watcher with a selector sees of an event: an object enters, changes, or leaves.
fn seen(
    event: &Event<Object>,
    select: &(dyn Fn(&Object) -> bool + Send + Sync),
) -> Option<(Change, Arc<Object>)> {
    let before = event.previous.as_ref().filter(|object| select(object));
    let after = (!event.deleted && select(&event.object)).then_some(&event.object);
    match (before, after) {
        (None, None) => None,
        (None, Some(object)) => Some((Change::Added, object.clone())),
        (Some(_), Some(object)) => Some((Change::Modified, object.clone())),
        (Some(_), None) if event.deleted => Some((Change::Deleted, event.object.clone())),
        (Some(old), None) => {
            let left = Object::at_revision(old.resource, old.value().clone(), event.revision);
            Some((Change::Deleted, Arc::new(left)))
        }
    }
}

fn first_bookmark(now: Timestamp, end: Timestamp) -> Option<Timestamp> {
    let before_end = clock::add(end, -BOOKMARK_BEFORE_END);
    (before_end > now).then(|| before_end.min(clock::add(now, BOOKMARK_EVERY)))
}

/// After the one before the end there are no more.
fn following_bookmark(now: Timestamp, end: Timestamp) -> Option<Timestamp> {
    first_bookmark(now, end)
}

fn error(status: &Status) -> Bytes {
    frame("ERROR", &status.to_json())
}

#[derive(Clone, Copy, PartialEq)]
enum Bookmark {
    Plain,
    InitialEventsEnd,
}

/// Writes events the way one watch asked for.
pub(crate) struct Encoder {
    presenter: Presenter<'static>,
    /// The columns of a Table are described once.
    columns: table::Columns,
}

impl Encoder {
    pub(crate) fn new(presenter: Presenter<'static>) -> Self {
        Encoder {
            presenter,
            columns: table::Columns::Shown,
        }
    }

    /// One line, or nothing if this cannot be written: then the stream ends.
    fn event(&mut self, change: Change, object: &Object) -> Option<Bytes> {
        match self.presenter.negotiated.transform {
            Transform::None => Some(object.frame(change)),
            Transform::PartialObjectMetadata(version) => {
                Some(frame(change.as_str(), &partial::object(object, version)))
            }
            Transform::Table(version) => Some(frame(change.as_str(), &self.table(object, version))),
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

    fn bookmark(&mut self, revision: Revision, what: Bookmark) -> Bytes {
        let resource = self.presenter.strategy.resource();
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if what == Bookmark::InitialEventsEnd {
            metadata["annotations"] = json!({INITIAL_EVENTS_END: "true"});
        }
        let object = match self.presenter.negotiated.transform {
            Transform::Table(version) => self.table_bookmark(revision, metadata, version),
            Transform::PartialObjectMetadata(version) => {
                let empty = Object::new(resource, json!({"metadata": metadata}));
                partial::object(&empty, version)
            }
            _ => {
                let (kind, version) = (resource.kind, resource.api_version());
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
        let resource = self.presenter.strategy.resource();
        let empty = Object::new(resource, json!({"metadata": metadata}));
        let columns = std::mem::replace(&mut self.columns, table::Columns::Null);
        let presenter = Presenter {
            include_object: super::IncludeObject::Metadata,
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
