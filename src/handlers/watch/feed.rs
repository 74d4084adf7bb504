//! The stream of a watch: a cursor that reads the event log.
//!
//! There is no queue: the stream is pulled, reads events after its cursor, writes them and moves on. A client that does
//! not read costs nothing but its place in the log, and when that place is compacted away it is told so.

use std::pin::Pin;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::clock;
use crate::handlers::cluster::{Cluster, Ends};
use crate::handlers::{Sight, conversion};
use crate::kinds::KindRef;
use crate::object::frame::{Frame, Frames};
use crate::object::{Change, Object};
use crate::status::Status;
use crate::storage::{Event, Revision, Stale};

/// How many events are read at a time.
const BATCH: usize = 256;
/// A client that takes longer than this for one batch reads slower than it should. Upstream gives it less.
const SLOW_READ: SignedDuration = SignedDuration::from_secs(1);
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
        /// A bookmark tells where they end.
        with_end: bool,
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

/// Whether a watch is about an object.
pub(super) type Select = Arc<dyn Fn(&Object) -> bool + Send + Sync>;

/// Everything the stream of one watch needs.
pub(super) struct Feed {
    pub(super) cluster: Arc<Cluster>,
    /// What the keys begin with that it is about.
    pub(super) scope: String,
    pub(super) select: Select,
    /// In the version that was asked for.
    pub(super) kind: KindRef,
    pub(super) start: Start,
    pub(super) ending: Ending,
    pub(super) bookmarks: bool,
    pub(super) stale: Option<Stale>,
    /// Whether objects can be shown as it was asked for; if not, the watch ends with the first.
    pub(super) shows_objects: bool,
}

impl Feed {
    /// What it tells, until the watch ends.
    pub(super) fn stream(self) -> Frames {
        let Feed {
            cluster,
            scope,
            select,
            kind,
            start,
            ending,
            bookmarks,
            stale,
            shows_objects,
        } = self;
        // Taken now, so that an end is not missed by a stream nobody has read from yet.
        let ends = Ends::of(&cluster);
        Box::pin(async_stream::stream! {
            let Ending::At(end) = ending else { return };
            let (initial, with_end, since) = match start {
                Start::With { objects, revision, with_end } => (objects, with_end, revision),
                Start::After(revision) => (Vec::new(), false, revision),
                Start::Failed(status) => {
                    yield Frame::error(status);
                    return;
                }
            };
            let mut cursor = Cursor { cluster, scope, select, stale, at: since };
            for object in initial {
                if !shows_objects { return }
                match cursor.frame(Change::Added, &object, &kind).await {
                    Ok(frame) => yield frame,
                    Err(error) => { yield error; return }
                }
            }
            if with_end {
                yield Frame::Bookmark { revision: since, ends_initial_events: true };
            }
            let mut pause = Pause::new(&cursor.cluster, bookmarks, end, ends);
            loop {
                pause.seen();
                match cursor.read() {
                    Err(status) => {
                        yield Frame::error(status);
                        return;
                    }
                    Ok(events) if events.is_empty() => match pause.next(&cursor.cluster).await {
                        Next::Events => {}
                        Next::End => return,
                        Next::Bookmark if cursor.is_current() => {
                            yield Frame::Bookmark { revision: cursor.at, ends_initial_events: false };
                        }
                        Next::Bookmark => {}
                    },
                    Ok(events) => {
                        let begun = cursor.cluster.clock.now();
                        for event in events {
                            let Some((change, object)) = cursor.see(&event) else { continue };
                            if !shows_objects { return }
                            match cursor.frame(change, &object, &kind).await {
                                Ok(frame) => yield frame,
                                Err(error) => { yield error; return }
                            }
                        }
                        if cursor.is_unresponsive(begun) { return }
                    }
                }
            }
        })
    }
}

/// A place in the event log, and what is looked for there.
struct Cursor {
    cluster: Arc<Cluster>,
    scope: String,
    select: Select,
    stale: Option<Stale>,
    at: Revision,
}

impl Cursor {
    /// The events after the cursor, or why there are none to be had.
    fn read(&self) -> Result<Vec<Arc<Event<Object>>>, Status> {
        let (at, horizon) = (self.at, self.horizon());
        let events = self.cluster.storage.view().events_after(at, BATCH);
        let mut events = events.map_err(|compacted| {
            let through = compacted.through;
            Status::expired(format!("too old resource version: {at} ({through})"))
        })?;
        events.retain(|event| event.revision <= horizon);
        Ok(events)
    }

    fn horizon(&self) -> Revision {
        let (cluster, stale) = (&*self.cluster, self.stale);
        Sight { cluster, stale }.horizon()
    }

