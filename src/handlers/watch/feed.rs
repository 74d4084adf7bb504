//! The stream of a watch: a cursor that reads the event log.
//!
//! There is no queue: the stream is pulled, reads events after its cursor, writes them and moves on. A client that does
//! not read costs nothing but its place in the log, and when that place is compacted away it is told so.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::clock;
use crate::cluster::Cluster;
use crate::object::{Change, Object};
use crate::response::ByteStream;
use crate::response::watch::{Bookmark, Encoder, error};
use crate::status::Status;
use crate::storage::{Event, Revision};

/// How many events are read at a time.
const BATCH: usize = 256;
/// How often a bookmark comes.
const BOOKMARK_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How long before its end a watch gets one more.
const BOOKMARK_BEFORE_END: SignedDuration = SignedDuration::from_secs(2);

/// Where a watch starts.
pub(super) enum Start {
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
pub(super) enum Ending {
    AtOnce,
    At(Timestamp),
}

/// Everything the stream of one watch needs.
pub(super) struct Feed {
    pub(super) cluster: Arc<Cluster>,
    pub(super) prefix: String,
    pub(super) select: Arc<dyn Fn(&Object) -> bool + Send + Sync>,
    pub(super) start: Start,
    pub(super) ending: Ending,
    pub(super) bookmarks: bool,
    pub(super) encoder: Encoder,
}

impl Feed {
    /// One item a line, until the watch ends.
    pub(super) fn stream(self) -> ByteStream {
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
            let mut next_bookmark = next_bookmark_after(cluster.clock.now(), end);
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
                        next_bookmark = next_bookmark_after(now, end);
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

/// Once a minute, and once shortly before the end.
fn next_bookmark_after(now: Timestamp, end: Timestamp) -> Option<Timestamp> {
    let before_end = clock::add(end, -BOOKMARK_BEFORE_END);
    (before_end > now).then(|| before_end.min(clock::add(now, BOOKMARK_EVERY)))
}