    /// Moves past an event; what the watcher sees of it: an object enters, changes, or leaves.
    fn see(&mut self, event: &Event<Object>) -> Option<(Change, Arc<Object>)> {
        self.at = event.revision;
        if !event.key.starts_with(&self.scope) {
            return None;
        }
        let select = &*self.select;
        let before = event.previous.as_ref().filter(|object| select(object));
        let after = (!event.deleted && select(&event.object)).then_some(&event.object);
        match (before, after) {
            (None, None) => None,
            (None, Some(object)) => Some((Change::Added, object.clone())),
            (Some(_), Some(object)) => Some((Change::Modified, object.clone())),
            (Some(_), None) if event.deleted => Some((Change::Deleted, event.object.clone())),
            (Some(old), None) => {
                let left = old.at_revision(event.revision);
                Some((Change::Deleted, Arc::new(left)))
            }
        }
    }

    /// The object as it was asked for; the error says why it cannot be shown so.
    async fn frame(
        &self,
        change: Change,
        object: &Arc<Object>,
        kind: &KindRef,
    ) -> Result<Frame, Frame> {
        let shown = conversion::shown(&self.cluster, object, kind).await;
        let event = |object| Frame::Event { change, object };
        shown.map(event).map_err(Frame::error)
    }

    /// Whether the client has read too slowly since then, and too many events wait for it by now. Upstream closes such a
    /// watch without a word; the client goes on from the last version it has seen.
    fn is_unresponsive(&self, since: Timestamp) -> bool {
        let cluster = &self.cluster;
        if cluster.clock.now().duration_since(since) <= SLOW_READ {
            return false;
        }
        let view = cluster.storage.view();
        let waiting = view.events_after(self.at, usize::MAX);
        let select = &*self.select;
        let is_seen = |event: &&Arc<Event<Object>>| {
            event.key.starts_with(&self.scope)
                && (select(&event.object) || event.previous.as_ref().is_some_and(|old| select(old)))
        };
        waiting.is_ok_and(|events| events.iter().filter(is_seen).count() > cluster.watch_backlog)
    }

    /// Whether everything up to now was seen, whatever it was about.
    fn is_current(&self) -> bool {
        self.horizon() == self.at
    }
}

/// What ends a pause.
enum Next {
    Events,
    Bookmark,
    End,
}

/// The wait between events.
struct Pause {
    latest: watch::Receiver<Revision>,
    /// Goes on from pause to pause: with many watchers, setting a timer for each event of each is most of the work.
    alarm: Alarm,
    ends: Ends,
    end: Timestamp,
}

/// Resolves to true when the time has come, to false when all watches end first.
type Alarm = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;

/// Waits for the next bookmark, or else for the end.
fn alarm(cluster: &Arc<Cluster>, bookmarks: bool, end: Timestamp, mut ends: Ends) -> Alarm {
    let bookmark = next_bookmark_after(cluster.clock.now(), end).filter(|_| bookmarks);
    let wake = bookmark.unwrap_or(end).min(end);
    let cluster = cluster.clone();
    Box::pin(async move {
        tokio::select! {
            biased;
            () = ends.come() => false,
            () = cluster.clock.sleep_until(wake) => true,
        }
    })
}

impl Pause {
    fn new(cluster: &Arc<Cluster>, bookmarks: bool, end: Timestamp, ends: Ends) -> Self {
        Pause {
            latest: cluster.storage.subscribe(),
            alarm: alarm(cluster, bookmarks, end, ends.clone()),
            ends,
            end,
        }
    }

    /// What is there now needs no further telling.
    fn seen(&mut self) {
        self.latest.borrow_and_update();
    }

    async fn next(&mut self, cluster: &Arc<Cluster>) -> Next {
        if self.ends.came() {
            return Next::End;
        }
        tokio::select! {
            biased;
            // First: what was written before the end is still to be read.
            changed = self.latest.changed() => if changed.is_ok() { Next::Events } else { Next::End },
            due = &mut self.alarm => {
                if !due || cluster.clock.now() >= self.end {
                    return Next::End;
                }
                self.alarm = alarm(cluster, true, self.end, self.ends.clone());
                Next::Bookmark
            }
        }
    }
}

/// Once a minute, and once shortly before the end.
fn next_bookmark_after(now: Timestamp, end: Timestamp) -> Option<Timestamp> {
    let before_end = clock::add(end, -BOOKMARK_BEFORE_END);
    (before_end > now).then(|| before_end.min(clock::add(now, BOOKMARK_EVERY)))
}
